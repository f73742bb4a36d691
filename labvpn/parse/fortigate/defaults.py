"""Defaults of a FortiOS that is newer than this program: what every object that others made has, and ours too.

A key that no table of `keys.py` knows would otherwise be drift of ours in every run. Of what others made it stays
unread, since nothing tells a default from what they set everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from labvpn.parse.fortigate.keys import Keys
from labvpn.state.fortigate import COMMENT, AddressGroup, AddressObject, Policy, ServiceObject, Vip

Thing = TypeVar("Thing", AddressObject, AddressGroup, ServiceObject, Vip, Policy)
Pair = tuple[str, str]

FEWEST = 2
"""How many objects of others have to agree."""


def without_defaults(things: Sequence[Thing], keys: Keys) -> tuple[Thing, ...]:
    """The objects, ours without the unknown keys that all others have with the same value."""
    theirs = [set(one.extras) for one in things if one.comment != COMMENT]
    if len(theirs) < FEWEST:
        return tuple(things)
    usual = {pair for pair in set.intersection(*theirs) if not _is_known(pair[0], keys)}
    return tuple(_without(one, usual) if usual and one.comment == COMMENT else one for one in things)


def without_unproven(things: Sequence[Thing], keys: Keys) -> tuple[Thing, ...]:
    """The objects without the unknown keys that every one of them has: nothing tells these from defaults."""
    common = set.intersection(*(set(one.extras) for one in things)) if things else set()
    unproven = {pair for pair in common if not _is_known(pair[0], keys)}
    return tuple(_without(one, unproven) for one in things) if unproven else tuple(things)


def _is_known(key: str, keys: Keys) -> bool:
    return key in keys.read | keys.harmless | keys.narrowing or key.startswith(keys.families)


def _without(one: Thing, usual: Iterable[Pair]) -> Thing:
    pairs = set(usual)
    words = {" ".join(pair) for pair in pairs}
    extras = tuple(pair for pair in one.extras if pair not in pairs)
    unread = tuple(text for text in one.unread if text not in words)
    return replace(one, extras=extras, unread=unread)
