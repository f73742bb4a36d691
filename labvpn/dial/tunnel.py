"""One L2TP tunnel with one call, as its client (RFC 2661, 5). No sockets: messages in, messages out."""

from __future__ import annotations

import os
import struct
from enum import IntEnum

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial.outcome import AnyCause
from labvpn.dial.wire import l2tp
from labvpn.dial.wire.l2tp import Control, Data


class TunnelProgress(IntEnum):
    """How far the tunnel is."""

    CLOSED = 0
    TUNNEL_ASKED = 1
    CALL_ASKED = 2
    UP = 3
    ENDED = 4


class Tunnel:
    """The tunnel. `outgoing` collects what to send; `resend` is what is not acknowledged yet."""

    title = "L2TP"
    silence: tuple[AnyCause, Stage, str] = (Cause.L2TP_SILENT, Stage.L2TP, "l2tp-silent")
    lost = "ipsec-deleted"
    refused: AnyCause = Cause.UNKNOWN

    def __init__(self, host: str) -> None:
        self.progress = TunnelProgress.CLOSED
        self.outgoing: list[bytes] = []
        self.frames: list[bytes] = []
        self.events: list[str] = []
        """What happened, in the words of a Mac's ppp.log."""
        self.refusal = ""
        """The id of how the server ended it; empty where it did not."""
        self.result = ""
        """The code, and the words, by which the server refused it; empty where it named none."""
        self._host = host.encode()
        self._own = 1 + int.from_bytes(os.urandom(2), "big") % 65535
        self._own_call = 1 + int.from_bytes(os.urandom(2), "big") % 65535
        self._remote = self._remote_call = 0
        self._sent = self._received = 0
        self._unacknowledged: dict[int, bytes] = {}

    def open(self) -> None:
        """Ask for the tunnel."""
        self.progress = TunnelProgress.TUNNEL_ASKED
        asked = {
            l2tp.VERSION: b"\1\0",
            l2tp.FRAMING: struct.pack(">I", 3),
            l2tp.HOST_NAME: self._host,
            l2tp.TUNNEL: l2tp.number(self._own),
            l2tp.WINDOW: l2tp.number(4),
        }
        self._say(l2tp.SCCRQ, asked)

    def receive(self, datagram: bytes) -> None:
        """Take a datagram; what is not for this tunnel changes nothing."""
        message = l2tp.decoded(datagram)
        if isinstance(message, Data):
            if (message.tunnel, message.session) == (self._own, self._own_call):
                self.frames.append(message.frame)
        elif message is not None and message.tunnel in (self._own, 0):
            self._controlled(message)

    def resend(self) -> list[bytes]:
        """The control messages that are not acknowledged yet."""
        return [*self._unacknowledged.values()]

    def send_frame(self, frame: bytes) -> None:
        """Send a PPP frame through the call."""
        self.outgoing.append(Data(self._remote, self._remote_call, frame).encoded())

    def close(self) -> None:
        """Say goodbye: the server frees call and tunnel at once."""
        if self.progress in (TunnelProgress.CALL_ASKED, TunnelProgress.UP):
            result = {l2tp.RESULT: l2tp.number(3), l2tp.SESSION: l2tp.number(self._own_call)}
            self._say(l2tp.CDN, result, call=True)
            self._say(l2tp.STOPCCN, {l2tp.TUNNEL: l2tp.number(self._own), l2tp.RESULT: l2tp.number(1)})
        self.progress = TunnelProgress.ENDED

    def _controlled(self, message: Control) -> None:
        for number in [each for each in self._unacknowledged if (message.expected - each - 1) % 65536 < 32768]:
            del self._unacknowledged[number]
        if message.kind == l2tp.ACK:
            return
        if message.sent == self._received % 65536:
            self._received += 1
            self._take(message)
        elif (self._received - message.sent) % 65536 > 32768:
            return  # one before it was lost; it comes again
        self.outgoing.append(self._control(l2tp.ACK, {}).encoded())

    def _take(self, message: Control) -> None:
        self.events.append(f"L2TP received {l2tp.NAMES.get(message.kind, message.kind)}")
        if message.kind == l2tp.SCCRP and self.progress is TunnelProgress.TUNNEL_ASKED:
            self._remote = int.from_bytes(message.attributes.get(l2tp.TUNNEL, b"")[:2], "big")
            self._say(l2tp.SCCCN, {})
            self.progress = TunnelProgress.CALL_ASKED
            self._say(l2tp.ICRQ, {l2tp.SESSION: l2tp.number(self._own_call), l2tp.CALL: struct.pack(">I", 1)})
        elif message.kind == l2tp.ICRP and self.progress is TunnelProgress.CALL_ASKED:
            self._remote_call = int.from_bytes(message.attributes.get(l2tp.SESSION, b"")[:2], "big")
            speed = {l2tp.SPEED: struct.pack(">I", 100_000_000), l2tp.FRAMES: struct.pack(">I", 1)}
            self._say(l2tp.ICCN, speed, call=True)
            self.progress = TunnelProgress.UP
        elif message.kind in (l2tp.STOPCCN, l2tp.CDN):
            self.refusal = "tunnel-ended" if message.kind == l2tp.STOPCCN else "call-ended"
            self.result = l2tp.result(message.attributes.get(l2tp.RESULT, b""))
            self.progress = TunnelProgress.ENDED

    def _say(self, kind: int, attributes: l2tp.Attributes, call: bool = False) -> None:
        data = self._control(kind, attributes, call).encoded()
        self._unacknowledged[self._sent % 65536] = data
        self._sent += 1
        self.outgoing.append(data)
        self.events.append(f"L2TP sent {l2tp.NAMES[kind]}")

    def _control(self, kind: int, attributes: l2tp.Attributes, call: bool = False) -> Control:
        numbers = (self._sent % 65536, self._received % 65536)
        return Control(self._remote, self._remote_call if call else 0, *numbers, kind, attributes)
