"""FortiGates for tests, as their REST answers, from the box that the rehearsal starts with."""

from __future__ import annotations

from typing import Any

from labvpn.parse.fortigate import tables
from labvpn.state.fortigate import Inventory
from rehearsal.fortigate import box as boxes
from rehearsal.fortigate import replies
from rehearsal.fortigate.box import StandIn as Stored
from rehearsal.fortigate.initial import initial
from rehearsal.fortigate.tables import TABLES


def rows(stored: Stored) -> dict[str, list[dict[str, Any]]]:
    """Every table as REST shows it."""
    return {path: [replies.entry_body(stored, of, each) for each in stored.entries(of)] for path, of in TABLES.items()}


def read(stored: Stored) -> Inventory:
    """The box as the stack sees it."""
    return tables.inventory(rows(stored))


def box(*made: tuple[str, dict[str, Any]]) -> Inventory:
    """The initial box with some more entries, each a table and its fields."""
    stored = initial()
    for path, fields in made:
        stored, _ = boxes.create(stored, path, fields)
    return read(stored)


def policy(name: str, source: str, target: str, action: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A policy to be put at the end of the list; `first` of its fields is left to the caller."""
    lists = {"srcintf": source, "dstintf": target, "srcaddr": "all", "dstaddr": "all", "service": "ALL", **fields}
    members = {key: [{"name": name} for name in str(value).split()] for key, value in lists.items()}
    return "firewall/policy", {"name": name, "action": action, "schedule": "always", **members}


def above(stored: Stored, name: str, other: str) -> Stored:
    """The box with one policy moved before another, by their names."""
    numbers = {each.name: each.policyid for each in stored.policies}
    return boxes.move(stored, "firewall/policy", numbers[name], "before", numbers[other])
