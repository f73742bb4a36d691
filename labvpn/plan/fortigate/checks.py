"""What a configuration names that the FortiGate does not have, and what it would shut against this very run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from labvpn.model.fortigate import FortiGate
from labvpn.model.problems import Problem
from labvpn.parse.fortigate.tables import Path
from labvpn.plan.fortigate.adopt import policy_of
from labvpn.plan.fortigate.comparison import Comparison
from labvpn.plan.fortigate.policy_table import Packet
from labvpn.state.fortigate import (
    COMMENT,
    Action,
    AddressGroup,
    AddressObject,
    DesiredFortiGate,
    Inventory,
    Objects,
    Policy,
    ServiceObject,
    Vip,
)


def problems(box: FortiGate, seen: Inventory) -> list[Problem]:
    """Every interface, policy and schedule that the configuration names and the box lacks."""
    return [*_interfaces(box, seen), *_policies(box, seen), *_schedule(box, seen)]


def cut(compared: Comparison, paths: Iterable[Path]) -> list[Problem]:
    """The paths of this run that a deny of ours would close; none where an interface is known not to be in between."""
    return [problem for path in paths for problem in _cut(compared, path)]


def _cut(compared: Comparison, path: Path) -> Iterator[Problem]:
    after, closed = compared.after, compared.settings.behind_vpn
    if closed is None or path.target not in closed.hosts.values():
        return
    to, entering = closed.to or compared.settings.inside, _entering(compared.actual, path)
    if entering and after.table.topology.among(entering, (to,)):
        return
    for interface in (entering,) if entering else closed.from_:
        rule = after.judge(Packet(interface, to, path.source, path.target, path.port)).rule
        if rule and rule.action is Action.DENY and compared.is_ours(rule):
            yield Problem(
                "fortigate.behindVpn",
                f"{rule.name} would close {path.purpose} ({path.source} to {path.target}, {path.port}), by which this "
                f"run reaches it; add an exception for {path.source} with {path.port}",
            )
            return


def _entering(seen: Inventory, path: Path) -> str | None:
    """The interface of our network, where our packets enter the box; None where it is behind some other router."""
    near = [each for each in seen.interfaces if each.network and path.source in each.network]
    return max(near, key=lambda each: each.network.prefixlen if each.network else 0).name if near else None


def _interfaces(box: FortiGate, seen: Inventory) -> Iterator[Problem]:
    named = [(f"outside[{place}]", name) for place, name in enumerate(box.outside)] + [("inside", box.inside)]
    if box.behind_vpn:
        named += [(f"behindVpn.from[{place}]", name) for place, name in enumerate(box.behind_vpn.from_)]
        named += [("behindVpn.to", box.behind_vpn.to)] if box.behind_vpn.to else []
    known = seen.interface_names
    zones = {member: zone.name for zone in seen.zones if zone.in_use for member in zone.members}
    for place, name in named:
        if name in zones:
            only = f"'{name}' is in the zone '{zones[name]}', by which alone FortiOS takes it in a policy: write that"
            yield Problem(f"fortigate.{place}", only)
        if name not in known and name != "any":
            yield Problem(
                f"fortigate.{place}", f"the FortiGate has no interface '{name}'; it has {', '.join(known)}: name one"
            )


def _policies(box: FortiGate, seen: Inventory) -> Iterator[Problem]:
    named = [("before", box.before)] + ([("behindVpn.before", box.behind_vpn.before)] if box.behind_vpn else [])
    known = [policy.name for policy in seen.policies if policy.name]
    for place, name in named:
        there = policy_of(seen, name)
        if there is None:
            has = ", ".join(f"'{each}'" for each in known[:20]) or "no named policy"
            shown = f"'{name}'" if isinstance(name, str) else f"with the id {name}"
            yield Problem(f"fortigate.{place}", f"the FortiGate has no policy {shown}; it has {has}: choose one")


def own(wanted: DesiredFortiGate, seen: Inventory, box: FortiGate) -> list[Problem]:
    """Where `before` names a policy of ours, which cannot stand before itself, and is gone when it is renamed."""
    named = [("before", box.before)] + ([("behindVpn.before", box.behind_vpn.before)] if box.behind_vpn else [])
    ours = {policy.name for policy in wanted.objects.policies}
    others = ", ".join(f"'{each.name}'" for each in seen.policies if each.name and each.name not in ours)
    return [
        Problem(
            f"fortigate.{place}",
            f"names '{there.name}', a policy of this stack's own; name one of the others: {others or 'there is none'}",
        )
        for place, name in named
        if (there := policy_of(seen, name)) and (there.name in ours or (there.comment == COMMENT and _ours(there, box)))
    ]


def _ours(policy: Policy, box: FortiGate) -> bool:
    return policy.name.startswith(f"{box.prefix}-")


def _schedule(box: FortiGate, seen: Inventory) -> Iterator[Problem]:
    if box.schedule != "always" and seen.schedules and box.schedule not in seen.schedules:
        has = ", ".join(seen.schedules)
        yield Problem("fortigate.schedule", f"the FortiGate has no schedule '{box.schedule}'; it has {has}: name one")


def strangers(wanted: DesiredFortiGate, seen: Inventory) -> list[Problem]:
    """Objects of others that bear the names of ours: a run would write over them, or stop in the middle.

    One whose comment was changed by hand, but which our own policies use, is ours still, and its drift is repaired.
    """
    used = _used_by_ours(seen)
    found = [problem for policy in wanted.objects.policies for problem in _usurper(policy, wanted, seen)]
    for kind, plural, ours, theirs in _tables(wanted.objects, seen):
        there = {one.name: one for one in theirs}
        for one in ours:
            other = there.get(one.name)
            if other and not getattr(one, "adopts", "") and other.comment != COMMENT and one.name not in used:
                remedy = f"adopt it (fortigate.adopt.{plural}), or rename it there, or choose another fortigate.prefix"
                has = f"the FortiGate has a {kind} '{one.name}' that this stack did not make (comment: "
                found.append(Problem("fortigate", f"{has}{other.comment or 'none'}); {remedy}"))
    return found


def _usurper(policy: Policy, wanted: DesiredFortiGate, seen: Inventory) -> Iterator[Problem]:
    """A policy of somebody else with the name of ours; one that uses objects of ours is ours, with another comment."""
    there = policy_of(seen, policy.name)
    if there is None or policy.adopts or there.comment == COMMENT:
        return
    marked = {one.name for _, _, ours, _ in _tables(wanted.objects, seen) for one in ours}
    if not marked & {*there.sources, *there.destinations, *there.services}:
        has = f"the FortiGate has {there} that this stack did not make (comment: {there.comment or 'none'})"
        remedy = "adopt it (fortigate.adopt.policies), or rename it there, or choose another fortigate.prefix"
        yield Problem("fortigate", f"{has}; {remedy}")


Thing = AddressObject | AddressGroup | ServiceObject | Vip
Tables = tuple[str, str, Sequence[Thing], Sequence[Thing]]


def _tables(ours: Objects, seen: Inventory) -> Iterator[Tables]:
    yield "address", "addresses", ours.addresses, (*seen.addresses, *seen.groups, *seen.vips)
    yield "group", "groups", ours.groups, (*seen.groups, *seen.addresses, *seen.vips)
    yield "service", "services", ours.services, (*seen.services, *seen.service_groups)
    yield "VIP", "vips", ours.vips, (*seen.vips, *seen.addresses, *seen.groups)


def _used_by_ours(seen: Inventory) -> set[str]:
    """The names that policies and groups of ours use on the box now."""
    policies = [policy for policy in seen.policies if policy.comment == COMMENT]
    names = {name for one in policies for name in (*one.sources, *one.destinations, *one.services)}
    return names | {name for group in seen.groups if group.comment == COMMENT for name in group.members}
