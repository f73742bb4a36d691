"""Mistakes of a configuration, each with its place and its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from labvpn.model.places import place_of
from labvpn.model.wording import messages
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
    for details in error.errors():
        where = _written(place, place_of(details["loc"], model)[0])
        of_key = details["loc"][-1:] == ("[key]",)
        found.setdefault((where, of_key), {}).setdefault(details["type"], messages(details, model))
    places = {where for where, _ in found}
    return [
        Problem(where, sentence)
        for (where, of_key), said in found.items()
        if of_key or not _is_above(where, places)
        for sentence in _best(said)
    ]


def _is_above(place: str, places: Iterable[str]) -> bool:
    """Whether a part of a place is told: the whole is then of the right type, and short only without that part."""
    return any(other.startswith((f"{place}.", f"{place}[")) for other in places)


def _best(said: Mapping[str, list[str]]) -> list[str]:
    """The sentences of a place; where several types were tried, ours say more than the checker's."""
    return said.get("value_error") or next(iter(said.values()))


def _written(prefix: str, loc: tuple[int | str, ...]) -> str:
    text = prefix
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text
