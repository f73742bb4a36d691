"""Objects of ours with settings that FortiOS's provider cannot remove.

The provider sees no difference in a list that it has as empty, or in a key that it does not know; the older package
sees none in a port range that the program does not give. UDP ports that someone added to a TCP service would stay for
good, as would a group of users on a policy. Such a service or policy is replaced: it has two names, and takes the one
that it does not have now. A switch that someone turned on is explicitly set to off. A key that nobody here knows, with
one value on every object of its table, may be a default of a newer FortiOS: nothing is replaced for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from labvpn.parse.fortigate import keys
from labvpn.parse.fortigate.defaults import without_unproven
from labvpn.state.fortigate import (
    COMMENT,
    AddressGroup,
    AddressObject,
    Block,
    DesiredFortiGate,
    Extras,
    Inventory,
    Objects,
    Policy,
    ServiceObject,
    Vip,
)

SECOND = "-2"
"""What the second name of a service or policy ends in."""

PORTS = frozenset({"sctp-portrange"})
"""Keys that are ports, which only the older package cannot remove."""

LONGEST = {ServiceObject: 79, Policy: 35}

Thing = TypeVar("Thing", AddressObject, AddressGroup, ServiceObject, Vip, Policy)
Twice = TypeVar("Twice", ServiceObject, Policy)
Kind = TypeVar("Kind", bound=Objects)


def under_actual_names(desired: DesiredFortiGate, actual: Inventory) -> DesiredFortiGate:
    """What is declared, each service and policy under the name that it has on the FortiGate now."""
    objects, actual = desired.objects, _proven(actual)
    taken = _names(objects)
    return _renamed(
        desired, _seconds(objects.services, actual.services, taken), _seconds(objects.policies, actual.policies, taken)
    )


def swapped(
    current: DesiredFortiGate, actual: Inventory, protected: bool = False, replaces: bool = True
) -> DesiredFortiGate:
    """What is declared, each object that must be replaced under its other name, with the settings to send again.

    What is `protected` from deletion keeps its name: the policies of the first block. `replaces` is whether the
    provider can only remove a service's ports by making it again.
    """
    kept = {policy.name for policy in current.blocks[0].policies} if protected and current.blocks else set()
    objects, proven = current.objects, _proven(actual)
    taken = _names(objects)
    ours = _ours(proven.services)
    services = {one.name: _other(one, taken) for one in objects.services if _is_mixed(one, ours, replaces)}
    policies = {
        one.name: _other(one, taken)
        for one in objects.policies
        if one.name not in kept and _is_stuck(one, {there.name: there for there in proven.policies})
    }
    return _renamed(_restated(current, actual), services, policies)


def _proven(actual: Inventory) -> Inventory:
    """The FortiGate without what may be defaults of its FortiOS."""
    return replace(
        actual,
        services=without_unproven(actual.services, keys.SERVICE),
        policies=without_unproven(actual.policies, keys.POLICY),
    )


def under_names(objects: Kind, names: Mapping[str, str]) -> Kind:
    """Services and policies under other names, also where a policy names a service."""
    services = tuple(replace(one, name=names.get(one.name, one.name)) for one in objects.services)
    policies = tuple(
        replace(one, name=names.get(one.name, one.name), services=tuple(names.get(each, each) for each in one.services))
        for one in objects.policies
    )
    return replace(objects, services=services, policies=policies)


def renamed(desired: DesiredFortiGate, services: Mapping[str, str]) -> DesiredFortiGate:
    """What is declared, with services under other names for good."""
    blocks = tuple(
        Block(under_names(Objects(policies=one.policies), services).policies, one.before) for one in desired.blocks
    )
    return DesiredFortiGate(under_names(desired.objects, services), blocks)


def _names(objects: Objects) -> set[str]:
    return {service.name for service in objects.services} | {policy.name for policy in objects.policies}


def first_name(name: str) -> str:
    """The name of a service without the mark of its second one."""
    return name.removesuffix(SECOND)


def _seconds(desired: Iterable[Twice], there: Iterable[Twice], taken: set[str]) -> dict[str, str]:
    """Those that exist under their second name, unless the object of the first name is the better one."""
    ours, found = _ours(there), {}
    for one in desired:
        second = _second(one)
        if second in ours and second not in taken and not (_is_bad(one, ours[second]) and one.name in ours):
            found[one.name] = second
    return found


def _second(one: ServiceObject | Policy) -> str:
    room = LONGEST[type(one)] - len(SECOND)
    return f"{one.name[:room]}{SECOND}"


def _is_bad(one: Twice, there: Twice) -> bool:
    if isinstance(one, Policy) and isinstance(there, Policy):
        return bool(_stuck(there.extras))
    return isinstance(one, ServiceObject) and isinstance(there, ServiceObject) and _of_other_transport(one, there)


def _is_mixed(one: ServiceObject, ours: Mapping[str, ServiceObject], replaces: bool) -> bool:
    """Whether it has ports of a transport for which we declare none, or settings that cannot be removed."""
    there = ours.get(one.name)
    if there is None or one.adopts:
        return False
    if replaces and _of_other_transport(one, there):
        return True
    return bool(_stuck(tuple(pair for pair in there.extras if replaces or pair[0] not in PORTS)))


def _of_other_transport(one: ServiceObject, there: ServiceObject) -> bool:
    if one.protocol is not None:
        return False
    return bool((there.udp and not one.udp) or (there.tcp and not one.tcp))


def _is_stuck(one: Policy, actual: Mapping[str, Policy]) -> bool:
    """Whether a policy has settings that cannot be removed; its comment may have been changed too."""
    there = actual.get(one.name)
    return there is not None and not one.adopts and bool(_stuck(there.extras))


def _stuck(found: Extras) -> Extras:
    """What the provider neither clears by itself nor turns off on request."""
    return tuple((key, value) for key, value in found if key not in keys.CLEARED and not _neutral(key, value))


def _neutral(key: str, value: str) -> str:
    """The value by which a key has no effect: a switch turned off, or FortiOS's default; else empty."""
    known = key in keys.POLICY.harmless | keys.POLICY.narrowing | keys.POLICY.read | keys.SWITCHES
    if not known:
        return ""
    default = keys.POLICY.defaults.get(key, "").partition("|")[0]
    return "disable" if value == "enable" else default


