"""Several servers of one stack: which of them a run probes, what is asked of each, and what sees it. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from labvpn.model.ports import Transport, of_transport
from labvpn.model.vpn import Vpn
from labvpn.probe import text
from labvpn.probe.targets import TargetError, Targets, checked_address, checked_host, is_address, targets

OWN = ("vpn", "host")
"""Places that belong to one server alone: the others are seen from there as no user sees them."""


@dataclass(frozen=True)
class ProbedServer:
    """One of several servers: its name in the stack (empty: it needs none), its address, and what reaches it alone."""

    name: str
    address: str
    dialled: str

    @property
    def label(self) -> str:
        """The server as a sentence names it."""
        return text.server(self.dialled, self.address)

    def is_called(self, host: str) -> bool:
        """Whether `host` means this one."""
        return host.rstrip(".").lower() in {self.name, self.address, self.dialled.lower()} - {""}

    def is_seen_from(self, point: str) -> bool:
        """Whether a vantage point of that name probes this server: `vpn-two` and `host-two` are those of `two`."""
        place = place_of(point)
        return place not in OWN or point == named(place, self.name)


def place_of(point: str) -> str:
    """The first word of a vantage point's name, which says where it is."""
    return point.partition("-")[0]


def named(place: str, server: str | None) -> str:
    """What a vantage point at one of several servers is called; that server may need no name."""
    return f"{place}-{server}" if server else place


def wanted(host: str | None, outputs: str | None, **more: str | None) -> tuple[Targets, tuple[ProbedServer, ...]]:
    """What a run asks, and the servers that it asks one by one; none where `host` or the stack means a single one.

    `more` are the further words of `targets`. Raises TargetError.
    """
    stack = read(outputs) if outputs is not None else ()
    one = next((server for server in stack if host and server.is_called(host)), None)
    given = more.get("address")
    if outputs is None and more.get("tcp") is None and more.get("udp") is None:
        more = {**more, **_default_ports()}
    made = targets(None if one else host, outputs, **more)
    if one and host:
        own = asked(made, one)
        leads = host if is_address(host) else own.host
        return replace(own, host=leads, address=made.address if given else own.address), ()
    return made, () if given or (host and is_address(host)) else stack


def _default_ports() -> dict[str, str]:
    """The ports of a server that is configured without any listed, as the lists of `targets`."""
    ports = Vpn().ports
    return {each.value: ",".join(map(str, of_transport(ports, each))) for each in Transport}


def asked(made: Targets, server: ProbedServer) -> Targets:
    """What is asked of one server, of all that is wanted of each."""
    return replace(made, host=server.dialled, address=server.address, shared=made.name)


def read(outputs: str) -> tuple[ProbedServer, ...]:
    """The servers in the stack's outputs (JSON text), none where there are not several. Raises TargetError."""
    try:
        data = json.loads(outputs)["servers"]
    except (KeyError, TypeError, ValueError):
        return ()
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        raise TargetError("--outputs: servers is not a list of objects; write it with: pulumi stack output --json")
    found = tuple(_probed_server(one, f"--outputs: servers[{number}].address") for number, one in enumerate(data))
    return found if len(found) > 1 else ()


def found(addresses: Sequence[str]) -> tuple[ProbedServer, ...]:
    """The servers behind a name with several addresses, where nothing else is known of them."""
    return tuple(ProbedServer("", address, address) for address in addresses) if len(addresses) > 1 else ()


def check_places(servers: Sequence[ProbedServer], points: Sequence[str]) -> None:
    """Raise TargetError where it is unclear at which of several servers a vantage point is, or no one sees a server."""
    for point in points:
        seen = [server for server in servers if server.is_seen_from(point)]
        if place_of(point) in OWN and len(seen) != 1:
            raise TargetError(f"{point}: from there one of several servers is seen, not all; {_remedy(servers, point)}")
    for server in servers:
        if not any(server.is_seen_from(point) for point in points):
            raise TargetError(f"no vantage point sees {server.label}; name one that does, or give one server as HOST")


def _remedy(servers: Sequence[ProbedServer], point: str) -> str:
    if not any(server.name for server in servers):
        return "give that one's address as HOST, or the stack's outputs with --outputs FILE"
    called = (f"{named(place_of(point), server.name)} ({server.label})" for server in servers)
    return "call it " + " or ".join(called)


def _probed_server(data: dict[str, Any], place: str) -> ProbedServer:
    address = checked_address(str(data.get("address") or ""), place)
    return ProbedServer(str(data.get("name") or ""), address, checked_host(str(data.get("dialled") or address)))
