"""The login guard's bans in the kernel: a table of their own beside firewalld's, with an end for each source.

The whole table is replaced in one transaction, so at no moment is a source let in between two bans, and its sets are
hashes, so a thousand banned sources cost a packet no more than one. No reload of firewalld touches it.
"""

import re
from contextlib import suppress
from ipaddress import ip_address
from typing import Collection, Dict, Iterator, List

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.nftables import NoNftables
from labvpn.agent.firewalld.ban_policy import SUBSCRIBER_BITS, Ban

BAN_TABLE = "labvpn_bans"

ESP = "protocol:esp"
"""What an IPsec client without NAT sends its dial by; it has no ports, and a zone lets it in by its own entry."""

PORT = re.compile(r"(\d+(?:-\d+)?)/(tcp|udp|sctp|dccp)")

GONE = "add table inet {0}\ndelete table inet {0}\n".format(BAN_TABLE)
"""Deletes the table, whether or not there is one."""

SETS = {
    "addresses": ("ipv4_addr", "ip saddr"),
    "addresses6": ("ipv6_addr", "ip6 saddr"),
    "subscribers6": ("ipv6_addr", "ip6 saddr & ffff:ffff:ffff:ffff::"),
}
"""The sets of banned sources, each with its type and with what of a packet is looked up in it."""

# Before firewalld's own chain (its priority is 10) and those of iptables (0); `accept` ends this chain alone.
CHAIN = """chain input {
type filter hook input priority -5; policy accept;
ct state established,related accept
"""


class BanTable:
    """The table of one host."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def put(self, bans: Dict[str, Ban], opened: Collection[str], now: float) -> None:
        """Ban exactly these sources, from these ports (`443/tcp`) and ESP; AgentError where the kernel refuses."""
        self.machine.nft(GONE + ("".join(table(bans, opened, now)) if bans else ""))

    def drop(self) -> None:
        """Delete the table; where none can be there is nothing to do."""
        with suppress(NoNftables):
            self.machine.nft(GONE)


def table(bans: Dict[str, Ban], opened: Collection[str], now: float) -> Iterator[str]:
    """The table in nft's words."""
    elements: Dict[str, List[str]] = {name: [] for name in SETS}
    for source, ban in bans.items():
        elements[set_of(source)].append("{} timeout {:.0f}s".format(address(source), max(1.0, ban.until - now)))
    yield "table inet {} {{\n".format(BAN_TABLE)
    for name, (kind, _) in SETS.items():
        held = "elements = {{ {} }}\n".format(",\n".join(elements[name])) if elements[name] else ""
        yield "set {} {{\ntype {}\nflags timeout\n{}}}\n".format(name, kind, held)
    yield "chain banned {\n"
    yield from ("{} @{} reject\n".format(field, name) for name, (_, field) in SETS.items())
    yield "}\n" + CHAIN
    yield from ("{} jump banned\n".format(match) for match in matches(opened))
    yield "}\n}\n"


def set_of(source: str) -> str:
    """The set that a source belongs into."""
    if ":" not in source:
        return "addresses"
    return "subscribers6" if source.endswith("/{}".format(SUBSCRIBER_BITS)) else "addresses6"


def address(source: str) -> str:
    """A source's address, or the first of its network."""
    return str(ip_address(source.partition("/")[0]))


def matches(opened: Collection[str]) -> Iterator[str]:
    """What a packet to one of these ports, or of ESP, matches; each by itself, since ranges may overlap."""
    for one in sorted(opened):
        found = PORT.fullmatch(one)
        if found:
            yield "{} dport {}".format(found.group(2), found.group(1))
    if ESP in opened:
        yield "meta l4proto esp"
