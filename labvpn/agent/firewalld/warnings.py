"""What firewalld and the kernel let in that they should not, or that the stack does not manage, in sentences."""

from typing import Dict, Iterator, List

from labvpn.agent.core.document import Line
from labvpn.agent.core.lists import by_number, covers, entries
from labvpn.agent.firewalld.earlier_bans import earlier_rules
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.kernel_rules import STRANGER, TABLE
from labvpn.agent.firewalld.listening_ports import listening
from labvpn.agent.firewalld.openings import Openings
from labvpn.agent.firewalld.packets import ACCEPT, END, Packet, Ruleset, rules_to
from labvpn.agent.firewalld.rich_rule import read_rule
from labvpn.agent.firewalld.rulings import AWAY, OPEN, UNCLEAR, Opening
from labvpn.agent.firewalld.runtime import DIRECT, Runtime
from labvpn.agent.firewalld.senders import BY_FAMILY, EVERYONE

SHIPPED_OPEN = {"ssh", "dhcpv6-client"}
"""Services that firewalld opens in its shipped zones, which need no mention."""


class Exposure:
    """Finds what a host lets in."""

    def __init__(self, firewalld: Firewalld, runtime: Runtime) -> None:
        self.firewalld = firewalld
        self.machine = firewalld.machine
        self.runtime = runtime

    def sentences(self, desired: List[Line]) -> List[str]:
        """What opens a port that should be closed: firewalld's settings, or the kernel's rules beside them."""
        closed = [line for line in desired if line.kind == "closed"]
        ours = {line.values.get("rule", "") for line in desired if line.kind == "rich"}
        ours.update(rule for line in closed for rule in allowed(line))
        own = [address for line in closed for address in entries(line.values.get("only", ""))]
        ports = list(dict.fromkeys(line.name.partition("/")[2] for line in closed))
        found = []
        scopes = [Openings(self.firewalld, lasting, own) for lasting in self.firewalld.scopes()]
        for port in ports:
            openings = [
                one
                for scope in scopes
                for one in (*scope.of_port(port), *scope.led_to(port))
                if one.verdict != AWAY and one.rule.replace("the rich rule ", "") not in ours
            ]
            found += [sentence(port, one) for one in [*openings, *self.direct(port)]]
            if not openings:
                found += self.by_hand(port)
        return list(dict.fromkeys(found))

    def direct(self, port: str) -> List[Opening]:
        """Direct rules that may let a port in, where they are asked before the zones: with iptables alone."""
        if self.runtime.kernel.backend() == "nftables" or not self.firewalld.running():
            return []
        rules = [one for call in DIRECT for one in self.runtime.ask(call)]
        return [
            Opening(UNCLEAR, "a direct rule", EVERYONE, one)
            for one in rules
            if not one.endswith("-j DROP") and not one.endswith("-j REJECT") and may_reach(one.split(), port)
        ]

    def by_hand(self, port: str) -> Iterator[str]:
        """That the kernel lets strangers in where firewalld has nothing that does: rules made beside it."""
        kernel = self.runtime.kernel
        if not self.firewalld.running() or kernel.lost():
            return
        if kernel.unverifiable():
            text = "{} should be closed, and the kernel's rules for it are unknown: no nft shows them"
            yield text.format(port)
        for rule in kernel.before_zones():
            if may_reach(["ipv4", "filter", *rule.split()], port):
                yield "{} should be closed, but a rule of iptables lets it in before firewalld's own rules: {}".format(
                    port, rule
                )
        ruleset = kernel.ruleset()
        if ruleset is not None and ("inet", TABLE) in ruleset.tables:
            yield from self.in_tables(ruleset, port)

    def in_tables(self, ruleset: Ruleset, port: str) -> Iterator[str]:
        """The same by nft's rules."""
        kernel = self.runtime.kernel
        number, _, transport = port.partition("/")
        for interface in kernel.outside():
            for source in STRANGER.values():
                verdicts = ruleset.verdicts(Packet(interface, source, transport, int(number)))
                if ACCEPT in verdicts or END in verdicts:
                    text = (
                        "{} should be closed, but the kernel opens it to everyone on {}, and no setting of firewalld "
                    )
                    yield (text + "does that: see `nft list ruleset`").format(port, interface)
                    break
        for table in rules_to(ruleset, int(number)):
            yield "{} should be closed, but table {} of nft redirects another port to it; remove that rule".format(
                port, table
            )

    def others(self, desired: List[Line]) -> Iterator[str]:
        """One sentence for each zone or policy that lets packets from outside in."""
        own = {
            one
            for line in desired
            if line.kind in ("zone", "service")
            for value in line.values.values()
            for one in entries(value)
        }
        own.update(line.values.get("rule", "") for line in desired if line.kind == "rich")
        own.update(rule for line in desired if line.kind == "closed" for rule in allowed(line))
        own |= earlier_rules(self.machine) | SHIPPED_OPEN
        if self.firewalld.running() and self.runtime.kernel.unverifiable():
            yield "whether firewalld's rules are in the kernel is unknown: no nft on the VPN host shows them"
        programs = dict(listening(self.machine))
        for lasting in self.firewalld.scopes():
            openings = Openings(self.firewalld, lasting)
            for place, whom, parts in openings.places():
                more = [one for one in lets_in(parts) if own.isdisjoint((one, one.partition(" ")[2]))]
                known = [(one, openings.of_entry(place, one, whom)) for one in more]
                said = [named(one, who, programs) for one, who in known if who]
                if said:
                    yield "{} of firewalld also lets in what this stack does not manage: {}".format(
                        place, "; ".join(said)
                    )

    def unopened(self, ports: List[str]) -> Iterator[str]:
        """Which of these ports a firewalld that the stack does not manage keeps closed, or opens to some only."""
        openings = Openings(self.firewalld, lasting=False)
        ways = {port: list(openings.of_port(port)) for port in ports}
        # Users dial by IPv4.
        everyone = ((OPEN, EVERYONE), (OPEN, BY_FAMILY["ipv4"]))
        open_to_all = {
            port for port, found in ways.items() if any((one.verdict, one.whom) in everyone for one in found)
        }
        shut = [port for port, found in ways.items() if not found]
        if shut:
            silence = "; phase 1 of L2TP/IPsec then gets no answer" if "500/udp" in shut else ""
            remedy = "set `firewall` in the configuration, or open them there"
            yield "firewalld, which this stack does not manage, does not open {}{}: {}".format(
                ", ".join(shut), silence, remedy
            )
        for port, found in ways.items():
            if found and port not in open_to_all:
                yield limits(port, found)


