"""What the kernel's own rules do with a packet: nft's rule set, walked; an unknown condition is never guessed."""

import ipaddress
import json
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from labvpn.agent.firewalld.ban_table import BAN_TABLE

ACCEPT, DROP, RETURN = "accept", "drop", "return"
END = "end"
"""Accepted since no rule said anything to the contrary."""

UNKNOWN = "unknown"
OF_PROTOCOL = {"icmp": 1, "tcp": 6, "udp": 17, "ipv6-icmp": 58}
"""Protocols by their numbers (IANA), for rules that name them so."""

# Statements that decide nothing about a packet.
SILENT = {
    "counter",
    "log",
    "comment",
    "mangle",
    "ct helper",
    "notrack",
    "xt comment",
    "set",
    "masquerade",
    "snat",
    "meter",
}


class Packet(NamedTuple):
    """The first packet of a connection to this host."""

    interface: str
    source: str
    transport: str
    port: int

    @property
    def family(self) -> str:
        """As nft calls it."""
        return "ip6" if ":" in self.source else "ip"


class Ruleset:
    """What `nft -j list ruleset` prints, but for the login guard's bans. ValueError for any other text."""

    def __init__(self, text: str) -> None:
        self.chains: Dict[Tuple[str, str, str], Dict[str, Any]] = {}
        self.rules: Dict[Tuple[str, str, str], List[List[Any]]] = {}
        self.sets: Dict[Tuple[str, str, str], List[Any]] = {}
        self.tables: Set[Tuple[str, str]] = set()
        for item in json.loads(text)["nftables"]:
            for kind, what in item.items():
                if BAN_TABLE not in (what.get("table"), what.get("name") if kind == "table" else None):
                    self.take(kind, what)

    def take(self, kind: str, what: Dict[str, Any]) -> None:
        """Note one object."""
        if kind == "table":
            self.tables.add((what["family"], what["name"]))
        elif kind == "chain":
            self.chains[what["family"], what["table"], what["name"]] = what
        elif kind == "rule":
            self.rules.setdefault((what["family"], what["table"], what["chain"]), []).append(what.get("expr", []))
        elif kind in ("set", "map"):
            self.sets[what["family"], what["table"], what["name"]] = what.get("elem", [])

    def bases(self, family: str, hooks: Sequence[str]) -> List[Tuple[str, str, str]]:
        """The chains that the kernel begins with, in its order."""
        found = [
            key
            for key, chain in self.chains.items()
            if str(chain.get("hook")) in hooks and chain.get("type") == "filter" and key[0] in (family, "inet")
        ]
        order = list(hooks)
        return sorted(found, key=lambda key: (order.index(self.chains[key]["hook"]), int(self.chains[key]["prio"])))

    def verdicts(self, packet: Packet, tables: Optional[Set[str]] = None) -> Set[str]:
        """What may become of a packet, in the tables of these names or in all; one entry where it is certain."""
        found = {END}
        for key in self.bases(packet.family, ("prerouting", "input")):
            if tables is None or key[1] in tables:
                found = combined(found, self.of_base(key, packet))
        return found

    def of_base(self, key: Tuple[str, str, str], packet: Packet) -> Set[str]:
        """The outcomes of one base chain."""
        outcomes = self.of_chain(key, packet, 0)
        fallen = DROP if self.chains[key].get("policy") == "drop" else END
        return {fallen if word == RETURN else word for word in outcomes}

    def of_chain(self, key: Tuple[str, str, str], packet: Packet, depth: int) -> Set[str]:
        """The outcomes of a chain; `return` where it goes back to its caller."""
        if depth > 16 or key not in self.chains:
            return {UNKNOWN}
        found: Set[str] = set()
        for rule in self.rules.get(key, []):
            sure, outcomes = self.of_rule(key, rule, packet, depth)
            found |= outcomes - {"continue"}
            if sure and "continue" not in outcomes:
                return found
        return found | {RETURN}

    def of_rule(self, key: Tuple[str, str, str], rule: List[Any], packet: Packet, depth: int) -> Tuple[bool, Set[str]]:
        """Whether a rule surely matches the packet, and its outcomes then."""
        sure = True
        for statement in rule:
            word, body = the_one(statement)
            if word == "match":
                fits = self.fits(key, body, packet)
                if fits is False:
                    return False, set()
                sure = sure and fits is True
            elif word in ("accept", "return"):
                return sure, {word}
            elif word in ("drop", "reject"):
                return sure, {DROP}
            elif word in ("jump", "goto"):
                return sure, self.of_jump(key, word, body["target"], packet, depth)
            elif word not in SILENT:
                # A limit, a map of verdicts, a queue, an extension of iptables: anything may come of it.
                return False, {UNKNOWN}
        return True, {"continue"}

    def of_jump(self, key: Tuple[str, str, str], word: str, target: str, packet: Packet, depth: int) -> Set[str]:
        """The outcomes of another chain; its end leads back here, or after `goto` to this chain's caller."""
        outcomes = self.of_chain((key[0], key[1], target), packet, depth + 1)
        back = "continue" if word == "jump" else RETURN
        return {back if one == RETURN else one for one in outcomes}

    def fits(self, key: Tuple[str, str, str], match: Dict[str, Any], packet: Packet) -> Optional[bool]:
        """Whether a condition holds of the packet, None where that is not known."""
        known, value = value_of(match.get("left"), packet)
        if not known:
            return None
        if value is None:
            # Another protocol or family than this condition is about: the rule is not for this packet.
            return False
        there = self.is_among(key, value, match.get("right"))
        if there is None or match.get("op", "==") not in ("==", "in", "!="):
            return None
        return not there if match.get("op") == "!=" else there

    def is_among(self, key: Tuple[str, str, str], value: Any, right: Any) -> Optional[bool]:
        """Whether a value is among what a condition names."""
        if isinstance(right, str) and right.startswith("@"):
            right = self.sets.get((key[0], key[1], right[1:]), {"unknown": None})
        if isinstance(right, dict) and "set" in right:
            right = right["set"]
        if isinstance(right, list):
            each = [self.is_among(key, value, one) for one in right]
            return True if True in each else None if None in each else False
        return is_value(value, right)


