"""What the VPN host shows now, from the host agent's answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

UNEXPECTED = "the host agent's answer is not of the expected shape"


@dataclass(frozen=True)
class Observed:
    """One concern as the host shows it: its document, the one converged last (None: never), and what it says.

    Notes are worth knowing, warnings are what users would notice; a refusal (what is wrong, what to do) forbids it all.
    """

    document: str
    applied: str | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[tuple[str, str], ...] = ()


NOTHING = Observed("")
"""A host on which nothing of this concern was ever done."""


def read_answer(text: str) -> Mapping[str, Observed]:
    """The agent's answer to `observe`, by concern. Raises ValueError if it is none."""
    answer = json.loads(text)
    if not isinstance(answer, dict):
        raise ValueError(UNEXPECTED)
    return {concern: _observed(part) for concern, part in answer.items()}


def _observed(part: object) -> Observed:
    if not isinstance(part, dict):
        raise ValueError(UNEXPECTED)
    document, applied = part.get("observed"), part.get("applied")
    if not isinstance(document, str) or not isinstance(applied, str | None):
        raise ValueError(UNEXPECTED)
    refusals = tuple(_pair(refusal) for refusal in _list(part, "refusals"))
    notes, warnings = (tuple(map(str, _list(part, key))) for key in ("notes", "warnings"))
    return Observed(document, applied, notes, warnings, refusals)


def _list(part: dict[str, object], key: str) -> list[object]:
    found = part.get(key, [])
    if not isinstance(found, list):
        raise ValueError(UNEXPECTED)
    return found


def _pair(refusal: object) -> tuple[str, str]:
    if not isinstance(refusal, list) or len(refusal) != 2:
        raise ValueError(UNEXPECTED)
    return str(refusal[0]), str(refusal[1])
