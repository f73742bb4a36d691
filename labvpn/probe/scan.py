"""A whole scan of the host from this machine: every port at once, in a few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from labvpn.probe import observation, services, sockets
from labvpn.probe.observation import DROPPED, Observation
from labvpn.probe.targets import Targets

PLACES = ("outside", "campus", "vpn", "host")

# Seconds that the ports that should be open are ahead of the others at most, and how often silence is asked again.
_HEAD_START = 1.5
_ROUNDS = 2


@dataclass(frozen=True)
class VantageView:
    """What one vantage point sees; `trouble` says in words why it sees nothing.

    `place` is where it is: outside, campus, vpn (a client of the VPN) or host (on the server itself). `address` is
    the server's as it is known there, where that is another than the report's.
    """

    name: str
    place: str
    observations: tuple[Observation, ...] = ()
    shows_offender: bool = True
    trouble: str = ""
    address: str = ""


def scan(name: str, place: str, address: str, wanted: Targets) -> VantageView:
    """Probe all ports of `address` concurrently, those that should be open first.

    Linux sends six ICMP errors at once to the same address, then one a second (icmp_ratelimit). So the ports whose
    silence decides nothing come once the others have answered or rejected, at the latest after a while, and silence is
    asked again as long as that brings errors.
    """
    knocked = threading.Semaphore(0)
    with ThreadPoolExecutor(max_workers=len(wanted.opened) + len(wanted.closed) or 1) as pool:
        ask = partial(services.observe, address, name=next(iter(wanted.names), None))
        opened = pool.map(partial(ask, knocked=knocked.release), wanted.opened)
        _await(knocked, len(wanted.opened))
        closed = pool.map(ask, wanted.closed)
        seen = {observed.port: observed for observed in (*opened, *closed)}
        for _ in range(_ROUNDS):
            silent = [port for port in wanted.opened if seen[port].state == DROPPED]
            if not any(observed.refusal for observed in seen.values()):
                break
            again = {observed.port: observed for observed in pool.map(ask, silent)}
            seen.update(again)
            if all(observed.state == DROPPED for observed in again.values()):
                break
    return VantageView(name, place, tuple(seen.values()), sockets.SHOWS_OFFENDER)


def _await(knocked: threading.Semaphore, count: int) -> None:
    """Wait until that many ports have answered or rejected, at most for the head start."""
    until = time.monotonic() + _HEAD_START
    for _ in range(count):
        if not knocked.acquire(timeout=max(0.0, until - time.monotonic())):
            return


def to_json(view: VantageView) -> dict[str, Any]:
    """The view as JSON carries it."""
    return {
        "name": view.name,
        "place": view.place,
        "shows_offender": view.shows_offender,
        "trouble": view.trouble,
        "ports": [observation.to_json(seen) for seen in view.observations],
    }


def from_json(data: Mapping[str, Any]) -> VantageView:
    """The view of such JSON; raises KeyError, TypeError or ValueError if it is none."""
    seen = tuple(observation.from_json(port) for port in data["ports"])
    return VantageView(str(data["name"]), str(data["place"]), seen, bool(data["shows_offender"]), str(data["trouble"]))
