"""One dial from the first message to an address: it reports each step, and ends with one cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Protocol

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import link as ppp_link
from labvpn.dial import phase1, tunnel
from labvpn.dial.link import Link, LinkLogin
from labvpn.dial.phase1 import MainMode
from labvpn.dial.phase2 import QuickMode, goodbye
from labvpn.dial.systems import System
from labvpn.dial.transport import Channel, Wire
from labvpn.dial.tunnel import Tunnel
from labvpn.dial.wire import isakmp
from labvpn.model.ports import IKE, NAT_TRAVERSAL

TRIES, WAIT = 4, 1.5
"""How often a message of IKE or L2TP is sent, and seconds between two tries."""
PPP_SECONDS = 25.0
"""Seconds for the login and the address: SoftEther waits up to fifteen for a DHCP server before it gives up."""
PPP_WAIT = 3.0


class Say(Protocol):
    """Receives each step as it is taken: seconds since the dial began, and the words of a Mac's ppp.log."""

    def __call__(self, seconds: float, text: str) -> None:
        """Take a step."""


@dataclass
class DialOutcome:
    """What came of a dial."""

    cause: Cause
    stage: Stage
    detail: str = ""
    suite: str = ""
    protection: str = ""
    method: str = ""
    address: IPv4Address | None = None
    resolver: IPv4Address | None = None
    router: IPv4Address | None = None
    steps: list[tuple[float, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_connected(self) -> bool:
        """Whether the dial got an address."""
        return self.cause is Cause.CONNECTED


class DialEndedError(Exception):
    """The dial stopped: the cause, the stage, and what was seen."""

    def __init__(self, cause: Cause, stage: Stage, detail: str) -> None:
        super().__init__(detail)
        self.cause, self.stage, self.detail = cause, stage, detail


class Exchange(Protocol):
    """A message to send until its answer is there."""

    message: bytes

    def receive(self, datagram: bytes) -> bool:
        """Whether a datagram led on."""


@dataclass
class DialSession:
    """A dial that got in: its channel, tunnel and link, kept alive by `pump`."""

    channel: Channel
    tunnel: Tunnel
    link: Link

    def pump(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Answer what comes for some seconds, or until a condition is met; whether it was met."""
        end = self.channel.wire.now() + seconds
        while not until():
            self.flush()
            left = end - self.channel.wire.now()
            if left <= 0 or self.is_over:
                return until()
            message = self.channel.receive(min(left, 0.2))
            if message is not None:
                self.tunnel.receive(message)
                for frame in self.tunnel.frames:
                    self.link.receive(frame)
                self.tunnel.frames.clear()
        self.flush()
        return True

    def flush(self) -> None:
        """Send what tunnel and link want sent."""
        for frame in self.link.outgoing:
            self.tunnel.send_frame(frame)
        self.link.outgoing.clear()
        for message in self.tunnel.outgoing:
            self.channel.send(message)
        self.tunnel.outgoing.clear()

    @property
    def is_over(self) -> bool:
        """Whether the server ended it."""
        ended = self.tunnel.progress is tunnel.TunnelProgress.ENDED or self.link.progress is ppp_link.LinkProgress.ENDED
        return ended or self.channel.is_over

    def close(self) -> None:
        """Leave by a proper goodbye, so that the next login is not refused."""
        self.link.close()
        self.pump(0.1)
        self.tunnel.close()
        self.pump(0.1)
        if self.channel.quick.inbound and not self.channel.is_over:
            for message in goodbye(self.channel.keys, self.channel.quick.inbound):
                self.channel.send_ike(message)


class Dialer:
    """Dials one server as one system's client."""

    def __init__(self, wire: Wire, system: System, addresses: tuple[IPv4Address, IPv4Address], say: Say) -> None:
        self._wire, self._system, self._say = wire, system, say
        self._own, self._server = (address.packed for address in addresses)
        self._began = wire.now()
        self.steps: list[tuple[float, str]] = []
        self.suite = self.protection = ""

    def dial(self, key: str, login: LinkLogin) -> DialSession:
        """Dial to an address. Raises DialEndedError."""
        self._step("IPSec connection started")
        keys = self._phase1(key)
        quick = self._phase2(keys)
        session = DialSession(Channel(self._wire, keys, quick), Tunnel(self._system.host), Link(login))
        self._tunnel(session)
        self._link(session)
        return session

    def _phase1(self, key: str) -> phase1.Keys:
        mode = MainMode(self._system.suites, key, self._own, self._system.vendor_ids)
        self._step("IPSec phase 1 client started")
        while mode.progress is not phase1.MainModeProgress.UP:
            at = mode.progress
            answered = self._exchanged(mode, mode.is_on_4500)
            self.suite = mode.suite.name if mode.suite else ""
            if mode.refusal:
                raise DialEndedError(Cause.PROPOSAL, Stage.PHASE_1, f"the server answered: {mode.refusal}")
            if mode.is_undecipherable:
                detail = "UDP 4500 is open, and the server cannot read the identification: the pre-shared keys differ"
                raise DialEndedError(Cause.PSK, Stage.PHASE_1, detail)
            if not answered:
                raise self._silent(at)
            if at is phase1.MainModeProgress.PROPOSED:
                self._step("IPSec phase 1 server replied")
        return mode.keys

    def _silent(self, at: phase1.MainModeProgress) -> DialEndedError:
        if at is phase1.MainModeProgress.IDENTIFIED:
            detail = f"UDP {IKE} was answered, and {TRIES} messages to UDP {NAT_TRAVERSAL} were not"
            return DialEndedError(Cause.ESP_OR_4500, Stage.PHASE_1, detail)
        number = "first" if at is phase1.MainModeProgress.PROPOSED else "third"
        detail = f"the {number} message to UDP {IKE} was sent {TRIES} times and not answered"
        return DialEndedError(Cause.IPSEC_PORTS, Stage.PHASE_1, detail)

    def _phase2(self, keys: phase1.Keys) -> QuickMode:
        self._step("IPSec phase 2 started")
        quick = QuickMode(keys, self._system.protections, self._own, self._server)
        answered = self._exchanged(quick, True)
        self.protection = quick.protection.name if quick.protection else ""
        if quick.refusal:
            raise DialEndedError(Cause.PROPOSAL, Stage.PHASE_2, f"the server answered: {quick.refusal}")
        if not answered:
            raise DialEndedError(Cause.PROPOSAL, Stage.PHASE_2, "phase 2 was asked for and not answered")
        self._wire.send(isakmp.NON_ESP_MARKER + quick.message, NAT_TRAVERSAL)
        self._step("IPSec phase 2 established")
        self._step("IPSec connection established")
        return quick

    def _exchanged(self, mode: Exchange, is_on_4500: bool) -> bool:
        """Send a message until its answer led on; False where no answer came."""
        marker, port = (isakmp.NON_ESP_MARKER, NAT_TRAVERSAL) if is_on_4500 else (b"", IKE)
        for _ in range(TRIES):
            self._wire.send(marker + mode.message, port)
            end = self._wire.now() + WAIT
            while (left := end - self._wire.now()) > 0:
                datagram = self._wire.receive(left)
                if datagram is not None and mode.receive(datagram):
                    return True
        return False

    def _tunnel(self, session: DialSession) -> None:
        line = session.tunnel
        line.open()
        for number in range(2 * TRIES):
            if number:
                line.outgoing += line.resend()
            session.pump(WAIT, lambda: self._heard(line.events) or line.progress >= tunnel.TunnelProgress.UP)
            if line.progress >= tunnel.TunnelProgress.UP:
                break
        if line.progress is tunnel.TunnelProgress.ENDED:
            raise DialEndedError(Cause.L2TP_SILENT, Stage.L2TP, line.refusal)
        if line.progress is not tunnel.TunnelProgress.UP:
            raise DialEndedError(Cause.L2TP_SILENT, Stage.L2TP, "L2TP inside the IPsec tunnel was not answered")
        self._step("L2TP connection established.")

    def _link(self, session: DialSession) -> None:
        link, end = session.link, self._wire.now() + PPP_SECONDS
        self._step("Using interface ppp0")
        self._step("Connect: ppp0 <--> L2TP")
        link.ask()
        while link.progress < ppp_link.LinkProgress.UP and self._wire.now() < end and not session.is_over:
            at = link.progress
            session.pump(PPP_WAIT, lambda at=at: self._heard(link.events) or link.progress is not at)  # type: ignore[misc]
            if link.progress is at:
                link.ask()
        self._heard(link.events)
        if link.progress is not ppp_link.LinkProgress.UP:
            raise self._ended(session)

    def _ended(self, session: DialSession) -> DialEndedError:
        link = session.link
        at = link.ended_at if link.progress is ppp_link.LinkProgress.ENDED else link.progress
        why = link.refusal or session.tunnel.refusal or "the server did not agree in time"
        if at is ppp_link.LinkProgress.LINK:
            return DialEndedError(Cause.L2TP_SILENT, Stage.L2TP, why)
        if at is ppp_link.LinkProgress.LOGIN:
            return DialEndedError(Cause.CREDENTIALS, Stage.AUTHENTICATION, why)
        return DialEndedError(Cause.NO_ADDRESS, Stage.ADDRESS, why)

    def _heard(self, events: list[str]) -> bool:
        for event in events:
            self._step(event)
        events.clear()
        return False

    def _step(self, text: str) -> None:
        seconds = self._wire.now() - self._began
        self.steps.append((seconds, text))
        self._say(seconds, text)
