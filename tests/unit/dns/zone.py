"""A zone at a server that is a value: it answers and takes updates as RFC 1034, 2136, 4592 and 6672 say."""

from __future__ import annotations

from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.update
import pytest

from components.dns_keeper import Keeper
from labvpn.connect.dns import primary
from labvpn.connect.dns.tsig import Conflict, Signer, Zone
from labvpn.connect.errors import HopError
from labvpn.state.records import Sets
from tests.unit.dns.samples import PRIMARY

APEX = dns.name.from_text("lab.example")
NODE = Zone("lab.example", PRIMARY, 53, Signer("labvpn", "hmac-sha256", "c2VjcmV0"))
IN = dns.rdataclass.IN


class Served:
    """`lines` are records as a master file has them; `alias` answers for a name that has no such record."""

    def __init__(self, *lines: str, alias: dict[str, str] | None = None, dns64: bool = False) -> None:
        self.records: list[dns.rrset.RRset] = []
        self.alias, self.dns64 = alias or {}, dns64
        self.takes_prerequisites, self.updates = True, 0
        for line in ("@ 60 SOA ns1 hostmaster 7 60 60 60 5", "@ 60 NS ns1", *lines):
            owner, ttl, kind, value = line.split(" ", 3)
            data = dns.rdata.from_text("IN", kind, value, APEX, relativize=False)
            self._add(dns.rrset.from_rdata(dns.name.from_text(owner, APEX), int(ttl), data))

    def place(self, monkeypatch: pytest.MonkeyPatch) -> Keeper:
        """Put it in the place of the server; returns who keeps our name there."""
        monkeypatch.setattr(primary, "exchange", self.exchange)
        self.messages: list[str] = []
        return Keeper(NODE, "vpn.lab.example", adopt=False, roots=None, wait=0, say=self.messages.append)

    @property
    def lines(self) -> list[str]:
        """Everything that stands in the zone."""
        return sorted(
            f"{each.name} {each.ttl} {dns.rdatatype.to_text(each.rdtype)} {item}"
            for each in self.records
            for item in each
        )

    def exchange(self, _zone: Zone, message: dns.message.Message, *_: Any) -> dns.message.Message:
        if isinstance(message, dns.update.UpdateMessage):
            sent = dns.message.from_wire(message.to_wire())
            assert isinstance(sent, dns.update.UpdateMessage)
            return self._update(sent)
        return dns.message.from_wire(self._answer(message).to_wire())

    def _update(self, message: dns.update.UpdateMessage) -> dns.message.Message:
        if not message.update and not self.takes_prerequisites:
            raise HopError("The name server", "refused the update", "give the key the right")
        if not all(self._is_met(each) for each in _joined(message.prerequisite)):
            raise Conflict
        for each in message.update:
            self.updates += 1
            if each.deleting is not None:
                self.records = [one for one in self.records if (one.name, one.rdtype) != (each.name, each.rdtype)]
            else:
                self._add(dns.rrset.from_rdata(each.name, each.ttl, *each))
        return dns.message.Message()

    def _add(self, rrset: dns.rrset.RRset) -> None:
        there = self._at(rrset.name, rrset.rdtype)
        if there is None:
            self.records.append(rrset)
        else:
            self.records.remove(there)
            self.records.append(dns.rrset.from_rdata(rrset.name, rrset.ttl, *{*there, *rrset}))

    def _at(self, name: dns.name.Name, kind: Any) -> dns.rrset.RRset | None:
        return next((one for one in self.records if (one.name, one.rdtype) == (name, kind)), None)

    def _is_met(self, each: dns.rrset.RRset) -> bool:
        absent = dns.rdataclass.NONE in (each.rdclass, each.deleting)
        if each.rdtype == dns.rdatatype.ANY:
            return any(one.name == each.name for one in self.records) is not absent
        there = self._at(each.name, each.rdtype)
        if not len(each):
            return (there is not None) is not absent
        return there is not None and set(there) == set(each)

    def _answer(self, question: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(question)
        name, kind = question.question[0].name, question.question[0].rdtype
        answer.flags |= dns.flags.AA
        for one in self.records:
            if one.rdtype == dns.rdatatype.NS and one.name != APEX and name.is_subdomain(one.name):
                answer.flags &= ~dns.flags.AA
                answer.authority.append(one)
                return answer
            if one.rdtype == dns.rdatatype.DNAME and name != one.name and name.is_subdomain(one.name):
                target = name.relativize(one.name).derelativize(one[0].target)
                made = dns.rrset.from_text(name, one.ttl, "IN", "CNAME", target.to_text())
                answer.answer += [one, made]
                return answer
        answer.answer += self._found(name, kind)
        return answer

    def _found(self, name: dns.name.Name, kind: Any) -> list[dns.rrset.RRset]:
        owner = self._owner(name)
        made = self.alias.get(name.to_text(True)) if kind == dns.rdatatype.A else None
        if made:
            return [dns.rrset.from_text(name, 60, "IN", "A", made)]
        for asked in (kind, dns.rdatatype.CNAME):
            if owner and (one := self._at(owner, asked)):
                return [dns.rrset.from_rdata(name, one.ttl, *one)]
        fourth = self._found(name, dns.rdatatype.A) if self.dns64 and kind == dns.rdatatype.AAAA else []
        return [dns.rrset.from_text(name, 60, "IN", "AAAA", f"64:ff9b::{fourth[0][0].address}")] if fourth else []

    def _owner(self, name: dns.name.Name) -> dns.name.Name | None:
        """The name itself where it or something below it exists, else the wildcard of the closest that does."""
        names = {one.name for one in self.records}
        for at in [name, *(name.split(depth)[1] for depth in range(len(name) - 1, 0, -1))]:
            if any(each.is_subdomain(at) for each in names):
                wild = dns.name.Name((b"*", *at.labels))
                return name if at == name else wild if wild in names else None
        return None


def _joined(prerequisites: list[dns.rrset.RRset]) -> list[dns.rrset.RRset]:
    """Values of one set are one prerequisite (RFC 2136, section 3.2.3)."""
    valued: dict[tuple[dns.name.Name, int], dns.rrset.RRset] = {}
    for each in (each for each in prerequisites if len(each)):
        known = valued.get((each.name, each.rdtype), ())
        valued[each.name, each.rdtype] = dns.rrset.from_rdata(each.name, each.ttl, *known, *each)
    return [*(each for each in prerequisites if not len(each)), *valued.values()]


def kept(before: list[str], after: list[str], ours: Sets) -> bool:
    """Whether all lines that are not ours stand as before."""
    names = {f"{key.name}." for key in ours}
    return [line for line in before if line.split()[0] not in names] == [
        line for line in after if line.split()[0] not in names
    ]
