"""The FortiGate's policy for the VPN, from its tables to the section `fortigate` with what is adopted.

Nothing is matched by position: an object is adopted only if it means what ours means. What the configuration cannot
express is never lost: the policy then stays as it is, with ours beside it; where not even who may dial can be
expressed, the FortiGate is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any, NamedTuple

from pydantic import ValidationError

from labvpn.adopt.fortigate_case import UP, Case
from labvpn.adopt.found import Found
from labvpn.model.fortigate import FortiGate
from labvpn.model.lab import Lab
from labvpn.model.problems import Problem, problems_of
from labvpn.parse.fortigate.tables import FortiGateSnapshot
from labvpn.plan.fortigate.adopt import service_ends
from labvpn.plan.fortigate.plan import FortiGatePlan
from labvpn.plan.fortigate.policy_table import PolicyTable
from labvpn.render.fortigate import wanted
from labvpn.state.fortigate import Inventory, Objects, Policy


def fortigate(found: Found, host: str, vdom: str, inventory: Inventory, lab: Lab) -> None:
    """Add the section `fortigate`; without a policy that lets users dial, add a remark instead.

    Of several such policies, the first counts that can be adopted, else the first beside which ours can stand.
    """
    case = Case(inventory, lab, PolicyTable(inventory))
    policies, why = case.way_in.policies()
    tried = [(policy, *_tried(case, policy, host, vdom)) for policy in policies]
    refused = [f"{policy}, which is not adopted: {problem}" for policy, one, problem in tried if one is None]
    fitting = [(policy, one, taken) for policy, one, taken in tried if one]
    if not fitting:
        said = f"has {'; and '.join(refused[:3])}" if refused else why
        found.remarks.append(f"The FortiGate {host} {said}; {LEFT}")
        return
    _add(found, case, *next((one for one in fitting if not case.not_adopted(one[0])), fitting[0]))


LEFT = "the stack leaves it alone until you write its section"


def _tried(case: Case, policy: Policy, host: str, vdom: str) -> tuple[_Tried | None, str]:
    """What a policy is adopted with, and why not with the first prefix; or why it is not adopted."""
    if why := case.unsayable(policy):
        return None, why
    beside = case.not_adopted(policy)
    if beside and (ends := case.end(policy)):
        return (
            None,
            f"it is more than the VPN's ({beside}), and one of the stack's own beside it would not end ({ends})",
        )
    before = policy if beside else case.following(policy)
    if before is None:
        return None, "there is no policy after it before which the stack could place its own: add one there (deny all)"
    section = {**_of_policy(case, policy), "host": host, "vdom": vdom, "before": before.name or before.number}
    try:
        FortiGate.model_validate(section)
    except ValidationError as error:
        return None, "; ".join(map(str, problems_of(error, "", FortiGate)))
    first = _with_prefix(case, policy, section | {"prefix": PREFIXES[0]}, bool(beside))
    # A plan of many policies takes a second or two: each next prefix is tried only where the one before does not fit.
    more = (_with_prefix(case, policy, section | {"prefix": prefix}, bool(beside)) for prefix in PREFIXES[1:])
    fits = next((one for one in chain((first,), more) if not one.problems), None)
    why = "; ".join(problem.message if fits else str(problem) for problem in first.problems)
    return fits, why


def _add(found: Found, case: Case, policy: Policy, fits: _Tried, taken: str) -> None:
    beside = case.not_adopted(policy)
    if taken:
        found.remarks.append(f"fortigate.prefix is '{fits.known.prefix}', since with 'vpn' {taken}")
    if beside:
        free = f"{UP} makes policies and objects of its own right before it"
        lacking = case.settings_of(policy)
        but = f", with none of its settings: {', '.join(lacking)}" if lacking else ""
        found.remarks.append(f"{policy} is not adopted and stays as it is ({beside}); {free}{but}")
    else:
        found.remarks += case.changes(policy, fits.objects, fits.pairs)
    for other in case.way_in.others(policy):
        found.remarks.append(f"{other} lets users dial the server too; it stays as it is, beside ours")
    found.sections["fortigate"] = _in_order(fits.section) | ({"adopt": fits.pairs} if fits.pairs else {})


PREFIXES = ("vpn", "lab", "labvpn", "vpn2")
"""The prefixes that are tried, the default first: with one of them no name of ours is taken on the FortiGate."""


class _Tried(NamedTuple):
    """A section, what is adopted with it, the objects as the first run would have them, and why it cannot start."""

    section: dict[str, Any]
    known: FortiGate
    pairs: dict[str, dict[str, Any]]
    objects: Objects
    problems: list[Problem]


def _with_prefix(case: Case, policy: Policy, section: dict[str, Any], beside: bool) -> _Tried:
    known = FortiGate.model_validate(section)
    rendered = wanted(case.lab, known)
    pairs = _pairs(case, policy, rendered.objects)
    if beside:
        # There cannot be two VIPs for one address, so theirs is adopted.
        pairs = {kind: names for kind, names in pairs.items() if kind == "vips"}
    else:
        pairs["policies"] = {f"{known.prefix}-allow": policy.number}
    known = FortiGate.model_validate(section | {"adopt": pairs})
    plan = FortiGatePlan.of(case.lab, known, rendered, FortiGateSnapshot(case.inventory), ())
    return _Tried(section, known, pairs, plan.rendered.objects, plan.problems())


def _in_order(section: dict[str, Any]) -> dict[str, Any]:
    keys = ("host", "vdom", "outside", "inside", "before", "sources", "prefix", "schedule", "log", "vip")
    return {key: section[key] for key in keys if key in section and (key, section[key]) != ("prefix", PREFIXES[0])}


def _of_policy(case: Case, policy: Policy) -> dict[str, Any]:
    """The section as far as the policy gives it."""
    section: dict[str, Any] = {
        "outside": list(policy.from_interfaces),
        "inside": case.way_in.inside(policy),
        "sources": case.sources(policy),
        "schedule": policy.schedule,
        "log": policy.log,
    }
    if vips := case.way_in.vips(policy):
        places = {vip.interface: str(vip.outside) for vip in vips}
        by_place = {"addresses": places} if list(places) != list(policy.from_interfaces) or len(places) > 1 else {}
        section["vip"] = {"mapped": str(vips[0].mapped), **by_place}
    return section


def _pairs(case: Case, policy: Policy, objects: Objects) -> dict[str, dict[str, Any]]:
    """For each name of ours, the object on the FortiGate that means the same and is used by the policy."""
    members = set(case.table.addresses.members((*policy.sources, *policy.destinations)))
    services = set(case.table.services.members(policy.services))
    addresses = [
        one
        for one in case.inventory.addresses
        if one.name in members and not (one.unread or "type" in dict(one.extras))
    ]
    found = {
        "addresses": _same(objects.addresses, addresses, lambda one: (set(one.networks), one.country)),
        "services": _same(objects.services, case.services(services), service_ends),
        "vips": _same(objects.vips, case.way_in.vips(policy), lambda one: (one.interface, one.outside, one.mapped)),
    }
    ours_by_theirs = {theirs: ours for ours, theirs in found["addresses"].items()}
    groups = [one for one in case.inventory.groups if (one.name,) == policy.sources and not (one.unread or one.without)]
    found["groups"] = {
        ours.name: there.name
        for ours in objects.groups
        for there in groups
        if {ours_by_theirs.get(name, "") for name in there.members} == set(ours.members)
    }
    return {kind: names for kind, names in found.items() if names}


def _same(ours: Iterable[Any], theirs: Iterable[Any], meaning: Any) -> dict[str, str]:
    """Each of ours with the first of theirs that means the same; each of theirs is used once."""
    free, found = list(theirs), {}
    for one in ours:
        there = next((each for each in free if meaning(each) == meaning(one)), None)
        if there is not None:
            free.remove(there)
            found[one.name] = there.name
    return found
