"""What people would notice of a run on the FortiGate, found by sending thought packets through both lists of rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address
from itertools import islice, product

from labvpn.model.fortigate import BehindVpn, FortiGate, networks, ports
from labvpn.model.lab import Lab
from labvpn.model.ports import Port, Transport
from labvpn.model.rules import ALL, Action, Address, Box, Group, Objects, Policy, Service, Vip, Wanted
from labvpn.model.server import Server
from labvpn.observe import ipsec
from labvpn.observe.fortigate_reach import Anyone, Probe, Reach, Span, spans_of

WIDEST = 64
"""Of a wider range of ports only the first is tried."""


def after(wanted: Wanted, seen: Box) -> tuple[Policy, ...]:
    """The box's policies as they stand after the run."""
    ours = {policy.name for policy in wanted.objects.policies}
    order = [policy for policy in seen.policies if policy.name not in ours]
    for block in wanted.blocks:
        names = [policy.name for policy in order]
        place = names.index(block.before) if block.before in names else len(order)
        order[place:place] = block.policies
    return tuple(order)


def merged(wanted: Wanted, seen: Box) -> Objects:
    """All objects that the policies name after the run; ours win."""
    ours = wanted.objects
    Tables = tuple[Sequence[Address | Group | Service | Vip], ...]
    tables: Tables = (ours.addresses, ours.groups, ours.services, ours.vips)
    names = {each.name for table in tables for each in table}
    return Objects(
        (*ours.addresses, *(each for each in seen.addresses if each.name not in names)),
        (*ours.groups, *(each for each in seen.groups if each.name not in names)),
        (*ours.services, *(each for each in seen.services if each.name not in names)),
        (*ours.vips, *(each for each in seen.vips if each.name not in names)),
        after(wanted, seen),
    )


def closings(lab: Lab, box: FortiGate, wanted: Wanted, seen: Box) -> list[str]:
    """What can be reached now and not after the run."""
    before, then = Reach(seen), Reach(merged(wanted, seen))
    shut, _ = _outside(lab, box, wanted, seen, before, then)
    return [*shut, *(_campus(box, box.behind_vpn, wanted, seen, before, then) if box.behind_vpn else ())]


def openings(lab: Lab, box: FortiGate, wanted: Wanted, seen: Box) -> list[str]:
    """What can be reached after the run and not now."""
    _, opened = _outside(lab, box, wanted, seen, Reach(seen), Reach(merged(wanted, seen)))
    return opened


def unanswered(lab: Lab, box: FortiGate, wanted: Wanted, seen: Box) -> list[str]:
    """The users of built-in clients who meet silence even after the run, since a rule that is not ours stops IPsec."""
    if not lab.vpn.protocols.l2tp_ipsec:
        return []
    reach, order, found = Reach(merged(wanted, seen)), after(wanted, seen), []
    for server, interface, (audience, source) in product(lab.servers, box.outside, _audiences(box)):
        open_now = _open(reach, order, box, server, interface, source, [*ipsec.PORTS])
        shut = [str(port) for port in ipsec.PORTS if port not in open_now]
        if shut and (audience != "everyone" or ALL in box.sources):
            to = f"{interface}{_towards(lab, server)}"
            found.append(f"{' and '.join(shut)} stay closed at {to} for {audience}: {ipsec.SILENCE}")
    return found


def leaks(box: FortiGate, wanted: Wanted, seen: Box) -> list[str]:
    """The rules that still let others reach, past the VPN, what only the VPN shall reach."""
    closed = box.behind_vpn
    if closed is None:
        return []
    reach, order = Reach(merged(wanted, seen)), after(wanted, seen)
    others = [name for name in seen.interface_names if name not in {*closed.from_, box.inside, closed.to}]
    found: list[str] = []
    for name, address in closed.hosts.items():
        for interface in others:
            for port in ports(closed.ports) or (None,):
                probe = Probe(interface, closed.to or box.inside, _somebody(seen, interface, closed), address, port)
                rule = reach.first(order, probe)
                if rule and rule.action is Action.ACCEPT and rule not in wanted.objects.policies:
                    found.append(f"{rule} still lets {interface} reach {name} ({address}) past the VPN")
    return [f"{text}; name that interface in behindVpn.from" for text in dict.fromkeys(found)]


def shadows(wanted: Wanted, seen: Box) -> list[str]:
    """The rules above ours that already decide about what ours are for."""
    reach, order = Reach(merged(wanted, seen)), after(wanted, seen)
    ours = wanted.objects.policies
    found = []
    for policy in ours:
        for rule in order[: order.index(policy)]:
            if rule not in ours and rule.action is not policy.action and reach.meets(rule, policy):
                found.append(_shadow(reach, rule, policy))
    return found


def _shadow(reach: Reach, rule: Policy, policy: Policy) -> str:
    remedy = "place ours above it (before:), or change that rule"
    if policy.action is Action.DENY:
        return f"{rule} above ours ({policy.name}) already lets through what ours shall stop; {remedy}"
    if reach.covers(rule, policy):
        return f"{rule} above ours ({policy.name}) already denies every source of it; {remedy}"
    denied = [name for name in reach.members(policy.sources) if _is_denied(reach, rule, name)]
    if denied:
        more = f" and {len(denied) - 3} more" if len(denied) > 3 else ""
        return f"{rule} above ours ({policy.name}) already denies this source: {', '.join(denied[:3])}{more}; {remedy}"
    return f"{rule} above ours ({policy.name}) already denies a part of what ours allows; {remedy}"


def _is_denied(reach: Reach, rule: Policy, name: str) -> bool:
    one = reach.extent((name,))
    return name != ALL and bool(one.networks or one.unknown) and reach.extent(rule.sources).covers(one)