def _restated(current: DesiredFortiGate, actual: Inventory) -> DesiredFortiGate:
    objects = current.objects
    blocks = tuple(Block(_restate(block.policies, actual.policies), block.before) for block in current.blocks)
    ours = Objects(
        _restate(objects.addresses, actual.addresses),
        _restate(objects.groups, actual.groups),
        _restate(objects.services, actual.services),
        _restate(objects.vips, actual.vips),
        tuple(policy for block in blocks for policy in block.policies),
    )
    return DesiredFortiGate(ours, blocks)


def _restate(desired: tuple[Thing, ...], there: Iterable[Thing]) -> tuple[Thing, ...]:
    held = {one.name: one for one in there}
    return tuple(_with_switches(one, held.get(one.name)) for one in desired)


def _with_switches(one: Thing, there: Thing | None) -> Thing:
    if there is None or one.adopts:
        return one
    found = [(key, _neutral(key, value)) for key, value in there.extras if _neutral(key, value)]
    if isinstance(there, Policy):
        lists = {"sources": "srcaddr-negate", "destinations": "dstaddr-negate", "services": "service-negate"}
        found += [(lists[part], "disable") for part in sorted(there.negated)]
    if isinstance(there, AddressGroup) and there.without:
        found.append(("exclude", "disable"))
    if isinstance(one, AddressObject) and one.networks and dict(there.extras).get("type"):
        found.append(("type", "ipmask"))
    if isinstance(one, Vip) and isinstance(there, Vip):
        found += [(key, keys.VIP.defaults[key]) for key in keys.VIP_KIND if key in dict(there.extras)]
        found += [("portforward", "disable")] if there.forwards and not one.forwards else []
    return replace(one, extras=there.extras, restated=tuple(found))


def _other(one: Twice, taken: set[str]) -> str:
    other = one.first or _second(one)
    return one.name if other in taken - {one.name} else other


def _ours(there: Iterable[Twice]) -> Mapping[str, Twice]:
    return {one.name: one for one in there if one.comment == COMMENT}


def _named(one: Twice, names: Mapping[str, str]) -> Twice:
    name = names.get(one.name, one.name)
    if name == one.name:
        return one
    first = one.first or one.name
    return replace(one, name=name, existing="", first="" if name == first else first)


def _renamed(desired: DesiredFortiGate, services: Mapping[str, str], policies: Mapping[str, str]) -> DesiredFortiGate:
    if not services and not policies:
        return desired
    blocks = []
    for block in desired.blocks:
        held = (
            replace(_named(one, policies), services=tuple(services.get(name, name) for name in one.services))
            for one in block.policies
        )
        blocks.append(Block(tuple(held), block.before))
    objects = replace(
        desired.objects,
        services=tuple(_named(one, services) for one in desired.objects.services),
        policies=tuple(policy for block in blocks for policy in block.policies),
    )
    return DesiredFortiGate(objects, tuple(blocks))
