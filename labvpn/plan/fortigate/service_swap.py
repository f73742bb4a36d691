"""Objects of ours that carry what FortiOS's provider cannot take away again.

A port range that the program does not give is no difference to the provider, nor is a list that it has as empty, nor a
key that it does not know: UDP ports that somebody added to a TCP service would stay for good, and a group of users on
a policy. Such a service or policy is replaced: it has two names, and takes the one that it does not have. A switch that
somebody turned on is told once more to be off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from labvpn.parse.fortigate import keys
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

LONGEST = {ServiceObject: 79, Policy: 35}

Thing = TypeVar("Thing", AddressObject, AddressGroup, ServiceObject, Vip, Policy)
Twice = TypeVar("Twice", ServiceObject, Policy)


def present(wanted: DesiredFortiGate, seen: Inventory) -> DesiredFortiGate:
    """What is wanted, each service and policy by the name that it has on the box now."""
    objects = wanted.objects
    taken = _names(objects)
    return _renamed(
        wanted, _seconds(objects.services, seen.services, taken), _seconds(objects.policies, seen.policies, taken)
    )


def renewed(current: DesiredFortiGate, seen: Inventory, protected: bool = False) -> DesiredFortiGate:
    """What is wanted, each object that has to be replaced by its other name, and what has to be told once more.

    What is `protected` from deletion keeps its name: the policies of the first block.
    """
    kept = {policy.name for policy in current.blocks[0].policies} if protected and current.blocks else set()
    objects = current.objects
    taken = _names(objects)
    services = {one.name: _other(one, taken) for one in objects.services if _mixed(one, _ours(seen.services))}
    policies = {
        one.name: _other(one, taken)
        for one in objects.policies
        if one.name not in kept and _worn(one, {there.name: there for there in seen.policies})
    }
    return _renamed(_told_again(current, seen), services, policies)


def _names(objects: Objects) -> set[str]:
    return {service.name for service in objects.services} | {policy.name for policy in objects.policies}


def first_name(name: str) -> str:
    """The name of a service without the mark of its second one."""
    return name.removesuffix(SECOND)


def _seconds(wanted: Iterable[Twice], there: Iterable[Twice], taken: set[str]) -> dict[str, str]:
    """Those that stand under their second name, and that is not the worse of the two."""
    ours, found = _ours(there), {}
    for one in wanted:
        second = _second(one)
        if second in ours and second not in taken and not (_bad(one, ours[second]) and one.name in ours):
            found[one.name] = second
    return found


def _second(one: ServiceObject | Policy) -> str:
    room = LONGEST[type(one)] - len(SECOND)
    return f"{one.name[:room]}{SECOND}"


def _bad(one: Twice, there: Twice) -> bool:
    if isinstance(one, Policy) and isinstance(there, Policy):
        return bool(_stuck(there.extras))
    return isinstance(one, ServiceObject) and isinstance(there, ServiceObject) and _of_other_transport(one, there)


def _mixed(one: ServiceObject, ours: Mapping[str, ServiceObject]) -> bool:
    """Whether the box has ports in it of a transport for which we have none, or what cannot be taken away."""
    there = ours.get(one.name)
    if there is None or one.adopts:
        return False
    return _of_other_transport(one, there) or bool(_stuck(there.extras))


def _of_other_transport(one: ServiceObject, there: ServiceObject) -> bool:
    if one.protocol is not None:
        return False
    return bool((there.udp and not one.udp) or (there.tcp and not one.tcp))


def _worn(one: Policy, seen: Mapping[str, Policy]) -> bool:
    """Whether the box has something in a policy that cannot be taken away; its comment may have been changed too."""
    there = seen.get(one.name)
    return there is not None and not one.adopts and bool(_stuck(there.extras))


def _stuck(found: Extras) -> Extras:
    """What the provider neither clears by itself nor turns off when it is told to."""
    return tuple((key, value) for key, value in found if key not in keys.CLEARED and not _neutral(key, value))


def _neutral(key: str, value: str) -> str:
    """What to say of a key so that it says nothing: the opposite of a switch, or FortiOS's default; else empty."""
    known = key in keys.POLICY.harmless | keys.POLICY.narrowing | keys.POLICY.read | keys.SWITCHES
    if not known:
        return ""
    default = keys.POLICY.defaults.get(key, "").partition("|")[0]
    return "disable" if value == "enable" else default


def _told_again(current: DesiredFortiGate, seen: Inventory) -> DesiredFortiGate:
    objects = current.objects
    blocks = tuple(Block(_again(block.policies, seen.policies), block.before) for block in current.blocks)
    ours = Objects(
        _again(objects.addresses, seen.addresses),
        _again(objects.groups, seen.groups),
        _again(objects.services, seen.services),
        _again(objects.vips, seen.vips),
        tuple(policy for block in blocks for policy in block.policies),
    )
    return DesiredFortiGate(ours, blocks)


def _again(wanted: tuple[Thing, ...], there: Iterable[Thing]) -> tuple[Thing, ...]:
    held = {one.name: one for one in there}
    return tuple(_with_switches(one, held.get(one.name)) for one in wanted)


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
    return replace(one, restated=tuple(found)) if found else one


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
    return replace(one, name=name, stands="", first="" if name == first else first)


def _renamed(wanted: DesiredFortiGate, services: Mapping[str, str], policies: Mapping[str, str]) -> DesiredFortiGate:
    if not services and not policies:
        return wanted
    blocks = []
    for block in wanted.blocks:
        held = (
            replace(_named(one, policies), services=tuple(services.get(name, name) for name in one.services))
            for one in block.policies
        )
        blocks.append(Block(tuple(held), block.before))
    objects = replace(
        wanted.objects,
        services=tuple(_named(one, services) for one in wanted.objects.services),
        policies=tuple(policy for block in blocks for policy in block.policies),
    )
    return DesiredFortiGate(objects, tuple(blocks))
