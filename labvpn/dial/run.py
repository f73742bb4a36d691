"""One dial as a whole: the exchange, the reason of a refusal, what passes inside, and the goodbye."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import IPv4Address

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import softether, why
from labvpn.dial.dialer import Dialer
from labvpn.dial.inside import Inside, Questions, Target
from labvpn.dial.login import LinkLogin
from labvpn.dial.outcome import DialEndedError, DialOutcome, Finding, Say, StepLog
from labvpn.dial.session import DialSession
from labvpn.dial.sizes import SizeQuestions
from labvpn.dial.systems import System
from labvpn.dial.transport import UdpWire
from labvpn.dial.wire.suite import HASHES

ECHO, UNANSWERED = 10.0, 4
"""Seconds between LCP echoes while a session stays; so many without an answer mean that the server is gone."""


@dataclass(frozen=True)
class DialRequest:
    """What to dial, as whom, and what to ask once in.

    `is_known` says whether the account was read from the stack's outputs, `expires` is its end there.
    """

    host: str
    user: str
    password: str = field(repr=False)
    key: str = field(repr=False)
    system: System
    hub: str = ""
    ports: tuple[int, ...] = softether.PORTS
    is_known: bool = False
    expires: datetime | None = None
    services: tuple[Target, ...] = ()
    page: str = ""
    is_translated: bool = False
    """Whether the outputs say that the server is behind an address translation."""
    stay: float = 0.0


@dataclass
class Dial:
    """What came of it."""

    outcome: DialOutcome
    inside: Inside = field(default_factory=Inside)
    seconds: float = 0.0


def address_of(host: str) -> str | None:
    """The server's address; None where the name leads to none."""
    try:
        return socket.gethostbyname(host)
    except (OSError, UnicodeError):
        return None


def nameless(host: str) -> Dial:
    """A dial that ended before it began."""
    return Dial(DialOutcome(Cause.NAME, Stage.NAME, Finding("no-name", {"host": host})))


def dial(request: DialRequest, say: Say) -> Dial:
    """Dial, ask, stay and leave. What goes wrong on the way is the outcome, not an error."""
    began = time.monotonic()
    log = StepLog(time.monotonic, say)
    server = address_of(request.host)
    if server is None:
        return nameless(request.host)
    wire = UdpWire(server)
    try:
        own = IPv4Address(wire.own_address)
        log.take(f"L2TP connecting to server '{request.host}' ({server})...")
        result = _dialled(request, Dialer(wire, request.system, (own, IPv4Address(server)), log), wire, server)
    except OSError as error:
        because = Finding("no-network", {"reason": error.strerror or "?"})
        result = Dial(DialOutcome(Cause.CLIENT, Stage.TRANSPORT, because))
    finally:
        wire.close()
    result.outcome.steps, result.seconds = log.steps, time.monotonic() - began
    return result


def _dialled(request: DialRequest, dialer: Dialer, wire: UdpWire, server: str) -> Dial:
    login = LinkLogin(request.user, request.password, request.system.logins)
    try:
        session = dialer.dial(request.key, login)
    except DialEndedError as error:
        found = DialOutcome(error.cause, error.stage, error.because, dialer.suite, dialer.protection)
        found = why.rejected(request, server, found, wire.rejected)
        if error.because.id == "login-refused":
            found = why.refused(request, server, found)
        return Dial(_noted(found, request))
    found = DialOutcome(Cause.CONNECTED, Stage.CONNECTED, None, dialer.suite, dialer.protection)
    result = used(request, session, server, found, wire.fragment)
    result.outcome = _noted(result.outcome, request)
    return result


Fragment = Callable[[bool], None]


def used(
    request: DialRequest, session: DialSession, server: str, found: DialOutcome, fragment: Fragment | None
) -> Dial:
    """Ask what passes a session that has its address, stay, and leave; sizes, where `fragment` allows fragments."""
    link = session.link
    resolver = link.resolver if int(link.resolver) else None
    known = replace(found, method=link.method, address=link.address, resolver=resolver, router=link.router)
    result = Dial(known)
    try:
        how = _asked(request, session, fragment, result.inside)
    finally:
        session.close()
    if how:
        result.outcome = why.ended(request, server, result.outcome, how)
    result.outcome.notes += result.inside.problems
    return result


def _asked(request: DialRequest, session: DialSession, fragment: Fragment | None, inside: Inside) -> str:
    """Ask and stay; the id of how the session ended before its time, or nothing."""
    questions = Questions(session)
    inside.has_resolver = bool(int(session.link.resolver))
    if inside.has_resolver:
        inside.resolver_answers, inside.resolved = questions.resolves(request.host)
    inside.routes = questions.routes()

    def arrives(size: int, wait: float, tries: int) -> bool:
        return questions.resolves(request.host, size, wait, tries)[0]

    inside.sizes = SizeQuestions(session, fragment, arrives).sizes() if fragment else None
    for target in request.services:
        inside.services[target] = questions.opens(target)
    if request.page:
        inside.outside = questions.seen_from(request.page)
    return stay(session, request.stay) if request.stay else session.ended_by


def stay(session: DialSession, seconds: float) -> str:
    """Keep a session alive; the id of how it ended before its time, or nothing."""
    now = session.channel.now
    end, due, unanswered = now() + seconds, now(), 0
    while (left := end - now()) > 0 and not session.is_over:
        if session.link.echoes:
            session.link.echoes.clear()
            unanswered = 0
        if unanswered >= UNANSWERED:
            return "server-gone"
        if now() >= due:
            session.link.echo()
            due, unanswered = due + ECHO, unanswered + 1
        session.channel.keep()
        session.pump(min(1.0, left))
    return session.ended_by


def _noted(outcome: DialOutcome, request: DialRequest) -> DialOutcome:
    """With what would fail on the system itself, though it worked here."""
    system = request.system
    bad = [name for digest in system.fails_with if (name := HASHES[digest].upper()) in outcome.suite]
    notes = [Finding("fails-there", {"suite": name, "system": system.title}) for name in bad]
    if system.refuses_translated and request.is_translated:
        notes.append(Finding("translated", {"system": system.title}))
    return replace(outcome, notes=[*outcome.notes, *notes])
