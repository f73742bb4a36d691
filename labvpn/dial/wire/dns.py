"""One DNS question for an address, and the address in its answer (RFC 1035, 4.1)."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

LONGEST_LABEL = 63


def question(number: int, name: str) -> bytes:
    """A DNS question for the IPv4 address of a name (RFC 1035, 4.1)."""
    labels = b"".join(_label(label) for label in name.rstrip(".").split(".") if label)
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)


def _label(label: str) -> bytes:
    try:
        text = label.encode("idna")
    except UnicodeError:
        text = label.encode("utf-8", "replace")[:LONGEST_LABEL]
    return bytes([len(text)]) + text


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
