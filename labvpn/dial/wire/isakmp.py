"""ISAKMP messages of IKEv1: header, payloads, proposals (RFC 2408, 2407, 2409; NAT traversal by RFC 3947)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NON_ESP_MARKER = bytes(4)
"""What precedes IKE on UDP 4500, where ESP would have its SPI (RFC 3948, 2.2)."""

SA, KE, ID, HASH, NONCE, NOTIFICATION, DELETE, VENDOR_ID, NAT_D, NAT_OA = 1, 4, 5, 8, 10, 11, 12, 13, 20, 21
MAIN_MODE, INFORMATIONAL, QUICK_MODE = 2, 5, 32
ENCRYPTED = 1

NAT_T = bytes.fromhex("4a131c81070358455c5728f20e95452f")
"""MD5 of "RFC 3947", the vendor ID of NAT traversal. SoftEther answers no initiator without it."""
DPD = bytes.fromhex("afcad71368a1f1c96b8696fc77570100")
"""The vendor ID of dead peer detection (RFC 3706, 5.2)."""
R_U_THERE, R_U_THERE_ACK = 36136, 36137

_HEADER = struct.Struct(">8s8sBBBBII")
_PAYLOAD = struct.Struct(">BxH")

NOTICES = {
    14: "no proposal chosen",
    16: "payload malformed",
    18: "invalid ID information",
    23: "invalid hash information",
    24: "authentication failed",
}
"""Notifications of an answering but unwilling server (RFC 2408, 3.14.1)."""

UNREADABLE = frozenset({1, 16, 23, 24, 30})
"""Notifications of who decrypted with other keys: payload type, malformed, hash, authentication, unequal lengths."""

Payload = tuple[int, bytes]


@dataclass(frozen=True)
class Message:
    """One ISAKMP message; `body` is what follows the header, encrypted where `flags` says so."""

    initiator: bytes
    responder: bytes
    first: int
    exchange: int
    flags: int
    number: int
    body: bytes

    @property
    def is_encrypted(self) -> bool:
        """Whether the body is encrypted."""
        return bool(self.flags & ENCRYPTED)

    def encoded(self) -> bytes:
        """The message as bytes."""
        length = _HEADER.size + len(self.body)
        head = (self.initiator, self.responder, self.first, 0x10, self.exchange, self.flags, self.number, length)
        return _HEADER.pack(*head) + self.body


def decoded(data: bytes) -> Message | None:
    """The message in a datagram, without the marker of port 4500; None if it is not an IKEv1 message."""
    if data[:4] == NON_ESP_MARKER:
        data = data[4:]
    if len(data) < _HEADER.size:
        return None
    initiator, responder, first, version, exchange, flags, number, length = _HEADER.unpack_from(data)
    if version != 0x10 or not _HEADER.size <= length <= len(data):
        return None
    return Message(initiator, responder, first, exchange, flags, number, data[_HEADER.size : length])


def chain(payloads: Sequence[Payload]) -> bytes:
    """Payloads as a body; each names the one that follows it."""
    following = [*[kind for kind, _ in payloads[1:]], 0][: len(payloads)]
    return b"".join(
        _PAYLOAD.pack(after, _PAYLOAD.size + len(body)) + body
        for (_, body), after in zip(payloads, following, strict=True)
    )


def payloads(first: int, body: bytes) -> Iterator[Payload]:
    """The payloads of a body, each as (type, content); it ends at the first that does not fit."""
    while first and len(body) >= _PAYLOAD.size:
        following, length = _PAYLOAD.unpack_from(body)
        if not _PAYLOAD.size <= length <= len(body):
            return
        yield first, body[_PAYLOAD.size : length]
        first, body = following, body[length:]


def is_whole(first: int, body: bytes) -> bool:
    """Whether a body is a chain of payloads from its first to its last, with nothing but padding after it.

    What was decrypted with a wrong key is not.
    """
    known = {SA, 2, 3, KE, ID, 6, 7, HASH, 9, NONCE, NOTIFICATION, DELETE, VENDOR_ID, NAT_D, NAT_OA}
    while first:
        if first not in known or len(body) < _PAYLOAD.size:
            return False
        following, length = _PAYLOAD.unpack_from(body)
        if not _PAYLOAD.size <= length <= len(body):
            return False
        first, body = following, body[length:]
    return True


def first_of(kind: int, some: Sequence[Payload]) -> bytes | None:
    """The content of the first payload of a type."""
    return next((body for each, body in some if each == kind), None)


Attributes = Sequence[tuple[int, int]]


def association(protocol: int, spi: bytes, transforms: Sequence[tuple[int, Attributes]]) -> bytes:
    """The content of an SA payload: DOI IPsec, situation "identity only", one proposal (RFC 2407, 4.2).

    `transforms` are pairs of a transform's ID and its attributes, best first.
    """
    last = len(transforms)
    encoded = b"".join(
        _PAYLOAD.pack(3 if number < last else 0, 8 + 4 * len(attributes))
        + struct.pack(">BBxx", number, kind)
        + b"".join(struct.pack(">HH", 0x8000 | key, value) for key, value in attributes)
        for number, (kind, attributes) in enumerate(transforms, 1)
    )
    proposal = struct.pack(">BBBB", 1, protocol, len(spi), last) + spi + encoded
    return struct.pack(">II", 1, 1) + _PAYLOAD.pack(0, _PAYLOAD.size + len(proposal)) + proposal


@dataclass(frozen=True)
class Choice:
    """What a responder chose: the protocol, its SPI, the transform's ID, and its attributes by number."""

    protocol: int
    spi: bytes
    transform: int
    attributes: dict[int, int]


