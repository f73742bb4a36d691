"""The difference between two documents in words that a lab's administrator understands, and who made it.

What was applied last decides: what the machine has changed since then was changed by hand; what is still as applied but
is declared differently now is planned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from labvpn.parse.host import HostState
from labvpn.plan.host_text import LISTS, added, changed, gone, marks
from labvpn.state.document import Entry, read

UNSET = "unset"
DIFFERS = ("differs", "current")
"""A secret on the machine that differs from the configuration."""

SECRET = {"password", "key", "secret"}
"""Fields of which a document says only whether the machine has the configured value."""

Entries = Mapping[str, Entry]


def planned(actual: HostState, desired: str) -> list[str]:
    """What the configuration makes the next run do: `+ user LAB/guest1`, `~ user LAB/guest2: MultiLogins 0 -> 1`.

    Repairs of changes by hand are reported only by `drifted`.
    """
    return [] if actual.document == desired else list(_ThreeWayDiff.of(actual, desired).plan())


def drifted(actual: HostState, desired: str) -> list[str]:
    """What others changed since the last run, unless it is what the configuration declares now.

    Each sentence names the machine's value and ours: `user guest1: MultiLogins is 0 on the server, 1 here`.
    """
    if actual.applied is None or actual.document == desired:
        return []
    return list(_ThreeWayDiff.of(actual, desired).drift())


@dataclass(frozen=True)
class _ThreeWayDiff:
    """What the machine shows now, what was applied last (and begun by an interrupted run), and what is declared."""

    now: Entries
    applied: Entries
    begun: Entries
    desired: Entries
    renewed: tuple[str, ...] | None

    @classmethod
    def of(cls, actual: HostState, desired: str) -> _ThreeWayDiff:
        applied = _by_key(actual.applied or "")
        begun = applied if actual.begun is None else _by_key(actual.begun)
        return cls(_by_key(actual.document), applied, begun, _by_key(desired), actual.renewed)

    def plan(self) -> Iterator[str]:
        for key, entry in self.desired.items():
            if key not in self.now:
                if not self._was_everywhere(key):
                    yield f"+ {key}"
            elif news := [words for name in self._unlike(key) if (words := self._news(key, entry, name))]:
                yield f"~ {key}: {', '.join(news)}"
        for key in sorted(self.now.keys() - self.desired.keys()):
            if not self.applied or key in self.applied or key in self.begun:
                yield f"- {key}"

    def drift(self) -> Iterator[str]:
        for key, entry in self.applied.items():
            if key in self.desired and key not in self.now:
                if self._was_everywhere(key) and not self._goes_with_its_hub(entry):
                    yield gone(entry)
            elif key in self.desired:
                for name in self._unlike(key):
                    yield from self._changes(key, entry, name)
        for key in sorted(self.now.keys() - self.applied.keys() - self.begun.keys() - self.desired.keys()):
            yield added(self.now[key])

    def _unlike(self, key: str) -> list[str]:
        """The fields in which the machine differs from the configuration; one no longer declared is unset here."""
        now, desired = self._as_if_there(self.now[key]).fields, self.desired[key].fields
        return [name for name in dict.fromkeys([*desired, *now]) if now.get(name, UNSET) != desired.get(name, UNSET)]

    def _changes(self, key: str, entry: Entry, name: str) -> Iterator[str]:
        """What someone changed in a field, if anyone did."""
        now, here = self._values(key, name)
        if (entry.kind, name) in LISTS:
            mine = self._by_hand(key, name)
            yield from changed(entry, name, now, here, mine.__contains__)
        elif not self._is_ours(key, name, now):
            yield from changed(entry, name, now, here)

    def _news(self, key: str, entry: Entry, name: str) -> str:
        """What the run does to a field because of the configuration; empty where it only repairs."""
        now, here = self._values(key, name)
        if key in self.applied:
            whole = (entry.kind, name) in LISTS
            if not self._entries(key, name) - self._by_hand(key, name) if whole else not self._is_ours(key, name, now):
                return ""
        if (now, here) == DIFFERS:
            return f"{name} set again{'' if self.renewed is not None else ', since the server has a different one'}"
        return f"{name} {now} -> {here}"

    def _values(self, key: str, name: str) -> tuple[str, str]:
        """A field as the machine shows it, and as it is declared."""
        return self._as_if_there(self.now[key]).fields.get(name, UNSET), self.desired[key].fields.get(name, UNSET)

    def _entries(self, key: str, name: str) -> set[str]:
        """The entries of a list that are not as declared."""
        there, desired = (marks(text) for text in self._values(key, name))
        return {
            one for one in {*there, *desired} if (one in there) != (one in desired) or (one in desired and there[one])
        }

    def _by_hand(self, key: str, name: str) -> set[str]:
        """Those that were added, removed, or partly removed since the list was applied and begun."""
        there, desired = (marks(text) for text in self._values(key, name))
        lasts = [marks(last) for last in self._lasts(key, name)]
        complete = {one for one in there if not (one in desired and there[one])}
        return {
            one
            for one in self._entries(key, name)
            if lasts and all((one in last) != (one in complete) for last in lasts)
        }

    def _is_ours(self, key: str, name: str, now: str) -> bool:
        """Whether the machine shows a field as it was applied or begun; nothing is known of a renewed secret."""
        if now == DIFFERS[0] and name in SECRET:
            known = DIFFERS[1] in self._lasts(key, name) and self.renewed is not None
            return not known or f"{key} {name}" in (self.renewed or ())
        return any(_same(now, last) for last in self._lasts(key, name, now))

    def _lasts(self, key: str, name: str, otherwise: str = UNSET) -> list[str]:
        """A field as it was applied and begun; one that is declared only now may have had any value."""
        declared = otherwise if name in self.desired[key].fields else UNSET
        return [last[key].fields.get(name, declared) for last in (self.applied, self.begun) if key in last]

    def _was_everywhere(self, key: str) -> bool:
        return key in self.applied and key in self.begun

    def _goes_with_its_hub(self, entry: Entry) -> bool:
        """Whether what is gone was in a hub that is gone as a whole."""
        hub = f"hub {entry.name.partition('/')[0]}"
        return entry.key != hub and hub in self.applied and hub not in self.now

    @cached_property
    def _lost(self) -> set[str]:
        """The services that are gone as a whole."""
        gone_now = self.applied.keys() & self.desired.keys() - self.now.keys()
        return {self.applied[key].name for key in gone_now if self.applied[key].kind == "service"}

    def _as_if_there(self, now: Entry) -> Entry:
        """A zone without what it lost only because a service is gone as a whole."""
        applied = self.applied.get(now.key)
        before = applied.fields.get("services", "").split(",") if applied else []
        if now.kind != "zone" or not self._lost.intersection(before):
            return now
        there = now.fields.get("services", "none").split(",")
        kept = [name for name in before if name in there or name in self._lost]
        return Entry(now.kind, now.name, {**now.fields, "services": ",".join(kept)})


def _by_key(document: str) -> dict[str, Entry]:
    return {entry.key: entry for entry in read(document)}


def _same(now: str, last: str) -> bool:
    """Whether two values are the same; the order of a list does not matter."""
    return now == last or ("," in now and " " not in now and sorted(now.split(",")) == sorted(last.split(",")))
