"""What the VPN host shows now, from the host agent's answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

UNEXPECTED = "the host agent's answer is not of the expected shape"


@dataclass(frozen=True)
class HostState:
    """One concern as the host shows it: its document, the one applied last (None: never), and what the agent reports.

    Notes are worth knowing, warnings are what users would notice; a refusal (what is wrong, what to do) stops the run.
    `memory` names damaged files of the agent's state, which the next run writes again. `begun` is the document of an
    interrupted run. `renewed` names the secrets that differ from those applied last (`user LAB/guest1 password`), None
    where nothing is known about them. `facts` is what others put there that decides about packets.
    """

    document: str
    applied: str | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[tuple[str, str], ...] = ()
    memory: tuple[str, ...] = ()
    begun: str | None = None
    renewed: tuple[str, ...] | None = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


NOTHING = HostState("")
"""A host on which nothing of this concern was ever applied."""


def read_answer(text: str) -> Mapping[str, HostState]:
    """The agent's answer to `observe`, by concern. Raises ValueError for anything else."""
    answer = json.loads(text)
    if not isinstance(answer, dict):
        raise ValueError(UNEXPECTED)
    return {concern: _observed(part) for concern, part in answer.items()}


def _observed(part: object) -> HostState:
    if not isinstance(part, dict):
        raise ValueError(UNEXPECTED)
    document, applied, begun = part.get("observed"), part.get("applied"), part.get("begun")
    if not isinstance(document, str) or not isinstance(applied, str | None) or not isinstance(begun, str | None):
        raise ValueError(UNEXPECTED)
    refusals = tuple(_pair(refusal) for refusal in _list(part, "refusals"))
    notes, warnings, memory = (tuple(map(str, _list(part, key))) for key in ("notes", "warnings", "memory"))
    renewed = tuple(map(str, _list(part, "renewed"))) if part.get("renewed", ()) is not None else None
    facts = part.get("facts") or {}
    if not isinstance(facts, dict):
        raise ValueError(UNEXPECTED)
    return HostState(document, applied, notes, warnings, refusals, memory, begun, renewed, facts)


def _list(part: dict[str, object], key: str) -> list[object]:
    found = part.get(key, [])
    if not isinstance(found, list):
        raise ValueError(UNEXPECTED)
    return found


def _pair(refusal: object) -> tuple[str, str]:
    if not isinstance(refusal, list) or len(refusal) != 2:
        raise ValueError(UNEXPECTED)
    return str(refusal[0]), str(refusal[1])
