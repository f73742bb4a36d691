"""What the names of addresses on a FortiGate resolve to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from typing import Generic, TypeVar

from labvpn.state.fortigate import ALL, AddressGroup, AddressObject, Inventory

EVERYWHERE = IPv4Network("0.0.0.0/0")
NO_SOURCES = IPv4Network("224.0.0.0/3")
"""Multicast (RFC 5771) and reserved addresses (RFC 1112): no client has one of these."""

COUNTRY = "country "
"""How a country is named among senders."""

WIDE = 8
"""A network with a shorter prefix than this is so large that it may contain clients that no policy names."""

Anyone = str | IPv4Address
"""Who sends: an address, a country, the name of an object, or `all`, a client that no policy names."""

Range = tuple[int, int]

End = TypeVar("End")
"""What is looked for in objects: who sends, or a port."""


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Whether one of some answers is yes; None where that depends on one that cannot be determined."""
    held = list(answers)
    return True if True in held else (None if None in held else False)


@dataclass(frozen=True)
class Extent:
    """What names resolve to: networks, and what the lab cannot resolve: countries, host names, names of the rest."""

    networks: frozenset[IPv4Network]
    unknown: frozenset[str]

    def covers(self, other: Extent) -> bool:
        """Whether everything of the other is in this one, as far as is known."""
        if EVERYWHERE in self.networks:
            return True
        held = all(any(one.subnet_of(mine) for mine in self.networks) for one in other.networks)
        return held and other.unknown <= self.unknown

    def meets(self, other: Extent) -> bool:
        """Whether they share an address, or may do so."""
        if (self.unknown and other.networks) or (other.unknown and self.networks):
            return True
        if self.unknown and other.unknown:
            # An address is in one country; in whatever else it may be too.
            both = all(one.startswith(COUNTRY) for one in self.unknown | other.unknown)
            return not both or bool(self.unknown & other.unknown)
        return any(one.overlaps(two) for one in self.networks for two in other.networks)


class Named(Generic[End]):
    """Objects and groups of one kind, by their names."""

    def __init__(self, groups: Iterable[AddressGroup]) -> None:
        self.groups: Mapping[str, AddressGroup] = {group.name: group for group in groups}

    def members(self, names: Sequence[str]) -> list[str]:
        """Names with all members of their groups, of unread groups none; a group that contains itself is read once."""
        found: dict[str, None] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name], group = None, self.groups.get(name)
                waiting += group.members if group and not group.unread else ()
        return list(found)

    def _in(self, name: str, end: End, above: tuple[str, ...]) -> bool | None:
        """Whether an object or a group has an end in it; None where that cannot be told."""
        if name in self.groups:
            return self._in_group(self.groups[name], end, above) if name not in above else False
        return self._in_object(name, end)

    def _in_group(self, group: AddressGroup, end: End, above: tuple[str, ...]) -> bool | None:
        if group.unread:
            return None
        inside = any_of(self._in(name, end, (*above, group.name)) for name in group.members)
        left_out = any_of(self._in(name, end, (*above, group.name)) for name in group.without)
        if inside is False or left_out is True:
            return False
        return inside if left_out is False else None

    def _in_object(self, name: str, end: End) -> bool | None:
        raise NotImplementedError


class Addresses(Named[Anyone]):
    """The addresses of a FortiGate, their groups, and VIPs."""

    def __init__(self, inventory: Inventory) -> None:
        super().__init__(inventory.groups)
        self._addresses = {address.name: address for address in inventory.addresses}
        self._vips = {vip.name: vip for vip in inventory.vips}
        self.extent = cache(self._extent)
        self.contains = cache(self._contains)
        self.doubt = cache(self._doubt)
        self.may_hold_vips = cache(self._may_hold_vips)

    def _contains(self, names: tuple[str, ...], source: Anyone) -> bool | None:
        """Whether some names include a sender."""
        return any_of(self._in(name, self._resolved(source), ()) for name in names)

    def _resolved(self, source: Anyone) -> Anyone:
        """An object for a country as that country, so that other objects for it include it too."""
        known = self._addresses.get(source) if isinstance(source, str) and source != ALL else None
        return f"{COUNTRY}{known.country}" if known and known.country else source

    def _in_object(self, name: str, end: Anyone) -> bool | None:
        if name in self._addresses:
            return _in_address(self._addresses[name], end)
        if name in self._vips:
            return False  # `PolicyTable` decides what a VIP matches, because VIPs have ports too
        return True if name == ALL else None

    def _may_hold_vips(self, names: tuple[str, ...]) -> bool:
        """Whether some names may be those of VIPs that cannot be told: of an unread group, or of nothing that was read.

        FortiOS has addresses, groups and VIPs under one list of names.
        """
        held = (*self._addresses, *self._vips, ALL)
        return any(
            self.groups[name].unread if name in self.groups else name not in held for name in self.members(names)
        )

    def _doubt(self, names: tuple[str, ...]) -> str:
        """The first object among some names that the lab cannot resolve, and why."""
        for name in self.members(names):
            address, group, vip = self._addresses.get(name), self.groups.get(name), self._vips.get(name)
            if (known := address or group or vip) and known.unread:
                return f"{name}: {', '.join(known.unread)}"
            if address and not address.networks:
                return f"{name}: {'country ' + address.country if address.country else address.host}"
            if group and group.without:
                return f"{name}: exclude-member {' '.join(group.without)}"
            if not known and name != ALL:
                return f"{name}: not among the addresses that were read"
        return ""

    def _extent(self, names: tuple[str, ...]) -> Extent:
        networks: list[IPv4Network] = []
        unknown: set[str] = set()
        for name in self.members(names):
            address, vip, group = self._addresses.get(name), self._vips.get(name), self.groups.get(name)
            if vip and not vip.unread:
                networks += [IPv4Network(vip.outside), IPv4Network(vip.mapped)]
            elif address and address.networks and not address.unread:
                networks += address.networks
            elif name == ALL and not address:
                networks.append(EVERYWHERE)
            elif not group or group.without or group.unread:
                unknown.add(_unresolved(address) if address and not address.unread else name)
        return Extent(frozenset(collapse_addresses(networks)), frozenset(unknown))


def _in_address(address: AddressObject, source: Anyone) -> bool | None:
    if address.unread:
        return None
    if isinstance(source, IPv4Address):
        held = any(source in network for network in address.networks)
        return held if address.networks else None
    if address.country or address.host:
        return source == f"{COUNTRY}{address.country}"
    if list(collapse_addresses([*address.networks, NO_SOURCES])) == [EVERYWHERE]:
        return True
    sending = [network for network in address.networks if not network.subnet_of(NO_SOURCES)]
    return None if any(network.prefixlen < WIDE for network in collapse_addresses(sending)) else False


def _unresolved(address: AddressObject) -> str:
    """A country or host name, however the object for it is called."""
    if address.country:
        return f"{COUNTRY}{address.country}"
    return f"host {address.host}" if address.host else address.name
