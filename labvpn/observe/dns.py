"""What name servers show of a name, and what of it others changed, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from labvpn.model.records import Key, RecordSet, Sets


@dataclass(frozen=True)
class Soa:
    """A zone's start of authority; `negative` is how long resolvers keep "there is none" (RFC 2308), in seconds.

    `signed` is whether a signature stands beside it (DNSSEC).
    """

    mname: str
    rname: str
    serial: int
    negative: int
    signed: bool = False


@dataclass(frozen=True)
class Shown:
    """What one name server shows of a zone: its SOA and our record sets, or the trouble with it.

    `answered` are answers that are no records of these names: they are made from a wildcard, or from another record.
    `silent` means that no answer came, so that nothing is known; trouble without it is what the server itself says.
    """

    name: str
    address: str
    soa: Soa | None = None
    records: Sets = field(default_factory=dict)
    trouble: str = ""
    silent: bool = False
    answered: Sets = field(default_factory=dict)

    def fits(self, wanted: Sets) -> Sets:
        """The records of the wanted names, and answers that are just as wanted, whatever they are made from."""
        alike = {key: one for key, one in self.answered.items() if wanted.get(key) == one}
        return {key: one for key, one in {**alike, **self.records}.items() if key in wanted}

    def __str__(self) -> str:
        """As sentences name it."""
        return f"{self.name} ({self.address})" if self.name else self.address


End = Literal["delegated", "absent", "deeper", "lame", "unseen", "intercepted", "unasked"]


@dataclass(frozen=True)
class Walk:
    """How the way from the root to a zone ended: at its servers, or where and why before.

    `at` is the last zone whose servers were asked, `by` these servers; `deeper` names in `at` the zone below ours.
    """

    end: End
    at: str = "."
    by: tuple[str, ...] = ()
    servers: tuple[Shown, ...] = ()


@dataclass(frozen=True)
class Sight:
    """Everything that a look at the name found: the server that takes updates, and the servers that the world asks.

    `primary` is None where a person sets the records, where `refusal` is the sentence by which that server refuses us,
    or where `unverified` is the one by which it cannot be reached from here.
    """

    walk: Walk
    primary: Shown | None = None
    refusal: str = ""
    unverified: str = ""


def drifted(now: Sets, wanted: Sets, where: str = "at the name server") -> list[str]:
    """Each difference: `vpn.example: A 203.0.113.9 at the name server, 203.0.113.20 here`."""
    return list(_differences(now, wanted, where))


def _differences(now: Sets, wanted: Sets, where: str) -> Iterator[str]:
    for key in dict.fromkeys([*wanted, *now]):
        there, here = now.get(key), wanted.get(key)
        if there is None and here is not None:
            yield f"{key.name}: no {key.kind} {where}, {_values(here)} here"
        elif there is not None and here is None:
            yield f"{key.name}: {there.shown} {where}, none here"
        elif there is not None and here is not None:
            yield from _unlike(key, there, here, where)


def _unlike(key: Key, there: RecordSet, here: RecordSet, where: str) -> Iterator[str]:
    if there.values != here.values:
        yield f"{key.name}: {there.shown} {where}, {_values(here)} here"
    elif there.ttl != here.ttl:
        yield f"{key.name}: {key.kind} with TTL {there.ttl} {where}, {here.ttl} here"


def _values(records: RecordSet) -> str:
    return ", ".join(records.values)


ALONE = ("CNAME", "ALIAS", "DNAME")
"""What leaves no place for an address of ours: an alias; one that the server itself resolves (ALIAS, ANAME and the like
answer with addresses that are no records); and a redirection of all names below another."""


def foreign(now: Sets, ours: Sets, goal: Sets) -> list[RecordSet]:
    """The sets in the place of ours that hold neither what we put there nor what we would put there."""
    return [
        found
        for key, found in now.items()
        if key in goal and found.values not in {known[key].values for known in (ours, goal) if key in known}
    ]


def occupant(now: Sets, ours: Sets, goal: Sets, adopt: bool) -> RecordSet | None:
    """What stands in the way of our records: an alias, another stack's marker, or (unless adopted) a foreign set.

    Where our own marker stands the records are ours, whatever they hold.
    """
    alias = next((found for key, found in now.items() if key.kind in ALONE and key not in {*goal, *ours}), None)
    strange = foreign(now, ours, goal)
    marker = next((found for found in strange if found.key.kind == "TXT"), None)
    marked = any(key.kind == "TXT" and key in now for key in goal)
    if alias or marker:
        return alias or marker
    return None if adopt or marked else next(iter(strange), None)


def after_removal(now: Sets, ours: Sets, found: Sets) -> dict[Key, RecordSet]:
    """What shall stand when we go: what others put beside our values, and what stood there before us."""
    left: dict[Key, RecordSet] = {}
    for key, there in now.items():
        mine = ours[key].values if key in ours else ()
        rest = tuple(value for value in there.values if value not in mine)
        before = found[key].values if key in found and len(rest) < len(there.values) else ()
        if values := tuple(sorted({*rest, *before})):
            ttl = found[key].ttl if before else there.ttl
            left[key] = RecordSet(key, values, ttl)
    return left


def resolvers_follow(before: Sets, goal: Sets, soa: Soa | None) -> int:
    """Seconds until no resolver holds an older answer: the old records' TTL, or the zone's for what was not there."""
    negative = soa.negative if soa else 0
    changed = [key for key in dict.fromkeys([*before, *goal]) if before.get(key) != goal.get(key)]
    return max((before[key].ttl if key in before else negative for key in changed), default=0)
