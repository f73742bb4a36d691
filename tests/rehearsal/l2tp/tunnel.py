"""One L2TP tunnel with one session (RFC 2661), as its client: control messages are repeated until they are answered."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator

PORT = 1701
CONTROL, LENGTH, SEQUENCE, OFFSET = 0x8000, 0x4000, 0x0800, 0x0200
SCCRQ, SCCRP, SCCCN, STOPCCN, HELLO, ICRQ, ICRP, ICCN, CDN = 1, 2, 3, 4, 6, 10, 11, 12, 14
MESSAGE_TYPE, RESULT, VERSION, FRAMING, HOST_NAME, TUNNEL, WINDOW, SESSION, CALL, SPEED, FRAMES = (
    *(0, 1, 2, 3, 7, 9, 10, 14, 15, 24, 19),
)
OWN_TUNNEL, OWN_SESSION = 17, 23
REPEAT_SECONDS = 1.0
MOST_REPEATS = 4

Attributes = dict[int, bytes]


class TunnelError(Exception):
    """The other end is silent, refuses, or has hung up."""


def attribute(kind: int, value: bytes) -> bytes:
    """A mandatory attribute-value pair."""
    return struct.pack(">HHH", 0x8000 | (len(value) + 6), 0, kind) + value


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The pairs of a control message, but those of other vendors."""
    while len(data) >= 6:
        flags, vendor, kind = struct.unpack(">HHH", data[:6])
        size = max(flags & 0x3FF, 6)
        if vendor == 0:
            yield kind, data[6:size]
        data = data[size:]


class Tunnel:
    """A tunnel to a server, and what PPP sends and receives through its one session."""

    def __init__(self, server: str, port: int = PORT) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((server, port))
        self.remote = [0, 0]
        self.sent = self.received = 0

    def open(self) -> None:
        """Have a tunnel and a session in it. Raises TunnelError."""
        greeting = attribute(VERSION, b"\1\0") + attribute(FRAMING, struct.pack(">I", 3))
        greeting += attribute(HOST_NAME, b"phone") + attribute(TUNNEL, struct.pack(">H", OWN_TUNNEL))
        answer = self.ask(SCCRQ, greeting + attribute(WINDOW, struct.pack(">H", 4)), SCCRP)
        self.remote[0] = int.from_bytes(answer[TUNNEL], "big")
        self.say(SCCCN)
        call = attribute(SESSION, struct.pack(">H", OWN_SESSION)) + attribute(CALL, struct.pack(">I", 1))
        answer = self.ask(ICRQ, call, ICRP)
        self.remote[1] = int.from_bytes(answer[SESSION], "big")
        self.say(
            ICCN, attribute(SPEED, struct.pack(">I", 100_000_000)) + attribute(FRAMES, struct.pack(">I", 1)), call=True
        )

    def ask(self, kind: int, body: bytes, wanted: int) -> Attributes:
        """Send a control message until its answer is there."""
        message = self.control(kind, body)
        self.sent += 1
        for _ in range(MOST_REPEATS):
            self.send(message)
            for got, found in self.controls(REPEAT_SECONDS):
                if got == wanted:
                    return found
        raise TunnelError(f"no answer from UDP port {PORT}")

    def say(self, kind: int, body: bytes = b"", call: bool = False) -> None:
        """Send a control message that has no answer but its acknowledgement."""
        self.send(self.control(kind, body, call))
        self.sent += 1

    def control(self, kind: int, body: bytes, call: bool = False) -> bytes:
        """A control message of the tunnel or of the call; kind 0 only acknowledges."""
        whole = (attribute(MESSAGE_TYPE, struct.pack(">H", kind)) if kind else b"") + body
        ids = (self.remote[0], self.remote[1] if call else 0)
        flags = CONTROL | LENGTH | SEQUENCE | 2
        return struct.pack(">HHHHHH", flags, len(whole) + 12, *ids, self.sent, self.received) + whole

    def send(self, datagram: bytes) -> None:
        """Send a datagram. Raises TunnelError where somebody on the way says that it may not pass."""
        try:
            self.socket.send(datagram)
        except OSError as error:
            raise TunnelError(f"UDP port {PORT} is closed: {error.strerror}") from None

    def controls(self, seconds: float) -> Iterator[tuple[int, Attributes]]:
        """The control messages that come in time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            message = self.datagram(left)
            if message is not None and message[0]:
                yield from self.controlled(message[1])

    def controlled(self, message: bytes) -> Iterator[tuple[int, Attributes]]:
        """A new control message, acknowledged. Raises TunnelError at the server's farewell."""
        number = int.from_bytes(message[8:10], "big")
        if len(message) <= 12 or number != self.received:
            return
        self.received += 1
        found = dict(attributes(message[12:]))
        self.send(self.control(0, b""))
        kind = int.from_bytes(found.get(MESSAGE_TYPE, b"\0\0"), "big")
        if kind in (STOPCCN, CDN):
            raise TunnelError("the server has hung up")
        yield kind, found

    def datagram(self, seconds: float) -> tuple[bool, bytes] | None:
        """What came, and whether it is a control message; None where nothing came in time."""
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(65535)
        except TimeoutError:
            return None
        except OSError as error:
            raise TunnelError(f"UDP port {PORT} is closed: {error.strerror}") from None
        return bool(int.from_bytes(data[:2], "big") & CONTROL), data

    def frame(self, seconds: float) -> bytes | None:
        """The next PPP frame, without its address and control bytes; control messages are answered on the way."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            message = self.datagram(left)
            if message is not None and not message[0]:
                return payload(message[1])
            if message is not None:
                list(self.controlled(message[1]))
        return None

    def send_frame(self, frame: bytes) -> None:
        """Send a PPP frame through the session."""
        self.send(struct.pack(">HHH", 2, *self.remote) + b"\xff\x03" + frame)

    def close(self) -> None:
        """Say goodbye: the server frees session and tunnel at once."""
        if self.remote[0]:
            reason = attribute(TUNNEL, struct.pack(">H", OWN_TUNNEL)) + attribute(RESULT, struct.pack(">H", 1))
            self.say(STOPCCN, reason)
        self.socket.close()


def payload(message: bytes) -> bytes:
    """The PPP frame of a data message."""
    flags, place = int.from_bytes(message[:2], "big"), 2
    place += 2 * bool(flags & LENGTH) + 4 + 4 * bool(flags & SEQUENCE)
    if flags & OFFSET:
        place += 2 + int.from_bytes(message[place : place + 2], "big")
    frame = message[place:]
    return frame[2:] if frame[:2] == b"\xff\x03" else frame
