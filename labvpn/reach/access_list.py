"""A hub's access list, as SoftEther evaluates it: the first rule that fits decides, and what none names passes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from itertools import groupby

from labvpn.model.accounts import known_to_rules
from labvpn.model.ports import Port
from labvpn.reach.hops import HopVerdict, Ruled, decided
from labvpn.state.document import Entry

ROUTER = "SecureNAT"
"""The user by which access rules know what a hub's virtual router sends."""

UNREAD = ("mac", "to-mac", "mac-mask", "tcp-state", "to-user", "unread")
"""Conditions on which the model cannot decide: devices, sessions, states of connections."""

FALLEN = Ruled(True, "no rule of its access list names it", sure=True)


@dataclass(frozen=True)
class Frame:
    """A packet inside a hub: the names by which rules know its sender, its ends and ports (None: any)."""

    names: frozenset[str]
    source: IPv4Address | IPv4Network
    target: IPv4Address | IPv4Network
    port: Port
    reply: bool = False


@dataclass(frozen=True)
class AccessRule:
    """A rule in the words of a document, with the name by which an administrator finds it."""

    title: str
    fields: Mapping[str, str]
    ours: bool

    @property
    def priority(self) -> int:
        """Its place in the list: the smallest comes first."""
        return int(self.fields.get("priority", "0"))

    @property
    def passes(self) -> bool:
        """What it does with what it fits."""
        return self.fields.get("action") == "pass"

    def __str__(self) -> str:
        """As a sentence names it."""
        return f"access rule '{self.title}', priority {self.priority}"

    def fits(self, frame: Frame) -> bool | None:
        """Whether it is about a packet; None where that depends on what is not known of either."""
        if self.fields.get("active") == "no" or self.fields.get("family") == "ipv6":
            return False
        found = [self._user(frame), self._protocol(frame), self._ports(frame)]
        if False in found or False in (ends := [*self._ends(frame)]):
            return False
        found += ends
        return None if None in found or any(self.fields.get(key) for key in UNREAD) else True

    def _ends(self, frame: Frame) -> Iterator[bool | None]:
        for key, end in (("from", frame.source), ("to", frame.target)):
            if key in self.fields:
                network = self._networks[key]
                yield _within(end, network) if network else None

    @cached_property
    def _networks(self) -> Mapping[str, IPv4Network | None]:
        """The networks of both ends; None for one that cannot be read."""
        return {key: network(self.fields[key]) for key in ("from", "to") if key in self.fields}

    def _protocol(self, frame: Frame) -> bool:
        return self.fields.get("protocol", "any") in ("any", frame.port.transport.value, _number(frame.port))

    def _ports(self, frame: Frame) -> bool | None:
        """A sender may choose its own port; the answer to it comes from the port that was asked."""
        to, own = ("from-port", "port") if frame.reply else ("port", "from-port")
        if (wanted := self.fields.get(to)) and not _covers(wanted, frame.port.number):
            return False
        return None if self.fields.get(own) else True

    def _user(self, frame: Frame) -> bool | None:
        name = self.fields.get("user", "")
        if any(sign in name for sign in "!,*"):
            return None
        return not name or known_to_rules(name) in frame.names


def network(text: str) -> IPv4Network | None:
    """A network in a rule's words; None for what cannot be read, such as a mask with gaps."""
    try:
        return IPv4Network(text, strict=False) if text.partition("/")[2].isdigit() else None
    except ValueError:
        return None


def _number(port: Port) -> str:
    return {"tcp": "6", "udp": "17"}[port.transport.value]


def _covers(ports: str, number: int) -> bool:
    first, _, last = ports.partition("-")
    return int(first) <= number <= int(last or first)


def _within(end: IPv4Address | IPv4Network, network: IPv4Network) -> bool | None:
    if isinstance(end, IPv4Address):
        return end in network
    return True if end.subnet_of(network) else None if end.overlaps(network) else False


def rules_of(hub: str, entries: Iterable[Entry], others: Iterable[Mapping[str, str]]) -> tuple[AccessRule, ...]:
    """A hub's rules in their order: those of a document, and those that others made."""
    ours = [
        AccessRule(entry.name.partition("/")[2], entry.fields, ours=True)
        for entry in entries
        if entry.kind == "access" and entry.name.partition("/")[0] == hub
    ]
    theirs = [AccessRule(str(one.get("title", "")), one, ours=False) for one in others]
    return tuple(sorted((*ours, *theirs), key=lambda rule: rule.priority))


def decide(hub: str, rules: Iterable[AccessRule], frame: Frame) -> HopVerdict:
    """What a hub does with a packet; of rules of one priority the order is not known."""
    return decided(f"hub {hub}", _ruled(rules, frame), FALLEN)


def _ruled(rules: Iterable[AccessRule], frame: Frame) -> Iterator[Ruled]:
    for _, same in groupby(rules, key=lambda rule: rule.priority):
        fitting = [(rule, fits) for rule in same if (fits := rule.fits(frame)) is not False]
        alike = len({rule.passes for rule, _ in fitting}) == 1
        yield from (Ruled(rule.passes, str(rule), fits is True and alike, rule.ours) for rule, fits in fitting)
