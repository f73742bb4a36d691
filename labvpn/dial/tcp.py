"""One TCP connection through a session, enough to see whether a port opens and to fetch a short page (RFC 9293)."""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Address

from labvpn.dial.session import DialSession
from labvpn.dial.wire import packets
from labvpn.dial.wire.packets import ACK, FIN, PSH, RST, SYN, Segment

OPEN, CLOSED, SILENT = "open", "closed", "silent"
SECONDS, TRIES = 1.0, 3
PAGE_SECONDS, LARGEST = 8.0, 65_536


class TcpCall:
    """A call of one port; `opens` first, then `fetch`, and `hang_up` at the end."""

    def __init__(self, session: DialSession, own_port: int, address: IPv4Address, port: int) -> None:
        self._session, self._address = session, address
        self._own, self._port = own_port, port
        self._number = int.from_bytes(os.urandom(4), "big")
        self._next = 0
        self._content = b""
        self._state = SILENT
        self._is_ended = False

    def opens(self) -> str:
        """Whether the port opens: open, closed (rejected there or on the way) or silent."""
        for _ in range(TRIES):
            self._send(SYN)
            if self._session.pump(SECONDS, self._answered):
                break
        return self._state

    def fetch(self, request: bytes) -> bytes:
        """What the other side sends back until it ends, or has sent enough."""
        sent = self._number
        for _ in range(TRIES):
            self._number = sent
            self._send(ACK | PSH, request)
            self._number = (sent + len(request)) % 2**32
            if self._session.pump(PAGE_SECONDS / TRIES, self._came):
                break
        return self._content

    def hang_up(self) -> None:
        """Reset the call: nothing of it stays."""
        if self._state == OPEN:
            self._send(RST | ACK)
            self._session.flush()

    def _send(self, flags: int, content: bytes = b"") -> None:
        acknowledged = self._next if flags & ACK else 0
        segment = Segment(self._own, self._port, self._number, acknowledged, flags, content)
        self._session.link.send_packet(segment.packet(self._session.link.address, self._address).encoded())

    def _segments(self) -> list[Segment]:
        found = [packets.decoded(data) for data in self._session.link.packets]
        self._session.link.packets.clear()
        ours = [packets.segment(packet) for packet in found if packet and packet.source == self._address]
        return [each for each in ours if each and (each.own, each.port) == (self._port, self._own)]

    def _answered(self) -> bool:
        for each in self._segments():
            if each.acknowledged != (self._number + 1) % 2**32:
                continue
            if each.flags & RST:
                self._state = CLOSED
            elif each.flags & (SYN | ACK) == SYN | ACK:
                self._state, self._next = OPEN, (each.number + 1) % 2**32
                self._number = (self._number + 1) % 2**32
                self._send(ACK)
            return self._state != SILENT
        return False

    def _came(self) -> bool:
        for each in self._segments():
            self._is_ended = self._is_ended or bool(each.flags & RST)
            if each.number == self._next and (each.content or each.flags & FIN):
                self._content += each.content
                ended = bool(each.flags & FIN)
                self._next = (self._next + len(each.content) + ended) % 2**32
                self._is_ended = self._is_ended or ended
                self._send(ACK)
        return self._is_ended or len(self._content) > LARGEST


def address_in(page: bytes) -> str:
    """The first IPv4 address in the body of a page; empty where there is none."""
    body = page.partition(b"\r\n\r\n")[2].decode("latin-1")
    for found in re.findall(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", body):
        if all(int(part) < 256 for part in found.split(".")):
            return str(IPv4Address(".".join(str(int(part)) for part in found.split("."))))
    return ""
