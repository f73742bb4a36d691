"""What a preview says of expectations: who reaches what, the hop and the rule that decide, and the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from labvpn.reach.expectations import Decider, Outcome, State
from labvpn.reach.firewalld import HOP as FIREWALLD
from labvpn.reach.gate import HOP as FORTIGATE
from labvpn.reach.hops import HopVerdict, Route
from labvpn.reach.model import ReachModel

CLOSE = {
    FORTIGATE: "close the host by fortigate.behindVpn, or change that policy",
    FIREWALLD: "remove that entry on the host, or close the port there",
    "hub": "delete that rule of the hub's access list",
}
CLOSE_OURS = {
    FORTIGATE: "change fortigate in the configuration",
    FIREWALLD: "change firewall in the configuration",
    "hub": "take it out of the hub's services, or the user's reach: free",
}
OPEN = {
    FORTIGATE: "change that policy, or place ours above it (before:)",
    FIREWALLD: "remove that entry on the host",
    "hub": "delete that rule of the hub's access list",
}
OPEN_OURS = {
    FORTIGATE: "let a policy accept it: fortigate.sources, or an exception of fortigate.behindVpn",
    FIREWALLD: "open it by firewall.zones, or take it out of firewall.closed",
    "hub": "list it in the hub's services, or give the user reach: free",
}


class Findings(NamedTuple):
    """What is wrong with an `up`: what it would break, and what others broke or cannot be told."""

    refusals: tuple[str, ...]
    warnings: tuple[str, ...]


def findings(after: ReachModel, before: ReachModel) -> Findings:
    """The expectations of a lab, decided on what would be in force, and compared with what is.

    What others broke, and this run does not change, is said and stops nothing.
    """
    refusals, warnings = list[str](), list[str]()
    now = Decider(before)
    for outcome in Decider(after).outcomes():
        if outcome.state is State.UNCLEAR:
            warnings.append(unclear(outcome))
        elif outcome.state is State.BROKEN:
            was = now.decide(outcome.place, outcome.expectation)
            theirs = was.state is State.BROKEN and not _is_ours(outcome)
            (warnings if theirs else refusals).append(broken(outcome))
    return Findings(tuple(refusals), tuple(warnings))


def _is_ours(outcome: Outcome) -> bool:
    """Whether a rule of the lab's own, or none at all, makes an expectation fail."""
    hops = outcome.route.hops if outcome.route else ()
    wrong = not outcome.expectation.reach
    return any(hop.ours for hop in hops if hop.passes is wrong)


def broken(outcome: Outcome) -> str:
    """That an expectation is broken: the packet, what decides about it, and what to do."""
    one, route = outcome.expectation, outcome.route
    why = f" ({one.because})" if one.because else ""
    hop = _named(route, one.reach) if route else HopVerdict("", None, "")
    table = (OPEN_OURS if hop.ours else OPEN) if one.reach else (CLOSE_OURS if hop.ours else CLOSE)
    remedy = table.get(hop.hop.partition(" ")[0], "change what decides there")
    said = f"{one}{why}, but {what_decides(outcome)}"
    return f"expect[{outcome.place}]: {said}; {remedy}, or change the expectation"


def unclear(outcome: Outcome) -> str:
    """That an expectation cannot be judged, and because of what."""
    whom = f" for {outcome.who}" if outcome.who else ""
    packet = f", {_packet(outcome.route)}" if outcome.route else ""
    return f"expect[{outcome.place}]: {outcome.expectation}; that cannot be told{whom}{packet}: {what_decides(outcome)}"


def what_decides(outcome: Outcome) -> str:
    """The rule on which an expectation depends that is not kept, with its packet where that is broken."""
    route, one = outcome.route, outcome.expectation
    if outcome.state is State.UNCLEAR:
        return f"{route.deciding.hop}: {route.deciding.rule}" if route else outcome.reason
    verb = "cannot reach" if one.reach else "can reach"
    return f"{outcome.who} {verb} {_packet(route)}: {_deciding(route, one.reach)}" if route else outcome.who


def _packet(route: Route) -> str:
    return f"{route.flow.port} of {route.flow.target}"


def _deciding(route: Route | None, reach: bool) -> str:
    """The rule that stops a packet, or every rule that lets it pass."""
    if route is None:
        return ""
    if reach:
        return f"{route.deciding.rule} ({route.deciding.hop}) stops it"
    passing = [f"{hop.rule} ({hop.hop})" for hop in route.hops]
    return f"{' and '.join(passing) or 'nothing is in between'} let{'s' * (len(passing) < 2)} it pass"


def _named(route: Route, reach: bool) -> HopVerdict:
    """The hop that a remedy is about: the one that stops, or the first whose rule could stop it."""
    if reach or not route.hops:
        return route.deciding
    return next((hop for hop in route.hops if hop.ours), route.hops[0])


def opened(after: ReachModel) -> Iterator[str]:
    """What others let everyone reach of the hosts that hubs have as services, by a policy on the FortiGate."""
    gate, decider, said = after.gate, Decider(after), set[str]()
    if gate is None:
        return
    for hub in after.lab.all_hubs.values():
        for service in hub.services:
            address = service.to.network_address
            outside = set(gate.interfaces_of(address)) <= set(
                after.lab.fortigate.outside if after.lab.fortigate else ()
            )
            if service.to.prefixlen < 32 or outside or any(host.has(address) for host in after.hosts):
                continue
            route = decider.first_open(address)
            if route and not any(hop.ours for hop in route.hops) and str(address) not in said:
                said.add(str(address))
                rule = next((hop.rule for hop in route.hops if hop.hop == FORTIGATE), "nothing")
                yield f"{rule} on the FortiGate lets everyone reach {route.flow.port} of {service.name} ({address})"
