"""Unsigned questions to the servers of the public tree, as a resolver asks them: UDP, then TCP, each briefly."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode

from labvpn.parse import dns as dns_sets
from labvpn.state.dns import ServerAnswer
from labvpn.state.records import Key, RecordSet, Sets

UDP_SECONDS, TCP_SECONDS = 0.6, 2.0
"""How long one try may take: UDP so briefly that where it is closed a whole walk by TCP is still done in time."""


WITHOUT_EDNS = (dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS)
"""What a server answers that does not know EDNS; it is asked without it then (RFC 6891, sections 6.1.3 and 7)."""


@dataclass(frozen=True)
class NameServer:
    """A name server of a delegation."""

    name: str
    address: str

    def __str__(self) -> str:
        """As sentences name it."""
        return f"{self.name} ({self.address})" if self.name else self.address


def ask(address: str, name: str, kind: str, deadline: float, signed: bool = False) -> dns.message.Message | None:
    """The server's own answer, without recursion; None if there is none by UDP nor TCP before the deadline.

    `signed` asks for the signatures too (DNSSEC).
    """
    question = dns.message.make_query(
        dns.name.from_text(name), kind, flags=0, use_edns=0, payload=1232, want_dnssec=signed
    )
    answer = _sent(address, question, deadline)
    if answer is None or answer.rcode() not in WITHOUT_EDNS:
        return answer
    return _sent(address, dns.message.make_query(dns.name.from_text(name), kind, flags=0), deadline) or answer


def _sent(address: str, question: dns.message.Message, deadline: float) -> dns.message.Message | None:
    for way, seconds in ((dns.query.udp, UDP_SECONDS), (dns.query.tcp, TCP_SECONDS)):
        left = min(seconds, deadline - time.monotonic())
        if left <= 0:
            return None
        try:
            answer = way(question, address, timeout=left)
        except (dns.exception.DNSException, OSError, EOFError):
            continue
        if not answer.flags & dns.flags.TC:
            return answer
    return None


def ask_each(
    servers: Iterable[NameServer], name: str, kind: str, deadline: float
) -> list[tuple[NameServer, dns.message.Message | None]]:
    """Every server's answer, asked side by side."""
    servers = list(servers)
    with ThreadPoolExecutor(max(1, len(servers))) as pool:
        answers = pool.map(lambda server: ask(server.address, name, kind, deadline), servers)
        return list(zip(servers, answers, strict=True))


def answers(servers: Iterable[NameServer], zone: str, keys: Iterable[Key], deadline: float) -> tuple[ServerAnswer, ...]:
    """What every server shows of the zone and of these sets, asked side by side."""
    servers, keys = list(servers), list(keys)
    with ThreadPoolExecutor(max(1, len(servers))) as pool:
        return tuple(pool.map(lambda server: answer(server, zone, keys, deadline), servers))


def answer(server: NameServer, zone: str, keys: Iterable[Key], deadline: float) -> ServerAnswer:
    """What one server shows of the zone and of these sets, or its trouble."""
    answer = ask(server.address, zone, "SOA", deadline, signed=True)
    if answer is None:
        return ServerAnswer(server.name, server.address, trouble="does not answer", silent=True)
    soa = dns_sets.soa(answer, zone)
    if answer.rcode() != dns.rcode.NOERROR or not answer.flags & dns.flags.AA or soa is None:
        why = dns.rcode.to_text(answer.rcode()) if answer.rcode() else "its answer is not authoritative"
        return ServerAnswer(server.name, server.address, trouble=f"does not serve {zone} ({why})")
    found: dict[Key, RecordSet] = {}
    for key in keys:
        reply = ask(server.address, key.name, key.kind, deadline)
        if reply is None:
            return ServerAnswer(server.name, server.address, trouble="does not answer", silent=True)
        found |= dns_sets.of_answer(reply, key)
    made = {key for key, one in found.items() if _is_made(server, zone, one, found, deadline)}
    records, answered = ({key: one for key, one in found.items() if (key in made) is which} for which in (False, True))
    return ServerAnswer(server.name, server.address, soa, records, answered=answered)


def _is_made(server: NameServer, zone: str, one: RecordSet, found: Sets, deadline: float) -> bool:
    """Whether an answer is not a record of its name: made from its IPv4 addresses, or given for every name alike."""
    if dns_sets.translated(one, found):
        return True
    other = dns_sets.sibling(one.key, zone)
    if other is None or one.key.kind == "DNAME":
        return False
    answer = ask(server.address, other.name, other.kind, deadline)
    return answer is not None and dns_sets.alike(one, dns_sets.of_answer(answer, other).get(other))
