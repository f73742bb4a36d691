"""Tries ports of other machines from one machine, to which it is sent as text; only the standard library.

The request is JSON on standard input,
`{"sweep": {ADDRESS: LAST}, "connect": {ADDRESS: [PORT, ...]}, "esp": true}`. A sweep sends a SYN and a datagram to each
port up to the last without waiting: what passes is counted where it arrives. The answer lists, for each address, the
ports to which a connection was established.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Iterable

ESP = 50
PORTION, PAUSE = 500, 0.01
"""Ports between two pauses, so that no queue on the way overflows."""

SECONDS, AT_ONCE = 5.0, 2048
"""Time limit for a connection, and the number of simultaneous attempts, the most that SecureNAT can handle."""


def main() -> None:
    """Process the request and print the answer."""
    ask = json.load(sys.stdin)
    for address, last in ask["sweep"].items():
        sweep(address, range(1, last + 1))
        # Named ports are tried twice, so that a lost packet does not become a finding.
        sweep(address, ask["connect"][address])
        if ask["esp"]:
            encapsulated(address)
    print(json.dumps(asyncio.run(openings(ask["connect"]))))


def sweep(address: str, ports: Iterable[int]) -> None:
    """Send a SYN and a datagram to each port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for count, port in enumerate(ports, 1):
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
                tcp.setblocking(False)
                tcp.connect_ex((address, port))
            udp.sendto(b"sweep", (address, port))
            if count % PORTION == 0:
                time.sleep(PAUSE)


def encapsulated(address: str) -> None:
    """Send IPsec packets without UDP encapsulation."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, ESP) as raw:
        for _ in range(3):
            raw.sendto(bytes(32), (address, 0))


async def openings(asked: dict[str, list[int]]) -> dict[str, list[int]]:
    """The ports to which a connection is established, by address."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def opens(address: str, port: int) -> bool:
        async with turns:
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), SECONDS)
            except (OSError, TimeoutError):
                return False
            writer.transport.abort()
            return True

    pairs = [(address, port) for address, ports in asked.items() for port in ports]
    found = dict(zip(pairs, await asyncio.gather(*(opens(*pair) for pair in pairs)), strict=True))
    return {address: [port for port in ports if found[address, port]] for address, ports in asked.items()}


if __name__ == "__main__":
    main()
