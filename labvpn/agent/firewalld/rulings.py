"""The verdicts of a zone or a policy of firewalld on a port, rule by rule, in the order of firewalld's evaluation.

What is not understood is never taken for open or closed: it is `unclear`, and named.
"""

from typing import Dict, Iterator, List, NamedTuple, Tuple

from labvpn.agent.core.lists import by_number, covers
from labvpn.agent.firewalld.definitions import Definitions, ServiceFile, is_unicast
from labvpn.agent.firewalld.rich_rule import RichRule, read_rule

OPEN, SHUT, UNCLEAR, AWAY = "open", "shut", "unclear", "away"
"""`away`: the packet is led to another port or machine, whatever else is open."""

NUMBERED = {"tcp": "6", "udp": "17", "sctp": "132", "dccp": "33"}
"""Protocols as /etc/protocols numbers them."""

KNOWN = {
    *("target", "interfaces", "sources", "ingress-zones", "egress-zones", "egress-priority"),
    *("services", "ports", "protocols", "source-ports", "forward-ports", "rich rules", "priority", "forward"),
    *("masquerade", "icmp-blocks", "icmp-block-inversion"),
}
"""What of a zone or policy is understood."""

TARGETS = {"ACCEPT": OPEN, "DROP": SHUT, "REJECT": SHUT, "%%REJECT%%": SHUT, "default": SHUT, "CONTINUE": ""}
"""What becomes of what no rule named; '' where it goes on to the next."""


class Ruling(NamedTuple):
    """A rule's verdict on a port: for whom ('' is all who arrive), the rule in words, whether it is certain."""

    verdict: str
    whom: str
    rule: str
    sure: bool = True


class Opening(NamedTuple):
    """By what a port is open, or may be: the zone or policy, for whom, and the rule in words."""

    verdict: str
    place: str
    whom: str
    rule: str


class Forward(NamedTuple):
    """A port that is led to another one, or to a machine: '' is the same port, or the host itself."""

    port: str
    transport: str
    to: str
    address: str

    @property
    def entry(self) -> str:
        """The port that packets are sent to."""
        return "{}/{}".format(self.port, self.transport)

    def leads_to(self, port: str) -> bool:
        """Whether a port is among those that packets come to."""
        return covers("{}/{}".format(self.to or self.port, self.transport), port)


Parts = Dict[str, List[str]]


