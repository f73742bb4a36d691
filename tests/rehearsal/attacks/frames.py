"""Raw Ethernet frames on a machine's interface: made, sent and heard by a packet socket, as no driver would allow.

As a program it runs on the machine: `hear CARD SECONDS` prints each frame in hexadecimal, `send CARD TIMES GAP` sends
those of its standard input, `lease CARD NUMBER KIND` asks the DHCP server for so many addresses and prints them.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import time
from ipaddress import IPv4Address, IPv6Address

ALL = 0x0003
"""ETH_P_ALL of linux/if_ether.h: every frame, those that are sent too."""

ARP, IPV4, IPV6, EXPERIMENT = 0x0806, 0x0800, 0x86DD, 0x88B5
VLAN = 0x8100
BROADCAST = b"\xff" * 6
ANY = "0.0.0.0"  # noqa: S104 -- who has no address as yet
MARK = b"labvpn-attack"
"""What a frame of a test carries, so that a hearer knows it."""


def ethernet(to: bytes, source: bytes, kind: int, data: bytes, tag: int = 0) -> bytes:
    """A frame of at least 60 bytes; with a tag, one of that VLAN."""
    tagged = struct.pack(">HH", VLAN, tag) if tag else b""
    return (to + source + tagged + struct.pack(">H", kind) + data).ljust(60, b"\0")


def arp(to: bytes, source: bytes, owner: bytes, address: str, target: bytes, asked: str, *, reply: bool) -> bytes:
    """An ARP packet (RFC 826) that says that `address` is at `owner`."""
    head = struct.pack(">HHBBH", 1, IPV4, 6, 4, 2 if reply else 1)
    body = owner + IPv4Address(address).packed + target + IPv4Address(asked).packed
    return ethernet(to, source, ARP, head + body)


def _checksum(data: bytes) -> int:
    total = sum(map(int, struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2))))
    return 0xFFFF - total % 0xFFFF


def ip(source: str, to: str, protocol: int, data: bytes) -> bytes:
    """An IPv4 packet (RFC 791)."""
    ends = IPv4Address(source).packed + IPv4Address(to).packed
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), 7, 0, 64, protocol, 0) + ends
    return head[:10] + struct.pack(">H", _checksum(head)) + head[12:] + data


def udp(source: str, to: str, ports: tuple[int, int], data: bytes) -> bytes:
    """A UDP datagram in its packet, without a checksum (RFC 768)."""
    return ip(source, to, 17, struct.pack(">HHHH", *ports, 8 + len(data), 0) + data)


def ping(source: str, to: str) -> bytes:
    """An ICMP echo request (RFC 792) with the mark."""
    body = struct.pack(">BBHHH", 8, 0, 0, 7, 1) + MARK
    return ip(source, to, 1, body[:2] + struct.pack(">H", _checksum(body)) + body[4:])


def router_advertisement(source: bytes) -> bytes:
    """A router advertisement (RFC 4861) to all nodes, with the mark behind it."""
    ends = IPv6Address("fe80::bad").packed + IPv6Address("ff02::1").packed
    body = struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + MARK + b"\0" * 3
    pseudo = ends + struct.pack(">IxxxB", len(body), 58)
    body = body[:2] + struct.pack(">H", _checksum(pseudo + body)) + body[4:]
    head = struct.pack(">IHBB", 6 << 28, len(body), 58, 255) + ends
    return ethernet(bytes.fromhex("333300000001"), source, IPV6, head + body)


def dhcp(source: bytes, number: int, kind: int, options: bytes = b"", client: bytes = b"") -> bytes:
    """A DHCP packet of a client (RFC 2131, 2132): 1 discovers, 3 requests, and 2 and 5 answer as a server does."""
    operation, ports = (2, (67, 68)) if kind in (2, 5) else (1, (68, 67))
    head = struct.pack(">BBBBIHH", operation, 1, 6, 0, number, 0, 0x8000) + b"\0" * 16
    head += (client or source).ljust(16, b"\0") + b"\0" * 192 + b"\x63\x82\x53\x63"
    data = head + bytes([53, 1, kind]) + options + b"\xff"
    return ethernet(BROADCAST, source, IPV4, udp(ANY, "255.255.255.255", ports, data))


def forbidden(attacker: tuple[bytes, str], victim: tuple[bytes, str]) -> dict[str, bytes]:
    """What one guest, known by hardware address and address, might send to another, by name."""
    own, address = attacker

    def to_victim(packet: bytes) -> bytes:
        return ethernet(victim[0], own, IPV4, packet)

    ends = (address, victim[1])
    return {
        "experiment": ethernet(victim[0], own, EXPERIMENT, MARK),
        "experiment to all": ethernet(BROADCAST, own, EXPERIMENT, MARK),
        "vlan": ethernet(victim[0], own, IPV4, udp(*ends, (7, 7), MARK), tag=7),
        "ping": to_victim(ping(*ends)),
        "udp 67": to_victim(udp(*ends, (7, 67), MARK)),
        "udp 67 to all": ethernet(BROADCAST, own, IPV4, udp(address, "255.255.255.255", (7, 67), MARK)),
        "udp 53": to_victim(udp(*ends, (7, 53), MARK)),
        "netbios": ethernet(BROADCAST, own, IPV4, udp(address, "192.168.30.255", (137, 137), MARK)),
        "mdns": ethernet(bytes.fromhex("01005e0000fb"), own, IPV4, udp(address, "224.0.0.251", (5353, 5353), MARK)),
        "router advertisement": router_advertisement(own),
        "dhcp offer": dhcp(own, 7, 2, MARK),
    }


def opened(card: str) -> socket.socket:
    """A packet socket on an interface."""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    raw.bind((card, 0))
    return raw


def answer(raw: socket.socket, number: int, seconds: float) -> tuple[str, int]:
    """The address and the kind of a DHCP server's answer to this number, nothing where none comes."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        raw.settimeout(left)
        try:
            frame = raw.recv(2048)
        except TimeoutError:
            break
        data = frame[42:]
        if (
            frame[12:14] == b"\x08\x00"
            and frame[23] == 17
            and data[:1] == b"\x02"
            and data[4:8] == number.to_bytes(4, "big")
        ):
            return str(IPv4Address(data[16:20])), data[data.index(b"\x35\x01", 240) + 2]
    return "", 0


