"""Every port of a machine, tried from another one: which packets pass each hop on the way, whatever answers or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.rehearsal.conftest import Rehearsal

_SETS = "\n".join(
    f"set {hop}_{kind} {{ type ipv4_addr . inet_service; size 262144; flags dynamic; }}"
    for hop in ("came", "passed")
    for kind in ("tcp", "udp")
)
_ADDS = {
    hop: f"tcp flags & (syn | ack) == syn add @{hop}_tcp {{ ip saddr . tcp dport }}\n"
    f"meta l4proto udp add @{hop}_udp {{ ip saddr . udp dport }}"
    for hop in ("came", "passed")
}
COUNTER = f"""
table inet swept {{
    {_SETS}
    chain came {{ type filter hook prerouting priority -350; iifname "lo" return
        {_ADDS["came"]}
    }}
    chain passed {{ type filter hook input priority 200; iifname "lo" return
        {_ADDS["passed"]}
    }}
}}
"""
"""Notes what reaches the machine, which is what the hops before it let pass, and what its own firewall then lets in."""

SENDER = """
import socket, sys, time
target, last = sys.argv[1], int(sys.argv[2])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setblocking(False)
for port in range(1, last + 1):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
        tcp.setblocking(False)
        tcp.connect_ex((target, port))
    try:
        udp.sendto(b"sweep", (target, port))
    except OSError:
        # Something on the way said that an earlier one was refused; nothing was sent this time.
        udp.sendto(b"sweep", (target, port))
    if port % 500 == 0:
        time.sleep(0.01)
time.sleep(0.3)
"""
"""Sends a SYN and a datagram to every port, in portions that no queue on the way is too short for."""


@dataclass(frozen=True)
class Swept:
    """The ports, as `443/tcp`, whose packets came as far as the machine, and those that its own firewall let in."""

    came: set[str]
    passed: set[str]


@contextmanager
def counting(lab: Rehearsal, machine: str) -> Iterator[None]:
    """Count on a machine what arrives there, until the block ends."""
    lab.output("admin", *_nft(machine), "-f", "-", input=COUNTER)
    try:
        yield
    finally:
        lab.output("admin", *_nft(machine), "delete", "table", "inet", "swept")


def swept(lab: Rehearsal, place: str, source: str, machine: str, target: str, last: int) -> Swept:
    """What passes from a place, seen as `source`, to the ports up to `last` of a machine that is being counted on."""
    lab.output(place, "python3", "-c", SENDER, target, str(last))
    sets = _listed(lab, machine)
    noted = {
        hop: {
            f"{port}/{kind}" for kind in ("tcp", "udp") for address, port in sets[f"{hop}_{kind}"] if address == source
        }
        for hop in ("came", "passed")
    }
    return Swept(**noted)


def _listed(lab: Rehearsal, machine: str) -> dict[str, list[tuple[str, int]]]:
    """What every set holds."""
    listed = json.loads(lab.output("admin", *_nft(machine), "-j", "list", "table", "inet", "swept"))
    sets = [each["set"] for each in listed["nftables"] if "set" in each]
    return {each["name"]: [tuple(one["concat"]) for one in each.get("elem", [])] for each in sets}


def _nft(machine: str) -> tuple[str, ...]:
    return "ip", "netns", "exec", machine, "nft"
