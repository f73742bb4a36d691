"""Records at their primary name server: read, and changed by signed update (RFC 2136) only as they were read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import dns.message
import dns.name
import dns.update

from labvpn.connect.dns.tsig import Conflict, Silent, Unreachable, Zone, exchange
from labvpn.connect.errors import HopError
from labvpn.parse import dns as dns_sets
from labvpn.state.dns import ServerAnswer
from labvpn.state.records import Key, RecordSet, Sets

PATIENCE = 40.0
"""Seconds that a change may take in all, with a server that sleeps in the middle of it."""

TRIES = 5
"""How often a change is tried where the records change meanwhile."""

NONE: Sets = {}
"""No record sets."""

Say = Callable[[str], None]


def answer(zone: Zone, keys: Iterable[Key]) -> ServerAnswer:
    """What the server shows of the zone and of these sets, every answer signed. Raises HopError for each outcome."""
    question = dns.message.make_query(dns.name.from_text(zone.name), "SOA", flags=0, use_edns=0, want_dnssec=True)
    answer = exchange(zone, question)
    soa = dns_sets.soa(answer, zone.name)
    if soa is None:
        raise HopError(
            zone.hop, f"does not serve {zone.name} as a zone", "correct dns.zone, or name the primary as dns.server"
        )
    given, below = _answers(zone, keys)
    if below:
        what = f"hands {', '.join(below)} on to another zone below {zone.name}"
        raise HopError(zone.hop, what, "set dns.zone to that one, and dns.server to its primary")
    records = _records(zone, given)
    answered = {key: one for key, one in given.items() if key not in records}
    return ServerAnswer("", zone.server, soa, records, answered=answered)


def read(zone: Zone, keys: Iterable[Key], known: Sets = NONE) -> Sets:
    """The records of these keys that the zone has, and what holds their names instead (an alias, a redirection).

    An answer is not a record: one made from a wildcard is left out. `known` are records that may exist where no answer
    shows them, below a redirection or in a zone handed on since; they are found if they are as they are known.
    """
    records = _records(zone, _answers(zone, keys)[0])
    hidden = {key: one for key, one in known.items() if key not in records and _has_exactly(zone, one)}
    return {**records, **hidden}


def _answers(zone: Zone, keys: Iterable[Key]) -> tuple[dict[Key, RecordSet], list[str]]:
    """The sets that the server answers with, and the zones below to which it refers."""
    given: dict[Key, RecordSet] = {}
    below: dict[str, None] = {}
    for key in keys:
        answer = exchange(zone, dns.message.make_query(dns.name.from_text(key.name), key.kind, flags=0))
        given |= dns_sets.of_answer(answer, key)
        if cut := dns_sets.cut(answer, zone.name):
            below[cut] = None
    return given, list(below)


def _records(zone: Zone, given: Sets) -> dict[Key, RecordSet]:
    """Those of the answers that are in the zone itself."""
    records = {key: one for key, one in given.items() if _has_set(zone, one)}
    named = {key.name for key in records}
    for key, one in given.items():
        # Addresses for a name that has none, and that is not a wildcard's either: the server makes them of its own.
        made = key not in records and key.kind in ("A", "AAAA") and key.name not in named
        if made and not dns_sets.translated(one, given) and _in_use(zone, key):
            records[Key(key.name, "ALIAS")] = replace(one, key=Key(key.name, "ALIAS"))
    return records


def _has_set(zone: Zone, one: RecordSet) -> bool:
    """Whether the zone has a set of this name and kind; prerequisites are compared with records themselves.

    An update of nothing but prerequisites changes nothing (RFC 2136, section 3.2). Where the key may not send even
    that, a name that nobody made is asked for: a wildcard answers for both alike.
    """
    message, name = dns.update.UpdateMessage(dns.name.from_text(zone.name)), dns.name.from_text(one.key.name)
    message.present(name, one.key.kind)
    met = _met(zone, message)
    return met if met is not None else not _is_wildcard_answer(zone, one)


def _has_exactly(zone: Zone, one: RecordSet) -> bool:
    """Whether the zone has this very set, by what the server says to all of its values."""
    message = dns.update.UpdateMessage(dns.name.from_text(zone.name))
    for value in one.values:
        message.present(dns.name.from_text(one.key.name), one.key.kind, value)
    return _met(zone, message) is True


def _in_use(zone: Zone, key: Key) -> bool:
    """Whether the name has records of any kind."""
    message = dns.update.UpdateMessage(dns.name.from_text(zone.name))
    message.present(dns.name.from_text(key.name))
    return _met(zone, message) is True


def _met(zone: Zone, message: dns.update.UpdateMessage) -> bool | None:
    """Whether the prerequisites hold; None where the server does not say."""
    try:
        exchange(zone, message)
    except Conflict:
        return False
    except Unreachable:
        raise
    except HopError:
        return None
    return True


def _is_wildcard_answer(zone: Zone, one: RecordSet) -> bool:
    """Whether a name that nobody made has the same answer."""
    other = dns_sets.sibling(one.key, zone.name)
    if other is None:
        return False
    answer = exchange(zone, dns.message.make_query(dns.name.from_text(other.name), other.kind, flags=0))
    return dns_sets.alike(one, dns_sets.of_answer(answer, other).get(other))


def change(
    zone: Zone,
    keys: Iterable[Key],
    decide: Callable[[Sets], dns.update.UpdateMessage | None],
    say: Say,
    patience: float = PATIENCE,
    known: Sets = NONE,
) -> Sets:
    """Send what `decide` makes of the records as they stand, until it says None; returns how they stood at first.

    An update that gets no answer may still be done, and one whose prerequisites fail met another's: in both cases the
    records are read again before anything is repeated. `known` is as in `read`. Raises HopError, also what `decide`
    raises.
    """
    keys, deadline = list(keys), time.monotonic() + patience
    before: Sets | None = None
    for _ in range(TRIES):
        now = _ask_until(lambda: read(zone, keys, known), deadline, say)
        before = now if before is None else before
        message = decide(now)
        if message is None:
            return before
        try:
            exchange(zone, message)
        except Conflict:
            say(f"{zone.hop} says that the records have just changed: reading them again")
        except Silent as error:
            say(f"{error}: reading back before the update is repeated")
    raise HopError(
        zone.hop,
        "takes the update and does not show it, or other records of the name stand in its way",
        "look at its log",
    )


def _ask_until(ask: Callable[[], Sets], deadline: float, say: Say) -> Sets:
    """An answer, asked for again while the server is silent, until the deadline."""
    while True:
        try:
            return ask()
        except Silent as error:
            if time.monotonic() > deadline:
                remedy = "an update that was sent may still be done when it wakes; run this again, it reads first"
                raise HopError(error.hop, f"{error.what} and did not recover meanwhile", remedy) from None
            say(f"{error}: asking again")
