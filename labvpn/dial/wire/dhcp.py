"""DHCPINFORM, by which a client that has an address asks for the rest (RFC 2131, 3.4; RFC 2132; routes: RFC 3442)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

SERVER_PORT, CLIENT_PORT = 67, 68
KIND, ASKED, ROUTES, ROUTES_OF_MICROSOFT = 53, 55, 121, 249
INFORM = 8
_COOKIE = bytes.fromhex("63825363")
_HEADER = 236

Route = tuple[IPv4Network, IPv4Address]


def inform(address: IPv4Address, number: bytes, hardware: bytes) -> bytes:
    """A question for mask, router, resolver and routes; `number` (4 bytes) comes back with the answer."""
    head = struct.pack(">BBBB4sHH4s", 1, 1, 6, 0, number, 0, 0, address.packed)
    asked = bytes([1, 3, 6, ROUTES, ROUTES_OF_MICROSOFT])
    options = bytes([KIND, 1, INFORM, ASKED, len(asked)]) + asked + b"\xff"
    return head + bytes(12) + hardware.ljust(16, b"\0") + bytes(192) + _COOKIE + options


def options(answer: bytes, number: bytes) -> dict[int, bytes] | None:
    """The options of the answer with that number; None for anything else."""
    if len(answer) < _HEADER + 4 or answer[0] != 2 or answer[4:8] != number:
        return None
    return dict(_options(answer[_HEADER + 4 :])) if answer[_HEADER : _HEADER + 4] == _COOKIE else None


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data and data[0] != 255:
        if data[0] == 0:
            data = data[1:]
            continue
        if len(data) < 2 or len(data) < 2 + data[1]:
            return
        yield data[0], data[2 : 2 + data[1]]
        data = data[2 + data[1] :]


def routes(found: dict[int, bytes]) -> tuple[Route, ...]:
    """The routes among the options, as far as they are whole."""
    return tuple(_routes(found.get(ROUTES) or found.get(ROUTES_OF_MICROSOFT) or b""))


def _routes(data: bytes) -> Iterator[Route]:
    while data and data[0] <= 32:
        size = (data[0] + 7) // 8
        if len(data) < 5 + size:
            return
        target = IPv4Network((data[1 : 1 + size].ljust(4, b"\0"), data[0]), strict=False)
        yield target, IPv4Address(data[1 + size : 5 + size])
        data = data[5 + size :]
