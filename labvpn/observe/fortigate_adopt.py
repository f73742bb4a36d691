"""Taking over what stands on a box already, under the name that it has there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, TypeVar

from labvpn.model.fortigate import Adopt
from labvpn.model.problems import Problem
from labvpn.model.rules import COMMENT, Address, Block, Box, Group, Objects, Policy, Service, Vip, Wanted

Thing = TypeVar("Thing", Address, Group, Service, Vip, Policy)


class Adopted(NamedTuple):
    """What is wanted, with the names of what is adopted, and what of that cannot be."""

    wanted: Wanted
    problems: tuple[Problem, ...]


def adopted(wanted: Wanted, seen: Box, adopt: Adopt) -> Adopted:
    """Give what is adopted the name, comment and logging that it has on the box, so that nothing of it changes."""
    problems = tuple(_problems(wanted, seen, adopt))
    policies = {name: found for name, key in adopt.policies.items() if (found := _policy(seen, key))}
    blocks = tuple(_block(block, policies, adopt, seen) for block in wanted.blocks)
    objects = wanted.objects
    ours = Objects(
        tuple(_standing(_address(address, seen, adopt), seen.addresses) for address in objects.addresses),
        tuple(_standing(_group(group, adopt), seen.groups) for group in objects.groups),
        tuple(_standing(_service(service, seen, adopt), seen.services) for service in objects.services),
        tuple(_standing(vip, seen.vips) for vip in objects.vips),
        tuple(policy for block in blocks for policy in block.policies),
    )
    return Adopted(Wanted(ours, blocks), problems)


def _standing(thing: Thing, there: Iterable[Thing]) -> Thing:
    """Ours as the box has it already: made in a run that was cut off before it could note that, it is found again."""
    for one in there:
        if one.name == thing.name and one.comment == COMMENT:
            key = str(one.number) if isinstance(one, Policy) else one.name
            return replace(thing, stands=key)
    return thing


def _problems(wanted: Wanted, seen: Box, adopt: Adopt) -> Iterator[Problem]:
    objects = wanted.objects
    tables: dict[str, tuple[Mapping[str, str | int], list[str], list[str]]] = {
        "addresses": (adopt.addresses, [each.name for each in objects.addresses], [a.name for a in seen.addresses]),
        "services": (adopt.services, [each.name for each in objects.services], [each.name for each in seen.services]),
        "policies": (adopt.policies, [each.name for each in objects.policies], [each.name for each in seen.policies]),
    }
    for kind, (asked, ours, theirs) in tables.items():
        for name, key in asked.items():
            place = f"fortigate.adopt.{kind}.{name}"
            if name not in ours:
                yield Problem(place, f"the lab has nothing of this name; it has {', '.join(ours)}: name one of them")
            elif isinstance(key, int) and _policy(seen, key) is None:
                yield Problem(place, f"the FortiGate has no policy with the id {key}; look it up in its list")
            elif isinstance(key, str) and key not in theirs:
                yield Problem(place, f"the FortiGate has no '{key}' to adopt; take the line out and it is created")


def _policy(seen: Box, key: int | str) -> Policy | None:
    return next((policy for policy in seen.policies if key in (policy.number, policy.name)), None)


def _block(block: Block, found: Mapping[str, Policy], adopt: Adopt, seen: Box) -> Block:
    renamed = (_renamed(policy, found, adopt) for policy in block.policies)
    return Block(tuple(_standing(policy, seen.policies) for policy in renamed), block.before)


def _renamed(policy: Policy, found: Mapping[str, Policy], adopt: Adopt) -> Policy:
    policy = replace(
        policy,
        sources=_names(policy.sources, adopt.addresses),
        destinations=_names(policy.destinations, adopt.addresses),
        services=_names(policy.services, adopt.services),
    )
    there = found.get(policy.name)
    if there is None:
        return policy
    return replace(policy, name=there.name, comment=there.comment, log=there.log, adopts=str(there.number))


def _names(names: tuple[str, ...], renamed: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(renamed.get(name, name) for name in names)


def _address(address: Address, seen: Box, adopt: Adopt) -> Address:
    name = adopt.addresses.get(address.name)
    there = next((each for each in seen.addresses if each.name == name), None)
    return replace(address, name=there.name, comment=there.comment, adopts=there.name) if there else address


def _service(service: Service, seen: Box, adopt: Adopt) -> Service:
    name = adopt.services.get(service.name)
    there = next((each for each in seen.services if each.name == name), None)
    return replace(service, name=there.name, comment=there.comment, adopts=there.name) if there else service


def _group(group: Group, adopt: Adopt) -> Group:
    return replace(group, members=_names(group.members, adopt.addresses))
