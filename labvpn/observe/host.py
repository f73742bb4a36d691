"""What the VPN host shows now, from the host agent's answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Observed:
    """One concern as the host shows it: its document, the one converged last (None: never), and what it mentions."""

    document: str
    applied: str | None = None
    notes: tuple[str, ...] = ()


NOTHING = Observed("")
"""A host on which nothing of this concern was ever done."""


def read_answer(text: str) -> Mapping[str, Observed]:
    """The agent's answer to `observe`, by concern. Raises ValueError if it is none."""
    answer = json.loads(text)
    return {concern: _observed(part) for concern, part in answer.items()}


def _observed(part: dict[str, object]) -> Observed:
    document, applied, notes = part["observed"], part.get("applied"), part.get("notes", [])
    if not isinstance(document, str) or not isinstance(applied, str | None) or not isinstance(notes, list):
        raise ValueError("the host agent's answer is not of the expected shape")
    return Observed(document, applied, tuple(map(str, notes)))
