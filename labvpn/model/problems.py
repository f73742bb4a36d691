"""Mistakes of a configuration, each with its place and its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from labvpn.model.wording import messages, place_of
from labvpn.model.wording import unknown as unknown


@dataclass(frozen=True)
class Problem:
    """One mistake: where it is (`server.ssh.port`, `users.csv:4`), and what is wrong with its remedy."""

    place: str
    message: str

    def __str__(self) -> str:
        """The line a person reads."""
        return f"{self.place}: {self.message}" if self.place else self.message


class ConfigurationError(Exception):
    """Every mistake of a configuration at once, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = f"{len(self.problems)} mistake{'s' if len(self.problems) > 1 else ''}"
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"The configuration has {count}; nothing was touched.\n{lines}")


def problems_of(error: ValidationError, place: str, model: type[BaseModel]) -> list[Problem]:
    """Pydantic's findings as problems, with `place` before each field's name; no value of a secret is repeated.

    A value that fits none of several types is one problem.
    """
    found: dict[tuple[str, bool], dict[str, list[str]]] = {}
    for details in _counted(error.errors()):
        where = _written(place, place_of(details["loc"], model)[0])
        of_key = details["loc"][-1:] == ("[key]",)
        found.setdefault((where, of_key), {}).setdefault(details["type"], messages(details, model))
    return [Problem(where, sentence) for (where, _), said in found.items() for sentence in _best(said)]


def _counted(findings: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without lists that are too short only because entries that are wrong were not counted."""
    places = [finding["loc"] for finding in findings]

    def is_short(loc: tuple[int | str, ...]) -> bool:
        return not any(len(other) > len(loc) and other[: len(loc)] == loc for other in places)

    return [finding for finding in findings if finding["type"] != "too_short" or is_short(finding["loc"])]


def _best(said: Mapping[str, list[str]]) -> list[str]:
    """The sentences of a place; where several types were tried, ours say more than the checker's."""
    return said.get("value_error") or next(iter(said.values()))


def _written(prefix: str, loc: tuple[int | str, ...]) -> str:
    text = prefix
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text
