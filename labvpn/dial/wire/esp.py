"""ESP in UDP (RFC 4303, 3948): CBC, with an HMAC cut to 96 bits, or to 128 for SHA-256 (RFC 4868)."""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from dataclasses import dataclass, field

from labvpn.dial.wire.suite import AES_CBC, SHA256, TRIPLE_DES, Suite

AES, TRIPLE = 12, 3
"""ESP's transforms (RFC 2407, 4.4.4; RFC 3602)."""
HMAC_SHA1, HMAC_SHA256 = 2, 5
"""Attribute 5, the authentication algorithm (RFC 2407, 4.5; RFC 4868)."""
LIFE_TYPE, LIFE, MODE, INTEGRITY, KEY_LENGTH = 1, 2, 4, 5, 6
UDP_TRANSPORT = 4
"""UDP-encapsulated transport (RFC 3947, 5.1)."""
NEXT_UDP = 17
KEEPALIVE = b"\xff"
"""The NAT keepalive (RFC 3948, 2.3)."""

_INTEGRITY = {HMAC_SHA1: ("sha1", 20, 12), HMAC_SHA256: ("sha256", 32, 16)}


@dataclass(frozen=True)
class Protection:
    """What phase 2 agrees on: transform, key length in bits (0 for 3DES), integrity."""

    transform: int
    bits: int
    integrity: int

    @property
    def attributes(self) -> list[tuple[int, int]]:
        """As a transform's attributes, with a life of an hour."""
        length = [(KEY_LENGTH, self.bits)] if self.bits else []
        return [(LIFE_TYPE, 1), (LIFE, 3600), (MODE, UDP_TRANSPORT), (INTEGRITY, self.integrity), *length]

    @property
    def name(self) -> str:
        """As logs write it."""
        cipher = f"AES-{self.bits}" if self.transform == AES else "3DES"
        return f"{cipher}/{_INTEGRITY[self.integrity][0].upper()}"

    @property
    def suite(self) -> Suite:
        """The cipher, for its keys and blocks."""
        return Suite(AES_CBC if self.transform == AES else TRIPLE_DES, self.bits, SHA256, 14)

    @property
    def key_sizes(self) -> tuple[int, int]:
        """Bytes of the cipher's key and of the HMAC's."""
        return self.suite.key_size, _INTEGRITY[self.integrity][1]

    def tag(self, key: bytes, data: bytes) -> bytes:
        """The integrity check value."""
        name, _, size = _INTEGRITY[self.integrity]
        return hmac.new(key, data, getattr(hashlib, name)).digest()[:size]

    @property
    def tag_size(self) -> int:
        """Bytes of the integrity check value."""
        return _INTEGRITY[self.integrity][2]


def protection(transform: int, attributes: dict[int, int]) -> Protection | None:
    """What a responder chose; None for what is not known here."""
    integrity, bits = attributes.get(INTEGRITY, 0), attributes.get(KEY_LENGTH, 0)
    if integrity not in _INTEGRITY or transform not in (AES, TRIPLE):
        return None
    if transform == AES and bits not in (128, 192, 256):
        return None
    return Protection(transform, bits if transform == AES else 0, integrity)


@dataclass
class Association:
    """One direction of ESP: its SPI and keys, and the number of the last packet."""

    spi: bytes
    protection: Protection
    key: bytes = field(repr=False)
    integrity_key: bytes = field(repr=False)
    sequence: int = 0

    def seal(self, content: bytes) -> bytes:
        """A packet with UDP inside."""
        self.sequence += 1
        suite = self.protection.suite
        padding = -(len(content) + 2) % suite.block
        text = content + bytes(range(1, padding + 1)) + bytes([padding, NEXT_UDP])
        iv = os.urandom(suite.block)
        whole = self.spi + struct.pack(">I", self.sequence) + iv + suite.encrypt(self.key, iv, text)
        return whole + self.protection.tag(self.integrity_key, whole)

    def open(self, packet: bytes) -> bytes | None:
        """The UDP datagram of a packet; None where it is not of this association, forged or repeated."""
        suite, cut = self.protection.suite, len(packet) - self.protection.tag_size
        whole, tag = packet[:cut], packet[cut:]
        if packet[:4] != self.spi or cut < 8 + 2 * suite.block:
            return None
        if not hmac.compare_digest(self.protection.tag(self.integrity_key, whole), tag):
            return None
        number = int.from_bytes(packet[4:8], "big")
        text = suite.decrypt(self.key, whole[8 : 8 + suite.block], whole[8 + suite.block :])
        if text is None or text[-1] != NEXT_UDP or text[-2] + 2 > len(text):
            return None
        self.sequence = max(self.sequence, number)
        return text[: len(text) - 2 - text[-2]]


def in_udp(content: bytes, port: int = 1701) -> bytes:
    """A UDP datagram from `port` to `port`; its checksum is left out, which transport mode allows (RFC 3948, 3.1.2)."""
    return struct.pack(">HHHH", port, port, len(content) + 8, 0) + content


def from_udp(datagram: bytes) -> bytes | None:
    """What a UDP datagram carries; None where it is cut short."""
    if len(datagram) < 8:
        return None
    length = int.from_bytes(datagram[4:6], "big")
    return datagram[8:length] if 8 <= length <= len(datagram) else None
