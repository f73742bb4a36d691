"""What a policy matches, as nft expressions: its interfaces, sources, destinations and services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, collapse_addresses, summarize_address_range
from itertools import product

from rehearsal.fortigate import values
from rehearsal.fortigate.box import StandIn
from rehearsal.fortigate.entry import Member
from rehearsal.fortigate.objects import (
    AddressEntry,
    AddressGroupEntry,
    PolicyEntry,
    ServiceEntry,
    ServiceGroupEntry,
    VipEntry,
)
from rehearsal.fortigate.system import Sdwan, Zone
from rehearsal.fortigate.tables import ADDRESSES, GROUPS, SDWAN, SERVICE_GROUPS, SERVICES, VIPS, ZONES
from rehearsal.fortigate.values import PortRange, Span

EVERYWHERE = IPv4Network("0.0.0.0/0")
TRANSPORTS = ("tcp", "udp", "sctp")


class Objects:
    """A box's objects by name, with the networks of addresses and groups computed once."""

    def __init__(self, box: StandIn) -> None:
        self._addresses = {each.name: each for each in box.entries(ADDRESSES) if isinstance(each, AddressEntry)}
        self._groups = {each.name: each for each in box.entries(GROUPS) if isinstance(each, AddressGroupEntry)}
        self._services = {each.name: each for each in box.entries(SERVICES) if isinstance(each, ServiceEntry)}
        self._service_groups = {
            each.name: each for each in box.entries(SERVICE_GROUPS) if isinstance(each, ServiceGroupEntry)
        }
        self._vips = {each.name: each for each in box.entries(VIPS) if isinstance(each, VipEntry)}
        self._zones = dict(_zones(box))
        self._networks: dict[tuple[Member, ...], tuple[IPv4Network, ...]] = {}

    def networks(self, members: tuple[Member, ...]) -> tuple[IPv4Network, ...]:
        """All networks of addresses and groups, none inside another; VIPs are ignored."""
        if members not in self._networks:
            held = [each for member in members for each in self._held(member.name)]
            self._networks[members] = tuple(collapse_addresses(held))
        return self._networks[members]

    def vips(self, policy: PolicyEntry) -> tuple[VipEntry, ...]:
        """The enabled VIPs among a policy's destinations."""
        found = [self._vips[member.name] for member in policy.dstaddr if member.name in self._vips]
        return tuple(vip for vip in found if vip.status == "enable")

    def services(self, policy: PolicyEntry) -> list[ServiceEntry]:
        """A policy's services, including those in its groups."""
        names = [member.name for member in policy.service]
        for name in list(names):
            if name in self._service_groups:
                names += [member.name for member in self._service_groups[name].member]
        return [self._services[name] for name in names if name in self._services]

    def interfaces(self, members: Iterable[Member]) -> list[str]:
        """The interfaces that policies name, zones and SD-WAN zones by their members."""
        return sorted({each for member in members for each in self._zones.get(member.name, (member.name,))})

    def _held(self, name: str) -> Iterator[IPv4Network]:
        if name in self._addresses:
            yield from _networks_of(self._addresses[name])
        if name in self._groups:
            group = self._groups[name]
            left_out = self.networks(group.exclude_member) if group.exclude == "enable" else ()
            yield from _without(self.networks(group.member), left_out)


