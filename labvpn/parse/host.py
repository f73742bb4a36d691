"""What the VPN host shows now, from the host agent's answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labvpn.model.releases import Release, release_named

UNEXPECTED = "the host agent's answer is not of the expected shape"


@dataclass(frozen=True)
class HostState:
    """One concern as the host shows it: its document, the one applied last (None: never), and what the agent reports.

    Notes are worth knowing, warnings are what users would notice; a refusal (what is wrong, what to do) stops the run.
    `memory` names damaged files of the agent's state, which the next run writes again. `begun` is the document of an
    interrupted run. `renewed` names the secrets that differ from those applied last (`user LAB/guest1 password`), None
    where nothing is known about them. `release` is the SoftEther that runs, `candidate` the one that apt would install.
    `facts` is what others put there that decides about packets.
    """

    document: str
    applied: str | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[tuple[str, str], ...] = ()
    memory: tuple[str, ...] = ()
    begun: str | None = None
    renewed: tuple[str, ...] | None = ()
    failing: tuple[str, ...] = ()
    """What the host itself should do and cannot: also among the warnings, and what a check finds."""
    release: Release | None = None
    candidate: Release | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


NOTHING = HostState("")
"""A host on which nothing of this concern was ever applied."""


def read_answer(text: str, asked: Mapping[str, str] | None = None) -> Mapping[str, HostState]:
    """The agent's answer to `observe`, by concern; `asked` are the documents that the question had.

    Raises ValueError for anything else.
    """
    answer = json.loads(text)
    if not isinstance(answer, dict):
        raise ValueError(UNEXPECTED)
    return {concern: _observed(part, (asked or {}).get(concern, "")) for concern, part in answer.items()}


def _observed(part: object, asked: str) -> HostState:
    if not isinstance(part, dict):
        raise ValueError(UNEXPECTED)
    lines = asked.splitlines(keepends=True)
    document, applied, begun = (_whole(part.get(key), lines) for key in ("observed", "applied", "begun"))
    if document is None:
        raise ValueError(UNEXPECTED)
    refusals = tuple(_pair(refusal) for refusal in _list(part, "refusals"))
    notes, warnings, memory = (tuple(map(str, _list(part, key))) for key in ("notes", "warnings", "memory"))
    renewed = tuple(map(str, _list(part, "renewed"))) if part.get("renewed", ()) is not None else None
    failing = tuple(map(str, _list(part, "failing")))
    release, candidate = _release(part.get("release")), release_named(str(part.get("candidate", "")))
    facts = part.get("facts") or {}
    if not isinstance(facts, dict):
        raise ValueError(UNEXPECTED)
    return HostState(
        document, applied, notes, warnings, refusals, memory, begun, renewed, failing, release, candidate, facts
    )


def _whole(given: object, asked: list[str]) -> str | None:
    """A document that came as a whole, or as lines of its own and `[first, count]` of those that were asked with."""
    if given is None or isinstance(given, str):
        return given
    if not isinstance(given, list):
        raise ValueError(UNEXPECTED)
    return "".join(_lines(piece, asked) for piece in given)


def _lines(piece: object, asked: list[str]) -> str:
    if isinstance(piece, str):
        return piece
    if not isinstance(piece, list) or len(piece) != 2 or not all(isinstance(number, int) for number in piece):
        raise ValueError(UNEXPECTED)
    first, count = piece
    if first < 0 or count < 1 or first + count > len(asked):
        raise ValueError(UNEXPECTED)
    return "".join(asked[first : first + count])


def _release(found: object) -> Release | None:
    match found:
        case [int(version), int(build)]:
            return Release(version, build)
    return None


def _list(part: dict[str, object], key: str) -> list[object]:
    found = part.get(key, [])
    if not isinstance(found, list):
        raise ValueError(UNEXPECTED)
    return found


def _pair(refusal: object) -> tuple[str, str]:
    if not isinstance(refusal, list) or len(refusal) != 2:
        raise ValueError(UNEXPECTED)
    return str(refusal[0]), str(refusal[1])