class Rulings:
    """Zones and policies of one host; `own` are its addresses."""

    def __init__(self, definitions: Definitions, own: List[str]) -> None:
        self.definitions = definitions
        self.own = own

    def of_parts(self, parts: Parts, port: str, family: str, ending: bool = True) -> Iterator[Ruling]:
        """A zone's or policy's rulings: rich rules before, what denies, what allows, rich rules after, the target."""
        yield from unknown_parts(parts)
        rules = [rule for text in parts.get("rich rules", []) for rule in self.of_rule(text, port, family)]
        yield from (ruling for rank, ruling in sorted(rules, key=lambda pair: pair[0]) if rank < 0)
        even = [ruling for rank, ruling in rules if rank == 0]
        yield from (ruling for ruling in even if ruling.verdict == SHUT)
        yield from self.plain(parts, port, family)
        yield from (ruling for ruling in even if ruling.verdict != SHUT)
        yield from (ruling for rank, ruling in sorted(rules, key=lambda pair: pair[0]) if rank > 0)
        if ending:
            yield from of_target(parts)

    def plain(self, parts: Parts, port: str, family: str) -> Iterator[Ruling]:
        """The entries that are not rich rules."""
        for entry in sorted(parts.get("ports", []), key=by_number):
            if covers(entry, port):
                yield Ruling(OPEN, "", "port " + entry)
        for name in parts.get("services", []):
            yield from self.of_service(name, port, family, "service " + name)
        for entry in parts.get("protocols", []):
            if is_protocol(entry, port):
                yield Ruling(OPEN, "", "protocol " + entry)
        for entry in parts.get("source-ports", []):
            if entry.partition("/")[2] == port.partition("/")[2]:
                yield Ruling(OPEN, "", "source-port {}, which any sender may choose".format(entry))

    def of_service(self, name: str, port: str, family: str, words: str) -> Iterator[Ruling]:
        """The rulings of a service, with all that it includes, on a port; what is not known of it may open the port."""
        found = self.definitions.service(name)
        if found is None:
            yield Ruling(OPEN, "", words + ", whose definition is not known", sure=False)
        for one in found or []:
            at = one.destinations.get(family, "")
            if one.destinations and not (at and is_unicast(at)):
                continue
            if opens(one, port):
                yield Ruling(OPEN, "", words + (" at {} alone".format(at) if at else ""), sure=not at)
            elif one.unknown:
                yield Ruling(OPEN, "", "{}, which has {}".format(words, ", ".join(one.unknown)), sure=False)

    def forwards(self, parts: Parts, family: str) -> Iterator[Tuple[Forward, Ruling]]:
        """The ports that a zone or policy leads elsewhere, each as a ruling on the packets that it takes."""
        for entry in parts.get("forward-ports", []):
            values = dict(pair.partition("=")[::2] for pair in entry.split(":", 3))
            forward = Forward(*(values.get(key, "") for key in ("port", "proto", "toport", "toaddr")))
            # Outside of a rich rule it is IPv4's, unless it leads to an address of IPv6.
            if (":" in forward.address) == (family == "ipv6"):
                yield forward, Ruling(AWAY, "", "forward-port " + entry)
        rules = [(read_rule(text), "the rich rule " + text.replace('"', "")) for text in parts.get("rich rules", [])]
        for rule, words in sorted(rules, key=lambda pair: pair[0].priority):
            if rule.element == "forward-port" and rule.family in ("", family):
                where = (rule.values.get(key, "") for key in ("port", "protocol", "to-port", "to-addr"))
                sure = not (rule.unknown or rule.destination)
                yield Forward(*where), Ruling(AWAY, rule.source, words, sure)

    def of_forwards(self, parts: Parts, port: str, family: str) -> Iterator[Ruling]:
        """What becomes of packets to a port before any rule is asked: another port of the host is not this one."""
        for forward, ruling in self.forwards(parts, family):
            if covers(forward.entry, port):
                here = forward.leads_to(port) and self.is_here(forward.address)
                yield ruling._replace(verdict=OPEN) if here else ruling

    def led_here(self, parts: Parts, port: str, family: str) -> Iterator[Ruling]:
        """What leads other ports to this one of the host itself; no other rule is asked about that."""
        for forward, ruling in self.forwards(parts, family):
            if forward.leads_to(port) and not covers(forward.entry, port) and self.is_here(forward.address):
                yield ruling._replace(verdict=OPEN)

    def is_here(self, address: str) -> bool:
        """Whether an address is the host's own; none is."""
        return not address or address in self.own or address.startswith("127.") or address == "::1"

    def of_rule(self, text: str, port: str, family: str) -> Iterator[Tuple[int, Ruling]]:
        """The rulings of a rich rule on a port, with its priority."""
        rule, words = read_rule(text), "the rich rule " + text.replace('"', "")
        if rule.family not in ("", family) or (rule.destination and not is_unicast(rule.destination)):
            return
        if rule.unknown:
            yield rule.priority, Ruling(UNCLEAR, rule.source, words, sure=False)
        elif rule.action in ("accept", "reject", "drop"):
            for ruling in self.element(rule, port, family):
                verdict = OPEN if rule.action == "accept" else SHUT
                sure = ruling.sure and not rule.limited and not rule.destination
                yield rule.priority, Ruling(verdict, rule.source, words, sure)

    def element(self, rule: RichRule, port: str, family: str) -> Iterator[Ruling]:
        """Whether a rule is about a port at all."""
        values, transport = rule.values, port.partition("/")[2]
        about = {
            "": True,
            "port": covers("{port}/{protocol}".format(port=values.get("port"), protocol=values.get("protocol")), port),
            "protocol": is_protocol(values.get("value", ""), port),
            "source-port": values.get("protocol") == transport,
        }
        if rule.element == "service":
            yield from self.of_service(values.get("name", ""), port, family, "")
        elif about.get(rule.element):
            # A rule that denies a source port denies nothing to a sender that uses another.
            yield Ruling(OPEN, "", "", sure=rule.element != "source-port" or rule.action == "accept")


def opens(one: ServiceFile, port: str) -> bool:
    """Whether a file opens a port; a sender can choose any port to send from."""
    named = any(covers(entry, port) for entry in one.ports)
    whole = any(is_protocol(entry, port) for entry in one.protocols)
    return named or whole or any(entry.partition("/")[2] == port.partition("/")[2] for entry in one.source_ports)


def unknown_parts(parts: Parts) -> Iterator[Ruling]:
    """What a zone or policy has that is not understood."""
    for key, entries in parts.items():
        if key not in KNOWN and entries not in ([], ["no"], ["0"]):
            yield Ruling(UNCLEAR, "", "its {} {}".format(key, " ".join(entries)), sure=False)


def of_target(parts: Parts) -> Iterator[Ruling]:
    """What becomes of what no rule named."""
    (target,) = parts.get("target") or ["default"]
    verdict = TARGETS.get(target, UNCLEAR)
    if verdict:
        yield Ruling(verdict, "", "its target " + target, sure=verdict != UNCLEAR)


def is_protocol(entry: str, port: str) -> bool:
    """Whether a protocol, by name or number, carries a port."""
    transport = port.partition("/")[2]
    return entry.lower() in (transport, NUMBERED.get(transport, transport), "all")
