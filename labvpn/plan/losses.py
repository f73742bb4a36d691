"""Users whom a run would take away: too many at once are a list that was lost, not one that was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labvpn.parse.host import HostState
from labvpn.state.document import Entry, read

SHOWN = 5
"""So many names stand in a sentence."""

FREE = re.compile(r"(?P<hub>[^/]+)/labvpn:(?:device:.+:)?free:(?P<user>[^:]+)")
"""The memo of the rule by which a user reaches everything, as an owner does (render/access)."""


def refusal(host: str, observed: HostState, desired: str, may_remove: bool, protect: bool) -> str | None:
    """Why a run may not go on that would take an owner, or more than half of the users, from a server.

    None where it takes fewer, or where that is said by `may_remove`; `protect` holds all the same.
    """
    before = _users(observed.document, observed.applied)
    after = {user.lower() for user in _users(desired, None)}
    lost = [user for user in before if user.lower() not in after]
    owners = [user for user in lost if user in _owners(observed)]
    if not (owners or 2 * len(lost) > len(before)) or (may_remove and not protect):
        return None
    names = [user.partition("/")[2] for user in [*owners, *(user for user in lost if user not in owners)]]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    who = f"; {owners[0].partition('/')[2]} reaches everything, as an owner does" if owners else ""
    remedy = (
        "`protect` forbids that: put them back into the list, or switch protect off first"
        if protect
        else "put them back into the list, or say `users.mayRemove: true` for this run if that is what you want"
    )
    return (
        f"The users' list would take {len(lost)} of {len(before)} users from the VPN host {host} "
        f"({', '.join(names[:SHOWN])}{more}{who}); {remedy}"
    )


def _users(document: str, applied: str | None) -> list[str]:
    """The users of a document, as `HUB/name`; of those on a server only what a run of ours made."""
    ours = {entry.key for entry in read(applied)} if applied else None
    return [entry.name for entry in _of(document, "user") if ours is None or entry.key in ours]


def _owners(observed: HostState) -> set[str]:
    """The users, as `HUB/name`, who reach everything."""
    rules = [*_of(observed.document, "access"), *_of(observed.applied or "", "access")]
    return {f"{found['hub']}/{found['user']}" for rule in rules if (found := FREE.fullmatch(rule.name))}


def _of(document: str, kind: str) -> Iterator[Entry]:
    return (entry for entry in read(document) if entry.kind == kind and not entry.name.endswith("/*"))
