"""A FortiGate's list of rules as it is now and as it will be after a run, and packets to try in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import NamedTuple, TypeVar

from labvpn.model.fortigate import VpnOnlyHosts, networks
from labvpn.model.ports import Port, Transport
from labvpn.parse.fortigate.extent import Anyone
from labvpn.plan.fortigate.policy_table import Packet, PolicyTable, Verdict
from labvpn.state.fortigate import (
    ALL,
    AddressGroup,
    AddressObject,
    DesiredFortiGate,
    Inventory,
    Policy,
    ServiceObject,
    Vip,
)

WIDEST = 64
"""Of a wider range of ports only the first is tried."""

Thing = TypeVar("Thing", AddressObject, AddressGroup, ServiceObject, Vip)


def after(wanted: DesiredFortiGate, seen: Inventory) -> tuple[Policy, ...]:
    """The box's policies as they stand after the run."""
    ours = {policy.key for policy in wanted.objects.policies}
    order = [policy for policy in seen.policies if policy.key not in ours]
    for block in wanted.blocks:
        names = [policy.key for policy in order]
        place = names.index(block.before) if block.before in names else len(order)
        order[place:place] = block.policies
    return tuple(order)


def merged(wanted: DesiredFortiGate, seen: Inventory) -> Inventory:
    """The box with all objects that the policies name after the run; ours win."""
    ours = wanted.objects
    return replace(
        seen,
        addresses=_over(ours.addresses, seen.addresses),
        groups=_over(ours.groups, seen.groups),
        services=_over(ours.services, seen.services),
        vips=_over(ours.vips, seen.vips),
        policies=after(wanted, seen),
    )


def _over(ours: tuple[Thing, ...], theirs: tuple[Thing, ...]) -> tuple[Thing, ...]:
    names = {one.name for one in ours}
    return ours + tuple(one for one in theirs if one.name not in names)


class View(NamedTuple):
    """A list of rules with what its names stand for."""

    reach: PolicyTable
    policies: tuple[Policy, ...]

    @classmethod
    def of(cls, box: Inventory) -> View:
        """The rules of a box."""
        return cls(PolicyTable(box), box.policies)

    def between(self, enters: str, leaves: str) -> View:
        """The rules alone that may be about packets from one interface to another: of a long list a few."""
        topology = self.reach.topology
        near = (
            policy
            for policy in self.policies
            if policy.active
            and topology.among(enters, policy.from_interfaces) is not False
            and topology.among(leaves, policy.to_interfaces) is not False
        )
        return View(self.reach, tuple(near))

    def judge(self, probe: Packet) -> Verdict:
        """What becomes of a packet."""
        return self.reach.judge(self.policies, probe)


def ports_of(span: tuple[str, int, int]) -> Iterator[Port]:
    """The ports of a span, or its first where there are too many."""
    kind, low, high = span
    yield from (Port(number, Transport(kind)) for number in range(low, high + 1 if high - low < WIDEST else low + 1))


def somebody_at(seen: Inventory, interface: str, closed: VpnOnlyHosts) -> Anyone:
    """An address at an interface that no exception names; `all` where its network is not known."""
    excepted = [network for way in closed.exceptions for network in networks(way.sources)]
    inside = PolicyTable(seen).topology.expand(interface)
    held = next((each.network for each in seen.interfaces if each.name in inside and each.network), None)
    for address in islice(held.hosts(), 1, 512) if held else ():
        if not any(address in network for network in excepted):
            return address
    return ALL


def distinct(sentences: Iterable[str]) -> list[str]:
    """Each sentence once, in their order."""
    return list(dict.fromkeys(sentences))