def _zones(box: StandIn) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each zone with its interfaces."""
    for zone in box.entries(ZONES):
        if isinstance(zone, Zone):
            yield zone.name, tuple(each.interface_name for each in zone.interface)
    for sdwan in box.entries(SDWAN):
        if isinstance(sdwan, Sdwan):
            for each in sdwan.zone:
                yield each.name, tuple(one.interface for one in sdwan.members if one.zone == each.name)


def within_zones(box: StandIn) -> Iterator[str]:
    """The expressions of traffic between members of a zone that allows it."""
    for zone in box.entries(ZONES):
        if isinstance(zone, Zone) and zone.intrazone == "allow" and zone.interface:
            names = sorted(each.interface_name for each in zone.interface)
            yield f"{_interfaces('iifname', names)} {_interfaces('oifname', names)}"


def expressions(objects: Objects, policy: PolicyEntry) -> Iterator[str]:
    """One expression for each kind of packet that the policy matches; none if it can match nothing."""
    sources = _addresses("saddr", objects.networks(policy.srcaddr), negated=policy.srcaddr_negate == "enable")
    if sources is None or not policy.active or policy.users or policy.groups or policy.fsso_groups:
        return
    start = [_interfaces(word, objects.interfaces(ends)) for word, ends in _ends(policy)] + [sources]
    services = _services(objects.services(policy))
    if policy.service_negate == "enable":
        services = _all_but(objects.services(policy))
    for target, service in product(_destinations(objects, policy), services):
        if _contradict(target, service):
            continue
        yield " ".join(part for part in (*start, target, service) if part)


def _contradict(target: str, service: str) -> bool:
    """Whether a port of a VIP is of another protocol than a service: nft refuses what no packet can be."""
    forwarded = next((kind for kind in ("tcp", "udp") if f" {kind} dport " in target), "")
    named = service.removeprefix("meta l4proto ").partition(" ")[0]
    return bool(forwarded and service) and named not in (forwarded, values.NUMBERS.get(forwarded), "!=")


def _without(held: Iterable[IPv4Network], left_out: Iterable[IPv4Network]) -> list[IPv4Network]:
    """Networks minus others."""
    rest = list(held)
    for hole in left_out:
        rest = [
            part
            for one in rest
            if not one.subnet_of(hole)
            for part in (one.address_exclude(hole) if hole.subnet_of(one) else (one,))
        ]
    return rest


def outside_ports(vip: VipEntry) -> str:
    """The ports at which a VIP is dialled; empty for all."""
    return _forwarded(vip, vip.extport)


def _networks_of(entry: AddressEntry) -> list[IPv4Network]:
    if entry.type == "fqdn":
        return []
    if entry.type == "geography":
        return [IPv4Network(text) for text in values.COUNTRIES[entry.country]]
    if entry.type == "iprange":
        return list(summarize_address_range(IPv4Address(entry.start_ip), IPv4Address(entry.end_ip)))
    return [values.network(entry.subnet)]


def _ends(policy: PolicyEntry) -> Iterator[tuple[str, tuple[Member, ...]]]:
    yield "iifname", policy.srcintf
    yield "oifname", policy.dstintf


def _all_but(services: list[ServiceEntry]) -> list[str]:
    """The expressions of everything outside some services, which are TCP and UDP services or all traffic."""
    if any(service.protocol == "IP" and service.protocol_number == 0 for service in services):
        return []
    held = {
        kind: _merged(
            span.destination for each in services for span in values.port_ranges(getattr(each, f"{kind}_portrange"))
        )
        for kind in ("tcp", "udp")
    }
    listed = {kind: ", ".join(map(values.written, spans)) for kind, spans in held.items()}
    found = [f"{kind} dport != {{ {text} }}" if text else f"meta l4proto {kind}" for kind, text in listed.items()]
    return [*found, "meta l4proto != { tcp, udp }"]


def _interfaces(keyword: str, names: list[str]) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    return "" if "any" in names else f"{keyword} {{ {quoted} }}"


def _addresses(keyword: str, held: tuple[IPv4Network, ...], *, negated: bool) -> str | None:
    """An expression for addresses in (or outside of) networks: empty for all, None for no address at all."""
    everywhere = EVERYWHERE in held
    if everywhere or not held:
        return "" if everywhere != negated else None
    listed = ", ".join(map(str, held))
    return f"ip {keyword} {'!= ' if negated else ''}{{ {listed} }}"


def _destinations(objects: Objects, policy: PolicyEntry) -> Iterator[str]:
    """One for each VIP, then all addresses together.

    Traffic to a VIP belongs to policies that name the VIP; of the others only a deny with match-vip matches it.
    """
    for vip in objects.vips(policy):
        inside = vip.mappedip[0].address
        ports = _forwarded(vip, vip.mappedport)
        yield f"ct status dnat ct original ip daddr {vip.extip} ip daddr {inside} {ports}".rstrip()
    plain = _addresses("daddr", objects.networks(policy.dstaddr), negated=policy.dstaddr_negate == "enable")
    if plain is not None:
        sees_vips = policy.action == "deny" and policy.match_vip == "enable"
        yield plain if sees_vips else f"ct status ! dnat {plain}".rstrip()


def _forwarded(vip: VipEntry, ports: str) -> str:
    return f"{vip.protocol} dport {ports}" if vip.portforward == "enable" else ""


def _services(services: list[ServiceEntry]) -> list[str]:
    """The expressions of some services; a single empty one if any of them is every protocol."""
    if any(service.protocol == "IP" and service.protocol_number == 0 for service in services):
        return [""]
    found = [each for transport in TRANSPORTS for each in _transport(transport, services)]
    found += [_icmp(service) for service in services if service.protocol == "ICMP"]
    found += [f"meta l4proto {service.protocol_number}" for service in services if service.protocol == "IP"]
    return list(dict.fromkeys(found))


def _transport(transport: str, services: list[ServiceEntry]) -> Iterator[str]:
    texts = [str(getattr(each, f"{transport}_portrange")) for each in services if each.protocol == "TCP/UDP/SCTP"]
    ranges: list[PortRange] = [found for text in texts for found in values.port_ranges(text)]
    if free := _merged(each.destination for each in ranges if not each.source):
        yield f"{transport} dport {{ {', '.join(map(values.written, free))} }}"
    for destination, source in sorted(each for each in ranges if each.source):
        if source:
            yield f"{transport} dport {values.written(destination)} {transport} sport {values.written(source)}"


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, with those that touch or overlap made one: nft refuses overlaps in a set."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.first <= merged[-1].last + 1:
            merged[-1] = Span(merged[-1].first, max(span.last, merged[-1].last))
        else:
            merged.append(span)
    return merged


def _icmp(service: ServiceEntry) -> str:
    if service.icmptype == "":
        return "meta l4proto icmp"
    code = f" icmp code {service.icmpcode}" if service.icmpcode != "" else ""
    return f"icmp type {service.icmptype}{code}"
