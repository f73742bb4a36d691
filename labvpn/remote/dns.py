"""Records at their primary name server: read, and changed by signed update (RFC 2136) only as they were read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import dns.message
import dns.name
import dns.update

from labvpn.model.records import Key, RecordSet, Sets
from labvpn.observe.dns import Shown
from labvpn.remote import dns_sets
from labvpn.remote.dns_wire import Conflict, Silent, Zone, exchange
from labvpn.remote.errors import HopError

PATIENCE = 40.0
"""Seconds that a change may take in all, with a server that sleeps in the middle of it."""

TRIES = 5
"""How often a change is tried where the records change meanwhile."""

Say = Callable[[str], None]


def show(zone: Zone, keys: Iterable[Key]) -> Shown:
    """What the server shows of the zone and of these sets, every answer signed. Raises HopError for each outcome."""
    question = dns.message.make_query(dns.name.from_text(zone.name), "SOA", flags=0)
    answer = exchange(zone, question)
    soa = dns_sets.soa(answer, zone.name)
    if soa is None:
        raise HopError(
            zone.hop, f"does not serve {zone.name} as a zone", "correct dns.zone, or name the primary as dns.server"
        )
    return Shown("", zone.server, soa, read(zone, keys))


def read(zone: Zone, keys: Iterable[Key]) -> Sets:
    """The sets of these keys as the server shows them, and aliases that hold their names."""
    found: dict[Key, RecordSet] = {}
    for key in keys:
        question = dns.message.make_query(dns.name.from_text(key.name), key.kind, flags=0)
        found |= dns_sets.of_answer(exchange(zone, question), key)
    return found


def change(
    zone: Zone,
    keys: Iterable[Key],
    decide: Callable[[Sets], dns.update.UpdateMessage | None],
    say: Say,
    patience: float = PATIENCE,
) -> Sets:
    """Send what `decide` makes of the records as they stand, until it says None; returns how they stood at first.

    An update that gets no answer may still be done, and one whose prerequisites fail met another's: in both cases the
    records are read again before anything is repeated. Raises HopError, also what `decide` raises.
    """
    keys, deadline = list(keys), time.monotonic() + patience
    before: Sets | None = None
    for _ in range(TRIES):
        now = _awaken(lambda: read(zone, keys), deadline, say)
        before = now if before is None else before
        message = decide(now)
        if message is None:
            return before
        try:
            exchange(zone, message)
        except Conflict:
            say(f"{zone.hop} says that the records changed just now: looking again")
        except Silent as error:
            say(f"{error}: reading back before the update is repeated")
    raise HopError(
        zone.hop,
        "takes the update and does not show it, or other records of the name stand in its way",
        "look at its log",
    )


def _awaken(ask: Callable[[], Sets], deadline: float, say: Say) -> Sets:
    """An answer, asked for again while the server is silent, until the deadline."""
    while True:
        try:
            return ask()
        except Silent as error:
            if time.monotonic() > deadline:
                remedy = "an update that was sent may still be done when it wakes; run this again, it reads first"
                raise HopError(str(error), "and did not wake meanwhile", remedy) from None
            say(f"{error}: asking again")
