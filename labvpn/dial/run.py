"""One dial as a whole: the exchange, the reason of a refusal, what passes inside, and the goodbye."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import softether
from labvpn.dial.dialer import DialEndedError, Dialer, DialOutcome, DialSession, Say
from labvpn.dial.inside import Inside, Questions
from labvpn.dial.link import LinkLogin
from labvpn.dial.phase2 import dpd_question
from labvpn.dial.systems import System
from labvpn.dial.transport import UdpWire
from labvpn.dial.wire.suite import HASHES

KEEPALIVE, ECHO, PEER = 20.0, 10.0, 30.0
"""Seconds between NAT keepalives (RFC 3948, 4), LCP echoes, and questions whether the server is there (RFC 3706)."""
REFUSALS = {8: "hub", 9: "credentials", 12: "denied", 20: "second"}


@dataclass(frozen=True)
class DialRequest:
    """What to dial, as whom, and what to ask once in; `expires` is the account's end where the outputs name one."""

    host: str
    user: str
    password: str = field(repr=False)
    key: str = field(repr=False)
    system: System
    hub: str = ""
    ports: tuple[int, ...] = softether.PORTS
    expires: datetime | None = None
    services: tuple[tuple[IPv4Address, int], ...] = ()
    stay: float = 0.0


@dataclass
class Dial:
    """What came of it."""

    outcome: DialOutcome
    inside: Inside = field(default_factory=Inside)
    seconds: float = 0.0
    ended: str = ""
    """How a session that should stay ended before its time; empty where it did not."""


def dial(request: DialRequest, say: Say) -> Dial:
    """Dial, ask, stay and leave. What goes wrong on the way is the outcome, not an error."""
    try:
        server = IPv4Address(socket.gethostbyname(request.host))
    except OSError:
        detail = f"{request.host} has no IPv4 address here"
        return Dial(DialOutcome(Cause.NAME, Stage.NAME, detail))
    wire = UdpWire(str(server))
    began = wire.now()
    dialer = Dialer(wire, request.system, (IPv4Address(wire.own_address), server), say)
    say(0.0, f"L2TP connecting to server '{request.host}' ({server})...")
    try:
        session = dialer.dial(request.key, LinkLogin(request.user, request.password, request.system.logins))
    except DialEndedError as error:
        outcome = _why(request, str(server), DialOutcome(error.cause, error.stage, _rejected(wire, error.detail)))
        result = Dial(replace(outcome, suite=dialer.suite, protection=dialer.protection))
    else:
        result = _connected(request, session, dialer)
    finally:
        wire.close()
    result.outcome.steps, result.seconds = dialer.steps, wire.now() - began
    result.outcome.notes += _notes(request.system, dialer.suite)
    return result


def _rejected(wire: UdpWire, detail: str) -> str:
    ports = ", ".join(f"UDP {port}" for port in sorted(wire.was_rejected))
    return f"{detail}; something on the way rejects {ports} (ICMP)" if ports else detail


def _why(request: DialRequest, server: str, outcome: DialOutcome) -> DialOutcome:
    """The reason of a refused login, asked once more in SoftEther's own protocol, which answers with a code."""
    if outcome.cause is not Cause.CREDENTIALS:
        return outcome
    user, hub = softether.split(request.user, request.hub)
    if not hub:
        return replace(outcome, detail=f"{outcome.detail}; name the hub (--hub) to learn more")
    code = softether.login_code(server, request.ports, hub, user, request.password)
    expired = request.expires is not None and request.expires.astimezone() <= datetime.now(UTC)
    known = {
        8: (Cause.CREDENTIALS, f"the server has no hub {hub} (SoftEther's code 8)"),
        9: (Cause.CREDENTIALS, "the server refused name or password (SoftEther's code 9)"),
        12: (Cause.EXPIRED, _DENIED if not expired else "the account has ended (SoftEther's code 12)"),
        20: (Cause.SECOND_LOGIN, "the user has as many sessions as allowed (SoftEther's code 20)"),
    }
    if code in known:
        cause, detail = known[code]
        return replace(outcome, cause=cause, detail=detail)
    return outcome


_DENIED = (
    "name and password are right, and the server does not admit the user (SoftEther's code 12): the account has ended, "
    "or is locked out for a moment after its session was ended"
)


def _connected(request: DialRequest, session: DialSession, dialer: Dialer) -> Dial:
    link = session.link
    found = DialOutcome(Cause.CONNECTED, Stage.CONNECTED, "", dialer.suite, dialer.protection, link.method)
    result = Dial(replace(found, address=link.address, resolver=link.resolver, router=link.router))
    try:
        result.inside = _asked(request, session)
        if request.stay:
            result.ended = stay(session, request.stay)
    finally:
        session.close()
    return result


def _asked(request: DialRequest, session: DialSession) -> Inside:
    questions = Questions(session)
    answers, resolved = questions.resolves(request.host)
    services = {f"{address}:{port}": questions.opens(address, port) for address, port in request.services}
    return Inside(answers, resolved, questions.largest(), services)


def stay(session: DialSession, seconds: float) -> str:
    """Keep a session alive; how it ended before its time, or nothing."""
    wire = session.channel.wire
    end, asked = wire.now() + seconds, 0
    due = dict.fromkeys(("keepalive", "echo", "peer"), wire.now())
    while (left := end - wire.now()) > 0:
        if session.is_over:
            return session.link.refusal or session.tunnel.refusal or "the server deleted the IPsec tunnel"
        if wire.now() >= due["keepalive"]:
            session.channel.keepalive()
            due["keepalive"] += KEEPALIVE
        if wire.now() >= due["echo"]:
            session.link.echo()
            due["echo"] += ECHO
        if wire.now() >= due["peer"]:
            asked += 1
            session.channel.send_ike(dpd_question(session.channel.keys, asked))
            due["peer"] += PEER
        session.pump(min(1.0, left))
    return ""


def _notes(system: System, suite: str) -> list[str]:
    """What would fail on the system itself, though it worked here."""
    bad = [name for digest in system.fails_with if (name := HASHES[digest].upper()) in suite]
    sentence = "the server chose {}, which {} offers and then cannot use: on that system the dial fails in phase 1"
    return [sentence.format(name, system.title) for name in bad]


def now() -> float:
    """Seconds of the wall clock, for metrics."""
    return time.time()
