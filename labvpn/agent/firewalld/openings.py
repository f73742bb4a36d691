"""Who may reach a port of the host by firewalld's settings: whoever arrives in a zone, in the order of its rules.

What is not understood is never taken for open or closed: it is `unknown`, and named.
"""

from typing import Callable, Dict, Iterator, List, Optional, Tuple

from labvpn.agent.firewalld.definitions import Definitions
from labvpn.agent.firewalld.evaluation import Evaluation, settled
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.kernel_rules import KernelRules
from labvpn.agent.firewalld.packet_facts import PacketFacts
from labvpn.agent.firewalld.rulings import AWAY, OPEN, SHUT, UNCLEAR, Opening, Parts, Ruling, Rulings
from labvpn.agent.firewalld.senders import BY_FAMILY, EVERYONE, FAMILIES, NOT, either, fits, is_all, is_by, without_not

PASSES = {OPEN: True, SHUT: False, AWAY: False}
"""Whether a packet that a rule decides about reaches the port that it is sent to."""


class Openings(Evaluation):
    """firewalld's settings: permanent, or of the runtime."""

    def __init__(self, firewalld: Firewalld, lasting: bool, own: Optional[List[str]] = None) -> None:
        self.firewalld = firewalld
        self.lasting = lasting
        self.kernel = KernelRules(firewalld)
        held = PacketFacts(firewalld).interfaces().values()
        here = [address.partition("/")[0] for addresses in held for address in addresses]
        rules = Rulings(Definitions(firewalld), here + (own or []))
        super().__init__(rules, firewalld.zones(lasting), firewalld.policies(lasting))
        self.found: Dict[str, Dict[str, List[str]]] = {}

    def arriving(self) -> Dict[str, List[str]]:
        """The zones in which packets from outside arrive: for `everyone` by an interface, else for the sources."""
        found: Dict[str, List[str]] = {}
        for family in FAMILIES:
            for zone, whom in self.arriving_by(family).items():
                found.setdefault(zone, []).extend(whom)
        return {zone: either(whom) for zone, whom in found.items()}

    def arriving_by(self, family: str) -> Dict[str, List[str]]:
        """The same by one family, worked out once for all ports that are asked about."""
        if family not in self.found:
            self.found[family] = self.find_arriving(family)
        return self.found[family]

    def find_arriving(self, family: str) -> Dict[str, List[str]]:
        """The same anew; zones' sources come before interfaces, and may leave them nothing."""
        found: Dict[str, List[str]] = {}
        bound = {one for parts in self.zones.values() for one in parts.get("interfaces", [])}
        bound |= {one for parts in self.bound_now() for one in parts}
        outside = self.kernel.outside()
        free = [one for one in outside if not any(matches(each, one) for each in bound)]
        left = not is_all(self.kept_sources(), family)
        for name, parts in self.zones.items():
            mine = [one for one in {*parts.get("interfaces", []), *self.now_in(name)} if not self.kernel.is_inner(one)]
            wide = mine or (name == self.firewalld.default_zone() and (free or not outside))
            sources = [one for one in parts.get("sources", []) if is_by(one, family)]
            if (wide and left) or is_all(sources, family):
                found[name] = [BY_FAMILY[family]]
            elif sources:
                found[name] = sources
        return found

    def kept_sources(self) -> List[str]:
        """The sources whose packets no other zone is asked about: where zones drift, one that decides nothing is."""
        drifting = PacketFacts(self.firewalld).drifting()
        kept = [parts for parts in self.zones.values() if not drifting or parts.get("target") != ["default"]]
        return [one for parts in kept for one in parts.get("sources", [])]

    def bound_now(self) -> List[List[str]]:
        """The interfaces of each zone in the runtime: NetworkManager keeps them, not a file."""
        now = self.firewalld.zones(False) if self.lasting and self.firewalld.running() else {}
        return [parts.get("interfaces", []) for parts in now.values()]

    def now_in(self, zone: str) -> List[str]:
        """The interfaces of a zone in the runtime, unless another zone has them permanently."""
        if not self.lasting or not self.firewalld.running():
            return []
        elsewhere = {one for name, parts in self.zones.items() if name != zone for one in parts.get("interfaces", [])}
        now = self.firewalld.zones(False).get(zone, {}).get("interfaces", [])
        return [one for one in now if one not in elsewhere]

    def places(self) -> Iterator[Tuple[str, List[str], Parts]]:
        """Each zone in which packets arrive, and each policy for them: its title, for whom it is, its entries."""
        arriving = self.arriving()
        for zone, whom in arriving.items():
            yield "zone " + zone, whom, self.zones[zone]
        for name, parts in self.policies.items():
            whom = list(
                dict.fromkeys(one for zone in arriving for one in arriving[zone] if self.leads(parts, zone, "HOST"))
            )
            if whom:
                yield "policy " + name, [EVERYONE] if EVERYONE in whom else either(whom), parts

    def of_port(self, port: str) -> Iterator[Opening]:
        """Everything that opens a port (`8000/tcp`) to a source from outside, in the zones' order, or leads it away."""
        return self.of_zones(lambda zone, family: self.in_zone(zone, port, family))

    def of_entry(self, place: str, entry: str, whom: List[str]) -> List[str]:
        """Whom of those who arrive a place lets in by `port 443/tcp` or `service web`; what is no such entry, all."""
        found = [one for port in self.ports_of(entry) for one in self.of_port(port) if one.verdict != AWAY]
        mine = [one.whom for one in found if (one.place, one.rule) == (place, entry)]
        return either(mine or (one.whom for one in found)) if self.ports_of(entry) else whom

    def ports_of(self, entry: str) -> List[str]:
        """The single ports of an entry, and the first of each range."""
        word, _, name = entry.partition(" ")
        files = self.rules.definitions.service(name) or [] if word == "service" else []
        ports = [name] if word == "port" else [port for one in files for port in one.ports]
        return ["{}/{}".format(port.partition("/")[0].partition("-")[0], port.partition("/")[2]) for port in ports]

    def led_to(self, port: str) -> Iterator[Opening]:
        """The other ports that are led to this one of the host."""
        return self.of_zones(
            lambda zone, family: [
                Opening(OPEN, place, one.whom, one.rule)
                for place, parts in self.forwarding(zone)
                for one in self.rules.led_here(parts, port, family)
            ]
        )

    def of_zones(self, ask: Callable[[str, str], List[Opening]]) -> Iterator[Opening]:
        """What each zone has to say by each family, once; its `whom` is '' for all who arrive in it."""
        ways: Dict[Opening, List[str]] = {}
        for family in FAMILIES:
            for zone, whom in self.arriving_by(family).items():
                for one in ask(zone, family):
                    ways.setdefault(one._replace(whom=""), []).append(one.whom or ", ".join(whom))
        found = [one._replace(whom=whom) for one, named in ways.items() for whom in either(named)]
        # What is open to everyone is not listed for some of them again.
        yield from (one for one in found if one.whom == EVERYONE or one._replace(whom=EVERYONE) not in found)

    def in_zone(self, zone: str, port: str, family: str) -> List[Opening]:
        """The same for those who arrive in a zone: a stranger (''), and each source that a rule names."""
        asked = list(self.rulings(zone, port, family))
        named = {one.whom: without_not(one.whom) for _, one in asked if one.whom}
        strangers = [] if is_all(named.values(), family) else [""]
        # Whoever is denied by name is denied, whatever becomes of others.
        others = [named[one.whom] for _, one in asked if one.whom and (one.verdict != SHUT or one.whom.startswith(NOT))]
        found = [self.verdict_on(asked, sender, zone) for sender in dict.fromkeys([*strangers, *others])]
        return [one for one in found if one.verdict != SHUT and not any(is_part(one, other) for other in found)]

    def verdict_on(self, asked: List[Tuple[str, Ruling]], sender: str, zone: str) -> Opening:
        """What becomes of a sender's packets by what is asked of all."""
        fitting = [(fits(ruling.whom, sender), place, ruling) for place, ruling in asked]
        rules = [
            (PASSES.get(ruling.verdict), bool(fit) and ruling.sure, (place, ruling))
            for fit, place, ruling in fitting
            if fit is not False
        ]
        passes, by = settled(rules, ("zone " + zone, Ruling(SHUT, "", "names it nowhere")), passes=False)
        place, ruling = by[0]
        verdict = UNCLEAR if passes is None else ruling.verdict
        return Opening(verdict, place, sender or (ruling.whom if ruling.whom.startswith(NOT) else ""), ruling.rule)


def is_part(one: Opening, other: Opening) -> bool:
    """Whether an opening is for some of those whom another by the same rule is for."""
    return one != other and one == other._replace(whom=one.whom) and fits(other.whom, one.whom) is True


def matches(entry: str, interface: str) -> bool:
    """Whether an interface is meant by a zone's entry, in which `+` stands for any end."""
    return interface.startswith(entry[:-1]) if entry.endswith("+") else entry == interface
