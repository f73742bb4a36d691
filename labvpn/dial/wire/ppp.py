"""PPP frames: control protocols with their options, PAP and CHAP packets (RFC 1661, 1332, 1334, 1994, 1877)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

LCP, PAP, CHAP, IPCP, IPV6CP, CCP, IPV4 = 0xC021, 0xC023, 0xC223, 0x8021, 0x8057, 0x80FD, 0x0021
REQUEST, ACK, NAK, REJECT, TERMINATE, TERMINATED, CODE_REJECT, PROTOCOL_REJECT, ECHO, ECHOED = range(1, 11)
CHALLENGE, RESPONSE, SUCCESS, FAILURE = 1, 2, 3, 4
MRU, AUTHENTICATION, MAGIC, PFC, ACFC = 1, 3, 5, 7, 8
ADDRESS, DNS, DNS2 = 3, 129, 131
MSCHAP2 = struct.pack(">HB", CHAP, 0x81)
PAP_OPTION = struct.pack(">H", PAP)
NAMES = {LCP: "LCP", PAP: "PAP", CHAP: "CHAP", IPCP: "IPCP", IPV6CP: "IPv6CP", CCP: "CCP"}

Options = dict[int, bytes]


@dataclass(frozen=True)
class Packet:
    """A packet of a control protocol: its code, its identifier, its body."""

    protocol: int
    code: int
    identifier: int
    body: bytes = b""

    def encoded(self) -> bytes:
        """As a frame, with address and control bytes."""
        head = struct.pack(">HBBH", self.protocol, self.code, self.identifier, len(self.body) + 4)
        return b"\xff\x03" + head + self.body


def frame_of(protocol: int, content: bytes) -> bytes:
    """A frame of a network protocol."""
    return b"\xff\x03" + struct.pack(">H", protocol) + content


def protocol_of(frame: bytes) -> tuple[int, bytes] | None:
    """The protocol of a frame and its content; address, control and a short protocol field may be left out."""
    if frame[:2] == b"\xff\x03":
        frame = frame[2:]
    if not frame:
        return None
    if frame[0] & 1:
        return frame[0], frame[1:]
    return (int.from_bytes(frame[:2], "big"), frame[2:]) if len(frame) >= 2 else None


def packet(protocol: int, content: bytes) -> Packet | None:
    """The packet of a control protocol in a frame's content."""
    if len(content) < 4:
        return None
    code, identifier, size = struct.unpack_from(">BBH", content)
    return Packet(protocol, code, identifier, content[4:size]) if 4 <= size <= len(content) else None


def options(body: bytes) -> Options:
    """The options of a configuration packet, as far as they are whole."""
    return dict(_options(body))


def _options(body: bytes) -> Iterator[tuple[int, bytes]]:
    while len(body) >= 2 and 2 <= body[1] <= len(body):
        yield body[0], body[2 : body[1]]
        body = body[body[1] :]


def encoded(some: Options) -> bytes:
    """Options as a packet has them."""
    return b"".join(bytes([kind, len(value) + 2]) + value for kind, value in some.items())


def counted(value: bytes) -> bytes:
    """A value behind its length of one byte, which cuts it at 255 bytes."""
    return bytes([len(value[:255])]) + value[:255]


METHODS = {
    PAP_OPTION: "PAP",
    b"\xc2\x27": "EAP",
    struct.pack(">HB", CHAP, 5): "CHAP-MD5",
    struct.pack(">HB", CHAP, 0x80): "MS-CHAP",
    MSCHAP2: "MS-CHAPv2",
}


def method(option: bytes) -> str:
    """The name of a method of login (RFC 1661, 6.2); the option in digits where it is not known."""
    return METHODS.get(option, option.hex())


CONTROL_NAMES = {
    REQUEST: "ConfReq",
    ACK: "ConfAck",
    NAK: "ConfNak",
    REJECT: "ConfRej",
    TERMINATE: "TermReq",
    TERMINATED: "TermAck",
    CODE_REJECT: "CodeRej",
    PROTOCOL_REJECT: "ProtRej",
    ECHO: "EchoReq",
    ECHOED: "EchoRep",
}
LOGIN_NAMES = {
    PAP: {REQUEST: "AuthReq", ACK: "AuthAck", NAK: "AuthNak"},
    CHAP: {CHALLENGE: "Challenge", RESPONSE: "Response", SUCCESS: "Success", FAILURE: "Failure"},
}


def title(packet: Packet) -> str:
    """The name of a packet, as pppd logs it."""
    return LOGIN_NAMES.get(packet.protocol, CONTROL_NAMES).get(packet.code, f"code {packet.code}")
