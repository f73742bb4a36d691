"""What names on a FortiGate stand for: addresses, ports, and the interfaces of zones and SD-WAN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from labvpn.model.ports import Port
from labvpn.model.rules import ALL, ALL_SERVICES, Address, Box, Group, Service

EVERYWHERE = IPv4Network("0.0.0.0/0")
WIDE = 8
"""A network with a shorter prefix than this holds so many that some stranger is in it."""

Anyone = str | IPv4Address
"""Who sends: an address, a country, the name of an object, or `all`, which is somebody whom no rule names."""

Range = tuple[int, int]


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Whether one of some answers is yes; None where that hangs on one that cannot be told."""
    held = list(answers)
    return True if True in held else (None if None in held else False)


@dataclass(frozen=True)
class Extent:
    """What names stand for: networks, and the names that the lab cannot resolve (countries and the like)."""

    networks: frozenset[IPv4Network]
    unknown: frozenset[str]

    def covers(self, other: Extent) -> bool:
        """Whether everything of the other lies in this one, as far as can be told."""
        if EVERYWHERE in self.networks:
            return True
        held = all(any(one.subnet_of(mine) for mine in self.networks) for one in other.networks)
        return held and other.unknown <= self.unknown

    def meets(self, other: Extent) -> bool:
        """Whether they share an address, or may do so."""
        if self.unknown & other.unknown or (self.unknown and other.networks) or (other.unknown and self.networks):
            return True
        return any(one.overlaps(two) for one in self.networks for two in other.networks)


class Named:
    """Objects and groups of one kind, by their names."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self.groups: Mapping[str, Group] = {group.name: group for group in groups}

    def members(self, names: Sequence[str]) -> list[str]:
        """Names with all that their groups hold; a group that holds itself is read once."""
        found: dict[str, None] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                waiting += self.groups[name].members if name in self.groups else ()
        return list(found)


class Addresses(Named):
    """A box's addresses, groups of them and VIPs."""

    def __init__(self, box: Box) -> None:
        super().__init__(box.groups)
        self._addresses = {address.name: address for address in box.addresses}
        self._vips = {vip.name: vip for vip in box.vips}
        self.extent = cache(self._extent)
        self.holds = cache(self._holds)
        self.doubt = cache(self._doubt)

    def _holds(self, names: tuple[str, ...], source: Anyone) -> bool | None:
        """Whether somebody is among what some names stand for."""
        return any_of(self._in(name, self._resolved(source), ()) for name in names)

    def _resolved(self, source: Anyone) -> Anyone:
        """A country's object as the country, so that the box's other objects of that country hold it too."""
        known = self._addresses.get(source) if isinstance(source, str) and source != ALL else None
        return f"country {known.country}" if known and known.country else source

    def _in(self, name: str, source: Anyone, above: tuple[str, ...]) -> bool | None:
        if name == source:
            return True
        if name in self.groups:
            return self._in_group(self.groups[name], source, above) if name not in above else False
        if name in self._addresses:
            return _in_address(self._addresses[name], source)
        if name in self._vips:
            vip = self._vips[name]
            return source == vip.mapped if not vip.unread else None
        return True if name == ALL else None

    def _in_group(self, group: Group, source: Anyone, above: tuple[str, ...]) -> bool | None:
        if group.unread:
            return None
        inside = any_of(self._in(name, source, (*above, group.name)) for name in group.members)
        left_out = any_of(self._in(name, source, (*above, group.name)) for name in group.without)
        if inside is False or left_out is True:
            return False
        return inside if left_out is False else None

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
                unknown.add(name)
        return Extent(frozenset(collapse_addresses(networks)), frozenset(unknown))


def _in_address(address: Address, source: Anyone) -> bool | None:
    if address.unread:
        return None
    if isinstance(source, IPv4Address):
        held = any(source in network for network in address.networks)
        return held if address.networks else None
    if address.country or address.host:
        return source == f"country {address.country}"
    widest = min(network.prefixlen for network in collapse_addresses(address.networks))
    return widest == 0 or (None if widest < WIDE else False)


@dataclass(frozen=True)
class Served:
    """What services are about: ports by transport, or an IP protocol's number, or `any`; `unknown` is not read."""

    spans: frozenset[tuple[str, int, int]]
    unknown: frozenset[str] = frozenset()

    @staticmethod
    def of(text: str) -> list[Range]:
        """The destination ports of `443`, `5000-5010` or `53:1024-65535`, blank-separated."""
        ends = (one.partition(":")[0].partition("-") for one in text.split())
        return [(int(low), int(high or low)) for low, _, high in ends if low.isdigit()] or [(0, 0)]

    @property
    def everything(self) -> bool:
        """Whether every protocol is meant."""
        return ("any", 0, 0) in self.spans

    def covers(self, narrow: Served) -> bool:
        """Whether everything of the other lies in this one, as far as can be told."""
        if self.everything:
            return True
        held = (any(k == kind and a <= low and high <= b for k, a, b in self.spans) for kind, low, high in narrow.spans)
        return all(held) and narrow.unknown <= self.unknown

    def meets(self, other: Served) -> bool:
        """Whether they share a port, or may do so."""
        if self.everything or other.everything or self.unknown or other.unknown:
            return True
        return any(k == kind and a <= high and low <= b for k, a, b in self.spans for kind, low, high in other.spans)


