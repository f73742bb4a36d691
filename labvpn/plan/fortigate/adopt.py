"""Adopts objects that a FortiGate already has, under the names that they have there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, TypeVar

from labvpn.model.fortigate import Adopt
from labvpn.model.problems import Problem
from labvpn.parse.fortigate.schedules import in_force
from labvpn.parse.fortigate.services import Served
from labvpn.state.fortigate import (
    COMMENT,
    AddressGroup,
    AddressObject,
    Block,
    DesiredFortiGate,
    Inventory,
    Objects,
    Policy,
    ServiceObject,
    Vip,
)

Named = TypeVar("Named", AddressObject, AddressGroup, ServiceObject, Vip)
Thing = TypeVar("Thing", AddressObject, AddressGroup, ServiceObject, Vip, Policy)
Names = Mapping[str, str]
Object = AddressObject | AddressGroup | ServiceObject | Vip


class Adopted(NamedTuple):
    """What is declared, with the names of adopted objects, and what cannot be adopted."""

    desired: DesiredFortiGate
    problems: tuple[Problem, ...]


def adopted(desired: DesiredFortiGate, actual: Inventory, adopt: Adopt) -> Adopted:
    """Give adopted objects the name, comment and logging that they have on the FortiGate, so that nothing changes."""
    policies = {name: found for name, key in adopt.policies.items() if (found := policy_of(actual, key))}
    blocks = tuple(_block(block, policies, adopt, actual) for block in desired.blocks)
    objects = desired.objects
    ours = Objects(
        tuple(_taken(one, actual.addresses, adopt.addresses) for one in objects.addresses),
        tuple(_members(_taken(one, actual.groups, adopt.groups), adopt.addresses) for one in objects.groups),
        tuple(_as_written(_taken(one, actual.services, adopt.services), actual) for one in objects.services),
        tuple(_taken(one, actual.vips, adopt.vips) for one in objects.vips),
        tuple(policy for block in blocks for policy in block.policies),
    )
    taken = DesiredFortiGate(ours, blocks)
    return Adopted(taken, tuple(_problems(desired, actual, adopt)))


def policy_of(actual: Inventory, key: int | str) -> Policy | None:
    """A policy by its number or name."""
    return next((policy for policy in actual.policies if key in (policy.number, policy.key)), None)


def _taken(thing: Named, there: tuple[Named, ...], names: Names) -> Named:
    """Our object with the name and comment of the adopted one, or as an interrupted run left it."""
    name = names.get(thing.name)
    found = next((each for each in there if each.name == name), None)
    if found is None:
        return _standing(thing, there)
    return replace(thing, name=found.name, comment=found.comment, adopts=found.name, visible=found.visible)


def _as_written(one: ServiceObject, actual: Inventory) -> ServiceObject:
    """An adopted service with its ports as the FortiGate has them, where they are the same ones."""
    for there in actual.services:
        if one.adopts == there.name and not there.unread and service_ends(one) == service_ends(there):
            return replace(one, tcp=there.tcp, udp=there.udp)
    return one


def _standing(thing: Thing, there: Iterable[Thing]) -> Thing:
    """Our object as it already exists: an interrupted run created it and could not record that."""
    for one in there:
        if one.name == thing.name and one.comment == COMMENT:
            key = str(one.number) if isinstance(one, Policy) else one.name
            return replace(thing, existing=key)
    return thing


def _problems(desired: DesiredFortiGate, actual: Inventory, adopt: Adopt) -> Iterator[Problem]:
    objects = desired.objects
    tables: dict[str, tuple[Mapping[str, str | int], list[str], list[str]]] = {
        "addresses": (adopt.addresses, [each.name for each in objects.addresses], [a.name for a in actual.addresses]),
        "groups": (adopt.groups, [each.name for each in objects.groups], [each.name for each in actual.groups]),
        "services": (adopt.services, [each.name for each in objects.services], [each.name for each in actual.services]),
        "vips": (adopt.vips, [each.name for each in objects.vips], [each.name for each in actual.vips]),
        "policies": (adopt.policies, [each.name for each in objects.policies], [each.key for each in actual.policies]),
    }
    for kind, (asked, ours, theirs) in tables.items():
        for name, key in asked.items():
            place = f"fortigate.adopt.{kind}.{name}"
            if name not in ours:
                yield Problem(place, f"the lab has nothing of this name; it has {', '.join(ours)}: use one of these")
            elif isinstance(key, int) and policy_of(actual, key) is None:
                yield Problem(place, f"the FortiGate has no policy with the id {key}; look it up in its list")
            elif isinstance(key, str) and key not in theirs:
                yield Problem(place, f"the FortiGate has no '{key}' to adopt; remove the line and it is created")


def pairs(ours: Objects, actual: Inventory) -> Iterator[tuple[str, Object, Object]]:
    """Each object of ours that is on the FortiGate already, adopted or made by us, with what is there."""
    yield from (("addresses", one, there) for one, there in _pairs(ours.addresses, actual.addresses))
    yield from (("groups", one, there) for one, there in _pairs(ours.groups, actual.groups))
    yield from (("services", one, there) for one, there in _pairs(ours.services, actual.services))
    yield from (("vips", one, there) for one, there in _pairs(ours.vips, actual.vips))


def _pairs(ours: tuple[Named, ...], theirs: tuple[Named, ...]) -> Iterator[tuple[Named, Named]]:
    there = {one.name: one for one in theirs}
    keys = ((one, one.adopts or one.existing) for one in ours)
    yield from ((one, there[key]) for one, key in keys if key)


def meaning(thing: Object) -> tuple[object, ...]:
    """What an object means, without its names."""
    if isinstance(thing, AddressObject):
        return (set(thing.networks), thing.country, thing.host, thing.unread)
    if isinstance(thing, AddressGroup):
        return (set(thing.members), set(thing.without), thing.unread)
    if isinstance(thing, ServiceObject):
        return (*service_ends(thing), thing.unread)
    return (thing.interface, thing.outside, thing.mapped, thing.forwards, thing.unread)


def service_ends(one: ServiceObject) -> tuple[tuple[str, ...], tuple[str, ...], int | None]:
    """What a service covers, however it is written: in any order, a port as a range, a range in parts."""
    return _ends(one.tcp), _ends(one.udp), one.protocol


def _ends(text: str) -> tuple[str, ...]:
    """Ranges of ports in their order, each as long as it goes; those that have a condition, as they are."""
    odd = sorted(one for one in text.split() if not _PORTS.fullmatch(one))
    held: list[tuple[int, int]] = []
    for low, high in sorted(span for one in text.split() if one not in odd for span in Served.of(one)):
        last = held.pop() if held and low <= held[-1][1] + 1 else (low, high)
        held.append((last[0], max(last[1], high)))
    return (*(f"{low}-{high}" for low, high in held), *odd)


_PORTS = re.compile(r"\d+(-\d+)?")


def users(actual: Inventory, thing: Object, mine: Iterable[str] = ()) -> list[str]:
    """What on the FortiGate uses an object, except the policies (by id) and groups (by name) in `mine`."""
    kept = set(mine)
    policies = [policy for policy in actual.policies if _named_by(policy, thing)]
    groups = [
        group for group in (*actual.groups, *actual.service_groups) if thing.name in (*group.members, *group.without)
    ]
    found = [str(policy) for policy in policies if str(policy.number) not in kept]
    found += [f"group '{group.name}'" for group in groups if group.name not in kept]
    more = (thing.uses or 0) - len(policies) - len(groups)
    return [*found, *([f"{more} other place{'s' * (more > 1)} of the FortiGate"] if more > 0 else [])]


def _named_by(policy: Policy, thing: Object) -> bool:
    if isinstance(thing, ServiceObject):
        return thing.name in policy.services
    return thing.name in (*policy.sources, *policy.destinations, *policy.services)


def _block(block: Block, found: Mapping[str, Policy], adopt: Adopt, actual: Inventory) -> Block:
    renamed = (_renamed(policy, found, adopt) for policy in block.policies)
    before = next((one.key for one in actual.policies if block.before in (one.key, f"#{one.number}")), block.before)
    held = (_standing(policy, actual.policies) for policy in renamed)
    return Block(tuple(_in_force(policy, actual) for policy in held), before)


def _in_force(policy: Policy, actual: Inventory) -> Policy:
    """A policy of ours, off where its schedule is over, or never in force, on this FortiGate."""
    return replace(policy, active=policy.active and in_force(policy.schedule, actual.schedules) is not False)


def _renamed(policy: Policy, found: Mapping[str, Policy], adopt: Adopt) -> Policy:
    addresses = {**adopt.addresses, **adopt.groups, **adopt.vips}
    policy = replace(
        policy,
        sources=_names(policy.sources, addresses),
        destinations=_names(policy.destinations, addresses),
        services=_names(policy.services, adopt.services),
    )
    there = found.get(policy.name)
    if there is None:
        return policy
    kept = replace(policy, name=there.name, comment=there.comment, log=there.log, nat=there.nat)
    return replace(
        kept,
        active=not there.expired,
        expired=there.expired,
        number=there.number,
        adopts=str(there.number),
        visible=there.visible,
    )


def _names(names: tuple[str, ...], renamed: Names) -> tuple[str, ...]:
    return tuple(renamed.get(name, name) for name in names)


def _members(group: AddressGroup, renamed: Names) -> AddressGroup:
    return replace(group, members=_names(group.members, renamed))