def allowed(line: Line) -> List[str]:
    """The rules that a line `closed` stands for."""
    _, port, transport = line.name.split("/")
    text = "rule family=ipv4 source address={} port port={} protocol={} accept"
    return [text.format(address, port, transport) for address in entries(line.values.get("only", ""))]


def sentence(port: str, one: Opening) -> str:
    """That something opens a port that should be closed, or may open it."""
    if one.verdict == UNCLEAR:
        text = "{} should be closed, and whether {} of firewalld opens it to {} is unknown: {}"
        return text.format(port, one.place, one.whom, one.rule)
    text = "{} should be closed, but {} of firewalld opens it to {} by {}; remove that entry"
    return text.format(port, one.place, one.whom, one.rule)


def limits(port: str, found: List[Opening]) -> str:
    """That a port is open to some users only, or that this is unknown."""
    unclear = [one for one in found if one.verdict == UNCLEAR]
    if unclear:
        text = "whether firewalld, which this stack does not manage, opens {} to users is unknown: {} has {}"
        return text.format(port, unclear[0].place, unclear[0].rule)
    away = [one for one in found if one.verdict == AWAY]
    if away:
        text = "firewalld, which this stack does not manage, leads {} from {} elsewhere: {} has {}"
        return text.format(port, away[0].whom, away[0].place, away[0].rule)
    text = "firewalld, which this stack does not manage, opens {1} to {0} only"
    return text.format(", ".join(dict.fromkeys(one.whom for one in found)), port)


def lets_in(parts: Dict[str, List[str]]) -> List[str]:
    """Everything that a zone or policy may let in, each with its kind."""
    found = ["port " + one for one in sorted(parts.get("ports", []), key=by_number)]
    for key, word in (
        ("services", "service"),
        ("protocols", "protocol"),
        ("source-ports", "source-port"),
        ("forward-ports", "forward-port"),
    ):
        found += ["{} {}".format(word, one) for one in parts.get(key, [])]
    rules = [(read_rule(text), text.replace('"', "")) for text in parts.get("rich rules", [])]
    found += [text for rule, text in rules if rule.lets_in]
    return found + (["target ACCEPT"] if parts.get("target") == ["ACCEPT"] else [])


def named(one: str, whom: List[str], programs: Dict[str, str]) -> str:
    """An entry, with whom it lets in and the program that listens at its port."""
    word, _, entry = one.partition(" ")
    who = [program for port, program in programs.items() if word == "port" and covers(entry, port)]
    only = read_rule(one).source if word == "rule" else ""
    return "{}{} for {}".format(one, " ({})".format("; ".join(who)) if who else "", only or ", ".join(whom))


def may_reach(words: List[str], port: str) -> bool:
    """Whether a rule of iptables may let a packet to this port in; only what surely is another's is left out."""
    number, _, transport = port.partition("/")
    after = {word: words[place + 1] for place, word in enumerate(words[:-1])}
    if words[1:2] not in (["filter"], ["-A"], ["-I"], ["-t"]) or not any(word.startswith("INPUT") for word in words):
        return False
    ports = after.get("--dport", number).replace(":", "-")
    return after.get("-p", transport) == transport and covers("{}/{}".format(ports, transport), port)
