"""The records of the name, and the update that brings a zone to them (RFC 2136)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING

import dns.name
import dns.update

from labvpn.state.records import Key, RecordSet, Sets, by_key

if TYPE_CHECKING:
    from labvpn.model.dns import DnsName


def records(name: DnsName, addresses: Iterable[str], owner: str) -> dict[Key, RecordSet]:
    """The sets that the zone should have; `owner` is in the marker. ValueError for an address that is not allowed."""
    given = [ip_address(address) for address in addresses]
    if (reason := name.closed(given)) is not None:
        raise ValueError(reason)
    return by_key(_sets(name, [str(ip) for ip in given if ip.version == 4], [str(ip) for ip in given], owner))


def _sets(name: DnsName, fourth: list[str], every: list[str], owner: str) -> Iterator[RecordSet]:
    sixth = [address for address in every if address not in fourth]
    for kind, addresses in (("A", fourth), ("AAAA", sixth)):
        if addresses:
            yield RecordSet(Key(name.fqdn, kind), tuple(sorted(addresses)), name.ttl)
    if name.marker:
        yield RecordSet(name.marked, (f'"{mark(owner)}"',), name.ttl)
    for alias in name.aliases:
        yield RecordSet(Key(name.within(alias), "CNAME"), (f"{name.fqdn}.",), name.ttl)


def mark(owner: str) -> str:
    """The marker's text."""
    return f"heritage=labvpn,owner={owner}"


def update(zone: str, now: Sets, goal: Sets) -> dns.update.UpdateMessage | None:
    """The message that turns `now` into `goal`, and does so only where `now` still stands; None if it is there.

    Record sets of other names and types are not touched. TTLs are no part of a prerequisite (RFC 2136, section 2.4).
    """
    message = dns.update.UpdateMessage(dns.name.from_text(zone))
    changed = [key for key in dict.fromkeys([*now, *goal]) if now.get(key) != goal.get(key)]
    for key in changed:
        _require(message, key, now)
    # What goes goes first: a name that becomes an alias must be free.
    for key in sorted(changed, key=lambda key: key in goal):
        _put(message, key, goal.get(key))
    return message if changed else None


def _require(message: dns.update.UpdateMessage, key: Key, now: Sets) -> None:
    name = dns.name.from_text(key.name)
    if key in now:
        for value in now[key].values:
            message.present(name, key.kind, value)
    elif key.kind == "CNAME" and not any(other.name == key.name for other in now):
        message.absent(name)
    else:
        message.absent(name, key.kind)
        # Beside an alias a server may drop the record without a word (RFC 2136, section 3.4.2.2).
        if Key(key.name, "CNAME") not in now:
            message.absent(name, "CNAME")


def _put(message: dns.update.UpdateMessage, key: Key, goal: RecordSet | None) -> None:
    name = dns.name.from_text(key.name)
    if goal is None:
        message.delete(name, key.kind)
    else:
        message.replace(name, goal.ttl, key.kind, *goal.values)


def by_hand(name: DnsName, goal: Sets) -> list[str]:
    """What a person enters in a control panel, a line for each record."""
    return [
        f"name {_within(each.key.name, name.apex)}, type {each.key.kind}, value {value}, TTL {each.ttl}"
        for each in goal.values()
        for value in each.values
    ]


def _within(whole: str, zone: str) -> str:
    return "@" if whole == zone else whole.removesuffix(f".{zone}")
