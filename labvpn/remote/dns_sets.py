"""From name servers' answers to values of the model."""

from __future__ import annotations

import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from labvpn.model.records import Key, RecordSet
from labvpn.observe.dns import Soa


def text(name: dns.name.Name) -> str:
    """A name without its last dot, in small letters; the root is `.`."""
    return name.canonicalize().to_text(omit_final_dot=name != dns.name.root)


def of_answer(answer: dns.message.Message, key: Key) -> dict[Key, RecordSet]:
    """The set of this key in the answer, and the alias that holds the name instead."""
    name = dns.name.from_text(key.name)
    found: dict[Key, RecordSet] = {}
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
    data = rrset[0]
    return Soa(text(data.mname), text(data.rname), data.serial, min(rrset.ttl, data.minimum))
