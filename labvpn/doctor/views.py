"""A whole look at the host from this machine: every port at once, in a few seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from labvpn.doctor import services, sighting, sockets
from labvpn.doctor.sighting import Sighting
from labvpn.doctor.targets import Port

PLACES = ("outside", "campus", "vpn", "host")


@dataclass(frozen=True)
class View:
    """What one vantage point sees; `trouble` says in words why it sees nothing.

    `place` is where it stands: outside, campus, vpn (a client of the VPN) or host (on the server itself).
    """

    name: str
    place: str
    sightings: tuple[Sighting, ...] = ()
    shows_offender: bool = True
    trouble: str = ""


def look(name: str, place: str, address: str, ports: Iterable[Port], host: str | None) -> View:
    """Probe all `ports` of `address` concurrently; `host` is the name that TLS is told."""
    wanted = tuple(ports)
    with ThreadPoolExecutor(max_workers=max(1, len(wanted))) as pool:
        seen = tuple(pool.map(lambda port: services.look(address, port, host), wanted))
    return View(name, place, seen, sockets.SHOWS_OFFENDER)


def to_json(view: View) -> dict[str, Any]:
    """The view as JSON carries it."""
    return {
        "name": view.name,
        "place": view.place,
        "shows_offender": view.shows_offender,
        "trouble": view.trouble,
        "ports": [sighting.to_json(seen) for seen in view.sightings],
    }


def from_json(data: Mapping[str, Any]) -> View:
    """The view of such JSON; raises KeyError, TypeError or ValueError if it is none."""
    seen = tuple(sighting.from_json(port) for port in data["ports"])
    return View(str(data["name"]), str(data["place"]), seen, bool(data["shows_offender"]), str(data["trouble"]))
