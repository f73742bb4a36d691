"""Policies of others that work against ours: above them, beside them, or from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from itertools import pairwise, product

from labvpn.model.expect import PortRange
from labvpn.model.fortigate import FortiGate, VpnOnlyHosts, ports
from labvpn.model.lab import Lab
from labvpn.model.ports import Port, Transport
from labvpn.parse.fortigate.services import Served
from labvpn.plan.fortigate.comparison import Comparison, PolicyList, distinct
from labvpn.plan.fortigate.overlap import covers, meets, why
from labvpn.plan.fortigate.policy_table import Packet, PolicyTable, Verdict
from labvpn.state.fortigate import ALL, Action, Policy


def shadows(compared: Comparison) -> list[str]:
    """The policies above ours that already decide what ours are for, or may do so."""
    table, policies = compared.after
    ours = compared.desired.objects.policies
    found = []
    for policy in ours:
        for other in policies[: policies.index(policy)]:
            if other not in ours and other.action is not policy.action and meets(table, other, policy):
                found.append(_shadow(table, other, policy))
    return found


def _shadow(table: PolicyTable, other: Policy, policy: Policy) -> str:
    remedy = "place ours above it (before:), or change that policy"
    above = f"{other} above ours ({policy.name})"
    if policy.action is Action.ACCEPT and (surely := _denied(table, other, policy)):
        return f"{above} already denies {surely}; {remedy}"
    if reason := why(table, other):
        what = "lets through what ours should stop" if policy.action is Action.DENY else "denies what ours allows"
        return f"whether {above} {what} cannot be determined because of {reason}; {remedy}"
    if policy.action is Action.DENY:
        return f"{above} already lets through what ours should stop; {remedy}"
    return f"{above} already denies a part of what ours allows; {remedy}"


def _denied(table: PolicyTable, other: Policy, policy: Policy) -> str:
    """Whom a policy above ours surely denies all that ours allows; empty where that is nobody."""
    if covers(table, other, policy):
        return "every source of it"
    members = table.addresses.members(policy.sources)
    single = [name for name in members if name not in table.addresses.groups and name != ALL]
    denied = [name for name in single if covers(table, other, replace(policy, sources=(name,)))]
    more = f" and {len(denied) - 3} more" if len(denied) > 3 else ""
    return f"this source: {', '.join(denied[:3])}{more}" if denied else ""


def leaks(compared: Comparison) -> list[str]:
    """The policies that still let others reach, past the VPN, what only the VPN should reach."""
    closed = compared.settings.behind_vpn
    if closed is None:
        return []
    found = (_leak(compared, closed, interface) for interface in _others(compared, closed))
    return distinct(f"{sentence}; name that interface in behindVpn.from" for some in found for sentence in some)


def _others(compared: Comparison, closed: VpnOnlyHosts) -> list[str]:
    """The interfaces and zones from which nothing is blocked; the name of a zone stands for its members."""
    topology, actual = compared.after.table.topology, compared.actual
    shut = {*closed.from_, compared.settings.inside, *([closed.to] if closed.to else [])}
    members = {one for zone in actual.zones for one in zone.members}
    named = (name for name in actual.interface_names if name not in members | shut)
    return [name for name in named if not topology.all_among((name,), tuple(shut))]


def _leak(compared: Comparison, closed: VpnOnlyHosts, interface: str) -> Iterator[str]:
    to, client = closed.to or compared.settings.inside, compared.client_at(interface, closed)
    near = compared.after.between(interface, to)
    for name, address in closed.hosts.items():
        packet = Packet(interface, to, client, address, None)
        tried: list[Port | None] = [*ports(closed.ports)] or [None, *_first_ports(near, packet)]
        for port in tried:
            verdict = near.decide(replace(packet, port=port))
            if verdict.passes and not compared.is_ours(verdict.policy):
                yield f"{verdict.policy} still lets {interface} reach {name} ({address}) past the VPN"
            elif verdict.passes is None:
                reached = f"{interface} still reaches {name} ({address}) past the VPN"
                yield f"whether {reached} cannot be determined because of {verdict.because}"


def _first_ports(near: PolicyList, packet: Packet) -> list[Port]:
    """The first port of each range of the policies that let the client reach a host."""
    letting = (other for other in near.policies if other.action is Action.ACCEPT and near.table.concerns(other, packet))
    spans = {span for other in letting for span in near.table.services.span(other.services).spans}
    return sorted(Port(low, Transport(kind)) for kind, low, _ in spans if kind in ("tcp", "udp"))


def masks(compared: Comparison) -> list[str]:
    """The adopted ways in behind which all users have one address, where the login guard bans by address."""
    firewall = compared.lab.firewall
    if firewall is None or not firewall.bans.enabled:
        return []
    ways = [policy for policy in compared.desired.blocks[0].policies if policy.action is Action.ACCEPT and policy.nat]
    said = "hides every user's address behind the FortiGate's own (nat enable), so a stranger's wrong passwords ban all"
    remedy = "disable NAT in it, or list the FortiGate's inside address in firewall.bans.exempt, and nobody is banned"
    return [f"{policy} {said}; {remedy}" for policy in ways]


def holes(compared: Comparison) -> list[str]:
    """The policies of others that let everyone outside reach the lab's machines, above ours or beside them."""
    settings, closed, found = compared.settings, compared.settings.behind_vpn, list[str]()
    for interface, (address, name) in product(compared.outside, _machines(compared.lab, settings).items()):
        to = closed.to if closed and closed.to and name in closed.hosts else settings.inside
        packet, (table, policies) = Packet(interface, to, ALL, address, None), compared.after.between(interface, to)
        near = PolicyList(table, tuple(other for other in policies if table.concerns(other, packet)))
        theirs = [other for other in near.policies if other.action is Action.ACCEPT and not compared.is_ours(other)]
        found += _holes(compared, near, theirs, packet, name) if theirs else ()
    return distinct(found)


