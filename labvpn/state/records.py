"""DNS record sets as values, and as lines that a person and a preview can read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Key(NamedTuple):
    """What names a record set: the whole name without its last dot, and the type, such as `A`."""

    name: str
    kind: str


@dataclass(frozen=True)
class RecordSet:
    """The records of one name and type; `values` as a master file writes them, sorted; `ttl` in seconds."""

    key: Key
    values: tuple[str, ...]
    ttl: int

    @property
    def text(self) -> str:
        """Type and values in a sentence: `A 203.0.113.20, 203.0.113.21`."""
        return f"{self.key.kind} {', '.join(self.values)}"


Sets = Mapping[Key, RecordSet]
"""Record sets by what names them; one that is missing does not exist."""


def by_key(sets: Iterable[RecordSet]) -> dict[Key, RecordSet]:
    """The sets, in their order."""
    return {each.key: each for each in sets}


def write(sets: Sets) -> list[str]:
    """A line for each record: `vpn.lab.example 300 A 203.0.113.20`."""
    return [f"{each.key.name} {each.ttl} {each.key.kind} {value}" for each in sets.values() for value in each.values]


def read(lines: Iterable[str]) -> dict[Key, RecordSet]:
    """The sets of such lines; ValueError for a line that is none."""
    values: dict[Key, list[str]] = {}
    ttls: dict[Key, int] = {}
    for line in lines:
        name, ttl, kind, value = line.split(" ", 3)
        key = Key(name, kind)
        values.setdefault(key, []).append(value)
        ttls[key] = int(ttl)
    return {key: RecordSet(key, tuple(sorted(found)), ttls[key]) for key, found in values.items()}