class Services(Named):
    """A box's services and groups of them."""

    def __init__(self, box: Box) -> None:
        super().__init__(box.service_groups)
        self._services = {service.name: service for service in box.services}
        self.span = cache(self._span)

    def holds(self, names: tuple[str, ...], port: Port | None) -> bool | None:
        """Whether a port is among what some services are about; without a port: whether everything is."""
        return any_of(self._in(name, port) for name in self.members(names) if name not in self._plain_groups(names))

    def _plain_groups(self, names: Sequence[str]) -> set[str]:
        return {name for name in self.members(names) if name in self.groups and not self.groups[name].unread}

    def _in(self, name: str, port: Port | None) -> bool | None:
        service = self._services.get(name)
        if service is None:
            return True if name == ALL_SERVICES else None
        if service.unread:
            return None
        spans = spans_of(service)
        if port is None:
            return ("any", 0, 0) in spans
        met = any(
            kind in ("any", port.transport) and (kind == "any" or low <= port.number <= high)
            for kind, low, high in spans
        )
        return None if met and _from_certain_ports(service, port) else met

    def doubt(self, names: tuple[str, ...]) -> str:
        """The first service among some names that the lab cannot judge, and why."""
        for name in self.members(names):
            service, group = self._services.get(name), self.groups.get(name)
            if (known := service or group) and known.unread:
                return f"service {name}: {', '.join(known.unread)}"
            if service and ":" in f"{service.tcp} {service.udp}":
                return f"service {name}: source ports {service.tcp} {service.udp}".rstrip()
            if not known and name != ALL_SERVICES:
                return f"service {name}: not among those that were read"
        return ""

    def _span(self, names: tuple[str, ...]) -> Served:
        spans: set[tuple[str, int, int]] = set()
        unknown: set[str] = set()
        for name in self.members(names):
            service = self._services.get(name)
            if service and not service.unread:
                spans |= set(spans_of(service))
                unknown |= {name} if ":" in f"{service.tcp} {service.udp}" else set()
            elif name == ALL_SERVICES and not service:
                spans.add(("any", 0, 0))
            elif name not in self.groups or self.groups[name].unread:
                unknown.add(name)
        return Served(frozenset(spans), frozenset(unknown))


def spans_of(service: Service) -> list[tuple[str, int, int]]:
    """What a service is about: a transport (or an IP protocol's number, or `any`) and its first and last port."""
    if service.protocol is not None:
        whole = {0: "any", 6: "tcp", 17: "udp"}.get(service.protocol, str(service.protocol))
        return [(whole, 0, 65535 if whole in ("tcp", "udp") else 0)]
    texts = (("tcp", service.tcp), ("udp", service.udp))
    return [(kind, low, high) for kind, text in texts if text for low, high in Served.of(text)]


def _from_certain_ports(service: Service, port: Port) -> bool:
    """Whether a service takes a port from certain ports of the sender alone."""
    texts = (service.tcp if port.transport == "tcp" else service.udp).split()
    free = (Served.of(text)[0] for text in texts if ":" not in text)
    return not any(low <= port.number <= high for low, high in free) and any(":" in text for text in texts)


class Topology:
    """The interfaces of a box, with what its zones and SD-WAN zones hold."""

    def __init__(self, box: Box) -> None:
        self._zones = {zone.name: zone for zone in box.zones}
        self._known = {interface.name for interface in box.interfaces} | set(self._zones)

    def expand(self, name: str) -> frozenset[str]:
        """An interface itself, or the members of a zone; a zone with none is itself."""
        zone = self._zones.get(name)
        return frozenset(zone.members) if zone and zone.members else frozenset((name,))

    def among(self, name: str, names: Sequence[str]) -> bool | None:
        """Whether an interface (every member of a zone) is among others; None where only a part of it is."""
        if "any" in names or name in names:
            return True
        mine, theirs = self.expand(name), frozenset[str]().union(*map(self.expand, names))
        if name == "any":
            return None if theirs else False
        if mine <= theirs:
            return True
        unresolved = self._known and any(other not in self._known for other in names)
        return None if mine & theirs or unresolved else False

    def all_among(self, names: Sequence[str], wide: Sequence[str]) -> bool:
        """Whether all of some interfaces are among others."""
        return all(self.among(name, wide) is True for name in names)

    def shared(self, one: Sequence[str], two: Sequence[str]) -> bool:
        """Whether some interface is, or may be, in both."""
        return any(
            self.among(name, two) is not False or self.among(other, one) is not False for name in one for other in two
        )

    def open_between(self, enters: str, leaves: str) -> str:
        """The name of a zone between whose members everything passes, if both interfaces are in it."""
        for zone in self._zones.values():
            held = set(zone.members)
            if zone.open and enters != leaves and self.expand(enters) & held and self.expand(leaves) & held:
                return zone.name
        return ""
