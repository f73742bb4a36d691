"""Services that carry ports of the other transport, which FortiOS's provider cannot take away again.

A port range that the program does not give is no difference to the provider, so UDP ports that somebody added to a TCP
service would stay for good. Such a service is replaced: it has two names, and takes the one that it does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from labvpn.model.rules import COMMENT, Block, Box, Objects, Service, Wanted

SECOND = "-2"
"""What the second name of a service ends in."""


def present(wanted: Wanted, seen: Box) -> Wanted:
    """What is wanted, each service by the name that it has on the box now."""
    return _renamed(wanted, {one.name: f"{one.name}{SECOND}" for one in wanted.objects.services if _second(one, seen)})


def renewed(current: Wanted, seen: Box) -> Wanted:
    """What is wanted, each service that has to be replaced by its other name."""
    there = _ours(seen)
    names = {one.name: _other(one.name) for one in current.objects.services if _mixed(one, there.get(one.name))}
    return _renamed(current, names)


def first_name(name: str) -> str:
    """The name of a service without the mark of its second one."""
    return name.removesuffix(SECOND)


def _second(one: Service, seen: Box) -> bool:
    """Whether a service stands under its second name, and that is not the worse of the two."""
    there = _ours(seen)
    other = there.get(f"{one.name}{SECOND}")
    return other is not None and not (_mixed(one, other) and one.name in there)


def _mixed(one: Service, there: Service | None) -> bool:
    """Whether the box has ports in it of a transport for which we have none."""
    if there is None or one.adopts or one.protocol is not None:
        return False
    return bool((there.udp and not one.udp) or (there.tcp and not one.tcp))


def _other(name: str) -> str:
    return first_name(name) if name.endswith(SECOND) else f"{name}{SECOND}"


def _ours(seen: Box) -> Mapping[str, Service]:
    return {one.name: one for one in seen.services if one.comment == COMMENT}


def _renamed(wanted: Wanted, names: Mapping[str, str]) -> Wanted:
    if not names:
        return wanted
    objects, blocks = wanted.objects, []
    for block in wanted.blocks:
        policies = tuple(
            replace(policy, services=tuple(names.get(name, name) for name in policy.services))
            for policy in block.policies
        )
        blocks.append(Block(policies, block.before))
    services = tuple(replace(one, name=names.get(one.name, one.name), stands="") for one in objects.services)
    policies = tuple(policy for block in blocks for policy in block.policies)
    return Wanted(Objects(objects.addresses, objects.groups, services, objects.vips, policies), tuple(blocks))
