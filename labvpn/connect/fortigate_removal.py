"""Removes the stack's policies from a FortiGate, and what only others kept there; nothing of anyone else's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from labvpn.connect.errors import HopError
from labvpn.connect.fortigate import Client, Place
from labvpn.parse.fortigate.objects import Row, names
from labvpn.state.fortigate import COMMENT

OBJECTS = ("firewall/address", "firewall/addrgrp", "firewall/vip", "firewall.service/custom")
GROUPS = ("firewall/addrgrp", "firewall.service/group")

REMEDY = (
    "run `pulumi up` once, which leaves these to them, then `pulumi destroy`; or let them use objects of their own, "
    "then `pulumi destroy`"
)


class Removal(NamedTuple):
    """What to remove: policies by their names, in that order, and objects by their paths, where nothing uses them.

    `kept` are the paths of the objects that stay when the whole stack goes; None where it does not.
    """

    policies: Sequence[str]
    kept: Collection[str] | None = None
    released: Sequence[str] = ()


async def remove(box: Place, token: str, ca: str, removal: Removal) -> None:
    """Delete the policies of ours among some names; one of someone else's stays.

    Ours bears our name and comment, or our name alone and names an object with our comment. Raises HopError, before
    anything, where others have come to use what the engine deletes after the policies.
    """
    async with Client(box, token, ca) as client:
        rows = await client.table("firewall/policy")
        held = {str(row.get("name") or ""): row for row in rows}
        named = [held[name] for name in removal.policies if name in held]
        going = bool(named) and removal.kept is not None
        odd = any(row.get("comments") != COMMENT for row in named)
        marked = await _marked(client) if odd or going else set()
        ours = [row for row in named if row.get("comments") == COMMENT or marked & set(_members(row))]
        if going:
            await _require_unshared(client, ours, [row for row in rows if row not in ours], marked, removal.kept or ())
        for row in ours:
            await client.delete(f"firewall/policy/{int(row['policyid'])}", str(row["name"]))
        for path in removal.released:
            await _delete_unused(client, path)


async def _require_unshared(
    client: Client, ours: Sequence[Row], others: Sequence[Row], marked: set[str], kept: Collection[str]
) -> None:
    groups = [row for path in GROUPS for row in await client.table(path)]
    going = {name for row in ours for name in _members(row)} & marked
    held = [row for row in groups if row.get("name") in going]
    going |= {name for row in held for name in names(row.get("member"))} & marked
    users: dict[str, str] = {}
    for row in groups:
        if row not in held:
            users |= dict.fromkeys(names(row.get("member")), f"group '{row.get('name')}'")
    for row in others:
        users |= dict.fromkeys(_members(row), f"rule {row.get('policyid')} '{row.get('name') or ''}'")
    fresh = sorted((going & users.keys()) - {path.rpartition("/")[2] for path in kept})
    if fresh:
        raise HopError(client.hop, _in_use(fresh, users), REMEDY)


def _in_use(fresh: Sequence[str], users: Mapping[str, str]) -> str:
    who = dict.fromkeys(users[name] for name in fresh)
    return f"cannot lose {', '.join(fresh)} of this stack: {', '.join(who)} of others use{'s' * (len(who) == 1)} it"


def _members(row: Row) -> Iterator[str]:
    yield from (str(each["name"]) for key in ("srcaddr", "dstaddr", "service") for each in row.get(key) or ())


async def _marked(client: Client) -> set[str]:
    """The names of the objects that bear our comment."""
    tables = [await client.table(path) for path in OBJECTS]
    return {str(row["name"]) for rows in tables for row in rows if row.get("comment") == COMMENT}


async def _delete_unused(client: Client, path: str) -> None:
    """Delete an object of ours that nothing uses any more, as the FortiGate itself counts it."""
    table, _, name = path.rpartition("/")
    rows = [row for row in await client.table(table) if row.get("name") == name and row.get("comment") == COMMENT]
    if rows and not int(rows[0].get("q_ref") or 0):
        await client.delete(f"{table}/{quote(name, safe='')}", name)
