"""The FortiGate: where a packet enters and leaves it, and what its whole list of policies does with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from itertools import product

from labvpn.model.fortigate import FortiGate, networks
from labvpn.model.ports import Port, Transport
from labvpn.parse.fortigate.extent import Anyone
from labvpn.parse.fortigate.services import Served
from labvpn.plan.fortigate.comparison import PolicyList, client_at, dialled
from labvpn.plan.fortigate.policy_table import Packet, Verdict
from labvpn.plan.fortigate.translation import by_vip
from labvpn.reach.atoms import ANYWHERE
from labvpn.reach.hops import Flow, HopVerdict
from labvpn.state.fortigate import Action, Inventory, Policy, Vip

HOP = "FortiGate"
PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""Networks that may be anywhere inside (RFC 1918, RFC 6598)."""

Way = tuple[str, str]
"""The interfaces by which a packet enters and leaves."""


@dataclass(frozen=True)
class Gate:
    """A FortiGate with a list of policies; `is_ours` tells those that the lab declares.

    `places` are the machines of which the configuration says behind which interface they are.
    """

    settings: FortiGate
    inventory: Inventory
    policies: PolicyList
    is_ours: Callable[[Policy | None], bool]
    places: tuple[tuple[IPv4Network, str], ...] = ()
    _near: dict[Way, PolicyList] = field(default_factory=dict)
    _concerned: dict[tuple[Way, Anyone, IPv4Address], PolicyList] = field(default_factory=dict)

    def interfaces_of(self, end: Anyone) -> tuple[str, ...]:
        """The interfaces behind which somebody may be: one where that is known."""
        if isinstance(end, IPv4Address):
            return self._placed(end) or self._anywhere()
        return self.settings.outside

    def _entered_by(self, source: Anyone) -> tuple[str, ...]:
        """The interfaces by which a sender enters: a public address that no interface has is of the internet."""
        if isinstance(source, IPv4Address) and not _is_private(source):
            return self._placed(source) or self.settings.outside
        return self.interfaces_of(source)

    def _placed(self, end: IPv4Address) -> tuple[str, ...]:
        """Where the configuration says that an address is, or the network of an interface; none where neither does."""
        outer = self._outer(end)
        inner = outer[0].mapped if outer else end
        for one in (end, inner):
            if held := [name for network, name in self.places if one in network]:
                return (held[0],)
        if name := self.inventory.interface_at(inner):
            return (name,)
        closed = self.settings.behind_vpn
        if end in ANYWHERE or any(end in network for network in networks(self.settings.sources)):
            return self.settings.outside
        excepted = [network for way in (closed.exceptions if closed else ()) for network in networks(way.sources)]
        return closed.from_ if closed and any(end in network for network in excepted) else ()

    def unplaced(self, flow: Flow, enters: tuple[str, ...] = ()) -> list[IPv4Address]:
        """The ends of a packet of which it is not known behind which interface they are."""
        lost = [] if self._placed(flow.target) else [flow.target]
        source = flow.source
        if not enters and isinstance(source, IPv4Address) and _is_private(source) and not self._placed(source):
            lost.append(source)
        return lost

    def _outer(self, end: Anyone) -> list[Vip]:
        """The VIPs whose outer address this is, and that translate it to another one."""
        return [vip for vip in self.inventory.vips if vip.outside == end != vip.mapped and not vip.unread]

    def _anywhere(self) -> tuple[str, ...]:
        zones = {member for zone in self.inventory.zones for member in zone.members}
        names = [one for one in self.inventory.interface_names if one not in zones]
        return tuple(names) or self.settings.outside

    def decide(self, flow: Flow, way: Way) -> HopVerdict:
        """What becomes of a packet that enters and leaves by these interfaces."""
        verdict = self._verdict(flow, way)
        own = any(flow.target in one.addresses for one in self.inventory.interfaces)
        if (
            not (own or self._is_of_machine(flow.target))
            and (outer := self._outer(flow.target))
            and not self._translating(flow, way)
        ):
            return HopVerdict(HOP, False, f"VIP {outer[0].name} has that address, and translates no such packet")
        if verdict.passes is None:
            return HopVerdict(HOP, None, verdict.because)
        policy = verdict.policy
        return HopVerdict(HOP, verdict.passes, self._named(policy, way), policy is None or self.is_ours(policy))

    def _is_of_machine(self, address: IPv4Address) -> bool:
        """Whether a machine has an address itself, by the configuration, even if a VIP takes some of its ports."""
        vip, closed = self.settings.vip, self.settings.behind_vpn
        hosts = {*(closed.hosts.values() if closed else ()), *([vip.mapped] if vip else [])}
        return address in hosts or (vip is None and any(address in network for network, _ in self.places))

    def source_behind(self, flow: Flow, way: Way) -> Anyone | None:
        """The source that whoever is behind the FortiGate sees; None where it is not known."""
        found = self.sources_behind(flow, way)
        return found.pop() if len(found) == 1 else None

    def sources_behind(self, flow: Flow, way: Way) -> set[Anyone | None]:
        """The sources that they may see, by the policies that may let the packet pass; None is an unknown one."""
        verdict = self._verdict(flow, way)
        accepts = [one for one in (*verdict.perhaps, verdict.policy) if one and one.action is Action.ACCEPT]
        return {self._source_by(policy, flow, way) for policy in accepts} or {flow.source}

    def _source_by(self, policy: Policy, flow: Flow, way: Way) -> Anyone | None:
        """The source by one policy: with NAT the address of the interface by which it leaves, if that has one alone."""
        if not policy.nat:
            return flow.source
        if any(key in ("ippool", "poolname") for key, _ in policy.extras):
            return None
        held = self.policies.table.topology.expand(way[1])
        own = [address for one in self.inventory.interfaces if one.name in held for address in one.addresses]
        return own[0] if len(own) == 1 else None

    def translated(self, flow: Flow, way: Way) -> Flow | None:
        """The packet behind the FortiGate: to the inner address and port, where a VIP translates it.

        None where a VIP may translate it of which it is not known to what.
        """
        policy = self._verdict(flow, way).policy
        names = set(self.policies.table.addresses.members(policy.destinations)) if policy else set()
        for vip in self._translating(flow, way):
            taken = by_vip(vip, _packet(flow, way))
            if vip.name in names and taken:
                return flow._replace(target=vip.mapped, port=taken.port or flow.port)
        return None if self.policies.table.translations(_packet(flow, way))[1] else flow

    def _translating(self, flow: Flow, way: Way) -> list[Vip]:
        """The VIPs that translate a packet, or may do so: at their interface, for their port, named by a policy."""
        table, outer = self.policies.table, self._outer(flow.target)
        if not outer:
            return []
        active = [one.destinations for one in self.policies.policies if one.active]
        hidden = any(map(table.addresses.may_hold_vips, active))
        used = {name for names in active for name in table.addresses.members(names)}
        return [
            vip
            for vip in outer
            if (hidden or vip.name in used)
            and table.topology.among(way[0], (vip.interface,)) is not False
            and by_vip(vip, _packet(flow, way))
        ]

    def _named(self, policy: Policy | None, way: Way) -> str:
        if policy is None:
            return f"the implicit deny, since no policy from {way[0]} to {way[1]} accepts it"
        number = f"policy {policy.number} " if policy.number else "policy "
        return f"{number}'{policy.name}'" if policy.name else number.rstrip()

    def _verdict(self, flow: Flow, way: Way) -> Verdict:
        return self.concerned(flow, way).decide(_packet(flow, way))

    def concerned(self, flow: Flow, way: Way) -> PolicyList:
        """The policies that may match a packet between these ends, for some port: a few of a long list."""
        key = (way, flow.source, flow.target)
        if key not in self._concerned:
            if way not in self._near:
                self._near[way] = self.policies.between(*way)
            near = self._near[way]
            packets = [Packet(*way, flow.source, end, None) for end in self._ends(flow.target)]
            held = tuple(
                policy for policy in near.policies if any(near.table.concerns(policy, packet) for packet in packets)
            )
            self._concerned[key] = PolicyList(near.table, held)
        return self._concerned[key]

    def _ends(self, target: IPv4Address) -> set[IPv4Address]:
        """A target, and the inner addresses of VIPs that have it as their outer one."""
        return {target, *(vip.mapped for vip in self._outer(target))}

    def ways(self, flow: Flow, enters: tuple[str, ...] = ()) -> Iterator[Way]:
        """Every way that a packet may take through the FortiGate; none where both ends are in one network."""
        leaves = self.interfaces_of(flow.target)
        # Where neither end is known, the answer is not either: not each way is tried.
        lost = len(self.unplaced(flow, enters)) > 1
        entered = enters or (self.settings.outside if lost else self._entered_by(flow.source))
        for one, other in product(self._dialling(entered, flow.target), leaves):
            if one != other or not self._beside(flow):
                yield one, other

    def _dialling(self, entered: tuple[str, ...], target: IPv4Address) -> tuple[str, ...]:
        """Of some interfaces, or members of theirs, that by which users dial an address, where it is one's alone."""
        topology, vip = self.policies.table.topology, self.settings.vip
        if not (vip and vip.addresses):
            return entered
        places = [name for name, outer in dialled(self.settings, topology, target) if outer == target]
        return tuple(name for name in places if topology.among(name, entered)) or entered

    def _beside(self, flow: Flow) -> bool:
        """Whether both ends are in one network, so that the FortiGate is not asked."""
        if not isinstance(flow.source, IPv4Address) or self._outer(flow.target):
            return False
        ends = (flow.source, flow.target)
        return any(all(end in network for end in ends) for one in self.inventory.interfaces for network in one.networks)

    def boundaries(self, flow: Flow, way: Way) -> Iterator[Port]:
        """The ports at which the verdict may change: the ends of what the concerned policies name, and of VIPs."""
        table = self.policies.table
        for policy in self.concerned(flow, way).policies:
            for kind, low, high in table.services.span(policy.services).spans:
                yield from _ends(kind, low, high)
        for transport, outer, _ in (vip.forwards for vip in self.inventory.vips if vip.forwards):
            for first, last in Served.of(outer):
                yield from _ends(transport, first, last)

    def networks(self) -> Iterator[IPv4Network]:
        """Every network that an object names: where one ends, the verdict may change."""
        yield from (network for one in self.inventory.addresses for network in one.networks)
        yield from (IPv4Network(end) for one in self.inventory.vips for end in (one.outside, one.mapped))
        yield from (network for one in self.inventory.interfaces for network in one.networks)

    def clients_at(self, interface: str, excepted: tuple[IPv4Network, ...]) -> Anyone:
        """An address at an interface that no exception names; `all` where its network is not known."""
        return client_at(self.inventory, self.policies.table, interface, excepted)


def _is_private(address: IPv4Address) -> bool:
    return any(address in network for network in PRIVATE)


def _packet(flow: Flow, way: Way) -> Packet:
    return Packet(*way, flow.source, flow.target, flow.port, exact=True)


def _ends(kind: str, low: int, high: int) -> Iterator[Port]:
    """Both ends of a span of ports; none for what has other ports or none (SCTP, ICMP, ESP)."""
    if kind in set(Transport):
        yield Port(low, Transport(kind))
        yield Port(high + 1, Transport(kind))
