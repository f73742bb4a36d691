"""OpenVPN's hard reset, the first packet of a client, and the server's answer (OpenVPN protocol, control channel)."""

from __future__ import annotations

import struct

# The opcode is in the upper five bits, the key's number (0) in the lower three.
_CLIENT_RESET = 7 << 3
_SERVER_RESET = 8 << 3


def request(session: bytes) -> bytes:
    """The client's hard reset for a `session` of eight bytes: opcode, session, no acknowledgements, packet 0."""
    return bytes([_CLIENT_RESET]) + session + b"\0" + bytes(4)


def is_answer(reply: bytes, session: bytes) -> bool:
    """Whether `reply` is a server's hard reset (26 bytes) that acknowledges the packet of `session`."""
    return len(reply) == 26 and reply[0] == _SERVER_RESET and reply[9] == 1 and reply[14:22] == session


def framed(packet: bytes) -> bytes:
    """The packet as it travels over TCP: its length in two bytes first."""
    return struct.pack(">H", len(packet)) + packet


def unframed(stream: bytes) -> bytes:
    """The first whole packet of a TCP stream, empty while it is not all there."""
    if len(stream) < 2:
        return b""
    (length,) = struct.unpack_from(">H", stream)
    return stream[2 : 2 + length] if len(stream) >= 2 + length else b""
