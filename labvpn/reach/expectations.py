"""The expectations of a lab, decided on the model: kept, broken by a packet, or not to be told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from labvpn.model.expect import (
    CAMPUS,
    INTERNET,
    VPN_HOST,
    Expectation,
    PortRange,
    Sender,
    Target,
    sender_of,
    targets_of,
)
from labvpn.model.fortigate import networks
from labvpn.model.ports import Port
from labvpn.model.users import User
from labvpn.reach import atoms
from labvpn.reach.hops import Route
from labvpn.reach.model import Origin, ReachModel
from labvpn.state.fortigate import ALL


class State(StrEnum):
    """What the model says of an expectation."""

    KEPT = "kept"
    BROKEN = "broken"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Outcome:
    """An expectation with what decides: who was tried, and the packet's route; `reason` where none could be tried."""

    place: int
    expectation: Expectation
    state: State
    who: str = ""
    route: Route | None = None
    reason: str = ""


class Decider:
    """Decides expectations on one model."""

    def __init__(self, model: ReachModel) -> None:
        self.model = model
        self.lab = model.lab

    def outcomes(self) -> list[Outcome]:
        """Every expectation of the lab, in its order."""
        return [self.decide(place, one) for place, one in enumerate(self.lab.expect)]

    def decide(self, place: int, one: Expectation) -> Outcome:
        """One expectation: broken by the first packet that does otherwise, unclear if one may."""
        unclear = last = None
        for who, route in self.tried(one):
            last = Outcome(place, one, State.KEPT, who, route)
            if route.passes is None:
                unclear = unclear or Outcome(place, one, State.UNCLEAR, who, route)
            elif route.passes is not one.reach:
                return Outcome(place, one, State.BROKEN, who, route)
        if unclear is None and last and self._too_many(one):
            return Outcome(
                place, one, State.UNCLEAR, reason="the rules cut its network into too many parts to try each"
            )
        return unclear or last or Outcome(place, one, State.UNCLEAR, reason=self.untried(one))

    def tried(self, one: Expectation) -> Iterator[tuple[str, Route]]:
        """Every packet that the expectation is about, one of each kind, with its routes."""
        sender = sender_of(one.from_, self.lab)
        targets = targets_of(one.to, self.lab)
        for origin in self.origins(sender):
            for target in _of_hub(targets, origin.hub):
                for address in self.addresses(target, origin):
                    ranges = one.ranges or target.ports or _first_ports(targets)
                    for port in self.ports(ranges, target, origin, address):
                        for route in self.model.routes(origin, address, port):
                            yield origin.label, route

    def first_open(self, address: IPv4Address) -> Route | None:
        """The route of the first port by which everyone reaches an address, if there is one."""
        (origin,), target = self.origins(Sender(INTERNET, INTERNET)), Target("host")
        for port in self.ports((), target, origin, address):
            for route in self.model.routes(origin, address, port):
                if route.passes:
                    return route
        return None

    def _too_many(self, one: Expectation) -> bool:
        """Whether not every part of a network was tried."""
        sender = sender_of(one.from_, self.lab)
        networks = [IPv4Network(sender.name)] if sender.kind == "network" else []
        networks += [target.network for target in targets_of(one.to, self.lab) if target.network]
        return any(len(atoms.addresses(each, self._named, self._avoided)) > atoms.MOST for each in networks)

    def untried(self, one: Expectation) -> str:
        """Why no packet could be tried."""
        gate = self.model.gate
        names = ", ".join(gate.inventory.interface_names) if gate else "none"
        return f"nobody is {one.from_}; the FortiGate has the interfaces {names}"

    def origins(self, sender: Sender) -> Iterator[Origin]:
        """One of each kind of those who are meant."""
        if sender.kind in ("user", "group", "hub"):
            yield from self._users(sender)
        elif sender.kind == "network":
            yield from self._network(IPv4Network(sender.name))
        elif sender.kind == "country":
            yield Origin(f"someone in {sender.name}", source=f"country {sender.name}", enters=self._outside)
        elif sender.kind == INTERNET:
            yield Origin("everyone", source=ALL, enters=self._outside)
        elif self.lab.fortigate:
            closed = self.lab.fortigate.behind_vpn
            for name in closed.from_ if sender.kind == CAMPUS and closed else (sender.name,):
                yield from self._at(name)

    @property
    def _outside(self) -> tuple[str, ...]:
        return self.lab.fortigate.outside if self.lab.fortigate else ()

    def _at(self, interface: str) -> Iterator[Origin]:
        gate = self.model.gate
        if gate is None or interface not in (*gate.inventory.interface_names, "any"):
            return
        closed = self.lab.fortigate.behind_vpn if self.lab.fortigate else None
        excepted = tuple(one for way in closed.exceptions for one in networks(way.sources)) if closed else ()
        client = gate.clients_at(interface, excepted)
        label = f"{client} at {interface}" if client != ALL else f"everyone at {interface}"
        yield Origin(label, source=client, enters=(interface,))

    def _network(self, network: IPv4Network) -> Iterator[Origin]:
        for address in atoms.addresses(network, self._named, self._avoided):
            yield Origin(str(address), source=address)

    def _users(self, sender: Sender) -> Iterator[Origin]:
        for hub in self.lab.all_hubs if sender.kind != "hub" else (sender.name,):
            held = [user for user in self.lab.users if self.lab.hub_of(user) == hub and not user.is_wildcard]
            if sender.kind == "user":
                held = [user for user in held if user.name == sender.name]
            elif sender.kind == "group":
                held = [user for user in held if user.group == sender.name]
            for user in self._kinds(hub, held):
                yield Origin(user.name, hub, user)
            if sender.kind == "hub":
                yield Origin(f"any other account of {hub}", hub)

    def _kinds(self, hub: str, users: Iterable[User]) -> Iterator[User]:
        """One of each kind of users, whose packets are treated alike."""
        kinds: dict[object, User] = {}
        for user in users:
            known = tuple(host.hubs[hub].kind_of(user) for host in self.model.hosts if hub in host.hubs)
            kinds.setdefault(known, user)
        yield from kinds.values()

    def addresses(self, target: Target, origin: Origin) -> Iterator[IPv4Address]:
        """One of each kind of the addresses that are meant."""
        if target.kind == VPN_HOST:
            yield from self._host(origin)
        elif target.kind == INTERNET:
            yield from atoms.outside(self._named)
        elif target.network:
            yield from atoms.addresses(target.network, self._named, self._avoided)

    def _host(self, origin: Origin) -> Iterator[IPv4Address]:
        """The VPN host: where clients find it, what is dialled from outside, or its own address."""
        nat = self.lab.all_hubs[origin.hub].secure_nat if origin.hub else None
        if nat and nat.host_address:
            yield nat.host_address
            return
        vip = self.lab.fortigate.vip if self.lab.fortigate else None
        for server in self.lab.servers:
            if vip and not set(origin.enters) & set(self._outside):
                yield vip.mapped
            elif vip and vip.addresses:
                yield from dict.fromkeys(vip.addresses.values())
            else:
                yield server.address

    def ports(self, ranges: Iterable[PortRange], target: Target, origin: Origin, address: IPv4Address) -> list[Port]:
        """One of each kind of the ports that are meant; of the VPN host itself not those by which users dial."""
        if ranges := tuple(ranges):
            simple = all(one.first == one.last for one in ranges)
            return atoms.ports(ranges, () if simple else self._boundaries(origin, address))
        dialled = self.lab.opened if target.kind == VPN_HOST else ()
        cuts = {*self._boundaries(origin, address), *(port._replace(number=port.number + 1) for port in dialled)}
        return [port for port in atoms.ports(atoms.EVERY, cuts) if port not in dialled]

    def _boundaries(self, origin: Origin, address: IPv4Address) -> Iterator[Port]:
        """The ports at which a verdict on packets between these ends may change."""
        for host in self.model.hosts:
            yield from host.rules.boundaries() if host.rules else ()
            if origin.hub in host.hubs:
                yield from host.hubs[origin.hub].boundaries(address)
        if gate := self.model.gate:
            for flow, enters in self.model.before_gate(origin, address):
                for way in gate.ways(flow, enters):
                    yield from gate.boundaries(flow, way)

    @cached_property
    def _named(self) -> frozenset[IPv4Network]:
        """Every network that a hop names."""
        gate = self.model.gate
        found = set(gate.networks()) if gate else set[IPv4Network]()
        for host in self.model.hosts:
            found |= set(host.rules.networks()) if host.rules else set()
            found |= {network for hub in host.hubs.values() for network in hub.networks()}
        return frozenset(found)

    @cached_property
    def _avoided(self) -> frozenset[IPv4Address]:
        """The FortiGate's own addresses, about which its policies do not decide."""
        gate = self.model.gate
        return frozenset(own for one in gate.inventory.interfaces for own in one.addresses) if gate else frozenset()


def _of_hub(targets: tuple[Target, ...], hub: str) -> tuple[Target, ...]:
    """Of services that several hubs have by one name, a hub's own."""
    own = tuple(one for one in targets if hub and one.hub == hub)
    return own or targets


def _first_ports(targets: tuple[Target, ...]) -> tuple[PortRange, ...]:
    return tuple(dict.fromkeys(port for target in targets for port in target.ports))
