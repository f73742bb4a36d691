"""A FortiGate's policies as they are now and as they will be after a run, each list resolved once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import NamedTuple, TypeVar

from labvpn.model.fortigate import FortiGate, VpnOnlyHosts, networks
from labvpn.model.lab import Lab
from labvpn.model.ports import Port, Transport
from labvpn.parse.fortigate.extent import Anyone
from labvpn.parse.fortigate.topology import Topology
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

TRIED = 512
"""How many addresses of a network are looked at for one that no exception names."""

WIDEST = 64
"""Of a wider range of ports, only the first is tried."""

Thing = TypeVar("Thing", AddressObject, AddressGroup, ServiceObject, Vip)


def policies_after(desired: DesiredFortiGate, actual: Inventory) -> tuple[Policy, ...]:
    """The policies of the FortiGate in their order after the run."""
    ours = {policy.key for policy in desired.objects.policies}
    order = [policy for policy in actual.policies if policy.key not in ours]
    for block in desired.blocks:
        names = [policy.key for policy in order]
        place = names.index(block.before) if block.before in names else len(order)
        order[place:place] = block.policies
    return tuple(order)


def merged(desired: DesiredFortiGate, actual: Inventory) -> Inventory:
    """The FortiGate with all objects that its policies name after the run; ours win."""
    ours = desired.objects
    return replace(
        actual,
        addresses=_over(ours.addresses, actual.addresses),
        groups=_over(ours.groups, actual.groups),
        services=_over(ours.services, actual.services),
        vips=_over(ours.vips, actual.vips),
        policies=policies_after(desired, actual),
    )


def _at_declared_hours(desired: DesiredFortiGate, actual: Inventory) -> Inventory:
    """The FortiGate now, where our policies at their hours count as they do after the run: these are meant so."""
    hours = {policy.key: policy.schedule for policy in desired.objects.policies}
    meant = (
        replace(one, at_times=False) if one.schedule == hours.get(one.key) and not _ends(one) else one
        for one in actual.policies
    )
    return replace(actual, policies=tuple(meant))


def _ends(policy: Policy) -> bool:
    return any(key.startswith("policy-expiry") for key, _ in policy.extras)


def _over(ours: tuple[Thing, ...], theirs: tuple[Thing, ...]) -> tuple[Thing, ...]:
    """Each of ours where it is on the FortiGate, and what is new at the end: of VIPs, the first that fits counts."""
    own, there = {one.name: one for one in ours}, {one.name for one in theirs}
    kept = tuple(own.get(one.name, one) for one in theirs)
    return kept + tuple(one for one in ours if one.name not in there)


class PolicyList(NamedTuple):
    """A list of policies with the table that resolves their names."""

    table: PolicyTable
    policies: tuple[Policy, ...]

    @classmethod
    def of(cls, inventory: Inventory) -> PolicyList:
        """The policies of a FortiGate."""
        return cls(PolicyTable(inventory), inventory.policies)

    def between(self, enters: str, leaves: str) -> PolicyList:
        """Only the policies that may match packets from one interface to another: a few of a long list."""
        topology = self.table.topology
        near = (
            policy
            for policy in self.policies
            if policy.active
            and topology.among(enters, policy.from_interfaces) is not False
            and topology.among(leaves, policy.to_interfaces) is not False
        )
        return PolicyList(self.table, tuple(near))

    def decide(self, packet: Packet) -> Verdict:
        """What becomes of a packet."""
        return self.table.decide(self.policies, packet)


@dataclass(frozen=True)
class Comparison:
    """What a lab declares for its FortiGate and what the FortiGate has, with the policies before and after a run."""

    lab: Lab
    settings: FortiGate
    desired: DesiredFortiGate
    actual: Inventory
    before: PolicyList
    after: PolicyList

    @classmethod
    def of(cls, lab: Lab, settings: FortiGate, desired: DesiredFortiGate, actual: Inventory) -> Comparison:
        """Both lists, each with its own table."""
        before, after = PolicyList.of(_at_declared_hours(desired, actual)), PolicyList.of(merged(desired, actual))
        return cls(lab, settings, desired, actual, before, after)

    def is_ours(self, policy: Policy | None) -> bool:
        """Whether a policy is one that the lab declares."""
        return policy in self.desired.objects.policies

    def client_at(self, interface: str, closed: VpnOnlyHosts) -> Anyone:
        """An address at an interface that no exception names; `all` where the network of the interface is not known."""
        excepted = [network for way in closed.exceptions for network in networks(way.sources)]
        return client_at(self.actual, self.before.table, interface, excepted)

    def dialled(self, address: IPv4Address) -> list[tuple[str, IPv4Address]]:
        """The interfaces by which users dial a server of this address, each with the outer address there."""
        return dialled(self.settings, self.after.table.topology, address)

    @property
    def outside(self) -> list[str]:
        """The interfaces outside; of a zone with VIPs at its members, these."""
        topology, found = self.after.table.topology, dict[str, None]()
        places = {vip.interface for vip in self.desired.objects.vips}
        for name in self.settings.outside:
            members = topology.expand(name)
            found |= dict.fromkeys(sorted(members) if places & members - {name} else [name])
        return list(found)

    @property
    def places(self) -> Iterator[tuple[IPv4Network, str]]:
        """Where the configuration says that machines are: the interfaces behind which they are."""
        settings, closed = self.settings, self.settings.behind_vpn
        servers = {*self.lab.host_addresses.values(), *(server.address for server in self.lab.servers)}
        servers |= {settings.vip.mapped, *settings.vip.addresses.values()} if settings.vip else set()
        yield from ((IPv4Network(address), settings.inside) for address in servers)
        for address in closed.hosts.values() if closed else ():
            yield IPv4Network(address), closed.to or settings.inside if closed else settings.inside


def dialled(settings: FortiGate, topology: Topology, address: IPv4Address) -> list[tuple[str, IPv4Address]]:
    """The interfaces by which users dial, each with the outer address there; `address` is the server's.

    Of a zone, these are the members that a VIP names; an interface without a VIP of its own is none where others have.
    """
    places = settings.vip.addresses if settings.vip else {}
    if not places:
        return [(name, address) for name in settings.outside]
    if "any" in places:
        return [(name, places["any"]) for name in settings.outside]
    return [(place, outer) for place, outer in places.items() if topology.among(place, settings.outside) is not False]


def client_at(inventory: Inventory, table: PolicyTable, interface: str, excepted: Collection[IPv4Network]) -> Anyone:
    """An address at an interface that is in none of some networks; `all` where its own are not known."""
    inside = table.topology.expand(interface)
    near = [(one, each.addresses) for each in inventory.interfaces if each.name in inside for one in each.networks]
    for network, own in near:
        for address in islice(network.hosts(), TRIED):
            if address not in own and not any(address in other for other in excepted):
                return address
    return ALL


def ports_of(span: tuple[str, int, int]) -> Iterator[Port]:
    """The ports of a span, or its first where there are too many."""
    kind, low, high = span
    yield from (Port(number, Transport(kind)) for number in range(low, high + 1 if high - low < WIDEST else low + 1))


def distinct(sentences: Iterable[str]) -> list[str]:
    """Each sentence once, in their order."""
    return list(dict.fromkeys(sentences))