def choice(content: bytes) -> Choice | None:
    """The one transform in the content of an SA payload; None if there is not one."""
    if len(content) < 24:
        return None
    protocol, size = content[13], content[14]
    spi, rest = content[16 : 16 + size], content[16 + size :]
    if len(spi) < size or len(rest) < 8:
        return None
    _, length = _PAYLOAD.unpack_from(rest)
    if not 8 <= length <= len(rest):
        return None
    return Choice(protocol, spi, rest[5], dict(_attributes(rest[8:length])))


def _attributes(data: bytes) -> Iterator[tuple[int, int]]:
    while len(data) >= 4:
        kind, value = struct.unpack_from(">HH", data)
        if kind & 0x8000:
            yield kind & 0x7FFF, value
            data = data[4:]
        else:
            yield kind, int.from_bytes(data[4 : 4 + value], "big")
            data = data[4 + value :]


@dataclass(frozen=True)
class Notice:
    """A notification: its number, the SPI that it is about, and its data."""

    kind: int
    spi: bytes
    data: bytes

    @property
    def text(self) -> str:
        """In words."""
        return NOTICES.get(self.kind, f"notification {self.kind}")

    @property
    def is_refusal(self) -> bool:
        """Whether it is an error (RFC 2408: 1 to 16383), and not a status."""
        return 0 < self.kind < 16384

    @property
    def is_about_proposal(self) -> bool:
        """Whether it is about what was proposed: its attributes, all of it, its syntax."""
        return self.kind in (13, 14, 15)


def notice(content: bytes) -> Notice | None:
    """The notification in a payload's content; None where it is cut short."""
    if len(content) < 8:
        return None
    size, kind = content[5], int.from_bytes(content[6:8], "big")
    return Notice(kind, content[8 : 8 + size], content[8 + size :])


def notification(protocol: int, kind: int, spi: bytes, data: bytes) -> bytes:
    """The content of a notification payload."""
    return struct.pack(">IBBH", 1, protocol, len(spi), kind) + spi + data


def deletion(protocol: int, spis: Sequence[bytes]) -> bytes:
    """The content of a payload that deletes associations (RFC 2408, 3.15)."""
    return struct.pack(">IBBH", 1, protocol, len(spis[0]), len(spis)) + b"".join(spis)


@dataclass(frozen=True)
class Deletion:
    """What the other side deletes: the protocol's number, and the SPIs."""

    protocol: int
    spis: tuple[bytes, ...]


def deleted(content: bytes) -> Deletion | None:
    """What a payload deletes; None where it is cut short."""
    if len(content) < 8:
        return None
    protocol, size, count = content[4], content[5], int.from_bytes(content[6:8], "big")
    if len(content) < 8 + size * count or not size:
        return None
    return Deletion(protocol, tuple(content[8 + size * each : 8 + size * (each + 1)] for each in range(count)))


def identity(address: bytes, protocol: int = 0, port: int = 0) -> bytes:
    """The content of an identification payload that names an IPv4 address (RFC 2407, 4.6.2)."""
    return struct.pack(">BBH", 1, protocol, port) + address
