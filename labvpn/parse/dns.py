"""From name servers' answers to values of the model."""

from __future__ import annotations

import secrets
from ipaddress import IPv4Address, IPv6Address

import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from labvpn.state.dns import Soa
from labvpn.state.records import Key, RecordSet, Sets

LONGEST = 253
"""Characters of a name (RFC 1035, section 2.3.4)."""


def text(name: dns.name.Name) -> str:
    """A name without its last dot, in lower case; the root is `.`."""
    return name.canonicalize().to_text(omit_final_dot=name != dns.name.root)


def of_answer(answer: dns.message.Message, key: Key) -> dict[Key, RecordSet]:
    """The set of this key in the answer, and what has the name instead: an alias, or a redirection above it."""
    name = dns.name.from_text(key.name)
    found: dict[Key, RecordSet] = {}
    for above in answer.answer:
        if above.rdtype == dns.rdatatype.DNAME and name != above.name and name.is_subdomain(above.name):
            redirection = Key(text(above.name), "DNAME")
            # The alias beside it is made from it (RFC 6672, section 3.1).
            return {redirection: _set(redirection, above)}
    for kind in dict.fromkeys((key.kind, "CNAME")):
        if rrset := answer.get_rrset(answer.answer, name, dns.rdataclass.IN, dns.rdatatype.from_text(kind)):
            found[Key(key.name, kind)] = _set(Key(key.name, kind), rrset)
    return found


def _set(key: Key, rrset: dns.rrset.RRset) -> RecordSet:
    return RecordSet(key, tuple(sorted(item.to_text() for item in rrset)), rrset.ttl)


def soa(answer: dns.message.Message, zone: str) -> Soa | None:
    """The zone's SOA in the answer, if it is there."""
    name = dns.name.from_text(zone)
    rrset = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, dns.rdatatype.SOA)
    if not rrset:
        return None
    data, kind = rrset[0], dns.rdatatype.RRSIG
    signed = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, kind, dns.rdatatype.SOA) is not None
    return Soa(text(data.mname), text(data.rname), data.serial, min(rrset.ttl, data.minimum), signed)


def cut(answer: dns.message.Message, zone: str) -> str | None:
    """The zone below this one to which the answer refers, instead of answering."""
    apex = dns.name.from_text(zone)
    for rrset in answer.authority if not answer.answer and not answer.flags & dns.flags.AA else ():
        if rrset.rdtype == dns.rdatatype.NS and rrset.name != apex and rrset.name.is_subdomain(apex):
            return text(rrset.name)
    return None


def sibling(key: Key, zone: str) -> Key | None:
    """A name that nobody created, for which a wildcard answers as for this one; None for the zone's own name."""
    _, _, above = key.name.partition(".")
    made = f"labvpn-{secrets.token_hex(8)}.{above}"
    return None if key.name.lower() == zone.lower() or len(made) > LONGEST else Key(made, key.kind)


def alike(one: RecordSet, other: RecordSet | None) -> bool:
    """Whether two names have the same answer of one kind."""
    return other is not None and (one.values, one.ttl) == (other.values, other.ttl)


def translated(one: RecordSet, found: Sets) -> bool:
    """Whether IPv6 addresses are those of the name's IPv4 ones, made by a server (DNS64, RFC 6147; RFC 6052, /96)."""
    fourth = found.get(Key(one.key.name, "A"))
    if one.key.kind != "AAAA" or fourth is None:
        return False
    embedded = {str(IPv4Address(int(IPv6Address(value)) & 0xFFFFFFFF)) for value in one.values}
    return embedded <= set(fourth.values)
