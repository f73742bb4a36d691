"""The socket of a dial, and what it carries: IKE on UDP 500 and 4500, and L2TP inside ESP."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from typing import Protocol

from labvpn.dial.phase1 import Keys
from labvpn.dial.phase2 import QuickMode, dpd_answer, informational
from labvpn.dial.wire import esp, isakmp
from labvpn.model.ports import IKE, NAT_TRAVERSAL


class Wire(Protocol):
    """A datagram socket to one server, on either of two ports, and a clock."""

    def send(self, data: bytes, port: int) -> None:
        """Send a datagram to a port."""

    def receive(self, seconds: float) -> bytes | None:
        """The next datagram from the port of the last `send`; None where none came in time."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""


class UdpWire:
    """A real socket, connected, so that it hears when something on the way rejects a port."""

    def __init__(self, server: str) -> None:
        self._server, self._port = server, 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.was_rejected: set[int] = set()
        """Ports that something on the way rejected by ICMP."""

    @property
    def own_address(self) -> str:
        """The address that this machine sends from."""
        self._to(IKE)
        return str(self._socket.getsockname()[0])

    def send(self, data: bytes, port: int) -> None:
        """Send a datagram; a rejection that came meanwhile is noted."""
        self._to(port)
        for _ in range(2):
            try:
                self._socket.send(data)
            except OSError:
                self.was_rejected.add(port)
            else:
                return

    def receive(self, seconds: float) -> bytes | None:
        """The next datagram."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                return self._socket.recv(65535)
            except TimeoutError:
                return None
            except OSError:
                self.was_rejected.add(self._port)
                time.sleep(min(0.05, left))
        return None

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _to(self, port: int) -> None:
        if self._port != port:
            self._socket.connect((self._server, port))
            self._port = port


@dataclass
class Channel:
    """What L2TP travels in: ESP in UDP 4500. Messages of IKE that come meanwhile are answered here."""

    wire: Wire
    keys: Keys
    quick: QuickMode
    is_over: bool = False
    """Whether the server has deleted the association."""
    peer_is_there: int = 0
    """The number of answers to our questions whether the server is there."""
    _older: list[QuickMode] = field(default_factory=list)

    def send(self, content: bytes) -> None:
        """Send an L2TP message."""
        if self.quick.outbound:
            self.wire.send(self.quick.outbound.seal(esp.in_udp(content)), NAT_TRAVERSAL)

    def receive(self, seconds: float) -> bytes | None:
        """The next L2TP message; None where none came in time."""
        end = self.wire.now() + seconds
        while (left := end - self.wire.now()) > 0:
            datagram = self.wire.receive(left)
            if datagram is None:
                return None
            if datagram[:4] == isakmp.NON_ESP_MARKER:
                self._of_ike(datagram)
            elif (content := self._opened(datagram)) is not None:
                return content
            if self.is_over:
                return None
        return None

    def renew(self, quick: QuickMode) -> None:
        """Go over to new associations; packets of the old ones are still taken."""
        self._older = [self.quick, *self._older[:1]]
        self.quick = quick

    def send_ike(self, message: bytes) -> None:
        """Send a message of IKE."""
        self.wire.send(isakmp.NON_ESP_MARKER + message, NAT_TRAVERSAL)

    def keepalive(self) -> None:
        """Keep the NAT's entry alive."""
        self.wire.send(esp.KEEPALIVE, NAT_TRAVERSAL)

    def _opened(self, datagram: bytes) -> bytes | None:
        for quick in (self.quick, *self._older):
            if quick.inbound and (content := quick.inbound.open(datagram)) is not None:
                return esp.from_udp(content)
        return None

    def _of_ike(self, datagram: bytes) -> None:
        message = isakmp.decoded(datagram)
        if message is None or message.exchange != isakmp.INFORMATIONAL or message.initiator != self.keys.initiator:
            return
        for found in informational(self.keys, message):
            if found.kind == isakmp.R_U_THERE:
                self.send_ike(dpd_answer(self.keys, found))
            elif found.kind == isakmp.R_U_THERE_ACK:
                self.peer_is_there += 1
            elif found.kind == 0:
                self.is_over = True
