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
"""What is tried of a rule for every port, to see whether a rule above it stops all of that."""


def shadows(compared: Comparison) -> list[str]:
    """The policies above ours that already decide what ours are for, or may do so."""
    table, policies = compared.after
    ours = compared.desired.objects.policies
    found = []
    for policy in ours:
        for rule in policies[: policies.index(policy)]:
            if rule not in ours and rule.action is not policy.action and table.meets(rule, policy):
                found.append(_shadow(table, rule, policy))
    return found


def _shadow(table: PolicyTable, rule: Policy, policy: Policy) -> str:
    remedy = "place ours above it (before:), or change that rule"
    above = f"{rule} above ours ({policy.name})"
    if why := table.why(rule):
        what = "lets through what ours should stop" if policy.action is Action.DENY else "denies what ours allows"
        return f"whether {above} {what} cannot be told because of {why}; {remedy}"
    if policy.action is Action.DENY:
        return f"{above} already lets through what ours should stop; {remedy}"
    if table.covers(rule, policy):
        return f"{above} already denies every source of it; {remedy}"
    denied = [name for name in table.addresses.members(policy.sources) if _is_denied(table, rule, name)]
    if denied:
        more = f" and {len(denied) - 3} more" if len(denied) > 3 else ""
        return f"{above} already denies this source: {', '.join(denied[:3])}{more}; {remedy}"
    return f"{above} already denies a part of what ours allows; {remedy}"


def _is_denied(table: PolicyTable, rule: Policy, name: str) -> bool:
    one = table.extent((name,))
    return name != ALL and bool(one.networks or one.unknown) and table.extent(rule.sources).covers(one)


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
    view = compared.after.between(interface, to)
    for name, address in closed.hosts.items():
        probe = Packet(interface, to, client, address, None)
        tried: list[Port | None] = [*ports(closed.ports)] or [None, *_first_ports(view, probe)]
        for port in tried:
            verdict = view.judge(replace(probe, port=port))
            if verdict.passes and not compared.is_ours(verdict.rule):
                yield f"{verdict.rule} still lets {interface} reach {name} ({address}) past the VPN"
            elif verdict.passes is None:
                reached = f"{interface} still reaches {name} ({address}) past the VPN"
                yield f"whether {reached} cannot be told because of {verdict.because}"


def _first_ports(view: PolicyList, probe: Packet) -> list[Port]:
    """The first port of each range of the rules that let somebody reach a host."""
    letting = (rule for rule in view.policies if rule.action is Action.ACCEPT and view.table.concerns(rule, probe))
    spans = {span for rule in letting for span in view.table.services.span(rule.services).spans}
    return sorted(Port(low, Transport(kind)) for kind, low, _ in spans if kind in ("tcp", "udp"))


def holes(compared: Comparison) -> list[str]:
    """The policies of others that let everyone outside reach the lab's machines, above ours or beside them."""
    lab, box, found = compared.lab, compared.settings, list[str]()
    for interface, (address, name) in product(box.outside, _machines(lab, box).items()):
        closed = box.behind_vpn
        to = closed.to if closed and closed.to and name in closed.hosts else box.inside
        near = compared.after.between(interface, to)
        for rule in near.policies:
            probe = Packet(interface, to, ALL, address, None)
            theirs = rule.action is Action.ACCEPT and not compared.is_ours(rule)
            if theirs and near.table.concerns(rule, probe):
                found += _hole(lab, box, near, rule, probe, name)
    return distinct(found)


def _machines(lab: Lab, box: FortiGate) -> dict[IPv4Address, str]:
    """The lab's machines by their addresses: the servers, as they are dialled and as they are behind a VIP; hosts."""
    found = {address: name for name, address in lab.host_addresses.items()}
    if box.vip:
        found |= dict.fromkeys((box.vip.mapped, *box.vip.addresses.values()), "server")
    return {**{address: name for name, address in (box.behind_vpn.hosts if box.behind_vpn else {}).items()}, **found}


def _hole(lab: Lab, box: FortiGate, view: PolicyList, rule: Policy, probe: Packet, name: str) -> Iterator[str]:
    offered = set(lab.vpn.ports) if box.sources == (ALL,) and name in ("server", *lab.host_addresses) else set()
    open_, doubts = [], []
    for port in _ports_of(view.table, rule, offered):
        tried = replace(probe, port=port)
        if view.table.match(rule, tried).answer is False:
            continue
        verdict = view.judge(tried)
        if verdict.rule is rule and verdict.passes:
            open_.append(port)
        elif verdict.passes is None and rule in [doubt.rule for doubt in verdict.doubts]:
            doubts.append(verdict)
    whole = view.table.services.span(rule.services).everything
    where, address = f"everyone at {probe.enters} reach", probe.target
    remedy = "narrow that rule or remove it if the stack should be the only way in"
    if open_:
        what = "any port" if whole else _some(open_)
        yield f"{rule} lets {where} {what} of {name} ({address}) beside ours; {remedy}"
    elif doubts:
        yield f"whether {rule} lets {where} {name} ({address}) cannot be told because of {doubts[0].because}; {remedy}"


def _ports_of(table: PolicyTable, rule: Policy, offered: set[Port]) -> list[Port]:
    """What a rule is about beside the ports that everyone may dial; some well-known ones where that is everything."""
    served = table.services.span(rule.services)
    found = {port for span in served.spans if span[0] in ("tcp", "udp") for port in ports_of(span)}
    if served.everything or served.unknown or "services" in rule.negated or rule.widening:
        found |= set(ANYTHING)
    return sorted(found - offered)


def _some(found: list[Port]) -> str:
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    return ", ".join(map(str, found[:4])) + more
