"""The delegation from the root to a zone, traced as every resolver does it: bounded in steps and in time."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence

import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from labvpn.connect.dns.query import NameServer, answers, ask, ask_each
from labvpn.parse import dns as dns_sets
from labvpn.state.dns import DelegationTrace, End
from labvpn.state.records import Key

SECONDS = 12.0
"""How long the whole walk may take; it takes some 10 ms where every server answers."""

STEPS = 16
"""Delegations from the root to a zone at most; ip6.arpa has the longest known ways, of some ten."""

NESTED = 3
"""How deep the search for the address of a name server may lead into others: its zone's server, and that one's."""

BREADTH = 4
"""How many servers of a zone are asked on the way."""

ROOTS = (
    ("a.root-servers.net", "198.41.0.4"),
    ("b.root-servers.net", "170.247.170.2"),
    ("c.root-servers.net", "192.33.4.12"),
    ("d.root-servers.net", "199.7.91.13"),
    ("e.root-servers.net", "192.203.230.10"),
    ("f.root-servers.net", "192.5.5.241"),
    ("g.root-servers.net", "192.112.36.4"),
    ("h.root-servers.net", "198.97.190.53"),
    ("i.root-servers.net", "192.36.148.17"),
    ("j.root-servers.net", "192.58.128.30"),
    ("k.root-servers.net", "193.0.14.129"),
    ("l.root-servers.net", "199.7.83.42"),
    ("m.root-servers.net", "202.12.27.33"),
)
"""The internet's root servers, by IANA's list of root hints."""


def trace(
    zone: str, host: str, keys: Iterable[Key], roots: Sequence[str] = (), seconds: float = SECONDS
) -> DelegationTrace:
    """The servers that `zone` is delegated to, with what each shows of our sets, or where the way ends before.

    `host` is the whole name that is looked for; `roots` are asked first instead of the internet's.
    """
    deadline = time.monotonic() + seconds
    walked = _Steps(deadline, _first(roots)).to(zone, host)
    if walked.end != "delegated":
        return DelegationTrace(walked.end, walked.at, tuple(map(str, walked.servers)))
    server_answers = answers(walked.servers, zone, list(keys), max(deadline, time.monotonic() + 4))
    return DelegationTrace("delegated", walked.at, tuple(map(str, walked.by)), server_answers)


def servers_for(host: str, roots: Sequence[str] = (), seconds: float = SECONDS) -> tuple[str, tuple[NameServer, ...]]:
    """The zone that a name is in by the delegation, and servers of it; none where the way ends before."""
    found = _Steps(time.monotonic() + seconds, _first(roots)).to(host, host)
    return found.at, tuple(found.servers) if found.end in ("delegated", "absent") else ()


def _first(roots: Sequence[str]) -> list[NameServer]:
    """Whom a walk asks first: these, or some of the internet's root servers."""
    named = [NameServer("", address) for address in roots]
    return named or random.sample([NameServer(*each) for each in ROOTS], BREADTH)


class _Found:
    """Where a walk ended: the servers of `at`, and those of the zone above it that named them."""

    def __init__(self, end: End, at: str, servers: Sequence[NameServer], by: Sequence[NameServer] = ()) -> None:
        self.end, self.at, self.servers, self.by = end, at, servers, by


