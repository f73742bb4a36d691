"""The kernel's flow table: a flow in it passes firewalld's rules, even from a banned source.

It is read and changed by netlink (linux/netfilter/nfnetlink_conntrack.h), since not every host has `conntrack`.
"""

import socket
import struct
from ipaddress import ip_address
from typing import Dict, Iterator, NamedTuple, Optional, Set, Tuple

NETLINK_NETFILTER = 12
REQUEST, ACKNOWLEDGE, DUMP = 0x1, 0x4, 0x300
ERROR, DONE = 2, 3
# Conntrack's messages: its subsystem in the upper byte, then what is asked.
ENTRY, LIST, FORGET = 0x100, 0x101, 0x102
NESTED_BITS = 0x3FFF
TUPLE_ORIGINAL, STATUS, PROTOCOL_INFO, TIMEOUT, IDENTITY, ZONE = 1, 3, 4, 7, 12, 18
INFO_TCP, TCP_STATE = 1, 1
ASSURED = 1 << 2
"""In a flow's status: both ends have confirmed it (linux/netfilter/nf_conntrack_common.h)."""

TUPLE_ADDRESSES, TUPLE_PROTOCOL = 1, 2
SOURCES, DESTINATIONS = (1, 3), (2, 4)
NUMBER, SOURCE_PORT, DESTINATION_PORT = 1, 2, 3
FLOW_PROTOCOLS = {6: "tcp", 17: "udp", 50: "esp"}
ANSWER_SECONDS = 10.0


class Flow(NamedTuple):
    """A flow as its first packet began it; `key` is what the kernel knows it by.

    `assured` says that both ends have confirmed it, `remaining` after how many seconds the kernel forgets it if no
    packet comes, and `state` is that of a TCP connection (`TCP_CONNTRACK_*` of nf_conntrack_tcp.h).
    """

    protocol: str
    source: str
    source_port: int
    destination: str
    port: int
    family: int
    key: bytes
    assured: bool = False
    state: int = 0
    remaining: int = 0


class Kernel:
    """The flows of this host's kernel; OSError where it cannot be asked."""

    def __enter__(self) -> "Kernel":
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.socket.settimeout(ANSWER_SECONDS)
        self.socket.bind((0, 0))
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    def flows(self, near: Optional[Set[bytes]]) -> Iterator[Flow]:
        """The flows at whose ends is an address that begins with one of these 4 (IPv4) or 8 bytes (IPv6), or all."""
        self.socket.send(message(LIST, REQUEST | DUMP, 0, b""))
        while True:
            for kind, body in messages(self.socket.recv(1 << 18)):
                if kind == DONE:
                    return
                if kind == ERROR:
                    raise OSError(-struct.unpack_from("=i", body)[0], "the kernel gives no list of flows")
                flow = flow_of(body) if kind == ENTRY and (near is None or is_near(body, near)) else None
                if flow:
                    yield flow

    def forget(self, flow: Flow) -> bool:
        """Have a flow forgotten; False where it has ended by itself."""
        self.socket.send(message(FORGET, REQUEST | ACKNOWLEDGE, flow.family, flow.key))
        answers = messages(self.socket.recv(1 << 16))
        return [struct.unpack_from("=i", body)[0] for kind, body in answers if kind == ERROR] == [0]


def is_near(body: bytes, near: Set[bytes]) -> bool:
    """Whether an entry may be meant, at a glance: a busy host's kernel knows a hundred thousand flows.

    The two addresses stand first in an entry, each after its head of four bytes.
    """
    if body[:1] == bytes([socket.AF_INET]):
        return body[16:20] in near or body[24:28] in near
    return body[16:24] in near or body[36:44] in near


def message(kind: int, flags: int, family: int, body: bytes) -> bytes:
    """A request."""
    return struct.pack("=IHHIIBBH", 20 + len(body), kind, flags, 1, 0, family, 0, 0) + body


def messages(data: bytes) -> Iterator[Tuple[int, bytes]]:
    """The kinds and bodies of what the kernel answered."""
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        if length < 16:
            return
        yield kind, data[16:length]
        data = data[(length + 3) & ~3 :]


def attributes(data: bytes) -> Dict[int, bytes]:
    """The attributes of a body, by number."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & NESTED_BITS] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def attribute(kind: int, body: bytes, nested: bool = False) -> bytes:
    """One attribute as bytes."""
    padding = b"\0" * (-len(body) % 4)
    return struct.pack("=HH", 4 + len(body), kind | (0x8000 if nested else 0)) + body + padding


def flow_of(body: bytes) -> Optional[Flow]:
    """A flow of a message; None for one of another protocol."""
    parts = attributes(body[4:])
    original = attributes(parts.get(TUPLE_ORIGINAL, b""))
    addresses, protocol = (attributes(original.get(kind, b"")) for kind in (TUPLE_ADDRESSES, TUPLE_PROTOCOL))
    name = FLOW_PROTOCOLS.get(protocol.get(NUMBER, b"\0")[0])
    ends = [[ip_address(addresses[kind]) for kind in kinds if kind in addresses] for kinds in (SOURCES, DESTINATIONS)]
    if name is None or not all(ends):
        return None
    ports = [int.from_bytes(protocol.get(kind, b"\0\0"), "big") for kind in (SOURCE_PORT, DESTINATION_PORT)]
    key = attribute(TUPLE_ORIGINAL, parts[TUPLE_ORIGINAL], nested=True)
    key += b"".join(attribute(kind, parts[kind]) for kind in (IDENTITY, ZONE) if kind in parts)
    assured = bool(int.from_bytes(parts.get(STATUS, b""), "big") & ASSURED)
    tcp = attributes(attributes(parts.get(PROTOCOL_INFO, b"")).get(INFO_TCP, b""))
    state, remaining = (int.from_bytes(one, "big") for one in (tcp.get(TCP_STATE, b""), parts.get(TIMEOUT, b"")))
    return Flow(name, str(ends[0][0]), ports[0], str(ends[1][0]), ports[1], body[0], key, assured, state, remaining)
