"""The difference between two documents in words that a lab's administrator understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from labvpn.model.document import Entry, read
from labvpn.observe.changes_words import added, changed, gone
from labvpn.observe.host import Observed

UNSET = "unset"
Entries = Mapping[str, Entry]


def planned(observed: Observed, desired: str) -> list[str]:
    """What the next run does because it is declared so: `+ user LAB/guest1`, `~ user LAB/guest2: MultiLogins 0 -> 1`.

    What it repairs because somebody changed it is said by `drifted` alone.
    """
    return list(_plan(_by_key(observed.document), _by_key(observed.applied or ""), _by_key(desired)))


def drifted(observed: Observed, desired: str) -> list[str]:
    """What others changed since the last run, as far as it is not what is desired now.

    Each sentence names the machine's value and ours: `user guest1: MultiLogins is 0 on the server, 1 here`.
    """
    if observed.applied is None:
        return []
    return list(_drift(_by_key(observed.document), _by_key(observed.applied), _by_key(desired)))


def _plan(now: Entries, applied: Entries, wanted: Entries) -> Iterator[str]:
    for key, entry in wanted.items():
        if key not in now:
            if key not in applied:
                yield f"+ {key}"
        elif differences := list(_of_ours(now[key], entry, applied.get(key))):
            yield f"~ {key}: {', '.join(f'{name} {old} -> {new}' for name, old, new in differences)}"
    for key in sorted(now.keys() - wanted.keys()):
        if not applied or key in applied:
            yield f"- {key}"


def _drift(now: Entries, applied: Entries, wanted: Entries) -> Iterator[str]:
    lost = {
        entry.name for key, entry in applied.items() if entry.kind == "service" and key in wanted and key not in now
    }
    for key, entry in applied.items():
        if key in wanted and key not in now:
            if not _goes_with_its_hub(entry, now, applied):
                yield gone(entry)
        elif key in wanted:
            for name, old, new in _differences(_as_if_there(now[key], entry, lost), wanted[key]):
                if old != _last(entry, wanted[key], name, old):
                    yield from changed(entry, name, old, new)
    for key in sorted(now.keys() - applied.keys() - wanted.keys()):
        yield added(now[key])


def _as_if_there(now: Entry, applied: Entry, lost: set[str]) -> Entry:
    """A zone without what it lost only because a service is gone as a whole."""
    if now.kind != "zone" or not lost.intersection(applied.fields.get("services", "").split(",")):
        return now
    there = now.fields.get("services", "none").split(",")
    kept = [name for name in applied.fields["services"].split(",") if name in there or name in lost]
    return Entry(now.kind, now.name, {**now.fields, "services": ",".join(kept)})


def _of_ours(now: Entry, wanted: Entry, applied: Entry | None) -> Iterator[tuple[str, str, str]]:
    """The differences that nobody made by hand."""
    for name, old, new in _differences(now, wanted):
        if applied is None or old == _last(applied, wanted, name, old):
            yield name, old, new


def _last(applied: Entry, wanted: Entry, name: str, old: str) -> str:
    """A field as it was applied last; one that is declared only now may have had any value, any other had none."""
    return applied.fields.get(name, old if name in wanted.fields else UNSET)


def _differences(now: Entry, wanted: Entry) -> Iterator[tuple[str, str, str]]:
    """Each field that differs, with the machine's value and ours; a field that we let go of is unset here."""
    for name in dict.fromkeys([*wanted.fields, *now.fields]):
        old, new = now.fields.get(name, UNSET), wanted.fields.get(name, UNSET)
        if old != new:
            yield name, old, new


def _goes_with_its_hub(entry: Entry, now: Entries, applied: Entries) -> bool:
    """Whether what is gone was in a hub that is gone as a whole."""
    hub = f"hub {entry.name.partition('/')[0]}"
    return entry.key != hub and hub in applied and hub not in now


def _by_key(document: str) -> dict[str, Entry]:
    return {entry.key: entry for entry in read(document)}
