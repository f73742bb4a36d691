"""The client as a program: `python -m tests.rehearsal.l2tp.client SERVER USER mschap|pap`, the password by stdin.

It prints one JSON object: `address` and `resolver` where it got in, and whether a packet came back through the tunnel;
`stage` and `why` where it did not. With a number of seconds as the last argument it stays for so long, unless the
server ends it before, and then `ended` says how.
"""

from __future__ import annotations

import json
import struct
import sys
import time
from ipaddress import IPv4Address
from typing import Any

from tests.rehearsal.l2tp.ppp import IPV4, Link, LinkError
from tests.rehearsal.l2tp.tunnel import Tunnel, TunnelError

SECONDS = 15.0


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total = int(sum(struct.unpack(f">{len(data) // 2}H", data)))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ping(source: IPv4Address, target: IPv4Address) -> bytes:
    """An ICMP echo request as an IPv4 packet."""
    echo = struct.pack(">BBHHH", 8, 0, 0, 1, 1) + b"l2tp"
    echo = echo[:2] + struct.pack(">H", checksum(echo)) + echo[4:]
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(echo), 1, 0, 64, 1, 0, source.packed, target.packed)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + echo


def answers(link: Link, target: IPv4Address, seconds: float = 5.0) -> bool:
    """Whether a machine beyond the tunnel answers a ping."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        link.tunnel.send_frame(struct.pack(">H", IPV4) + ping(link.address, target))
        frame = link.tunnel.frame(1.0) or b""
        # After the protocol of PPP: an IPv4 packet of ICMP from there that is an echo reply.
        if (frame[:2], frame[11:12], frame[14:18], frame[22:23]) == (
            struct.pack(">H", IPV4),
            b"\1",
            target.packed,
            b"\0",
        ):
            return True
    return False


def dial(server: str, user: str, password: str, way: str, stay: float = 0) -> dict[str, Any]:
    """Dial, look whether packets pass, stay, and hang up."""
    tunnel = Tunnel(server)
    try:
        tunnel.open()
        link = Link(tunnel, user, password, way, SECONDS)
        link.open()
        passes = answers(link, link.resolver)
        ended = link.stay(stay) if stay else ""
        link.close()
    except TunnelError as error:
        return {"stage": "tunnel", "why": str(error)}
    except LinkError as error:
        return {"stage": error.stage, "why": str(error)}
    else:
        return {"address": str(link.address), "resolver": str(link.resolver), "passes": passes, "ended": ended}
    finally:
        tunnel.close()


if __name__ == "__main__":
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 0
    print(json.dumps(dial(sys.argv[1], sys.argv[2], sys.stdin.read(), sys.argv[3], seconds)))
