"""A question to a name server and to a time server, and their answers (RFC 1035, RFC 5905)."""

from __future__ import annotations

import struct

_QUERY, _RESPONSE = 0x0100, 0x80
_NS, _INTERNET = 2, 1
_NTP_CLIENT, _NTP_SERVER = 0x1B, 4
_NTP_SIZE = 48


def name_request(number: int) -> bytes:
    """The question for the root's name servers, which every resolver knows."""
    return struct.pack(">HHHHHH", number, _QUERY, 1, 0, 0, 0) + b"\0" + struct.pack(">HH", _NS, _INTERNET)


def is_name_answer(reply: bytes, number: int) -> bool:
    """Whether `reply` answers the question of this number, be it by a refusal."""
    return len(reply) >= 12 and reply[:2] == struct.pack(">H", number) and bool(reply[2] & _RESPONSE)


def time_request() -> bytes:
    """The question of a client of version 3, which all servers answer."""
    return bytes([_NTP_CLIENT]) + bytes(_NTP_SIZE - 1)


def is_time_answer(reply: bytes) -> bool:
    """Whether `reply` is a time server's."""
    return len(reply) >= _NTP_SIZE and reply[0] & 7 == _NTP_SERVER
