"""The lab's objects on a FortiGate: what each is called and what it says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

from labvpn.model import fortigate as model
from labvpn.model.fortigate import AccessException, FortiGate, VpnOnlyHosts
from labvpn.model.lab import Lab
from labvpn.model.ports import ESP, Port, Transport, of_transport
from labvpn.state.fortigate import (
    ALL,
    ALL_SERVICES,
    Action,
    AddressGroup,
    AddressObject,
    Block,
    DesiredFortiGate,
    Objects,
    Policy,
    ServiceObject,
    Vip,
)


def wanted(lab: Lab, box: FortiGate) -> DesiredFortiGate:
    """Everything that the lab has on its FortiGate, and where its policies stand."""
    dialled = [vip.name for vip in _vips(lab, box)] or [_host_name(box, name) for name in lab.host_addresses]
    blocks = [_outer(lab, box, dialled)]
    if box.behind_vpn:
        blocks.append(_closing(lab, box, box.behind_vpn, dialled))
    return DesiredFortiGate(_objects(lab, box, blocks), tuple(blocks))


def source_name(box: FortiGate, source: str) -> str:
    """The name of the address object of a source: `vpn-from-192.0.2.0-24`, `vpn-from-JP`, or `all` itself."""
    return ALL if source == ALL else f"{box.prefix}-from-{source.removesuffix('/32').replace('/', '-')}"


def _outer(lab: Lab, box: FortiGate, dialled: Iterable[str]) -> Block:
    many = len(box.sources) > 1
    allow = _policy(
        box,
        "allow",
        box.outside,
        (box.inside,),
        (f"{box.prefix}-sources",) if many else (source_name(box, box.sources[0]),),
        dialled,
        (service.name for service in _vpn_services(lab, box)),
    )
    return Block((allow,), _key(box.before))


def _closing(lab: Lab, box: FortiGate, closed: VpnOnlyHosts, dialled: Iterable[str]) -> Block:
    """The exceptions, then what lets the VPN be dialled from inside too, then the deny."""
    to = (closed.to or box.inside,)
    services = tuple(service.name for service in _shut(box, closed)) or (ALL_SERVICES,)
    hosts = tuple(_host_name(box, name) for name in closed.hosts)
    policies = [_exception(box, closed, way) for way in closed.exceptions]
    if to != (box.inside,):
        servers = tuple(_host_name(box, name) for name in lab.host_addresses)
        policies.append(_policy(box, "through", (box.inside,), to, servers, hosts, services))
    dial = tuple(service.name for service in _vpn_services(lab, box))
    policies.append(_policy(box, "dial", closed.from_, (box.inside,), (ALL,), dialled, dial))
    policies.append(_policy(box, "only", closed.from_, to, (ALL,), hosts, services, Action.DENY))
    return Block(tuple(policies), _key(closed.before))


def _key(before: int | str) -> str:
    """A policy as `Policy.key` has it."""
    return f"#{before}" if isinstance(before, int) else before


def _exception(box: FortiGate, closed: VpnOnlyHosts, way: AccessException) -> Policy:
    return _policy(
        box,
        way.name,
        closed.from_,
        (closed.to or box.inside,),
        (source_name(box, source) for source in way.sources),
        (_host_name(box, name) for name in way.to or closed.hosts),
        [service.name for service in _of_ports(f"{box.prefix}-{way.name}", way.ports)] or [ALL_SERVICES],
    )


def _policy(
    box: FortiGate,
    name: str,
    from_interfaces: Iterable[str],
    to_interfaces: Iterable[str],
    sources: Iterable[str],
    destinations: Iterable[str],
    services: Iterable[str],
    action: Action = Action.ACCEPT,
) -> Policy:
    ends = (tuple(from_interfaces), tuple(to_interfaces), tuple(sources), tuple(destinations), tuple(services))
    # What is closed is closed at every hour: a schedule is for those who dial from outside.
    schedule = box.schedule if name == "allow" else "always"
    return Policy(f"{box.prefix}-{name}", *ends, action, schedule, box.log)


def _objects(lab: Lab, box: FortiGate, blocks: Iterable[Block]) -> Objects:
    closed = box.behind_vpn
    services = list(_vpn_services(lab, box))
    if closed:
        services += _shut(box, closed)
        services += [one for way in closed.exceptions for one in _of_ports(f"{box.prefix}-{way.name}", way.ports)]
    return Objects(
        tuple(_addresses(lab, box)),
        (AddressGroup(f"{box.prefix}-sources", tuple(source_name(box, source) for source in box.sources)),)
        if len(box.sources) > 1
        else (),
        tuple(services),
        tuple(_vips(lab, box)),
        tuple(policy for block in blocks for policy in block.policies),
    )


def _addresses(lab: Lab, box: FortiGate) -> Iterable[AddressObject]:
    closed = box.behind_vpn
    hosts = {**lab.host_addresses, **(closed.hosts if closed else {})}
    sources = [*box.sources, *(source for way in (closed.exceptions if closed else ()) for source in way.sources)]
    found = [_host(box, name, address) for name, address in hosts.items()]
    found += [_source(box, source) for source in sources if source != ALL]
    return {address.name: address for address in found}.values()


def _host_name(box: FortiGate, name: str) -> str:
    return f"{box.prefix}-{name}"


def _host(box: FortiGate, name: str, address: IPv4Address) -> AddressObject:
    return AddressObject(_host_name(box, name), (IPv4Network(address),))


def _source(box: FortiGate, source: str) -> AddressObject:
    known = model.networks((source,))
    return AddressObject(source_name(box, source), known, country="" if known else source)


def _vips(lab: Lab, box: FortiGate) -> list[Vip]:
    if box.vip is None:
        return []
    places = box.vip.addresses or dict.fromkeys(box.outside, lab.server.address)
    several = len(places) > 1
    return [
        Vip(f"{box.prefix}-vip-{_plain(place)}" if several else f"{box.prefix}-vip", place, outside, mapped)
        for mapped in (box.vip.mapped,)
        for place, outside in places.items()
    ]


def _plain(place: str) -> str:
    """An interface's name as a part of ours: letters of other scripts and brackets give way to a short digest."""
    plain = re.sub(r"[^A-Za-z0-9 ._-]", "-", place)
    digest = hashlib.sha256(place.encode()).hexdigest()[:6]
    return plain if plain == place.replace("/", "-") else f"{plain}-{digest}"


def _vpn_services(lab: Lab, box: FortiGate) -> Iterator[ServiceObject]:
    """TCP and UDP are apart: FortiOS's provider sees no difference when UDP ports are removed. ESP has no ports."""
    yield from _services("SoftEther", f"{box.prefix}-udp", lab.opened)
    if lab.vpn.protocols.esp:
        yield ServiceObject(f"{box.prefix}-esp", protocol=ESP)


def _shut(box: FortiGate, closed: VpnOnlyHosts) -> list[ServiceObject]:
    return _of_ports(f"{box.prefix}-only", closed.ports)


def _of_ports(name: str, texts: tuple[str, ...]) -> list[ServiceObject]:
    return list(_services(f"{name}-tcp", f"{name}-udp", model.ports(texts)))


def _services(tcp_name: str, udp_name: str, ports: tuple[Port, ...]) -> Iterator[ServiceObject]:
    tcp, udp = (" ".join(map(str, of_transport(ports, transport))) for transport in (Transport.TCP, Transport.UDP))
    if tcp:
        yield ServiceObject(tcp_name, tcp=tcp)
    if udp:
        yield ServiceObject(udp_name, udp=udp)
