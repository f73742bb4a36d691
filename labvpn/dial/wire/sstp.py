"""SSTP's messages inside TLS, and what binds a call to its login (MS-SSTP 2.2, 3.2.5.2; RFC 3079, 3)."""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass, field, replace

from labvpn.dial.wire.mschap import md4

VERSION, CONTROL = 0x10, 0x01
REQUEST, ACK, NAK, CONNECTED, ABORT, DISCONNECT, DISCONNECTED, ECHO, ECHOED = range(1, 10)
NAMES = {
    REQUEST: "Call-Connect-Request",
    ACK: "Call-Connect-Ack",
    NAK: "Call-Connect-Nak",
    CONNECTED: "Call-Connected",
    ABORT: "Call-Abort",
    DISCONNECT: "Call-Disconnect",
    DISCONNECTED: "Call-Disconnect-Ack",
    ECHO: "Echo-Request",
    ECHOED: "Echo-Response",
}
PROTOCOL, STATUS, BINDING, BINDING_ASKED = 1, 2, 3, 4
"""Attributes."""
PPP = struct.pack(">H", 1)
SHA1, SHA256 = 1, 2
"""Bits of the hashes that a server takes for the binding."""
LARGEST = 4095
"""Bytes of a message; its length has twelve bits."""
_HEAD = struct.Struct(">BBH")
_MAC_AT = 80
"""Where the compound MAC begins in Call-Connected (MS-SSTP, 2.2.11)."""
_SEED = b"SSTP inner method derived CMK"
_MASTER = b"This is the MPPE Master Key"
_SENT_BY_CLIENT = b"On the client side, this is the send key; on the server side, it is the receive key."
_SENT_BY_SERVER = b"On the client side, this is the receive key; on the server side, it is the send key."

Attributes = dict[int, bytes]


@dataclass(frozen=True)
class Control:
    """A control message and its attributes."""

    kind: int
    attributes: Attributes = field(default_factory=dict)

    def encoded(self) -> bytes:
        """As bytes."""
        parts = [struct.pack(">BBH", 0, kind, len(value) + 4) + value for kind, value in self.attributes.items()]
        body = struct.pack(">HH", self.kind, len(parts)) + b"".join(parts)
        return _HEAD.pack(VERSION, CONTROL, len(body) + 4) + body


@dataclass(frozen=True)
class Data:
    """A PPP frame."""

    frame: bytes

    def encoded(self) -> bytes:
        """As bytes."""
        return _HEAD.pack(VERSION, 0, len(self.frame) + 4) + self.frame


def size_of(stream: bytes) -> int | None:
    """How long the message is that a stream begins with; 0 where that is not known yet, None where it is none."""
    if len(stream) < _HEAD.size:
        return 0
    version, _, size = _HEAD.unpack_from(stream)
    size &= LARGEST
    return size if version == VERSION and size >= _HEAD.size else None


def decoded(message: bytes) -> Control | Data | None:
    """The message in these bytes; None where they are no whole one."""
    if size_of(message) != len(message) or not message:
        return None
    if not message[1] & CONTROL:
        return Data(message[4:])
    if len(message) < 8:
        return None
    kind, count = struct.unpack_from(">HH", message, 4)
    attributes: Attributes = {}
    rest = message[8:]
    for _ in range(count):
        size = struct.unpack_from(">H", rest, 2)[0] & LARGEST if len(rest) >= 4 else 0
        if not 4 <= size <= len(rest):
            return None
        attributes[rest[1]], rest = rest[4:size], rest[size:]
    return Control(kind, attributes)


def binding_asked(value: bytes) -> tuple[int, bytes] | None:
    """The hash to use and the nonce of Call-Connect-Ack; None where it offers no hash that is known."""
    if len(value) != 36:
        return None
    chosen = SHA256 if value[3] & SHA256 else SHA1 if value[3] & SHA1 else 0
    return (chosen, value[4:]) if chosen else None


def connected(chosen: int, nonce: bytes, certificate: bytes, session_key: bytes) -> Control:
    """Call-Connected: it proves to the server who logged in, and that nobody is between (MS-SSTP, 3.2.5.2)."""
    digest = hashlib.sha256 if chosen == SHA256 else hashlib.sha1
    seen = digest(certificate).digest().ljust(32, b"\0")
    unsigned = Control(CONNECTED, {BINDING: bytes([0, 0, 0, chosen]) + nonce + seen + bytes(32)})
    size = digest().digest_size
    key = hmac.digest(session_key, _SEED + struct.pack("<HB", size, 1), digest)
    mac = hmac.digest(key, unsigned.encoded(), digest).ljust(32, b"\0")
    return replace(unsigned, attributes={BINDING: unsigned.attributes[BINDING][: _MAC_AT - 12] + mac})


def session_key(password: str, response: bytes) -> bytes:
    """The client's key of a login by MS-CHAPv2: the master's send key, then its receive key, 16 bytes each."""
    twice = md4(md4(password.encode("utf-16-le")))
    master = hashlib.sha1(twice + response + _MASTER, usedforsecurity=False).digest()[:16]
    return _start_key(master, _SENT_BY_CLIENT) + _start_key(master, _SENT_BY_SERVER)


def _start_key(master: bytes, whose: bytes) -> bytes:
    return hashlib.sha1(master + bytes(40) + whose + b"\xf2" * 40, usedforsecurity=False).digest()[:16]
