"""Policies of others that work against ours: above them, beside them, or from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from itertools import product

from labvpn.model.fortigate import FortiGate, VpnOnlyHosts, ports
from labvpn.model.lab import Lab
from labvpn.model.ports import Port, Transport
from labvpn.plan.fortigate.comparison import Comparison, PolicyList, distinct, ports_of
from labvpn.plan.fortigate.policy_table import Packet, PolicyTable
from labvpn.state.fortigate import ALL, Action, Policy

ANYTHING = tuple(Port(number, Transport.TCP) for number in (22, 80, 443, 3389, 8000))
"""What is tried of a policy for every port, to see whether a policy above it blocks all of it."""


def shadows(compared: Comparison) -> list[str]:
    """The policies above ours that already decide what ours are for, or may do so."""
    table, policies = compared.after
    ours = compared.desired.objects.policies
    found = []
    for policy in ours:
        for other in policies[: policies.index(policy)]:
            if other not in ours and other.action is not policy.action and table.meets(other, policy):
                found.append(_shadow(table, other, policy))
    return found


def _shadow(table: PolicyTable, other: Policy, policy: Policy) -> str:
    remedy = "place ours above it (before:), or change that policy"
    above = f"{other} above ours ({policy.name})"
    if why := table.why(other):
        what = "lets through what ours should stop" if policy.action is Action.DENY else "denies what ours allows"
        return f"whether {above} {what} cannot be determined because of {why}; {remedy}"
    if policy.action is Action.DENY:
        return f"{above} already lets through what ours should stop; {remedy}"
    if table.covers(other, policy):
        return f"{above} already denies every source of it; {remedy}"
    denied = [name for name in table.addresses.members(policy.sources) if _is_denied(table, other, name)]
    if denied:
        more = f" and {len(denied) - 3} more" if len(denied) > 3 else ""
        return f"{above} already denies this source: {', '.join(denied[:3])}{more}; {remedy}"
    return f"{above} already denies a part of what ours allows; {remedy}"


def _is_denied(table: PolicyTable, other: Policy, name: str) -> bool:
    one = table.extent((name,))
    return name != ALL and bool(one.networks or one.unknown) and table.extent(other.sources).covers(one)


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


def holes(compared: Comparison) -> list[str]:
    """The policies of others that let everyone outside reach the lab's machines, above ours or beside them."""
    lab, settings, found = compared.lab, compared.settings, list[str]()
    for interface, (address, name) in product(settings.outside, _machines(lab, settings).items()):
        closed = settings.behind_vpn
        to = closed.to if closed and closed.to and name in closed.hosts else settings.inside
        near = compared.after.between(interface, to)
        for other in near.policies:
            packet = Packet(interface, to, ALL, address, None)
            theirs = other.action is Action.ACCEPT and not compared.is_ours(other)
            if theirs and near.table.concerns(other, packet):
                found += _hole(lab, settings, near, other, packet, name)
    return distinct(found)


def _machines(lab: Lab, settings: FortiGate) -> dict[IPv4Address, str]:
    """The lab's machines by address: the servers, by their public addresses and behind a VIP, and the hosts."""
    found = {address: name for name, address in lab.host_addresses.items()}
    if settings.vip:
        found |= dict.fromkeys((settings.vip.mapped, *settings.vip.addresses.values()), "server")
    return {
        **{address: name for name, address in (settings.behind_vpn.hosts if settings.behind_vpn else {}).items()},
        **found,
    }


def _hole(lab: Lab, settings: FortiGate, near: PolicyList, other: Policy, packet: Packet, name: str) -> Iterator[str]:
    offered = set(lab.opened) if settings.sources == (ALL,) and name in ("server", *lab.host_addresses) else set()
    open_, doubts = [], []
    for port in _ports_of(near.table, other, offered):
        tried = replace(packet, port=port)
        if near.table.match(other, tried).answer is False:
            continue
        verdict = near.decide(tried)
        if verdict.policy is other and verdict.passes:
            open_.append(port)
        elif verdict.passes is None and other in [doubt.policy for doubt in verdict.doubts]:
            doubts.append(verdict)
    whole = near.table.services.span(other.services).everything
    where, address = f"everyone at {packet.enters} reach", packet.target
    remedy = "narrow that policy or remove it if the stack should be the only way in"
    if open_:
        what = "any port" if whole else _some(open_)
        yield f"{other} lets {where} {what} of {name} ({address}) beside ours; {remedy}"
    elif doubts:
        because = f"cannot be determined because of {doubts[0].because}"
        yield f"whether {other} lets {where} {name} ({address}) {because}; {remedy}"


def _ports_of(table: PolicyTable, other: Policy, offered: set[Port]) -> list[Port]:
    """What a policy covers besides the ports that everyone may dial; for one that covers all ports, some of them."""
    served = table.services.span(other.services)
    found = {port for span in served.spans if span[0] in ("tcp", "udp") for port in ports_of(span)}
    if served.everything or served.unknown or "services" in other.negated or other.widening:
        found |= set(ANYTHING)
    return sorted(found - offered)


def _some(found: list[Port]) -> str:
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    return ", ".join(map(str, found[:4])) + more
