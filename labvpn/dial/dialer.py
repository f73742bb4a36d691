"""One dial from the first message to an address: it reports each step, and ends with one cause."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Protocol

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import phase1
from labvpn.dial.channel import Channel
from labvpn.dial.link import Link
from labvpn.dial.login import LinkLogin
from labvpn.dial.outcome import DialEndedError, Finding, StepLog
from labvpn.dial.phase1 import BAD_KEY_EXCHANGE, UNOFFERED, MainMode
from labvpn.dial.phase2 import QuickMode
from labvpn.dial.session import TRIES, WAIT, DialSession
from labvpn.dial.systems import System
from labvpn.dial.transport import Wire
from labvpn.dial.tunnel import Tunnel
from labvpn.dial.wire import isakmp
from labvpn.model.ports import IKE, NAT_TRAVERSAL

ENOUGH = 2
"""So many rejections of a port, each of another try, are no accident."""


class Exchange(Protocol):
    """A message to send until its answer is there."""

    message: bytes

    def receive(self, datagram: bytes) -> bool:
        """Whether a datagram led on."""


class Dialer:
    """Dials one server as one system's client."""

    def __init__(self, wire: Wire, system: System, addresses: tuple[IPv4Address, IPv4Address], log: StepLog) -> None:
        self._wire, self._system, self._log = wire, system, log
        self._own, self._server = (address.packed for address in addresses)
        self.suite = self.protection = ""
        self._is_heard_on_4500 = False

    def dial(self, key: str, login: LinkLogin) -> DialSession:
        """Dial to an address. Raises DialEndedError."""
        self._log.take("IPSec connection started")
        keys = self._phase1(key)
        quick = self._phase2(keys)
        session = DialSession(Channel(self._wire, keys, quick), Tunnel(self._system.host), Link(login))
        try:
            session.open(self._log)
        except BaseException:
            # Whatever stopped it, the server should not keep what is half open.
            session.close()
            raise
        return session

    def _phase1(self, key: str) -> phase1.Keys:
        mode = MainMode(self._system.suites, key, self._own, self._system.vendor_ids)
        self._log.take("IPSec phase 1 client started")
        while mode.progress is not phase1.MainModeProgress.UP:
            at = mode.progress
            answered = self._exchanged(mode, mode.is_on_4500)
            self.suite = mode.suite.name if mode.suite else ""
            if mode.refusal:
                raise _refused(mode, Stage.PHASE_1)
            if mode.is_undecipherable:
                raise DialEndedError(Cause.PSK, Stage.PHASE_1, Finding("keys-differ"))
            if not answered:
                raise _silent(at, self._is_heard_on_4500)
            if at is phase1.MainModeProgress.PROPOSED:
                self._log.take("IPSec phase 1 server replied")
        return mode.keys

    def _phase2(self, keys: phase1.Keys) -> QuickMode:
        self._log.take("IPSec phase 2 started")
        quick = QuickMode(keys, self._system.protections, self._own, self._server)
        answered = self._exchanged(quick, True)
        self.protection = quick.protection.name if quick.protection else ""
        if quick.refusal:
            raise _refused(quick, Stage.PHASE_2)
        if not answered:
            raise DialEndedError(Cause.PROPOSAL, Stage.PHASE_2, Finding("phase-2-silent"))
        self._wire.send(isakmp.NON_ESP_MARKER + quick.message, NAT_TRAVERSAL)
        self._log.take("IPSec phase 2 established")
        self._log.take("IPSec connection established")
        return quick

    def _exchanged(self, mode: Exchange, is_on_4500: bool) -> bool:
        """Send a message until its answer led on; False where no answer came."""
        marker, port = (isakmp.NON_ESP_MARKER, NAT_TRAVERSAL) if is_on_4500 else (b"", IKE)
        for number in range(TRIES):
            self._wire.send(marker + mode.message, port)
            end = self._wire.now() + WAIT
            while (left := end - self._wire.now()) > 0 and not self._wire.is_rejected(port, number + 1):
                datagram = self._wire.receive(left)
                if datagram is not None and mode.receive(datagram):
                    return True
                # What came from 500 may still have been waiting.
                is_marked = is_on_4500 and datagram is not None and datagram[:4] == isakmp.NON_ESP_MARKER
                self._is_heard_on_4500 |= is_marked and isakmp.decoded(datagram or b"") is not None
            if self._wire.is_rejected(port, ENOUGH):
                return False
        return False


def _refused(mode: MainMode | QuickMode, stage: Stage) -> DialEndedError:
    own = mode.refusal in (UNOFFERED, BAD_KEY_EXCHANGE)
    because = Finding(mode.refusal) if own else Finding("refused", {"answer": mode.refusal})
    return DialEndedError(Cause.PROPOSAL if mode.is_about_proposal else Cause.UNKNOWN, stage, because)


def _silent(at: phase1.MainModeProgress, is_heard_on_4500: bool) -> DialEndedError:
    values: dict[str, str | int] = {"port": IKE, "tries": TRIES}
    if is_heard_on_4500:
        return DialEndedError(Cause.UNKNOWN, Stage.PHASE_1, Finding("odd-4500", {"nat": NAT_TRAVERSAL}))
    if at is phase1.MainModeProgress.IDENTIFIED:
        return DialEndedError(Cause.ESP_OR_4500, Stage.PHASE_1, Finding("no-4500", {**values, "nat": NAT_TRAVERSAL}))
    first = at is phase1.MainModeProgress.PROPOSED
    return DialEndedError(Cause.IPSEC_PORTS, Stage.PHASE_1, Finding("no-first" if first else "no-third", values))
