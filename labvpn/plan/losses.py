"""Users whom a run would remove: too many at once mean a lost list, not an intended change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labvpn.parse.host import HostState
from labvpn.state.document import Entry, read

LISTED = 5
"""How many names one sentence lists."""

FREE = re.compile(r"(?P<hub>[^/]+)/labvpn:(?:device:.+:)?free:(?P<user>[^:]+)")
"""The memo of the rule by which a user reaches everything, as an owner does (render/access)."""


def refusal(host: str, actual: HostState, desired: str, may_remove: bool, protect: bool) -> str | None:
    """Why a run may not go on that would remove an owner, or more than half of the users, from a server.

    None where it removes fewer, or where `may_remove` allows it; `protect` forbids it even then.
    """
    if actual.document == desired:
        return None
    before = _users(actual.document, actual.applied)
    after = {user.lower() for user in _users(desired, None)}
    lost = [user for user in before if user.lower() not in after]
    owners = [user for user in lost if user in _owners(actual)]
    if not (owners or 2 * len(lost) > len(before)) or (may_remove and not protect):
        return None
    names = [user.partition("/")[2] for user in [*owners, *(user for user in lost if user not in owners)]]
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    who = f"; {owners[0].partition('/')[2]} reaches everything, as an owner does" if owners else ""
    remedy = (
        "`protect` forbids that: put them back into the list, or switch protect off first"
        if protect
        else "put them back into the list, or set `users.mayRemove: true` for this run if you want that"
    )
    return (
        f"The users' list would remove {len(lost)} of {len(before)} users from the VPN host {host} "
        f"({', '.join(names[:LISTED])}{more}{who}); {remedy}"
    )


def _users(document: str, applied: str | None) -> list[str]:
    """The users of a document, as `HUB/name`; on a server, only those that a run of ours created."""
    ours = {entry.key for entry in read(applied)} if applied else None
    return [entry.name for entry in _of(document, "user") if ours is None or entry.key in ours]


def _owners(actual: HostState) -> set[str]:
    """The users, as `HUB/name`, who reach everything."""
    rules = [*_of(actual.document, "access"), *_of(actual.applied or "", "access")]
    return {f"{found['hub']}/{found['user']}" for rule in rules if (found := FREE.fullmatch(rule.name))}


def _of(document: str, kind: str) -> Iterator[Entry]:
    return (entry for entry in read(document) if entry.kind == kind and not entry.name.endswith("/*"))
