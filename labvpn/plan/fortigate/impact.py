"""What users would notice of a run on the FortiGate, found by trying packets in the policies before and after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from itertools import product
from typing import NamedTuple

from labvpn.model.fortigate import FortiGate, VpnOnlyHosts, networks, ports
from labvpn.model.lab import Lab
from labvpn.model.ports import Port, Transport
from labvpn.model.server import Server
from labvpn.parse.fortigate.extent import Anyone
from labvpn.parse.fortigate.services import spans_of
from labvpn.plan import ipsec
from labvpn.plan.fortigate.comparison import Comparison, PolicyList, ports_of
from labvpn.plan.fortigate.policy_table import Packet, Verdict
from labvpn.state.fortigate import ALL, Action, DesiredFortiGate, Inventory, Policy


class PortBeforeAndAfter(NamedTuple):
    """What becomes of a port before the run and after it."""

    port: Port
    now: Verdict
    later: Verdict

    @property
    def closes(self) -> bool:
        """Whether it is open now, or may be, and will not be."""
        return self.later.passes is False and self.now.passes is not False

    @property
    def opens(self) -> bool:
        """Whether it will be open, and is not now, or may not be."""
        return self.later.passes is True and self.now.passes is not True

    @property
    def vague(self) -> bool:
        """Whether the result cannot be determined."""
        return self.later.passes is None


def closings(compared: Comparison) -> list[str]:
    """What can be reached now and not after the run, and what of that cannot be determined."""
    rows, closed = list(_outside(compared)), compared.settings.behind_vpn
    shut = _sentence([(where, [one for one in tried if one.closes]) for where, tried in rows], "closes", "close")
    return [*shut, *_vague(rows), *(_lost_past_vpn(compared, closed) if closed else ())]


def openings(compared: Comparison) -> list[str]:
    """What can be reached after the run and not now."""
    rows = _outside(compared)
    return [*_sentence([(where, [one for one in tried if one.opens]) for where, tried in rows], "opens", "open")]


def unanswered(compared: Comparison) -> list[str]:
    """The users of built-in clients who get no answer even after the run, because a policy of others stops IPsec."""
    lab, settings, found = compared.lab, compared.settings, []
    if not lab.vpn.protocols.l2tp_ipsec:
        return []
    for (server, interface, target), (audience, source) in product(_doors(compared), audiences(settings)):
        packets = [Packet(interface, settings.inside, source, target, port) for port in ipsec.PORTS]
        verdicts = [(one.port, _tried(compared.after, settings, server, one)) for one in packets]
        shut = [str(port) for port, verdict in verdicts if verdict.passes is False]
        if shut and (audience != "everyone" or ALL in settings.sources):
            to = f"{interface}{_towards(lab, server)}"
            found.append(f"{' and '.join(shut)} stay closed at {to} for {audience}: {ipsec.SILENCE}")
    return found


def asleep(compared: Comparison) -> list[str]:
    """The policies of ours that let nobody in, because their time is over."""
    ours = [policy for policy in compared.desired.objects.policies if not policy.active]
    remedy = "so nobody can dial by it: set another date or schedule"
    return [f"FortiGate: {one.key} {_over(one)}, {remedy}" for one in ours]


def _over(policy: Policy) -> str:
    own = f"has the schedule '{policy.schedule}', which is over or never in force"
    return "has ended by its own date" if policy.expired else own


def _outside(compared: Comparison) -> Iterator[tuple[str, list[PortBeforeAndAfter]]]:
    """For clients outside, at each interface: every port that matters, tried before and after."""
    lab, settings, whole = compared.lab, compared.settings, (compared.before, compared.after)
    doors = _doors(compared)
    near = {at: [each.between(at, settings.inside) for each in whole] for _, at, _ in doors}
    tried = sorted({*lab.opened, *_offered(compared.desired, compared.actual)})
    for (server, interface, target), (audience, source) in product(doors, audiences(settings)):
        where = f"{audience} outside" if len(near) == 1 else f"{audience} at {interface}"
        where += _towards(lab, server)
        packets = [Packet(interface, settings.inside, source, target, port) for port in tried]
        verdicts = [[_tried(each, settings, server, one) for one in packets] for each in near[interface]]
        yield where, [PortBeforeAndAfter(*one) for one in zip(tried, *verdicts, strict=True)]


def _doors(compared: Comparison) -> list[tuple[Server, str, IPv4Address]]:
    """Each server with the interfaces by which users dial it, and its address there."""
    servers = compared.lab.servers
    return [(server, *door) for server in servers for door in compared.dialled(server.address)]


def _tried(policies: PolicyList, settings: FortiGate, server: Server, packet: Packet) -> Verdict:
    """What becomes of a packet to a server; one that a VIP leads to another machine does not reach it."""
    inner = settings.vip.mapped if settings.vip else server.address
    verdict, vip = policies.decide(packet), policies.table.translations(packet)[0]
    return verdict if vip is None or vip.mapped == inner else verdict._replace(passes=False, doubts=())


def _towards(lab: Lab, server: Server) -> str:
    """Which server is meant, where there are several."""
    return f" (to {server.address})" if len(lab.servers) > 1 else ""


def _sentence(rows: Sequence[tuple[str, list[PortBeforeAndAfter]]], one: str, many: str) -> Iterator[str]:
    """A sentence for each group of ports, with all whom it affects, and what their present state depends on."""
    found: dict[tuple[tuple[Port, ...], str], list[str]] = {}
    for where, tried in rows:
        for because in dict.fromkeys(each.now.because for each in tried):
            held = tuple(each.port for each in tried if each.now.because == because)
            found.setdefault((held, because), []).append(where)
    for (held, because), audiences_ in found.items():
        doubt = f"; whether {_these(held)} open now cannot be determined because of {because}" if because else ""
        yield f"{_named(held)} {many if len(held) > 1 else one} for {_joined(audiences_)}{doubt}"


def _vague(rows: Sequence[tuple[str, list[PortBeforeAndAfter]]]) -> Iterator[str]:
    """A sentence for the ports that may or may not be reachable after the run."""
    found: dict[tuple[tuple[Port, ...], str], list[str]] = {}
    for where, tried in rows:
        for because in dict.fromkeys(each.later.because for each in tried if each.vague):
            held = tuple(each.port for each in tried if each.vague and each.later.because == because)
            found.setdefault((held, because), []).append(where)
    for (held, because), audiences_ in found.items():
        subject = f"{_named(held)} {'are' if len(held) > 1 else 'is'} open for {_joined(audiences_)}"
        yield f"whether {subject} cannot be determined because of {because}"


def _named(held: Sequence[Port]) -> str:
    return f"port{'s' * (len(held) > 1)} {', '.join(map(str, held))}"


def _these(held: Sequence[Port]) -> str:
    return "they are" if len(held) > 1 else "it is"


def _joined(audiences_: Sequence[str]) -> str:
    more = f" and {len(audiences_) - 4} more" if len(audiences_) > 4 else ""
    return ", ".join(audiences_[:4]) + more


def audiences(settings: FortiGate) -> Iterator[tuple[str, Anyone]]:
    """Who is tried from outside: a client that no policy names, and each source of the configuration."""
    yield "everyone", ALL
    for source in settings.sources:
        known = networks((source,))
        if known:
            yield source.removesuffix("/32"), known[0][0]
        elif source != ALL:
            yield source, f"country {source}"


def _offered(desired: DesiredFortiGate, actual: Inventory) -> Iterator[Port]:
    """The ports of our services as the FortiGate has them now."""
    ours = {service.name for service in desired.objects.services}
    named = {name for policy in desired.objects.policies for name in _services_of(policy.name, actual)}
    for service in actual.services:
        if service.name in ours | named and service.protocol is None:
            yield from (port for span in spans_of(service) for port in ports_of(span))


def _services_of(name: str, actual: Inventory) -> tuple[str, ...]:
    return next((policy.services for policy in actual.policies if policy.name == name), ())


def _lost_past_vpn(compared: Comparison, closed: VpnOnlyHosts) -> Iterator[str]:
    before, after = compared.before, compared.after
    but = ", ".join(way.name for way in closed.exceptions)
    exceptions = f" (the exceptions stay: {but})" if but else ""
    to = closed.to or compared.settings.inside
    for interface in closed.from_:
        client = compared.client_at(interface, closed)
        for name, address in closed.hosts.items():
            named = _reached(before, interface, to, client, address)
            tried: list[Port | None] = [*ports(closed.ports)] or [None, *named]
            packets = [(port, Packet(interface, to, client, address, port)) for port in tried]
            lost = [port for port, one in packets if _loses(before.decide(one), after.decide(one))]
            if lost:
                what = "any port" if None in lost else ", ".join(map(str, lost))
                lost_there = f"the {interface} can no longer reach {what} of {name} ({address})"
                yield f"{lost_there} except through the VPN{exceptions}"


def _loses(now: Verdict, later: Verdict) -> bool:
    return later.passes is False and now.passes is not False


def _reached(policies: PolicyList, interface: str, to: str, client: Anyone, address: IPv4Address) -> Iterator[Port]:
    """The ports that accepting policies name for a host."""
    for policy in policies.policies:
        for kind, low, high in sorted(policies.table.services.span(policy.services).spans):
            if policy.action is Action.ACCEPT and kind in ("tcp", "udp"):
                first = Port(low, Transport(kind))
                if policies.table.match(policy, Packet(interface, to, client, address, first)).answer is not False:
                    yield from ports_of((kind, low, high))
