"""Every port of a machine, tried from others: what each hop lets pass, whether or not anything answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rehearsal.soak.lab import Lab

KNOCK = Path(__file__).with_name("knock.py").read_text()
SHORT = "echo 10 > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_syn_sent"
"""Makes the carrier forget attempts soon: two sweeps would fill its translation table."""

_CAME, _PASSED = "came", "passed"


def _noted(hop: str) -> str:
    return f"""
        tcp flags & (syn | ack) == syn add @{hop} {{ ip saddr . meta l4proto . th dport }}
        meta l4proto udp add @{hop} {{ ip saddr . meta l4proto . th dport }}
        meta l4proto esp add @{hop}_esp {{ ip saddr }}
    """


def _sets(hop: str) -> str:
    ports = f"set {hop} {{ type ipv4_addr . inet_proto . inet_service; size 262144; flags dynamic; }}"
    return f"{ports}\n    set {hop}_esp {{ type ipv4_addr; size 1024; flags dynamic; }}"


def counter(near: str) -> str:
    """Rules that record what reaches a machine past earlier hops, and what its own firewall lets in.

    Packets from its own network `near` have passed no earlier hop, so only the second is recorded for them.
    """
    return f"""
table inet swept {{
    {_sets(_CAME)}
    {_sets(_PASSED)}
    chain came {{ type filter hook prerouting priority -350; iifname "lo" return
        ip saddr {near} return{_noted(_CAME)}}}
    chain passed {{ type filter hook input priority 200; iifname "lo" return{_noted(_PASSED)}}}
}}
"""


@contextmanager
def counting(lab: Lab, machines: Mapping[str, str]) -> Iterator[None]:
    """Count what arrives at machines, each with its own network, until the block ends."""
    lab.on("carrier", "sh", "-c", SHORT)
    for machine, near in machines.items():
        lab.on("admin", *_nft(machine), "-f", "-", stdin=counter(near))
    try:
        yield
    finally:
        for machine in machines:
            lab.on("admin", *_nft(machine), "delete", "table", "inet", "swept")


def knock(lab: Lab, place: str, ask: Mapping[str, Any]) -> dict[str, list[int]]:
    """Try ports from a vantage point; returns those that opened, by address."""
    opened: dict[str, list[int]] = json.loads(lab.on(place, "python3", "-c", KNOCK, stdin=json.dumps(ask)))
    return opened


def noted(lab: Lab, machine: str) -> dict[tuple[str, str], set[str]]:
    """What reached a machine and what its firewall let in: `443/tcp` or `esp`, by hop and sender."""
    listed = json.loads(lab.on("admin", *_nft(machine), "-j", "list", "table", "inet", "swept"))
    found: dict[tuple[str, str], set[str]] = {}
    for one in (each["set"] for each in listed["nftables"] if "set" in each):
        hop = one["name"].removesuffix("_esp")
        for element in one.get("elem", []):
            sender, name = _read(element)
            found.setdefault((hop, sender), set()).add(name)
    return found


def _read(element: Any) -> tuple[str, str]:
    if isinstance(element, str):
        return element, "esp"
    sender, transport, port = element["concat"]
    return str(sender), f"{port}/{transport}"


def _nft(machine: str) -> Sequence[str]:
    return "ip", "netns", "exec", machine, "nft"
