"""What a FortiGate's policies let pass: which rule meets a packet first, and which rules cover or cross each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from labvpn.model.ports import Port
from labvpn.model.rules import ALL, ALL_SERVICES, Objects, Policy, Service, Vip

EVERYWHERE = IPv4Network("0.0.0.0/0")
Anyone = str | IPv4Address
"""Who sends: an address, or the name of an object; `all` is somebody whom no rule names."""


@dataclass(frozen=True)
class Probe:
    """A packet to try: where it enters and leaves, who sends it, and what it is for (no port: anything at all)."""

    enters: str
    leaves: str
    source: Anyone
    target: IPv4Address
    port: Port | None


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


class Reach:
    """The policies of some objects, by which packets are judged."""

    def __init__(self, objects: Objects) -> None:
        self._addresses = {address.name: address for address in objects.addresses}
        self._groups = {group.name: group.members for group in objects.groups}
        self._services = {service.name: service for service in objects.services}
        self._vips: dict[str, Vip] = {vip.name: vip for vip in objects.vips}
        self.extent = cache(self._extent)
        self.spans = cache(self._spans)

    def first(self, policies: Iterable[Policy], probe: Probe) -> Policy | None:
        """The policy that decides about a packet; None where the implicit deny does."""
        return next((policy for policy in policies if self.matches(policy, probe)), None)

    def matches(self, policy: Policy, probe: Probe) -> bool:
        """Whether a policy is about a packet; conditions that the lab cannot judge are taken as met."""
        return (
            policy.active
            and _between(policy, probe.enters, probe.leaves)
            and self._sends(policy, probe.source)
            and _holds(self.extent(policy.destinations), probe.target)
            and (ALL_SERVICES in policy.services or self._serves(policy, probe.port))
        )

    def covers(self, wide: Policy, narrow: Policy) -> bool:
        """Whether every packet of `narrow` is met by `wide` already."""
        return (
            wide.active
            and wide.plain
            and _all_in(narrow.from_interfaces, wide.from_interfaces)
            and _all_in(narrow.to_interfaces, wide.to_interfaces)
            and self.extent(wide.sources).covers(self.extent(narrow.sources))
            and self.extent(wide.destinations).covers(self.extent(narrow.destinations))
            and _spans_cover(self.spans(wide.services), self.spans(narrow.services))
        )

    def meets(self, one: Policy, two: Policy) -> bool:
        """Whether a packet may be met by both."""
        return (
            one.active
            and two.active
            and _shared(one.from_interfaces, two.from_interfaces)
            and _shared(one.to_interfaces, two.to_interfaces)
            and self.extent(one.sources).meets(self.extent(two.sources))
            and self.extent(one.destinations).meets(self.extent(two.destinations))
            and _spans_meet(self.spans(one.services), self.spans(two.services))
        )

    def members(self, names: Sequence[str]) -> list[str]:
        """Names with all that their groups hold; a group that holds itself is read once."""
        found: list[str] = []
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found.append(name)
                waiting += self._groups.get(name, ())
        return found

    def _sends(self, policy: Policy, source: Anyone) -> bool:
        if isinstance(source, IPv4Address):
            return _holds(self.extent(policy.sources), source)
        names = self.members(policy.sources)
        return ALL in names or source in names or EVERYWHERE in self.extent(policy.sources).networks

    def _serves(self, policy: Policy, port: Port | None) -> bool:
        held = self.spans(policy.services)
        if port is None:
            return ("any", 0, 0) in held
        return any(kind in ("any", port.transport) and low <= port.number <= high for kind, low, high in _wide(held))

    def _extent(self, names: tuple[str, ...]) -> Extent:
        networks: list[IPv4Network] = []
        unknown: set[str] = set()
        for name in self.members(names):
            address, vip = self._addresses.get(name), self._vips.get(name)
            if vip:
                networks += [IPv4Network(vip.outside), IPv4Network(vip.mapped)]
            elif address and address.networks:
                networks += address.networks
            elif name == ALL:
                networks.append(EVERYWHERE)
            elif name not in self._groups:
                unknown.add(name)
        return Extent(frozenset(collapse_addresses(networks)), frozenset(unknown))

    def _spans(self, names: tuple[str, ...]) -> frozenset[Span]:
        found = (self._services[name] for name in self.members(names) if name in self._services)
        return frozenset(span for service in found for span in spans_of(service)) | (
            {("any", 0, 0)} if ALL_SERVICES in names else frozenset()
        )


Span = tuple[str, int, int]
"""A transport (or an IP protocol's number, or `any`) and its first and last port."""


def spans_of(service: Service) -> list[Span]:
    """What a service is about."""
    if service.protocol is not None:
        return [(str(service.protocol) if service.protocol else "any", 0, 0)]
    return [
        (kind, *_range(text)) for kind, texts in (("tcp", service.tcp), ("udp", service.udp)) for text in texts.split()
    ]


def _range(text: str) -> tuple[int, int]:
    """The destination ports of `443`, `5000-5010` or `53:1024-65535`."""
    low, _, high = text.partition(":")[0].partition("-")
    return int(low), int(high or low)


def _wide(spans: Iterable[Span]) -> list[Span]:
    return [(kind, 0, 65535) if kind == "any" else (kind, low, high) for kind, low, high in spans]


def _spans_cover(wide: frozenset[Span], narrow: frozenset[Span]) -> bool:
    if ("any", 0, 0) in wide:
        return True
    return all(any(k == kind and a <= low and high <= b for k, a, b in wide) for kind, low, high in narrow)


def _spans_meet(one: frozenset[Span], two: frozenset[Span]) -> bool:
    if ("any", 0, 0) in one | two:
        return True
    return any(k == kind and a <= high and low <= b for k, a, b in one for kind, low, high in two)


def _between(policy: Policy, enters: str, leaves: str) -> bool:
    return _all_in((enters,), policy.from_interfaces) and _all_in((leaves,), policy.to_interfaces)


def _all_in(narrow: Iterable[str], wide: Sequence[str]) -> bool:
    return "any" in wide or set(narrow) <= set(wide)


def _shared(one: Sequence[str], two: Sequence[str]) -> bool:
    return "any" in (*one, *two) or bool(set(one) & set(two))


def _holds(extent: Extent, address: IPv4Address) -> bool:
    return any(address in network for network in extent.networks)
