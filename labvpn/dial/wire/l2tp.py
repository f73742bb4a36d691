"""L2TP version 2 messages: control messages with their attributes, and data (RFC 2661)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

CONTROL, LENGTH, SEQUENCE, OFFSET = 0x8000, 0x4000, 0x0800, 0x0200
SCCRQ, SCCRP, SCCCN, STOPCCN, HELLO, ICRQ, ICRP, ICCN, CDN = 1, 2, 3, 4, 6, 10, 11, 12, 14
ACK = 0
"""Not a type of RFC 2661: an empty control message, which acknowledges only."""
MESSAGE_TYPE, RESULT, VERSION, FRAMING, HOST_NAME, TUNNEL, WINDOW, SESSION, CALL, FRAMES, SPEED = (
    *(0, 1, 2, 3, 7, 9, 10, 14, 15, 19, 24),
)
NAMES = {
    SCCRQ: "SCCRQ",
    SCCRP: "SCCRP",
    SCCCN: "SCCCN",
    STOPCCN: "StopCCN",
    HELLO: "Hello",
    ICRQ: "ICRQ",
    ICRP: "ICRP",
    ICCN: "ICCN",
    CDN: "CDN",
}

_HEADER = struct.Struct(">HHHHHH")

Attributes = dict[int, bytes]


@dataclass(frozen=True)
class Control:
    """A control message: whom it is for, its numbers, its type and its attributes."""

    tunnel: int
    session: int
    sent: int
    expected: int
    kind: int = ACK
    attributes: Attributes = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The message as bytes."""
        body = b""
        if self.kind != ACK:
            pairs = {MESSAGE_TYPE: number(self.kind), **self.attributes}
            body = b"".join(_pair(kind, value) for kind, value in pairs.items())
        flags = CONTROL | LENGTH | SEQUENCE | 2
        size = _HEADER.size + len(body)
        return _HEADER.pack(flags, size, self.tunnel, self.session, self.sent, self.expected) + body


@dataclass(frozen=True)
class Data:
    """A data message: a PPP frame, with or without its address and control bytes."""

    tunnel: int
    session: int
    frame: bytes

    def encoded(self) -> bytes:
        """The message as bytes."""
        return struct.pack(">HHH", 2, self.tunnel, self.session) + self.frame


def number(value: int) -> bytes:
    """A number of two bytes."""
    return struct.pack(">H", value)


def result(value: bytes) -> str:
    """The result of a StopCCN or CDN: its code, the error's, and the words of it (RFC 2661, 4.4.2)."""
    codes = [int.from_bytes(value[at : at + 2], "big") for at in (0, 2) if len(value) >= at + 2]
    return " ".join(["/".join(str(code) for code in codes), value[4:84].decode("utf-8", "replace")]).strip()


def decoded(data: bytes) -> Control | Data | None:
    """The message in a datagram; None if it is not one of L2TP version 2."""
    if len(data) < 6 or int.from_bytes(data[:2], "big") & 0xF != 2:
        return None
    return _control(data) if data[0] & 0x80 else _data(data)


def _control(data: bytes) -> Control | None:
    if len(data) < _HEADER.size:
        return None
    flags, size, tunnel, session, sent, expected = _HEADER.unpack_from(data)
    if flags & 0xCB0F != CONTROL | LENGTH | SEQUENCE | 2 or not _HEADER.size <= size <= len(data):
        return None
    attributes = dict(_pairs(data[_HEADER.size : size]))
    kind = int.from_bytes(attributes.pop(MESSAGE_TYPE, b"\0\0"), "big")
    return Control(tunnel, session, sent, expected, kind, attributes)


def _data(data: bytes) -> Data | None:
    flags = int.from_bytes(data[:2], "big")
    start = 2 + 2 * bool(flags & LENGTH)
    head = data[start : start + 4]
    start += 4 + 4 * bool(flags & SEQUENCE)
    if flags & OFFSET:
        start += 2 + int.from_bytes(data[start : start + 2], "big")
    if len(head) < 4 or start > len(data):
        return None
    tunnel, session = struct.unpack(">HH", head)
    return Data(tunnel, session, data[start:])


def _pair(kind: int, value: bytes) -> bytes:
    return struct.pack(">HHH", 0x8000 | (len(value) + 6), 0, kind) + value


def _pairs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes of a message but those of other vendors, and hidden ones (RFC 2661, 4.3)."""
    while len(data) >= 6:
        flags, vendor, kind = struct.unpack_from(">HHH", data)
        size = flags & 0x3FF
        if not 6 <= size <= len(data):
            return
        if vendor == 0 and not flags & 0x4000:
            yield kind, data[6:size]
        data = data[size:]
