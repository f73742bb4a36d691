"""What L2TP travels in: ESP in UDP 4500, kept alive and renewed; messages of IKE that come meanwhile are answered."""

from __future__ import annotations

from labvpn.dial.phase1 import Keys
from labvpn.dial.phase2 import ESP, QuickMode, deletions, dpd_answer, dpd_question, goodbye, informational
from labvpn.dial.transport import Wire
from labvpn.dial.wire import esp, isakmp
from labvpn.model.ports import NAT_TRAVERSAL

KEEPALIVE, PEER = 20.0, 30.0
"""Seconds between NAT keepalives (RFC 3948, 4), and between questions whether the server is there (RFC 3706)."""
RENEWAL, TRIES, WAIT = 3000.0, 5, 3.0
"""Seconds after which phase 2 is renewed, of the 3600 that it lasts; tries, and seconds between them."""
UNANSWERED = 3
"""So many questions without an answer mean that the server is gone."""


class Channel:
    """One pair of ESP associations at a time, over a wire to one server."""

    def __init__(self, wire: Wire, keys: Keys, quick: QuickMode, renewal: float = RENEWAL) -> None:
        self.wire, self.keys, self.quick = wire, keys, quick
        self.is_over = False
        self.renewals = 0
        self._answers_questions, self._unanswered = False, 0
        self._older: list[QuickMode] = []
        self._pending: QuickMode | None = None
        self._asked, self._tries, self._renewal = 0, 0, renewal
        self._due = {"keepalive": wire.now() + KEEPALIVE, "peer": wire.now() + PEER, "renewal": wire.now() + renewal}

    def now(self) -> float:
        """Seconds on the wire's clock."""
        return self.wire.now()

    def send(self, content: bytes) -> None:
        """Send an L2TP message."""
        if self.quick.outbound:
            self.wire.send(self.quick.outbound.seal(esp.in_udp(content)), NAT_TRAVERSAL)

    def receive(self, seconds: float) -> bytes | None:
        """The next L2TP message; None where none came in time."""
        end = self.wire.now() + seconds
        while (left := end - self.wire.now()) > 0 and not self.is_over:
            datagram = self.wire.receive(left)
            if datagram is None:
                return None
            if datagram[:4] == isakmp.NON_ESP_MARKER:
                self._of_ike(datagram)
            elif (content := self._opened(datagram)) is not None:
                return content
        return None

    def keep(self) -> None:
        """Send what is due: a NAT keepalive, a question to the server, the next step of a renewal."""
        if self._is_due("keepalive", KEEPALIVE):
            self.wire.send(esp.KEEPALIVE, NAT_TRAVERSAL)
        if self._is_due("peer", PEER):
            self._asked += 1
            self._unanswered += self._answers_questions
            self.is_over = self.is_over or self._unanswered > UNANSWERED
            self._send_ike(dpd_question(self.keys, self._asked))
        if self._is_due("renewal", WAIT):
            self.renew()

    def renew(self) -> None:
        """Ask for new associations, and again until they are there; after the last try the old ones run out."""
        self._pending = self._pending or self.quick.anew()
        self._tries += 1
        if self._tries <= TRIES:
            self._send_ike(self._pending.message)

    def close(self) -> None:
        """Delete the associations, so that the server forgets them at once."""
        if self.quick.inbound and not self.is_over:
            for message in goodbye(self.keys, self.quick.inbound):
                self._send_ike(message)

    def _is_due(self, what: str, again: float) -> bool:
        now = self.wire.now()
        if now < self._due[what]:
            return False
        self._due[what] = now + again
        return True

    def _renewed(self, quick: QuickMode) -> None:
        """Go over to new associations; packets of the old ones are still taken."""
        self._send_ike(quick.message)
        self._older = [self.quick, *self._older[:1]]
        self.quick, self._pending, self._tries = quick, None, 0
        self.renewals += 1
        self._due["renewal"] = self.wire.now() + self._renewal

    def _send_ike(self, message: bytes) -> None:
        self.wire.send(isakmp.NON_ESP_MARKER + message, NAT_TRAVERSAL)

    def _opened(self, datagram: bytes) -> bytes | None:
        for quick in (self.quick, *self._older):
            if quick.inbound and (content := quick.inbound.open(datagram)) is not None:
                return esp.from_udp(content)
        return None

    def _of_ike(self, datagram: bytes) -> None:
        if self._pending and self._pending.receive(datagram) and self._pending.is_up:
            self._renewed(self._pending)
            return
        message = isakmp.decoded(datagram)
        if message is None or message.exchange != isakmp.INFORMATIONAL or message.initiator != self.keys.initiator:
            return
        for found in informational(self.keys, message):
            if found.kind == isakmp.R_U_THERE:
                self._send_ike(dpd_answer(self.keys, found))
            elif found.kind == isakmp.R_U_THERE_ACK:
                self._answers_questions, self._unanswered = True, 0
        own = self.quick.outbound.spi if self.quick.outbound else b""
        for gone in deletions(self.keys, message):
            self.is_over = self.is_over or gone.protocol != ESP or own in gone.spis
