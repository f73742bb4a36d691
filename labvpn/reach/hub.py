"""A hub as a hop: who is in it, its access list in both directions, and its SecureNAT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from labvpn.model.accounts import known_to_rules
from labvpn.model.ports import Port, Transport
from labvpn.model.users import User
from labvpn.reach.access_list import ROUTER, AccessRule, Frame, decide, network, rules_of
from labvpn.reach.hops import HopVerdict
from labvpn.state.document import Entry

NAT_MODES = ("user", "auto")
"""Modes of SecureNAT that reach what the host reaches, as measured (docs/softether.md)."""

SHUT = {"Access": "no", "ArpDhcpOnly": "yes", "FilterIPv4": "yes"}
"""Security policies with which a user's session carries no IPv4, or cannot begin."""


@dataclass(frozen=True)
class HubState:
    """A hub: whether it is online, its rules, its SecureNAT's line (None: not the stack's) and its users' lines."""

    name: str
    online: bool
    rules: tuple[AccessRule, ...]
    nat: Entry | None
    users: Mapping[str, Entry]

    @classmethod
    def of(cls, name: str, entries: tuple[Entry, ...], others: tuple[Mapping[str, str], ...]) -> HubState | None:
        """A hub from the lines of a document and the rules of others; None where the document has no such hub."""
        mine = {entry.key: entry for entry in entries}
        hub = mine.get(f"hub {name}")
        if hub is None:
            return None
        users = {
            entry.name.partition("/")[2]: entry
            for entry in entries
            if entry.kind == "user" and entry.name.partition("/")[0] == name
        }
        online = hub.fields.get("online") == "yes"
        return cls(name, online, rules_of(name, entries, others), mine.get(f"securenat {name}"), users)

    @cached_property
    def named(self) -> frozenset[str]:
        """The names of users and groups that rules know."""
        return frozenset(known_to_rules(name) for rule in self.rules if (name := rule.fields.get("user", "")))

    def kind_of(self, user: User) -> tuple[object, ...]:
        """By what a user's packets may be treated in another way than those of others."""
        entry = self.users.get(user.name)
        limits = tuple(entry.fields.get(key) for key in SHUT) if entry else None
        return (self._names(user) & self.named, limits, bool(user.expires and user.expires <= datetime.now(UTC)))

    def contains(self, target: IPv4Address) -> bool:
        """Whether an address is inside the hub, so that a packet to it goes nowhere else."""
        return self._clients.prefixlen > 0 and target in self._clients

    def is_plain(self, user: User) -> bool:
        """Whether a user's packets are treated like those of an account that no rule names."""
        return self._refused(user) is None and not self._names(user) & self.named

    def decide(self, user: User | None, target: IPv4Address, port: Port) -> Iterator[HopVerdict]:
        """The verdicts on a user's packet to somewhere beyond the hub; None is an account that no rule names."""
        if (refused := self._refused(user)) is not None:
            yield refused
            return
        names = self._names(user) if user else frozenset[str]()
        there = decide(self.name, self.rules, Frame(names, self._clients, target, port))
        yield there
        if there.passes is False:
            return
        yield self._nat(target, port)
        answer = Frame(frozenset((known_to_rules(ROUTER),)), target, self._clients, port, reply=True)
        back = decide(self.name, self.rules, answer)
        if back.passes is not True:
            yield back._replace(rule=f"the answer: {back.rule}")

    def boundaries(self, target: IPv4Address) -> Iterator[Port]:
        """The ports at which its verdict on packets to an address may change."""
        for rule in self.rules:
            if "to" in rule.fields and (to := network(rule.fields["to"])) and target not in to:
                continue
            first, _, last = rule.fields.get("port", "").partition("-")
            if first:
                for number in (int(first), int(last or first) + 1):
                    yield from (Port(number, transport) for transport in Transport)

    def networks(self) -> Iterator[IPv4Network]:
        """Every network that a rule is about."""
        found = (network(rule.fields.get("to", "")) for rule in self.rules)
        yield from (one for one in found if one)

    def _refused(self, user: User | None) -> HopVerdict | None:
        """Why no packet of a user comes into the hub at all."""
        entry = self.users.get(user.name) if user else None
        said = ""
        if not self.online:
            said = "it is offline"
        elif user and entry is None:
            said = f"it has no user {user.name}"
        elif user and user.expires and user.expires <= datetime.now(UTC):
            said = f"the account of {user.name} has expired"
        elif user and entry and (keys := [key for key, value in SHUT.items() if entry.fields.get(key) == value]):
            said = f"{user.name} has the policy {keys[0]}"
        return HopVerdict(f"hub {self.name}", False, said, ours=True) if said else None

    def _names(self, user: User) -> frozenset[str]:
        return frozenset(known_to_rules(name) for name in (user.name, user.group) if name)

    @cached_property
    def _clients(self) -> IPv4Network:
        """The network of the hub's clients; everywhere where that is not known."""
        fields = self.nat.fields if self.nat else {}
        try:
            return IPv4Network(f"{fields['address']}/{fields['mask']}", strict=False)
        except (KeyError, ValueError):
            return IPv4Network("0.0.0.0/0")

    def _nat(self, target: IPv4Address, port: Port) -> HopVerdict:
        hop, fields = f"SecureNAT of {self.name}", self.nat.fields if self.nat else {}
        if fields.get("enabled") != "yes":
            return HopVerdict(hop, None, "the stack runs none there: what a bridge or cascade reaches is not known")
        if str(target) == fields.get("address"):
            return self._router(hop, port)
        if target in self._clients or target.is_loopback or target.is_multicast:
            return HopVerdict(hop, None, f"{target} is inside the hub: what clients reach of each other is not known")
        if fields.get("nat") == "no":
            return HopVerdict(hop, False, "its NAT is off", ours=True)
        if fields.get("nat") != "yes" or fields.get("mode") not in NAT_MODES:
            return HopVerdict(hop, None, f"what mode {fields.get('mode', 'unknown')} reaches depends on the host")
        return HopVerdict(hop, True, f"mode {fields['mode']}, from the host's own address")

    def _router(self, hop: str, port: Port) -> HopVerdict:
        if port in (Port(53, Transport.UDP), Port(67, Transport.UDP)):
            return HopVerdict(hop, True, "its router answers DNS and DHCP", ours=True)
        if port == Port(53, Transport.TCP):
            return HopVerdict(hop, None, "whether its router answers DNS by TCP was not measured")
        return HopVerdict(hop, False, "its router answers DNS and DHCP alone", ours=True)