def _holes(compared: Comparison, near: PolicyList, theirs: list[Policy], packet: Packet, name: str) -> Iterator[str]:
    lab, everyone = compared.lab, compared.settings.sources == (ALL,)
    offered = set(lab.opened) if everyone and name in ("server", *lab.host_addresses) else set()
    names, tried = _machines(lab, compared.settings), list[tuple[PortRange, Verdict]]()
    for part in _parts(near, packet.target, offered):
        one = replace(packet, port=Port(part.first, part.transport))
        vip = near.table.translations(one)[0]
        if one.port not in offered and (vip is None or names.get(vip.mapped) == name):
            tried.append((part, near.decide(one)))
    where, address = f"everyone at {packet.enters} reach", packet.target
    remedy = "narrow that policy or remove it if the stack should be the only way in"
    for other in theirs:
        open_ = [part for part, each in tried if each.passes and each.policy is other]
        doubts = [each for _, each in tried if each.passes is None and other in [doubt.policy for doubt in each.doubts]]
        if open_:
            what = "any port" if len(open_) == len(tried) else _some(open_)
            yield f"{other} lets {where} {what} of {name} ({address}) beside ours; {remedy}"
        elif doubts:
            because = f"cannot be determined because of {doubts[0].because}"
            yield f"whether {other} lets {where} {name} ({address}) {because}; {remedy}"


def _parts(near: PolicyList, target: IPv4Address, offered: set[Port]) -> Iterator[PortRange]:
    """All ports, in parts within which no policy, VIP or offer makes a difference."""
    table = near.table
    spans = {span for policy in near.policies for span in table.services.span(policy.services).spans}
    for vip in table.vips.values():
        if vip.forwards and target in (vip.outside, vip.mapped):
            spans |= {(vip.forwards[0], *ends) for text in vip.forwards[1:] for ends in Served.of(text)}
    spans |= {(port.transport.value, port.number, port.number) for port in offered}
    for transport in Transport:
        ends = {end for kind, low, high in spans if kind == transport for end in (low, high + 1)}
        cuts = sorted({1, 65536, *(end for end in ends if 1 < end < 65536)})
        yield from (PortRange(transport, first, after - 1) for first, after in pairwise(cuts))


def _machines(lab: Lab, settings: FortiGate) -> dict[IPv4Address, str]:
    """The lab's machines by address: the servers, by their public addresses and behind a VIP, and the hosts."""
    found = {address: name for name, address in lab.host_addresses.items()}
    if settings.vip:
        found |= dict.fromkeys((settings.vip.mapped, *settings.vip.addresses.values()), "server")
    return {
        **{address: name for name, address in (settings.behind_vpn.hosts if settings.behind_vpn else {}).items()},
        **found,
    }


def _some(found: list[PortRange]) -> str:
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    return ", ".join(map(str, found[:4])) + more
