"""Who reaches what of the lab, as a table: one row for each pair of a sender and a host, and two tables compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from labvpn.model.expect import INTERNET, VPN_HOST, PortRange, Sender, Target
from labvpn.model.ports import Port, Transport
from labvpn.reach import atoms
from labvpn.reach.expectations import Decider
from labvpn.reach.hops import Route
from labvpn.reach.model import Origin, ReachModel

NOTHING, EVERYTHING = "nothing", "every port"


class Reached(NamedTuple):
    """What a sender reaches of a host: the open ports, and those of which it cannot be told."""

    sender: str
    target: str
    open: str
    unclear: str = NOTHING


class Change(NamedTuple):
    """A row that differs: what was reached at the last `up`, and what is reached now."""

    sender: str
    target: str
    before: str
    now: str

    def __str__(self) -> str:
        """As a line: `campus: workstation (203.0.113.21): nothing -> 8000/tcp`."""
        return f"{self.sender}: {self.target}: {self.before} -> {self.now}"


def rows(model: ReachModel) -> list[Reached]:
    """The whole table."""
    decider = Decider(model)
    pairs = ((origin, *one) for origin in _senders(decider) for one in _hosts(decider, origin))
    return [_row(decider, origin, name, target, address) for origin, name, target, address in pairs]


def _senders(decider: Decider) -> Iterator[Origin]:
    """The internet, every other interface, and of each hub those whose packets are treated apart."""
    lab = decider.lab
    yield from decider.origins(Sender(INTERNET, INTERNET))
    for name in other_interfaces(decider.model):
        yield from (replace(one, label=name) for one in decider.origins(Sender("interface", name)))
    for hub in lab.all_hubs:
        for origin in decider.origins(Sender("hub", hub)):
            held = [host.hubs[hub] for host in decider.model.hosts if hub in host.hubs]
            if origin.user and held and all(one.is_plain(origin.user) for one in held):
                continue
            yield replace(origin, label=f"{origin.label} ({hub})") if origin.user else origin


def other_interfaces(model: ReachModel) -> list[str]:
    """The FortiGate's interfaces with a network that are neither outside nor the server's, nor part of a zone."""
    gate = model.gate
    if gate is None:
        return []
    zoned = {member for zone in gate.inventory.zones for member in zone.members}
    near = {*gate.settings.outside, gate.settings.inside, *zoned}
    return [one.name for one in gate.inventory.interfaces if one.networks and one.name not in near]


def _hosts(decider: Decider, origin: Origin) -> Iterator[tuple[str, Target, IPv4Address]]:
    """Every host of the lab by its names, then the internet."""
    lab, named = decider.lab, dict[IPv4Address, list[str]]()
    for hub in lab.all_hubs.values():
        for service in hub.services:
            if service.to.prefixlen == service.to.max_prefixlen:
                named.setdefault(service.to.network_address, []).append(service.name)
    closed = lab.fortigate.behind_vpn if lab.fortigate else None
    for name, address in (closed.hosts if closed else {}).items():
        named.setdefault(address, []).append(name)
    for address in decider.addresses(Target(VPN_HOST), origin):
        yield f"{VPN_HOST} ({address})", Target("host", IPv4Network(address)), address
        named.pop(address, None)
    for address, names in named.items():
        if not origin.hub and any(address in host.inner for host in decider.model.hosts):
            continue
        yield f"{', '.join(dict.fromkeys(names))} ({address})", Target("host", IPv4Network(address)), address
    if origin.hub:
        for address in decider.addresses(Target(INTERNET), origin):
            yield INTERNET, Target(INTERNET), address


def _row(decider: Decider, origin: Origin, name: str, target: Target, address: IPv4Address) -> Reached:
    tried = decider.ports((), target, origin, address)
    verdicts = {port: _verdict(list(decider.model.routes(origin, address, port))) for port in tried}
    return Reached(origin.label, name, _ranges(verdicts, wanted=True), _ranges(verdicts, wanted=None))


def _verdict(routes: Sequence[Route]) -> bool | None:
    """Whether a packet arrives by any of its ways."""
    found = [route.passes for route in routes]
    return True if True in found else None if None in found else False


def _ranges(verdicts: Mapping[Port, bool | None], wanted: bool | None) -> str:
    """The ports of one verdict, each tried one standing for all up to the next."""
    found: list[PortRange] = []
    for transport in Transport:
        own = sorted(port for port in verdicts if port.transport is transport)
        for port, following in zip(own, [*own[1:], Port(65536, transport)], strict=True):
            if verdicts[port] is not wanted:
                continue
            if found and found[-1].transport is transport and found[-1].last + 1 == port.number:
                found[-1] = found[-1]._replace(last=following.number - 1)
            else:
                found.append(PortRange(transport, port.number, following.number - 1))
    return EVERYTHING if set(found) == set(atoms.EVERY) else ", ".join(map(str, found)) or NOTHING


def as_outputs(table: Iterable[Reached]) -> list[dict[str, str]]:
    """The table as the stack's outputs and programs have it."""
    return [{"from": one.sender, "to": one.target, "open": one.open, "unclear": one.unclear} for one in table]


def of_outputs(held: Iterable[Mapping[str, str]]) -> list[Reached]:
    """The table of some outputs."""
    return [Reached(one["from"], one["to"], one["open"], one.get("unclear", NOTHING)) for one in held]


def changes(before: Iterable[Reached], now: Iterable[Reached]) -> list[Change]:
    """The rows that differ, those that are gone or new among them."""
    old, new = ({(one.sender, one.target): one for one in table} for table in (before, now))
    found = []
    for key in dict.fromkeys([*new, *old]):
        said = [_said(table.get(key)) for table in (old, new)]
        if said[0] != said[1]:
            found.append(Change(*key, *said))
    return found


def _said(one: Reached | None) -> str:
    if one is None:
        return "not there"
    return one.open if one.unclear == NOTHING else f"{one.open}, perhaps {one.unclear}"