def _outside(
    lab: Lab, box: FortiGate, wanted: Wanted, seen: Box, before: Reach, then: Reach
) -> tuple[list[str], list[str]]:
    """The sentences of what closes and what opens for those outside."""
    tried = sorted({*lab.vpn.ports, *_offered(wanted, seen)})
    order = after(wanted, seen)
    shut: dict[tuple[Port, ...], list[str]] = {}
    opened: dict[tuple[Port, ...], list[str]] = {}
    for server, interface, (audience, source) in product(lab.servers, box.outside, _audiences(box)):
        now = _open(before, seen.policies, box, server, interface, source, tried)
        later = _open(then, order, box, server, interface, source, tried)
        where = f"{audience} outside" if len(box.outside) == 1 else f"{audience} at {interface}"
        where += _towards(lab, server)
        shut.setdefault(tuple(port for port in tried if port in now - later), []).append(where)
        opened.setdefault(tuple(port for port in tried if port in later - now), []).append(where)
    return [*_told(shut, "closes", "close")], [*_told(opened, "opens", "open")]


def _towards(lab: Lab, server: Server) -> str:
    """Which server is meant, where there are several."""
    return f" (to {server.address})" if len(lab.servers) > 1 else ""


def _told(found: dict[tuple[Port, ...], list[str]], one: str, many: str) -> Iterator[str]:
    for ports_, audiences in found.items():
        if ports_:
            named = ", ".join(map(str, ports_))
            yield f"port{'s' * (len(ports_) > 1)} {named} {many if len(ports_) > 1 else one} for {_joined(audiences)}"


def _joined(audiences: Sequence[str]) -> str:
    more = f" and {len(audiences) - 4} more" if len(audiences) > 4 else ""
    return ", ".join(audiences[:4]) + more


def _audiences(box: FortiGate) -> Iterator[tuple[str, Anyone]]:
    yield "everyone", ALL
    for source in box.sources:
        known = networks((source,))
        if known:
            yield source.removesuffix("/32"), known[0][0]
        elif source != ALL:
            yield source, f"{box.prefix}-from-{source}"


def _open(
    reach: Reach,
    rules: Iterable[Policy],
    box: FortiGate,
    server: Server,
    interface: str,
    source: Anyone,
    tried: list[Port],
) -> set[Port]:
    held, found = list(rules), set()
    for port in tried:
        target = server.address
        if box.vip:
            target = box.vip.addresses.get(interface, target)
        rule = reach.first(held, Probe(interface, box.inside, source, target, port))
        if rule and rule.action is Action.ACCEPT:
            found.add(port)
    return found


def _offered(wanted: Wanted, seen: Box) -> Iterator[Port]:
    """The ports of our services as the box has them now."""
    ours = {service.name for service in wanted.objects.services}
    named = {name for policy in wanted.objects.policies for name in _services_of(policy.name, seen)}
    for service in seen.services:
        if service.name in ours | named and service.protocol is None:
            yield from (port for span in spans_of(service) for port in _ports(span))


def _services_of(name: str, seen: Box) -> tuple[str, ...]:
    return next((policy.services for policy in seen.policies if policy.name == name), ())


def _ports(span: Span) -> Iterator[Port]:
    kind, low, high = span
    yield from (Port(number, Transport(kind)) for number in range(low, high + 1 if high - low < WIDEST else low + 1))


def _campus(box: FortiGate, closed: BehindVpn, wanted: Wanted, seen: Box, before: Reach, then: Reach) -> Iterator[str]:
    but = ", ".join(way.name for way in closed.exceptions)
    exceptions = f" (the exceptions stay: {but})" if but else ""
    order, to = after(wanted, seen), closed.to or box.inside
    for interface in closed.from_:
        somebody = _somebody(seen, interface, closed)
        for name, address in closed.hosts.items():
            named = _reached(before, seen, interface, to, somebody, address)
            tried: list[Port | None] = [*ports(closed.ports)] or [None, *named]
            lost = [
                port
                for port in tried
                if _passes(before, seen.policies, Probe(interface, to, somebody, address, port))
                and not _passes(then, order, Probe(interface, to, somebody, address, port))
            ]
            if lost:
                what = "any port" if None in lost else ", ".join(map(str, lost))
                lost_there = f"the {interface} can no longer reach {what} of {name} ({address})"
                yield f"{lost_there} except through the VPN{exceptions}"


def _passes(reach: Reach, rules: Iterable[Policy], probe: Probe) -> bool:
    rule = reach.first(rules, probe)
    return rule is not None and rule.action is Action.ACCEPT


def _reached(
    reach: Reach, seen: Box, interface: str, to: str, somebody: Anyone, address: IPv4Address
) -> Iterator[Port]:
    """The ports that the box's accepting rules name for a host."""
    for policy in seen.policies:
        for kind, low, high in sorted(reach.spans(policy.services)):
            if policy.action is Action.ACCEPT and kind in ("tcp", "udp"):
                first = Port(low, Transport(kind))
                if reach.matches(policy, Probe(interface, to, somebody, address, first)):
                    yield from _ports((kind, low, high))


def _somebody(seen: Box, interface: str, closed: BehindVpn) -> Anyone:
    """An address at an interface that no exception names; `all` where its network is not known."""
    excepted = [network for way in closed.exceptions for network in networks(way.sources)]
    held = next((each.network for each in seen.interfaces if each.name == interface), None)
    for address in islice(held.hosts(), 1, 512) if held else ():
        if not any(address in network for network in excepted):
            return address
    return ALL