def the_one(item: Any) -> Tuple[str, Any]:
    """The word and body of what nft prints as `{word: body}`; a word alone has no body."""
    if isinstance(item, dict) and len(item) == 1:
        return next(iter(item.items()))
    return str(item), {}


def combined(before: Set[str], after: Set[str]) -> Set[str]:
    """Of two chains in a row: what drops at either drops, and both have to accept."""
    found: Set[str] = set()
    for one in before:
        for other in after:
            pair = {one, other}
            found.add(DROP if DROP in pair else UNKNOWN if UNKNOWN in pair else ACCEPT if ACCEPT in pair else END)
    return found


def value_of(left: Any, packet: Packet) -> Tuple[bool, Any]:
    """What a condition looks at: whether that is known, and its value; None where the packet has no such thing."""
    kind, body = the_one(left)
    if kind == "meta":
        known = {
            "iifname": packet.interface,
            "iif": packet.interface,
            "nfproto": "ipv6" if packet.family == "ip6" else "ipv4",
            "protocol": packet.family,
            "l4proto": packet.transport,
            "pkttype": "host",
        }
        return body.get("key") in known, known.get(body.get("key"))
    if kind == "ct":
        known = {"state": "new", "status": "none", "direction": "original"}
        return body.get("key") in known, known.get(body.get("key"))
    if kind == "payload" and "protocol" in body:
        return of_payload(body["protocol"], body.get("field", ""), packet)
    if kind == "fib":
        # firewalld's filter of sources that no route leads back to: an honest packet passes it.
        return body.get("result") == "oif" and "saddr" in body.get("flags", []), "there is a route"
    return False, None


def of_payload(protocol: str, field: str, packet: Packet) -> Tuple[bool, Any]:
    """The field of a header."""
    if protocol in ("ip", "ip6"):
        if protocol != packet.family:
            return True, None
        return field == "saddr", packet.source
    if protocol in (packet.transport, "th"):
        return field == "dport", packet.port
    return protocol in ("tcp", "udp", "icmp", "icmpv6", "sctp", "dccp", "igmp", "arp"), None


def is_value(value: Any, right: Any) -> Optional[bool]:
    """Whether a value is this one, or in this range or network; None for what is not known."""
    if isinstance(right, bool):
        return False
    if isinstance(right, dict):
        if "elem" in right:
            return is_value(value, right["elem"].get("val"))
        if "range" in right:
            return within(value, right["range"])
        if "prefix" in right:
            network = "{}/{}".format(right["prefix"]["addr"], right["prefix"]["len"])
            return ipaddress.ip_address(str(value)) in ipaddress.ip_network(network, strict=False)
        return None
    if isinstance(right, str) and right.endswith("*") and isinstance(value, str):
        return value.startswith(right[:-1])
    return str(value) == str(right) or OF_PROTOCOL.get(str(value)) == right


def within(value: Any, ends: List[Any]) -> Optional[bool]:
    """Whether a port or an address lies between two."""
    try:
        first, last = (ends[0], ends[1])
        if isinstance(value, int):
            return int(first) <= value <= int(last)
        low, high, one = (int(ipaddress.ip_address(str(word))) for word in (first, last, value))
        return low <= one <= high
    except ValueError:
        return None


def rules_to(ruleset: Ruleset, port: int) -> Iterator[str]:
    """The tables that lead other ports to this one of the host, but for firewalld's own."""
    for (family, table, _), rules in ruleset.rules.items():
        text = json.dumps(rules)
        if table != "firewalld" and (
            '"redirect": {{"port": {}}}'.format(port) in text or '"port": {}}}'.format(port) in text
        ):
            yield "{} {}".format(family, table)
