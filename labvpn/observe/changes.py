"""The difference between two documents in words that a lab's administrator understands."""

from __future__ import annotations

from collections.abc import Iterator

from labvpn.model.document import Entry, read
from labvpn.observe.host import Observed


def planned(observed: Observed, desired: str) -> list[str]:
    """What the next run does on the machine: `+ user LAB/guest1`, `~ user LAB/guest2: MultiLogins 0 -> 1`."""
    return list(_changes(_by_key(observed.document), _by_key(desired)))


def drifted(observed: Observed, desired: str) -> list[str]:
    """What others changed since the last run, as far as it is not what is desired now.

    Each sentence names the machine's value and ours: `user LAB/guest1: MultiLogins is 0 on the server, 1 here`.
    """
    if observed.applied is None:
        return []
    return list(_drift(_by_key(observed.document), _by_key(observed.applied), _by_key(desired)))


def _changes(now: dict[str, Entry], wanted: dict[str, Entry]) -> Iterator[str]:
    for key, entry in wanted.items():
        if key not in now:
            yield f"+ {key}"
        elif differences := list(_differences(now[key], entry)):
            yield f"~ {key}: {', '.join(f'{name} {old} -> {new}' for name, old, new in differences)}"
    for key in sorted(now.keys() - wanted.keys()):
        yield f"- {key}"


def _drift(now: dict[str, Entry], applied: dict[str, Entry], wanted: dict[str, Entry]) -> Iterator[str]:
    for key, entry in applied.items():
        if key in wanted and key not in now:
            yield f"{key} is gone from the server"
        elif key in wanted:
            for name, old, _ in _differences(now[key], entry):
                yield f"{key}: {name} is {old} on the server, {wanted[key].fields.get(name, 'not set')} here"
    for key in sorted(now.keys() - applied.keys() - wanted.keys()):
        yield f"{key} was added on the server"


def _differences(now: Entry, wanted: Entry) -> Iterator[tuple[str, str, str]]:
    for name, value in wanted.fields.items():
        found = now.fields.get(name, "unset")
        if found != value:
            yield name, found, value
    for name in now.fields.keys() - wanted.fields.keys():
        yield name, now.fields[name], "not set"


def _by_key(document: str) -> dict[str, Entry]:
    return {entry.key: entry for entry in read(document)}
