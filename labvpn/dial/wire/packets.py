"""IPv4 packets with UDP and TCP in them: enough to see what passes a tunnel (RFC 791, 768, 9293)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

ICMP, TCP, UDP = 1, 6, 17
UNREACHABLE = 3
"""ICMP's type of what could not be delivered (RFC 792)."""
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
DONT_FRAGMENT = 0x4000
UDP_HEADERS = 28
"""Bytes of the headers of IPv4 and UDP."""


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += bytes(len(data) % 2)
    total = int(sum(struct.unpack(f">{len(data) // 2}H", data)))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


@dataclass(frozen=True)
class Packet:
    """An IPv4 packet: its protocol and what it carries."""

    source: IPv4Address
    target: IPv4Address
    protocol: int
    content: bytes
    is_fragment: bool = False

    def encoded(self) -> bytes:
        """As bytes; never to be fragmented, so that a size that does not pass is seen."""
        size = 20 + len(self.content)
        ends = (self.source.packed, self.target.packed)
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size, 1, DONT_FRAGMENT, 64, self.protocol, 0, *ends)
        return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + self.content


def decoded(data: bytes) -> Packet | None:
    """The packet in some bytes; None if it is not a whole IPv4 packet."""
    if len(data) < 20 or data[0] >> 4 != 4:
        return None
    head, size, fragment = 4 * (data[0] & 15), *struct.unpack_from(">HxxH", data, 2)
    if not 20 <= head <= size <= len(data):
        return None
    source, target = IPv4Address(data[12:16]), IPv4Address(data[16:20])
    return Packet(source, target, data[9], data[head:size], bool(fragment & 0x3FFF))


def _with_pseudo_header(source: IPv4Address, target: IPv4Address, protocol: int, segment: bytes) -> int:
    return checksum(source.packed + target.packed + struct.pack(">BBH", 0, protocol, len(segment)) + segment)


def udp(source: IPv4Address, own: int, target: IPv4Address, port: int, content: bytes) -> Packet:
    """A UDP datagram."""
    head = struct.pack(">HHHH", own, port, len(content) + 8, 0)
    total = _with_pseudo_header(source, target, UDP, head + content) or 0xFFFF
    return Packet(source, target, UDP, head[:6] + struct.pack(">H", total) + content)


@dataclass(frozen=True)
class Segment:
    """A TCP segment: its ports, numbers and flags, and what it carries."""

    own: int
    port: int
    number: int
    acknowledged: int
    flags: int
    content: bytes = b""

    def packet(self, source: IPv4Address, target: IPv4Address) -> Packet:
        """As a packet; a SYN carries the largest segment that it takes."""
        option = struct.pack(">BBH", 2, 4, 1200) if self.flags & SYN else b""
        offset = (20 + len(option)) // 4 << 4
        head = struct.pack(
            ">HHIIBBHHH", self.own, self.port, self.number, self.acknowledged, offset, self.flags, 65535, 0, 0
        )
        whole = head + option + self.content
        total = _with_pseudo_header(source, target, TCP, whole)
        return Packet(source, target, TCP, whole[:16] + struct.pack(">H", total) + whole[18:])


def segment(packet: Packet) -> Segment | None:
    """The TCP segment in a packet."""
    if packet.protocol != TCP or packet.is_fragment or len(packet.content) < 20:
        return None
    own, port, number, acknowledged, offset, flags = struct.unpack_from(">HHIIBB", packet.content)
    return Segment(own, port, number, acknowledged, flags, packet.content[max(20, offset >> 4 << 2) :])


def datagram(packet: Packet) -> tuple[int, int, bytes] | None:
    """The ports of a UDP datagram in a packet, and its content."""
    if packet.protocol != UDP or packet.is_fragment or len(packet.content) < 8:
        return None
    own, port, size = struct.unpack_from(">HHH", packet.content)
    return (own, port, packet.content[8:size]) if 8 <= size <= len(packet.content) else None


def is_rejection(packet: Packet, asked: Packet) -> bool:
    """Whether a packet is an ICMP error about a UDP datagram that was sent, which it repeats the beginning of."""
    if packet.protocol != ICMP or packet.is_fragment or len(packet.content) < 36 or packet.content[0] != UNREACHABLE:
        return False
    inner = packet.content[8:]
    head = 4 * (inner[0] & 15)
    ends = inner[16:20] == asked.target.packed and inner[9] == UDP
    return ends and inner[head : head + 4] == asked.content[:4]
