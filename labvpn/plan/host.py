"""The difference between two documents in words that a lab's administrator understands, and who made it.

What was applied last decides: what the machine shows otherwise since then was changed by hand; what it shows as it was
applied, and is declared otherwise now, is a plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from labvpn.parse.host import HostState
from labvpn.plan.host_text import LISTS, added, changed, gone, marks
from labvpn.state.document import Entry, read

UNSET = "unset"
ANEW = ("differs", "current")
"""A secret on the machine that is another than here."""

SECRET = {"password", "key", "secret"}
"""Fields of which a document says only whether the machine has what is here."""

Entries = Mapping[str, Entry]


def planned(observed: HostState, desired: str) -> list[str]:
    """What the next run does because it is declared so: `+ user LAB/guest1`, `~ user LAB/guest2: MultiLogins 0 -> 1`.

    What it repairs because somebody changed it is said by `drifted` alone.
    """
    return list(_Three.of(observed, desired).plan())


def drifted(observed: HostState, desired: str) -> list[str]:
    """What others changed since the last run, as far as it is not what is desired now.

    Each sentence names the machine's value and ours: `user guest1: MultiLogins is 0 on the server, 1 here`.
    """
    if observed.applied is None:
        return []
    return list(_Three.of(observed, desired).drift())


@dataclass(frozen=True)
class _Three:
    """What the machine shows now, what was applied last (and begun by a run that was cut off), and what is wanted."""

    now: Entries
    applied: Entries
    begun: Entries
    wanted: Entries
    renewed: tuple[str, ...] | None

    @classmethod
    def of(cls, observed: HostState, desired: str) -> _Three:
        applied = _by_key(observed.applied or "")
        begun = applied if observed.begun is None else _by_key(observed.begun)
        return cls(_by_key(observed.document), applied, begun, _by_key(desired), observed.renewed)

    def plan(self) -> Iterator[str]:
        for key, entry in self.wanted.items():
            if key not in self.now:
                if not self._was_everywhere(key):
                    yield f"+ {key}"
            elif news := [words for name in self._unlike(key) if (words := self._news(key, entry, name))]:
                yield f"~ {key}: {', '.join(news)}"
        for key in sorted(self.now.keys() - self.wanted.keys()):
            if not self.applied or key in self.applied or key in self.begun:
                yield f"- {key}"

    def drift(self) -> Iterator[str]:
        for key, entry in self.applied.items():
            if key in self.wanted and key not in self.now:
                if self._was_everywhere(key) and not self._goes_with_its_hub(entry):
                    yield gone(entry)
            elif key in self.wanted:
                for name in self._unlike(key):
                    yield from self._changes(key, entry, name)
        for key in sorted(self.now.keys() - self.applied.keys() - self.begun.keys() - self.wanted.keys()):
            yield added(self.now[key])

    def _unlike(self, key: str) -> list[str]:
        """The fields in which the machine differs from what is wanted; one that we let go of is unset here."""
        now, wanted = self._as_if_there(self.now[key]).fields, self.wanted[key].fields
        return [name for name in dict.fromkeys([*wanted, *now]) if now.get(name, UNSET) != wanted.get(name, UNSET)]

    def _changes(self, key: str, entry: Entry, name: str) -> Iterator[str]:
        """What somebody did to a field, if anybody did."""
        now, here = self._values(key, name)
        if (entry.kind, name) in LISTS:
            mine = self._by_hand(key, name)
            yield from changed(entry, name, now, here, mine.__contains__)
        elif not self._is_ours(key, name, now):
            yield from changed(entry, name, now, here)

    def _news(self, key: str, entry: Entry, name: str) -> str:
        """What the run does to a field because it is declared so; empty where it only repairs."""
        now, here = self._values(key, name)
        if key in self.applied:
            whole = (entry.kind, name) in LISTS
            if not self._entries(key, name) - self._by_hand(key, name) if whole else not self._is_ours(key, name, now):
                return ""
        if (now, here) == ANEW:
            return f"{name} set anew{'' if self.renewed is not None else ', since another stands there'}"
        return f"{name} {now} -> {here}"

    def _values(self, key: str, name: str) -> tuple[str, str]:
        """A field as the machine shows it, and as it is wanted."""
        return self._as_if_there(self.now[key]).fields.get(name, UNSET), self.wanted[key].fields.get(name, UNSET)

    def _entries(self, key: str, name: str) -> set[str]:
        """The entries of a list that are not as they are wanted."""
        there, wanted = (marks(text) for text in self._values(key, name))
        return {one for one in {*there, *wanted} if (one in there) != (one in wanted) or (one in wanted and there[one])}

    def _by_hand(self, key: str, name: str) -> set[str]:
        """Those of them that came, went, or became half of what they were since they were applied and begun."""
        there, wanted = (marks(text) for text in self._values(key, name))
        lasts = [marks(last) for last in self._lasts(key, name)]
        stands = {one for one in there if not (one in wanted and there[one])}
        return {
            one for one in self._entries(key, name) if lasts and all((one in last) != (one in stands) for last in lasts)
        }

    def _is_ours(self, key: str, name: str, now: str) -> bool:
        """Whether the machine shows a field as it was applied, or begun; a renewed secret is no longer to be told."""
        if now == ANEW[0] and name in SECRET:
            known = ANEW[1] in self._lasts(key, name) and self.renewed is not None
            return not known or f"{key} {name}" in (self.renewed or ())
        return any(_same(now, last) for last in self._lasts(key, name, now))

    def _lasts(self, key: str, name: str, otherwise: str = UNSET) -> list[str]:
        """A field as it was applied and begun; one that is declared only now may have had any value."""
        declared = otherwise if name in self.wanted[key].fields else UNSET
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
        gone_now = self.applied.keys() & self.wanted.keys() - self.now.keys()
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
    """Whether two values say the same; the order of a list is nobody's change."""
    return now == last or ("," in now and " " not in now and sorted(now.split(",")) == sorted(last.split(",")))
