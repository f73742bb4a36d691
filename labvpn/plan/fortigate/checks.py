"""What a configuration names and the FortiGate does not have, and what would block the run itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from labvpn.model.fortigate import FortiGate
from labvpn.model.problems import Problem
from labvpn.parse.fortigate.tables import Path
from labvpn.plan.fortigate.adopt import policy_of
from labvpn.plan.fortigate.comparison import Comparison
from labvpn.plan.fortigate.order import listed
from labvpn.plan.fortigate.ownership import Ownership
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


def problems(settings: FortiGate, actual: Inventory) -> list[Problem]:
    """Every interface, policy and schedule that the configuration names and the FortiGate lacks."""
    return [*_interfaces(settings, actual), *_policies(settings, actual), *_schedule(settings, actual)]


def cut(compared: Comparison, paths: Iterable[Path]) -> list[Problem]:
    """The paths of this run that a deny of ours would close; none where an interface is known not to be in between."""
    return [problem for path in paths for problem in _cut(compared, path)]


def _cut(compared: Comparison, path: Path) -> Iterator[Problem]:
    after, closed = compared.after, compared.settings.behind_vpn
    if closed is None or path.target not in closed.hosts.values():
        return
    # Without an interface at which our packets enter, another router is in between.
    to, entering = closed.to or compared.settings.inside, compared.actual.interface_at(path.source)
    if entering and after.table.topology.among(entering, (to,)):
        return
    for interface in (entering,) if entering else closed.from_:
        verdict = after.decide(Packet(interface, to, path.source, path.target, path.port))
        held = (policy for policy in (verdict.policy, *verdict.perhaps) if policy and policy.action is Action.DENY)
        policy = next(filter(compared.is_ours, held), None)
        if policy and verdict.passes is not True:
            sure = verdict.passes is False and policy is verdict.policy
            closes = "would close" if sure else f"may close, because of {verdict.because or policy},"
            yield Problem(
                "fortigate.behindVpn",
                f"{policy.name} {closes} {path.purpose} ({path.source} to {path.target}, {path.port}), by which "
                f"this run reaches it; add an exception for {path.source} with {path.port}",
            )
            return


def _interfaces(settings: FortiGate, actual: Inventory) -> Iterator[Problem]:
    named = [(f"outside[{place}]", name) for place, name in enumerate(settings.outside)] + [("inside", settings.inside)]
    if settings.behind_vpn:
        named += [(f"behindVpn.from[{place}]", name) for place, name in enumerate(settings.behind_vpn.from_)]
        named += [("behindVpn.to", settings.behind_vpn.to)] if settings.behind_vpn.to else []
    known = actual.interface_names
    zones = {member: zone.name for zone in actual.zones if zone.in_use for member in zone.members}
    wider = {member: each.name for each in actual.interfaces for member in each.members}
    for place, name in named:
        if name in wider:
            only = f"'{name}' is a member of '{wider[name]}', which alone FortiOS accepts in a policy: name that one"
            yield Problem(f"fortigate.{place}", only)
        if name in zones:
            only = (
                f"'{name}' is in the zone '{zones[name]}', and FortiOS accepts only the zone in a policy: name the zone"
            )
            yield Problem(f"fortigate.{place}", only)
        if name not in known and name != "any":
            yield Problem(
                f"fortigate.{place}", f"the FortiGate has no interface '{name}'; it has {', '.join(known)}: name one"
            )


def _policies(settings: FortiGate, actual: Inventory) -> Iterator[Problem]:
    known = [policy.name for policy in actual.policies if policy.name]
    for place, name in _named_policies(settings):
        there = policy_of(actual, name)
        if there is None:
            has = ", ".join(f"'{each}'" for each in known[:20]) or "no named policy"
            missing = f"'{name}'" if isinstance(name, str) else f"with the id {name}"
            yield Problem(f"fortigate.{place}", f"the FortiGate has no policy {missing}; it has {has}: choose one")


def self_references(desired: DesiredFortiGate, actual: Inventory, settings: FortiGate) -> list[Problem]:
    """Where `before` names a policy of ours, which cannot come before itself and disappears when it is renamed."""
    conflicts = {policy.key for policy in desired.objects.policies if any(_policy_conflict(policy, desired, actual))}
    ours = {policy.key for policy in desired.objects.policies} - conflicts
    others = ", ".join(f"'{each.name}'" for each in actual.policies if each.name and each.key not in ours)
    return [
        Problem(
            f"fortigate.{place}",
            f"names '{there.key}', a policy of this stack's own; name one of the others: {others or 'there is none'}",
        )
        for place, name in _named_policies(settings)
        if (there := policy_of(actual, name)) and (there.key in ours or _is_ours(there, settings))
    ]


def _named_policies(settings: FortiGate) -> Iterator[tuple[str, int | str]]:
    """The policies that the configuration names, each with the key under which it does so."""
    yield "before", settings.before
    if settings.behind_vpn:
        yield "behindVpn.before", settings.behind_vpn.before


def _is_ours(policy: Policy, settings: FortiGate) -> bool:
    return policy.comment == COMMENT and policy.name.startswith(f"{settings.prefix}-")


def _schedule(settings: FortiGate, actual: Inventory) -> Iterator[Problem]:
    if settings.schedule != "always" and actual.schedules and settings.schedule not in actual.schedules:
        has = ", ".join(actual.schedules)
        yield Problem(
            "fortigate.schedule", f"the FortiGate has no schedule '{settings.schedule}'; it has {has}: name one"
        )


def name_conflicts(desired: DesiredFortiGate, owned: Ownership) -> list[Problem]:
    """Objects of others with the names of ours: a run would overwrite them, or fail halfway.

    One whose comment was changed by hand but which our policies use is still ours, and its drift is repaired.
    """
    actual = owned.actual
    found = [problem for policy in desired.objects.policies for problem in _policy_conflict(policy, desired, actual)]
    for kind, plural, ours, theirs in _tables(desired.objects, actual):
        there = {one.name: one for one in theirs}
        for one in ours:
            other = there.get(one.name)
            if other and not getattr(one, "adopts", "") and owned.is_theirs(other):
                remedy = f"adopt it (fortigate.adopt.{plural}), or rename it there, or choose another fortigate.prefix"
                has = f"the FortiGate has a {kind} '{one.name}' that this stack did not make (comment: "
                used = f", used by {listed(owned.others(other))}" if other.comment == COMMENT else ""
                found.append(Problem("fortigate", f"{has}{other.comment or 'none'}{used}); {remedy}"))
    return found


def _policy_conflict(policy: Policy, desired: DesiredFortiGate, actual: Inventory) -> Iterator[Problem]:
    """A policy of someone else with the name of ours; one that uses objects of ours is ours with another comment."""
    there = policy_of(actual, policy.name)
    if there is None or policy.adopts or there.comment == COMMENT:
        return
    marked = {one.name for _, _, ours, _ in _tables(desired.objects, actual) for one in ours}
    if not marked & {*there.sources, *there.destinations, *there.services}:
        has = f"the FortiGate has {there} that this stack did not make (comment: {there.comment or 'none'})"
        remedy = "adopt it (fortigate.adopt.policies), or rename it there, or choose another fortigate.prefix"
        yield Problem("fortigate", f"{has}; {remedy}")


Thing = AddressObject | AddressGroup | ServiceObject | Vip
Tables = tuple[str, str, Sequence[Thing], Sequence[Thing]]


def _tables(ours: Objects, actual: Inventory) -> Iterator[Tables]:
    yield "address", "addresses", ours.addresses, (*actual.addresses, *actual.groups, *actual.vips)
    yield "group", "groups", ours.groups, (*actual.groups, *actual.addresses, *actual.vips)
    yield "service", "services", ours.services, (*actual.services, *actual.service_groups)
    yield "VIP", "vips", ours.vips, (*actual.vips, *actual.addresses, *actual.groups)
