"""The verdicts of a zone or a policy of firewalld on a port, rule by rule, in the order of firewalld's evaluation.

What is not understood is never taken for open or closed: it is `unclear`, and named.
"""

from typing import Dict, Iterator, List, NamedTuple, Tuple

from labvpn.agent.core.lists import by_number, covers
from labvpn.agent.firewalld.definitions import Definitions, is_unicast
from labvpn.agent.firewalld.rich_rule import RichRule, read_rule

OPEN, SHUT, UNCLEAR = "open", "shut", "unclear"
EVERYONE = "everyone"
NUMBERED = {"tcp": "6", "udp": "17", "sctp": "132", "dccp": "33"}
"""Protocols as /etc/protocols numbers them."""

KNOWN = {
    *("target", "interfaces", "sources", "ingress-zones", "egress-zones", "ingress-priority", "egress-priority"),
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
        yield from self.plain(parts, port)
        yield from (ruling for ruling in even if ruling.verdict != SHUT)
        yield from (ruling for rank, ruling in sorted(rules, key=lambda pair: pair[0]) if rank > 0)
        if ending:
            yield from of_target(parts)

    def plain(self, parts: Parts, port: str) -> Iterator[Ruling]:
        """The entries that are not rich rules."""
        for entry in sorted(parts.get("ports", []), key=by_number):
            if covers(entry, port):
                yield Ruling(OPEN, "", "port " + entry)
        for name in parts.get("services", []):
            yield from (self.of_service(name, port, "service " + name))
        for entry in parts.get("protocols", []):
            if is_protocol(entry, port):
                yield Ruling(OPEN, "", "protocol " + entry)
        for entry in parts.get("source-ports", []):
            if entry.partition("/")[2] == port.partition("/")[2]:
                yield Ruling(OPEN, "", "source-port {}, which any sender may choose".format(entry))
        for entry in parts.get("forward-ports", []):
            yield from self.of_forward(dict(pair.partition("=")[::2] for pair in entry.split(":", 3)), port, entry)

    def of_service(self, name: str, port: str, words: str) -> Iterator[Ruling]:
        """The rulings of a service, with all that it includes, on a port."""
        found = self.definitions.service(name)
        if found is None or found.unknown:
            why = "whose definition is not known" if found is None else "which has " + ", ".join(found.unknown)
            yield Ruling(UNCLEAR, "", "{}, {}".format(words, why), sure=False)
        if found is None:
            return
        opened = any(covers(one, port) for one in found.ports) or any(is_protocol(one, port) for one in found.protocols)
        # A sender can choose any port to send from.
        opened = opened or any(one.partition("/")[2] == port.partition("/")[2] for one in found.source_ports)
        if opened:
            yield Ruling(OPEN, "", words)

    def of_forward(self, values: Dict[str, str], port: str, entry: str) -> Iterator[Ruling]:
        """What leads another port to this one of the host itself."""
        transport = port.partition("/")[2]
        to, address = values.get("toport") or values.get("port", ""), values.get("toaddr", "")
        if values.get("proto") == transport and covers("{}/{}".format(to, transport), port) and self.is_here(address):
            yield Ruling(OPEN, "", "forward-port " + entry)

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
        elif rule.element == "forward-port":
            values = {"port": rule.values.get("port", ""), "proto": rule.values.get("protocol", "")}
            values.update(toport=rule.values.get("to-port", ""), toaddr=rule.values.get("to-addr", ""))
            for ruling in self.of_forward(values, port, ""):
                yield rule.priority, ruling._replace(whom=rule.source, rule=words)
        elif rule.action in ("accept", "reject", "drop"):
            for ruling in self.element(rule, port):
                verdict = ruling.verdict if rule.action == "accept" or ruling.verdict == UNCLEAR else SHUT
                sure = ruling.sure and not rule.limited and not rule.destination
                yield rule.priority, Ruling(verdict, rule.source, words, sure)

    def element(self, rule: RichRule, port: str) -> Iterator[Ruling]:
        """Whether a rule is about a port at all."""
        values, transport = rule.values, port.partition("/")[2]
        about = {
            "": True,
            "port": covers("{port}/{protocol}".format(port=values.get("port"), protocol=values.get("protocol")), port),
            "protocol": is_protocol(values.get("value", ""), port),
            "source-port": values.get("protocol") == transport,
        }
        if rule.element == "service":
            yield from self.of_service(values.get("name", ""), port, "")
        elif about.get(rule.element):
            # A rule that denies a source port denies nothing to a sender that uses another.
            yield Ruling(OPEN, "", "", sure=rule.element != "source-port" or rule.action == "accept")


def unknown_parts(parts: Parts) -> Iterator[Ruling]:
    """What a zone or policy has that is not understood."""
    for key, entries in parts.items():
        if key not in KNOWN and entries not in ([], ["no"]):
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
