"""A dial by SSTP as Windows makes it: TLS, the call, PPP, and the proof that both have the same client; no root."""

from __future__ import annotations

import time

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import why
from labvpn.dial.link import Link, LinkProgress
from labvpn.dial.login import LinkLogin
from labvpn.dial.outcome import DialCause, DialEndedError, DialOutcome, Finding, Say, StepLog
from labvpn.dial.run import Dial, DialRequest, address_of, nameless, used
from labvpn.dial.session import DialSession, PacketChannel
from labvpn.dial.sstp_call import SstpCall
from labvpn.dial.tls import TlsWire
from labvpn.kit.request import TCP_443, Trust

LOGINS = ("mschapv2", "pap")
"""What Windows offers for SSTP; by PAP the login is bound to the call without a key."""


class SstpSession(DialSession):
    """A session whose login is bound to its call before anything else passes."""

    def __init__(self, channel: PacketChannel, call: SstpCall, link: Link) -> None:
        super().__init__(channel, call, link)
        self._call = call

    def flush(self) -> None:
        """Send what is to be sent; the binding goes before the first frame of a link that has logged in."""
        if self.link.progress in (LinkProgress.ADDRESS, LinkProgress.UP) and not self._call.is_bound:
            self._call.bind(self.link.session_key)
        super().flush()


def port_of(request: DialRequest) -> int:
    """The port that Windows dials: 443, unless the server has none."""
    return TCP_443 if TCP_443 in request.ports or not request.ports else request.ports[0]


def dial(request: DialRequest, trust: Trust | None, say: Say) -> Dial:
    """Dial, ask, stay and leave; the server has to show a certificate that `trust` (or the system) verifies."""
    began = time.monotonic()
    log = StepLog(time.monotonic, say)
    server = address_of(request.host)
    if server is None:
        return nameless(request.host)
    port = port_of(request)
    log.take(f"SSTP connecting to server '{request.host}' ({server}) port {port}...")
    try:
        result = _dialled(request, (server, port), trust, log)
    except DialEndedError as error:
        result = Dial(_explained(request, server, DialOutcome(error.cause, error.stage, error.because)))
    result.outcome.steps, result.seconds = log.steps, time.monotonic() - began
    return result


def _dialled(request: DialRequest, server: tuple[str, int], trust: Trust | None, log: StepLog) -> Dial:
    wire = TlsWire(server, request.host, trust)
    try:
        log.take("TLS connection established, the server's certificate is verified")
        wire.ask(request.host)
        log.take("SSTP request accepted")
        login = LinkLogin(request.user, request.password, LOGINS)
        session = SstpSession(wire, SstpCall(wire.certificate), Link(login))
        try:
            session.open(log)
        except DialEndedError:
            session.close()
            raise
        return used(request, session, server[0], DialOutcome(Cause.CONNECTED, Stage.CONNECTED), None)
    finally:
        wire.close()


def _explained(request: DialRequest, server: str, outcome: DialOutcome) -> DialOutcome:
    """What the exchange alone does not decide: why a login was refused, and whether the source is banned."""
    because = outcome.because.id if outcome.because else ""
    if because == "login-refused":
        return why.refused(request, server, outcome)
    if because == "tcp-rejected" and why.is_banned(server, request.ports):
        return DialOutcome(DialCause.BANNED, Stage.TRANSPORT, Finding("banned"))
    return outcome
