"""A trial and its outcome."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """The outcome of one trial in counts, with a sentence for each failure.

    Of the changes tried, some were found (named by the next run) and repaired; of the objects that had to stay, some
    survived and some were lost.
    """

    tried: int = 1
    found: int = 0
    repaired: int = 0
    survived: int = 0
    lost: int = 0
    complaints: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether the guarantee was kept."""
        return self.found == self.repaired == self.tried and not self.lost and not self.complaints


@dataclass(frozen=True)
class Trial:
    """One trial of a guarantee; its name is unique within a seed."""

    name: str
    run: Callable[[], Outcome]


@dataclass(frozen=True)
class Result:
    """A completed trial, with the seconds that it took."""

    guarantee: str
    trial: str
    seconds: float
    outcome: Outcome


def total(outcomes: Iterable[Outcome]) -> Outcome:
    """The totals of several outcomes."""
    held = list(outcomes)
    counts = {one.name: sum(getattr(outcome, one.name) for outcome in held) for one in fields(Outcome)[:-1]}
    return Outcome(**counts, complaints=tuple(line for outcome in held for line in outcome.complaints))


class Notebook:
    """The results of one seed, one per line, so that a run that was stopped goes on where it was."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self.results = [_read(line) for line in file.read_text().splitlines()] if file.exists() else []

    def has(self, guarantee: str, trial: str) -> bool:
        """Whether a trial is complete."""
        return any((one.guarantee, one.trial) == (guarantee, trial) for one in self.results)

    def add(self, result: Result) -> None:
        """Record a result."""
        self.results.append(result)
        with self.file.open("a") as file:
            file.write(json.dumps(asdict(result)) + "\n")


def _read(line: str) -> Result:
    values = json.loads(line)
    # Notebooks of older versions have another name for it.
    values.setdefault("guarantee", values.pop("promise", ""))
    outcome = values.pop("outcome")
    outcome["complaints"] = tuple(outcome["complaints"])
    return Result(**values, outcome=Outcome(**outcome))
