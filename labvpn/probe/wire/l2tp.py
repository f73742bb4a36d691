"""L2TP's SCCRQ, the request to open a tunnel, and the server's answer (RFC 2661)."""

from __future__ import annotations

import struct

_HEADER = struct.Struct(">HHHHHH")
# Control message with length and sequence numbers, version 2 (RFC 2661, 3.1).
_CONTROL = 0xC802
_MANDATORY = 0x8000
_MESSAGE_TYPE, _VERSION, _FRAMING, _HOST_NAME, _TUNNEL_ID, _WINDOW = 0, 2, 3, 7, 9, 10
_REQUEST, _REPLY, _STOP = 1, 2, 4


def request(tunnel: int) -> bytes:
    """The request to open a tunnel that we call `tunnel` (1 to 65535)."""
    body = (
        _attribute(_MESSAGE_TYPE, _number(_REQUEST))
        + _attribute(_VERSION, b"\1\0")
        + _attribute(_HOST_NAME, b"labvpn")
        + _attribute(_FRAMING, struct.pack(">I", 3))
        + _attribute(_TUNNEL_ID, _number(tunnel))
        + _attribute(_WINDOW, _number(4))
    )
    return _HEADER.pack(_CONTROL, _HEADER.size + len(body), 0, 0, 0, 0) + body


def is_answer(reply: bytes, tunnel: int) -> bool:
    """Whether `reply` grants our `tunnel`, or turns it down: both come only from an L2TP server."""
    if len(reply) < _HEADER.size + 8:
        return False
    flags, length, addressed, *_ = _HEADER.unpack_from(reply)
    kind = struct.unpack_from(">HHHH", reply, _HEADER.size)
    return (
        flags == _CONTROL
        and length <= len(reply)
        and addressed == tunnel
        and kind[2] == 0
        and kind[3] in (_REPLY, _STOP)
    )


def _number(value: int) -> bytes:
    return struct.pack(">H", value)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack(">HHH", _MANDATORY | 6 + len(value), 0, kind) + value