class _Steps:
    """One walk; `depth` counts the walks that this one is nested in."""

    def __init__(self, deadline: float, roots: Sequence[NameServer], depth: int = 0) -> None:
        self.deadline, self.roots, self.depth = deadline, roots, depth

    def to(self, zone: str, host: str) -> _Found:
        """From the root down to the zone, each referral deeper than the last."""
        target, at, servers, by = dns.name.from_text(zone), dns.name.root, list(self.roots), list(self.roots)
        for _ in range(STEPS):
            answers = ask_each(servers[:BREADTH], host, "A", self.deadline)
            answered = [(server, answer) for server, answer in answers if answer is not None]
            here, below = dns_sets.text(at), self._below(answered, at, dns.name.from_text(host))
            if at == target and servers and below is None:
                return _Found("delegated", zone, servers, by)
            if not answered:
                return _Found("unseen", here, servers)
            if at == dns.name.root and all(_recurses(answer) for _, answer in answered):
                return _Found("intercepted", here, [server for server, _ in answered])
            if below is None:
                return self._end(answered, at, target)
            if below[0] != target and below[0].is_subdomain(target):
                return _Found("deeper", dns_sets.text(below[0]), below[1])
            at, by, servers = below[0], servers, below[1]
        return _Found("lame", dns_sets.text(at), servers)

    def _below(
        self, answered: list[tuple[NameServer, dns.message.Message]], at: dns.name.Name, host: dns.name.Name
    ) -> tuple[dns.name.Name, list[NameServer]] | None:
        """The next zone on the way with its servers, by the first that refers further down than here."""
        for _, answer in answered:
            for rrset in answer.authority:
                down = rrset.name.is_subdomain(at) and rrset.name != at and host.is_subdomain(rrset.name)
                if rrset.rdtype == dns.rdatatype.NS and down and not answer.flags & dns.flags.AA:
                    return rrset.name, self._servers(rrset, answer)
        return None

    def _end(
        self, answered: list[tuple[NameServer, dns.message.Message]], at: dns.name.Name, target: dns.name.Name
    ) -> _Found:
        """No server of `at` refers further down: one serves the zone itself or denies it, or none serves even `at`."""
        here, zone = dns_sets.text(at), dns_sets.text(target)
        for server, answer in answered:
            if answer.flags & dns.flags.AA:
                named = ask(server.address, zone, "NS", self.deadline)
                rrset = _answered(named, target)
                if named is not None and rrset is not None:
                    return _Found("delegated", zone, self._servers(rrset, named), [server])
                return _Found("absent", _denying(answer) or here, [server])
        return _Found("lame", here, [server for server, _ in answered])

    def _servers(self, rrset: dns.rrset.RRset, answer: dns.message.Message) -> list[NameServer]:
        """The named servers, by the addresses beside the answer or else by a walk for each."""
        names = [record.target for record in rrset]
        return [
            NameServer(dns_sets.text(name), address)
            for name in names
            for address in _beside(answer, name) or self._search(name)
        ]

    def _search(self, name: dns.name.Name) -> list[str]:
        if self.depth >= NESTED:
            return []
        host = dns_sets.text(name)
        found = _Steps(self.deadline, self.roots, self.depth + 1).to(host, host)
        for server in found.servers if found.end in ("delegated", "absent") else ():
            rrset = _answered(ask(server.address, host, "A", self.deadline), name, dns.rdatatype.A)
            if rrset is not None:
                return [record.address for record in rrset]
        return []


def _recurses(answer: dns.message.Message) -> bool:
    """Whether a resolver answers: no server of the root offers recursion."""
    return bool(answer.flags & dns.flags.RA)


def _denying(answer: dns.message.Message) -> str:
    """The zone that says "there is none", by the SOA beside that answer (RFC 2308); empty if it names none."""
    return next((dns_sets.text(rrset.name) for rrset in answer.authority if rrset.rdtype == dns.rdatatype.SOA), "")


def _answered(
    answer: dns.message.Message | None, name: dns.name.Name, kind: dns.rdatatype.RdataType = dns.rdatatype.NS
) -> dns.rrset.RRset | None:
    if answer is None or not answer.flags & dns.flags.AA:
        return None
    return answer.get_rrset(answer.answer, name, dns.rdataclass.IN, kind)


def _beside(answer: dns.message.Message, name: dns.name.Name) -> list[str]:
    rrset = answer.get_rrset(answer.additional, name, dns.rdataclass.IN, dns.rdatatype.A)
    return [record.address for record in rrset] if rrset else []
