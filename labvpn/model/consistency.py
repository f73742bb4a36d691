"""What no part of a lab's configuration can see alone: parts that contradict one another."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations, product
from typing import TYPE_CHECKING

from labvpn.model import acme
from labvpn.model.base import duplicates
from labvpn.model.hub_options import MODES
from labvpn.model.ports import Port, Transport, port
from labvpn.state.fortigate import ALL

if TYPE_CHECKING:
    from labvpn.model.dns import DnsName
    from labvpn.model.lab import Lab


def mistakes(lab: Lab) -> Iterator[str]:
    """Every contradiction, in one sentence each with its remedy."""
    yield from _of_hubs(lab)
    yield from _of_networks(lab)
    yield from _of_dialled(lab)
    yield from _of_kept(lab)
    yield from _of_ports(lab)
    yield from _of_hops(lab)
    yield from _of_names(lab)


def _of_hubs(lab: Lab) -> Iterator[str]:
    own = lab.hubs.get(lab.vpn.hub)
    if own and own.secure_nat:
        yield f"hubs.{lab.vpn.hub}.secureNat is given in vpn.secureNat already; leave it out here"
    for twice in duplicates([name.lower() for name in lab.hubs]):
        yield f"hubs names '{twice}' twice, since SoftEther folds case; keep one"


def _of_networks(lab: Lab) -> Iterator[str]:
    nets = {name: hub.secure_nat.address.network for name, hub in lab.all_hubs.items() if hub.secure_nat}
    for (one, first), (other, second) in combinations(nets.items(), 2):
        if first.overlaps(second):
            yield f"hubs {one} and {other} share addresses of {first}; give each a network of its own"
    for (name, net), (what, address) in product(nets.items(), [*_fixed(lab), *_inner(lab)]):
        if address in net:
            yield (
                f"the SecureNAT of hub {name}, {net}, covers {what}, {address}, which VPN clients could then not "
                "reach; give it a network that is used nowhere else"
            )


def _fixed(lab: Lab) -> Iterator[tuple[str, IPv4Address]]:
    """Addresses of machines outside the VPN."""
    for server in lab.servers:
        yield f"{lab.place(server)}.address", server.address
    if lab.fortigate and lab.fortigate.vip:
        yield "fortigate.vip.mapped", lab.fortigate.vip.mapped
    if lab.fortigate and lab.fortigate.behind_vpn:
        for name, address in lab.fortigate.behind_vpn.hosts.items():
            yield f"fortigate.behindVpn.hosts.{name}", address


def _inner(lab: Lab) -> Iterator[tuple[str, IPv4Address]]:
    """The private addresses that the VPN host holds for its clients."""
    for name, hub in lab.all_hubs.items():
        if hub.secure_nat and hub.secure_nat.host_address:
            yield f"hostAddress of hub {name}", hub.secure_nat.host_address


def _of_dialled(lab: Lab) -> Iterator[str]:
    """Routes through the tunnel to where the tunnel itself goes, which no packet can take."""
    taken = {address: what for what, address in _fixed(lab)}
    for what, address in _inner(lab):
        if address in taken:
            yield f"{what}, {address}, is {taken[address]} already; take a private address that no machine has"
    for (name, hub), server in product(lab.all_hubs.items(), lab.servers):
        nat = hub.secure_nat
        if IPv4Network(server.address) in hub.routes and not (nat and nat.host_address == server.address):
            yield (
                f"hub {name} leads {server.address} into the tunnel, which users dial, and no packet passes then; "
                "take it out of the hub's services and secureNat.routes, and give the VPN host a private address "
                "for its clients by secureNat.hostAddress"
            )


def _of_kept(lab: Lab) -> Iterator[str]:
    given = [f"hubs.{name}.services" for name, hub in lab.all_hubs.items() if hub.services]
    if "access" in lab.vpn.kept and given:
        yield f"vpn.kept leaves the access lists as they are, but {given[0]} is given; keep one of them"
    if "administration" in lab.vpn.kept and lab.server.administrators:
        yield "vpn.kept names administration, but server.administrators is given; keep one of them"
    silent = [name for name, hub in lab.all_hubs.items() if not hub.log.security]
    if lab.firewall and lab.firewall.bans.enabled and silent:
        yield (
            f"firewall.bans reads what hubs.{silent[0]}.log.security switches off; switch that on, "
            "or firewall.bans.enabled off"
        )


def _of_ports(lab: Lab) -> Iterator[str]:
    closed = [port(text) for text in lab.firewall.closed] if lab.firewall else []
    for each in sorted({*closed} & {*lab.opened}):
        yield f"firewall.closed names {each}, by which users dial or an authority asks; take it out"
    for server in lab.servers:
        direct = server.ssh.host is None
        if direct and server.ssh.port in lab.vpn.listeners:
            yield f"vpn.listeners names port {server.ssh.port}, which is SSH's on {server.address}; take it out"
        if direct and server.ssh.jump is None and Port(server.ssh.port, Transport.TCP) in closed:
            yield (
                f"firewall.closed names {server.ssh.port}/tcp, by which the stack reaches {server.address}; take it "
                "out, or give ssh.host an address at which it is open"
            )
    for name, hub in lab.all_hubs.items():
        for option in sorted(MODES & {*hub.options}) if hub.secure_nat and "mode" not in hub.secure_nat.kept else ():
            yield f"hubs.{name}.options.{option} is set by the mode of the hub's secureNat; leave it out"


def _of_hops(lab: Lab) -> Iterator[str]:
    box, protocols = lab.fortigate, lab.vpn.protocols
    if protocols.esp and not protocols.l2tp_ipsec:
        yield "vpn.protocols.esp needs l2tpIpsec; switch that on or esp off"
    if protocols.esp and box and box.vip:
        yield "vpn.protocols.esp cannot pass the address translation of fortigate.vip; switch it off"
    if box and box.vip and len(lab.servers) > 1:
        yield "fortigate.vip is for one server, and there are several; give each a public address"
    hosts = box.behind_vpn.hosts if box and box.behind_vpn else {}
    for name, own in lab.host_addresses.items():
        if hosts.get(name, own) != own:
            yield f"fortigate.behindVpn.hosts.{name} must be the VPN host, {own}; rename the other host"


def _of_names(lab: Lab) -> Iterator[str]:
    yield from acme.mistakes(lab.acme, lab.dns)
    anybody = lab.fortigate is None or ALL in lab.fortigate.sources
    yield from acme.hop_mistakes(lab.acme, lab.vpn.listeners, len(lab.servers), anybody)
    own = [server.host.lower() for server in lab.servers if server.host]
    for server in lab.servers:
        if lab.dns and server.host and (why := _unfit(lab.dns, server.host)):
            yield f"{lab.place(server)}.host: {why}"
            own.remove(server.host.lower())
    if own and lab.dns is None:
        yield f"host {own[0]} is a name of a server in dns.zone; add `dns`, or leave host out"
    shared = {lab.dns.within(name).lower() for name in (lab.dns.host, *lab.dns.aliases)} if lab.dns else set()
    for name in own:
        if lab.dns and lab.dns.within(name) in shared:
            yield f"host {name} of a server is the name of all of them (dns.host); leave it out or rename"


def _unfit(name: DnsName, host: str) -> str:
    """Why a host cannot be a name of the zone, empty where it can."""
    try:
        name.within(host)
    except ValueError as error:
        return str(error)
    return ""