def lease(raw: socket.socket, source: bytes, client: bytes = b"") -> str:
    """The address that the DHCP server gives to this hardware address, nothing where it gives none."""
    number = int.from_bytes(os.urandom(4), "big")
    raw.send(dhcp(source, number, 1, client=client))
    offered, _ = answer(raw, number, 1.5)
    if not offered:
        return ""
    raw.send(dhcp(source, number, 3, b"\x32\x04" + IPv4Address(offered).packed, client))
    given, kind = answer(raw, number, 1.5)
    return given if kind == 5 else ""


def leases(raw: socket.socket, own: bytes, number: int, kind: str) -> list[str]:
    """The addresses that come of one interface's own address, of many, or of one frame address with many inside."""
    found = []
    for _ in range(number):
        other = b"\x5e" + os.urandom(5)
        source = other if kind == "many" else own
        found.append(lease(raw, source, other if kind == "inside" else b""))
        time.sleep(0.05)
    return [address for address in found if address]


def hear(raw: socket.socket, seconds: float) -> None:
    """Print what comes in, each frame on a line, after a line that says that it begins."""
    print("hearing", flush=True)
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        raw.settimeout(left)
        try:
            frame, sender = raw.recvfrom(2048)
        except TimeoutError:
            break
        if sender[2] != socket.PACKET_OUTGOING:
            print(frame.hex())


def main() -> None:
    """Do what the arguments say."""
    what, card, *more = sys.argv[1:]
    raw = opened(card)
    if what == "hear":
        hear(raw, float(more[0]))
    elif what == "send":
        frames = [bytes.fromhex(line) for line in sys.stdin]
        for _ in range(int(more[0])):
            for frame in frames:
                raw.send(frame)
            time.sleep(float(more[1]))
    else:
        own = raw.getsockname()[4]
        print(json.dumps(leases(raw, own, int(more[0]), more[1])))


if __name__ == "__main__":
    main()
