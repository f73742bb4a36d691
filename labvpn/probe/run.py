"""One run of the probe: the name, this machine and every other vantage point, all at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from labvpn.probe import name_lookup, report, scan
from labvpn.probe import servers as probed_servers
from labvpn.probe.name_lookup import Resolution
from labvpn.probe.report import ProbeReport
from labvpn.probe.rounds import Round
from labvpn.probe.scan import PLACES, VantageView
from labvpn.probe.servers import ProbedServer
from labvpn.probe.targets import TargetError, Targets

NOWHERE = "none"
AROUND = "packets for {address} go around the tunnel there; give the server's address inside the VPN with --inner"


class Vantage(Protocol):
    """Another machine that probes: its name, where it is, and what it sees."""

    @property
    def name(self) -> str:
        """How reports call it."""

    @property
    def place(self) -> str:
        """One of PLACES."""

    def observe(self, wanted: Targets, address: str) -> VantageView:
        """What it sees of the ports of the server at `address`."""


def place(text: str, there: Sequence[Vantage]) -> str:
    """Where this machine is, or NOWHERE if it only asks the vantage points `there`; raises TargetError."""
    if text not in (*PLACES, NOWHERE):
        raise TargetError(f"--here: {text!r} is not a place; write one of {', '.join(PLACES)} or {NOWHERE}")
    if text == NOWHERE and not there:
        raise TargetError(f"--here {NOWHERE}: then another machine must probe; name a vantage point with --vantage")
    return text


def probe(
    wanted: Targets, here: str, there: Sequence[Vantage], resolver: str | None = None, known: Resolution | None = None
) -> ProbeReport:
    """Probe from this machine, which is at `here`, and from every vantage point `there`.

    `known` is what the DNS says of the name, where it was asked before.
    """
    began, clock = time.time(), time.monotonic()
    with ThreadPoolExecutor(max_workers=len(there) + 2) as pool:
        asks = here != NOWHERE or not wanted.address
        asked = pool.submit(_name, wanted.name, resolver, known) if wanted.name and asks else None
        # Where only the name leads to the address, everything waits for it.
        address = wanted.address or (asked.result().address if asked else wanted.host)
        seen = _views(pool, wanted, address, here, there) if address else ()
        resolution = asked.result() if asked else None
    return report.report(wanted, address or "", seen, resolution, began, time.monotonic() - clock)


def each(
    wanted: Targets, servers: Sequence[ProbedServer], here: str, there: Sequence[Vantage], resolver: str | None = None
) -> Round:
    """Probe one server, or each of several in turn; an address that only the name leads to may be of several too.

    In turn, because a hop on the way limits its ICMP errors, whichever server they are about. Raises
    TargetError where a vantage point cannot be where it is said to be.
    """
    began, clock = time.time(), time.monotonic()
    place_here = _place_here(here, there, servers)
    known = name_lookup.resolve(wanted.name, resolver) if wanted.name and not wanted.address else None
    behind = tuple(servers) or (probed_servers.found(known.addresses) if known else ())
    if not behind:
        alone = probe(wanted, place_here, there, resolver, known)
        return Round(wanted.host, (replace(alone, at=began, seconds=time.monotonic() - clock),))
    places = [point.name for point in there]
    probed_servers.check_places(behind, places if here == NOWHERE else [here, *places])
    with ThreadPoolExecutor(max_workers=1) as pool:
        asked = pool.submit(_name, wanted.name, resolver, known) if wanted.name and here != NOWHERE else None
        made = tuple(_each(wanted, behind, here, there, resolver))
        resolution = asked.result() if asked else known
    expected = tuple(server.address for server in servers)
    return Round(wanted.host, made, behind, resolution, expected, began, time.monotonic() - clock)


def _each(
    wanted: Targets, servers: Sequence[ProbedServer], here: str, there: Sequence[Vantage], resolver: str | None
) -> Iterator[ProbeReport]:
    """The report of every server, from the places that see it."""
    for server in servers:
        place_here = _place_here(here, there, servers) if server.is_seen_from(here) else NOWHERE
        points = [point for point in there if server.is_seen_from(point.name)]
        yield probe(probed_servers.asked(wanted, server), place_here, points, resolver)


def _place_here(here: str, there: Sequence[Vantage], servers: Sequence[ProbedServer]) -> str:
    """Where this machine is; in the VPN of one of several servers its place is called `vpn-NAME`."""
    first = probed_servers.place_of(here)
    return place(first if servers and first in probed_servers.OWN else here, there)


def _name(name: str, resolver: str | None, known: Resolution | None) -> Resolution:
    return known or name_lookup.resolve(name, resolver)


def _views(
    pool: ThreadPoolExecutor, wanted: Targets, address: str, here: str, there: Sequence[Vantage]
) -> tuple[VantageView, ...]:
    away = [pool.submit(_observe, point, wanted, address) for point in there]
    own = () if here == NOWHERE else (_observe(LocalVantage(place=here), wanted, address),)
    return (*own, *(view.result() for view in away))


@dataclass(frozen=True)
class LocalVantage:
    """This machine."""

    place: str
    name: str = "here"

    def observe(self, wanted: Targets, address: str) -> VantageView:
        """What this machine sees of all ports."""
        return scan.scan(self.name, self.place, address, wanted)


def _observe(point: Vantage, wanted: Targets, address: str) -> VantageView:
    """What a point sees: of the server's inner address where it is in the VPN."""
    if point.place != "vpn":
        return point.observe(wanted, address)
    if not wanted.inner:
        return VantageView(point.name, point.place, trouble=AROUND.format(address=address))
    return replace(point.observe(wanted, wanted.inner), address=wanted.inner)
