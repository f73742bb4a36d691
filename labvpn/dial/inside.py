"""What passes a tunnel that is up: the resolver, the largest packet, and which services open."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TypeVar

from labvpn.dial.dialer import DialSession
from labvpn.dial.wire import packets, ppp
from labvpn.dial.wire.packets import ACK, RST, SYN, Packet, Segment

SECONDS, TRIES = 1.0, 3
SIZES = (1460, 1420, 1400, 1380, 1340, 1300, 1280, 1200, 1100, 1000, 576)
"""Bytes of a packet inside the tunnel, largest first; 1280 is what Apple's clients take."""
OPEN, CLOSED, SILENT = "open", "closed", "silent"

Answer = TypeVar("Answer")


@dataclass
class Inside:
    """What was seen: None where it was not asked."""

    resolver_answers: bool | None = None
    resolved: str = ""
    largest: int | None = None
    services: dict[str, str] = field(default_factory=dict)
    """By `address:port`: open, closed (rejected on the way or there) or silent."""


class Questions:
    """Asks through a session; every question ends after a few seconds."""

    def __init__(self, session: DialSession) -> None:
        self._session = session
        self._own_port = 49152 + int.from_bytes(os.urandom(2), "big") % 16000

    def resolves(self, name: str) -> tuple[bool, str]:
        """Whether the pushed resolver answers, and the first address that it gives for the name."""
        resolver = self._session.link.resolver
        if not int(resolver):
            return False, ""
        number, own = int.from_bytes(os.urandom(2), "big"), self._port()
        asked = packets.udp(self._session.link.address, own, resolver, 53, question(number, name))

        def answer(packet: Packet) -> bytes | None:
            parts = packets.datagram(packet)
            matches = (
                parts is not None and (parts[0], parts[1]) == (53, own) and parts[2][:2] == struct.pack(">H", number)
            )
            return parts[2] if parts and matches else None

        found = self._ask(asked, answer)
        return found is not None, first_address(found) if found else ""

    def opens(self, address: IPv4Address, port: int) -> str:
        """Whether a TCP port opens: a handshake that is reset at once."""
        link, own = self._session.link, self._port()
        start = int.from_bytes(os.urandom(4), "big")
        asked = Segment(own, port, start, 0, SYN).packet(link.address, address)

        def answer(packet: Packet) -> Segment | None:
            segment = packets.segment(packet)
            right = segment and (packet.source, segment.own, segment.port) == (address, port, own)
            return segment if right else None

        found = self._ask(asked, answer)
        if found is None:
            return SILENT
        if found.flags & RST:
            return CLOSED
        if found.flags & (SYN | ACK) != SYN | ACK:
            return SILENT
        link.send_packet(Segment(own, port, (start + 1) % 2**32, 0, RST).packet(link.address, address).encoded())
        return OPEN

    def largest(self) -> int | None:
        """The largest packet, in bytes inside the tunnel, that passes there and back; None where none does.

        Asked by LCP echoes with data, which a PPP server sends back whole (RFC 1661, 5.8).
        """
        for size in SIZES:
            if self._echoes(size):
                return size
        return None

    def _echoes(self, size: int) -> bool:
        # An LCP packet and an IPv4 packet both follow a protocol field of two bytes.
        mark = os.urandom(8)
        for _ in range(TRIES):
            self._session.link.echo(mark.ljust(size - 8, b"\0"))
            if self._session.pump(SECONDS, lambda: mark in self._session.link.echoes):
                return True
        return False

    def _ask(self, packet: Packet, answer: Callable[[Packet], Answer | None]) -> Answer | None:
        link = self._session.link
        found: list[Answer] = []

        def came() -> bool:
            for data in link.packets:
                decoded = packets.decoded(data)
                value = answer(decoded) if decoded else None
                if value is not None:
                    found.append(value)
            link.packets.clear()
            return bool(found)

        for _ in range(TRIES):
            link.send_packet(packet.encoded())
            if self._session.pump(SECONDS, came):
                break
        return found[0] if found else None

    def _port(self) -> int:
        self._own_port += 1
        return self._own_port


def question(number: int, name: str) -> bytes:
    """A DNS question for the IPv4 address of a name (RFC 1035, 4.1)."""
    labels = b"".join(ppp.counted(label.encode("idna")) for label in name.rstrip(".").split(".") if label)
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)


def first_address(answer: bytes) -> str:
    """The first IPv4 address in a DNS answer; empty where there is none, or where it is not whole."""
    if len(answer) < 12:
        return ""
    questions, answers = struct.unpack_from(">HH", answer, 4)
    at = 12
    for _ in range(min(questions, 4)):
        at = _after_name(answer, at) + 4
    for _ in range(min(answers, 32)):
        at = _after_name(answer, at)
        if at + 10 > len(answer):
            return ""
        kind, _, _, size = struct.unpack_from(">HHIH", answer, at)
        data = answer[at + 10 : at + 10 + size]
        if kind == 1 and len(data) == 4:
            return str(IPv4Address(data))
        at += 10 + size
    return ""


def _after_name(answer: bytes, at: int) -> int:
    while at < len(answer) and answer[at]:
        if answer[at] & 0xC0:
            return at + 2
        at += 1 + answer[at]
    return at + 1
