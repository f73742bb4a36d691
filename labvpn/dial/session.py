"""An L2TP session: a tunnel and a PPP link over whatever carries its messages, opened, pumped and closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial.link import Link, LinkProgress
from labvpn.dial.login import DENIALS
from labvpn.dial.outcome import AnyCause, DialEndedError, Finding, StepLog
from labvpn.dial.tunnel import TunnelProgress

TRIES, WAIT = 4, 1.5
"""How often a message of IKE or L2TP is sent, and seconds between two tries."""
PPP_SECONDS = 25.0
"""Seconds for the login and the address: SoftEther waits up to fifteen for a DHCP server before it gives up."""
PPP_WAIT = 3.0
REFUSALS: dict[str, AnyCause] = {"login-refused": Cause.CREDENTIALS, **dict.fromkeys(DENIALS.values(), Cause.EXPIRED)}
"""The causes of refusals of a login; another end of it decides nothing."""


class PacketChannel(Protocol):
    """What carries L2TP messages: ESP, or UDP 1701 without it."""

    @property
    def is_over(self) -> bool:
        """Whether the other side has ended it."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""

    def send(self, content: bytes) -> None:
        """Send a message."""

    def receive(self, seconds: float) -> bytes | None:
        """The next message; None where none came in time."""

    def keep(self) -> None:
        """Do what is due to keep it alive."""

    def close(self) -> None:
        """Say goodbye."""


class Carrier(Protocol):
    """What carries PPP frames in messages: an L2TP tunnel, or an SSTP call.

    `silence` is the cause, the stage and the finding of one that is not answered, `refused` the cause of one that is
    answered and ended, `lost` how its channel ends.
    """

    title: str
    silence: tuple[AnyCause, Stage, str]
    lost: str
    refused: AnyCause
    progress: TunnelProgress
    outgoing: list[bytes]
    frames: list[bytes]
    events: list[str]
    refusal: str
    result: str

    def open(self) -> None:
        """Ask for it."""

    def resend(self) -> list[bytes]:
        """What has to be sent once more."""

    def receive(self, datagram: bytes, /) -> None:
        """Take a message."""

    def send_frame(self, frame: bytes) -> None:
        """Send a PPP frame."""

    def close(self) -> None:
        """Say goodbye."""


class DialSession:
    """A carrier and a link over a channel, kept going by `pump`."""

    def __init__(self, channel: PacketChannel, tunnel: Carrier, link: Link) -> None:
        self.channel, self.tunnel, self.link = channel, tunnel, link

    def open(self, log: StepLog) -> None:
        """Bring tunnel and link up to an address. Raises DialEndedError."""
        self._open_tunnel(log)
        self._open_link(log)

    def pump(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Answer what comes for some seconds, or until a condition is met; whether it was met."""
        end = self.channel.now() + seconds
        while not until():
            self.flush()
            left = end - self.channel.now()
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
        ended = self.tunnel.progress is TunnelProgress.ENDED or self.link.progress is LinkProgress.ENDED
        return ended or self.channel.is_over

    @property
    def ended_by(self) -> str:
        """The id of how the server ended it; empty where it did not."""
        return (self.link.refusal or self.tunnel.refusal or self.tunnel.lost) if self.is_over else ""

    def close(self) -> None:
        """Leave by a proper goodbye, so that the next login is not refused."""
        self.link.close()
        self.pump(0.1)
        self.tunnel.close()
        self.pump(0.1)
        self.channel.close()

    def _open_tunnel(self, log: StepLog) -> None:
        line = self.tunnel
        line.open()
        for number in range(2 * TRIES):
            if number:
                line.outgoing += line.resend()
            self.pump(WAIT, lambda: self._heard(log, line.events) or line.progress >= TunnelProgress.UP)
            if line.progress >= TunnelProgress.UP or self.channel.is_over:
                break
        if line.progress is not TunnelProgress.UP:
            silent, stage, id_ = line.silence
            raise DialEndedError(line.refused if self.is_over else silent, stage, self._seen(id_))
        log.hear(line.events)
        log.take(f"{line.title} connection established.")

    def _open_link(self, log: StepLog) -> None:
        link, end = self.link, self.channel.now() + PPP_SECONDS
        log.take("Using interface ppp0")
        log.take(f"Connect: ppp0 <--> {self.tunnel.title}")
        link.ask()
        while link.progress < LinkProgress.UP and self.channel.now() < end and not self.is_over:
            at = link.progress
            self.pump(PPP_WAIT, lambda at=at: self._heard(log, link.events) or link.progress is not at)  # type: ignore[misc]
            if link.progress is at:
                link.ask()
        log.hear(link.events)
        if link.progress is not LinkProgress.UP:
            raise self._stopped()

    def _stopped(self) -> DialEndedError:
        link = self.link
        at = link.ended_at if link.progress is LinkProgress.ENDED else link.progress
        if at is LinkProgress.LINK:
            return self._without_login()
        if at is LinkProgress.LOGIN:
            cause = REFUSALS.get(link.refusal, Cause.UNKNOWN)
            return DialEndedError(cause, Stage.AUTHENTICATION, self._seen("login-silent"))
        return DialEndedError(Cause.NO_ADDRESS, Stage.ADDRESS, self._seen("address-silent"))

    def _without_login(self) -> DialEndedError:
        """Why the link did not even come to a login."""
        link, line = self.link, self.tunnel
        if link.foreign_login:
            why = Finding("no-login-method", {"asked": link.foreign_login, "offered": link.login.offered})
            return DialEndedError(Cause.PROPOSAL, Stage.AUTHENTICATION, why)
        if link.has_no_login and not self.is_over:
            return DialEndedError(Cause.UNKNOWN, Stage.AUTHENTICATION, Finding("no-login"))
        silent, stage, _ = line.silence
        cause = Cause.UNKNOWN if link.refusal else line.refused if self.is_over else silent
        return DialEndedError(cause, stage, self._seen("ppp-silent"))

    def _seen(self, silent: str) -> Finding:
        """How the server ended it, with its reason where it names one; else that it was `silent`."""
        if self.ended_by == self.tunnel.refusal and self.tunnel.result:
            return Finding(f"{self.ended_by}-for", {"result": self.tunnel.result})
        return Finding(self.ended_by or silent)

    def _heard(self, log: StepLog, events: list[str]) -> bool:
        log.hear(events)
        return False
