"""What others changed of a name at its servers, in words."""

from __future__ import annotations

from collections.abc import Iterator

from labvpn.state.dns import Soa
from labvpn.state.records import Key, RecordSet, Sets


def drifted(now: Sets, desired: Sets, where: str = "at the name server") -> list[str]:
    """Each difference: `vpn.example: A 203.0.113.9 at the name server, 203.0.113.20 here`."""
    return list(_differences(now, desired, where))


def _differences(now: Sets, desired: Sets, where: str) -> Iterator[str]:
    for key in dict.fromkeys([*desired, *now]):
        there, here = now.get(key), desired.get(key)
        if there is None and here is not None:
            yield f"{key.name}: no {key.kind} {where}, {_values(here)} here"
        elif there is not None and here is None:
            yield f"{key.name}: {there.text} {where}, none here"
        elif there is not None and here is not None:
            yield from _unlike(key, there, here, where)


def _unlike(key: Key, there: RecordSet, here: RecordSet, where: str) -> Iterator[str]:
    if there.values != here.values:
        yield f"{key.name}: {there.text} {where}, {_values(here)} here"
    elif there.ttl != here.ttl:
        yield f"{key.name}: {key.kind} with TTL {there.ttl} {where}, {here.ttl} here"


def _values(records: RecordSet) -> str:
    return ", ".join(records.values)


ALONE = ("CNAME", "ALIAS", "DNAME")
"""What excludes an address of ours: an alias; one that the server itself resolves (ALIAS, ANAME and the like, which
answer with addresses that are not records); and a redirection of all names below another."""


def foreign(now: Sets, ours: Sets, goal: Sets) -> list[RecordSet]:
    """The sets in the place of ours that have neither what we put there nor what we would put there."""
    return [
        found
        for key, found in now.items()
        if key in goal and found.values not in {known[key].values for known in (ours, goal) if key in known}
    ]


def occupant(now: Sets, ours: Sets, goal: Sets, adopt: bool) -> RecordSet | None:
    """What prevents our records: an alias, another stack's marker, or (unless adopted) a foreign set.

    Where our own marker exists the records are ours, whatever they contain.
    """
    alias = next((found for key, found in now.items() if key.kind in ALONE and key not in {*goal, *ours}), None)
    strange = foreign(now, ours, goal)
    marker = next((found for found in strange if found.key.kind == "TXT"), None)
    marked = any(key.kind == "TXT" and key in now for key in goal)
    if alias or marker:
        return alias or marker
    return None if adopt or marked else next(iter(strange), None)


def after_removal(now: Sets, ours: Sets, found: Sets) -> dict[Key, RecordSet]:
    """What remains when ours are removed: values that others added, and those from before us."""
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
    """Seconds until no resolver has an older answer: the old records' TTL, or the zone's for what did not exist."""
    negative = soa.negative if soa else 0
    changed = [key for key in dict.fromkeys([*before, *goal]) if before.get(key) != goal.get(key)]
    return max((before[key].ttl if key in before else negative for key in changed), default=0)
