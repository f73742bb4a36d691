"""Who may reach a port of the host by firewalld's settings: whoever arrives in a zone, in the order of its rules.

What is not understood is never taken for open or closed: it is `unknown`, and named.
"""

import ipaddress
from typing import Dict, Iterator, List, Optional, Tuple

from labvpn.agent.firewalld.definitions import Definitions
from labvpn.agent.firewalld.evaluation import Evaluation
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.kernel_rules import KernelRules
from labvpn.agent.firewalld.rulings import EVERYONE, OPEN, SHUT, Opening, Parts, Rulings


class Openings(Evaluation):
    """firewalld's settings: permanent, or of the runtime."""

    def __init__(self, firewalld: Firewalld, lasting: bool, own: Optional[List[str]] = None) -> None:
        self.firewalld = firewalld
        self.lasting = lasting
        self.kernel = KernelRules(firewalld)
        rules = Rulings(Definitions(firewalld), own or [])
        super().__init__(rules, firewalld.zones(lasting), firewalld.policies(lasting))

    def arriving(self) -> Dict[str, List[str]]:
        """The zones in which packets from outside arrive: for `everyone` by an interface, else for the sources."""
        found: Dict[str, List[str]] = {}
        bound = {one for parts in self.zones.values() for one in parts.get("interfaces", [])}
        bound |= {one for parts in self.bound_now() for one in parts}
        outside = self.kernel.outside()
        for name, parts in self.zones.items():
            mine = [one for one in {*parts.get("interfaces", []), *self.now_in(name)} if not self.kernel.is_inner(one)]
            free = [one for one in outside if not any(matches(each, one) for each in bound)]
            if mine or (name == self.firewalld.default_zone() and (free or not outside)):
                found[name] = [EVERYONE]
            elif parts.get("sources"):
                everyone = any(source.endswith("/0") for source in parts["sources"])
                found[name] = [EVERYONE] if everyone else list(parts["sources"])
        return found

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
                yield "policy " + name, [EVERYONE] if EVERYONE in whom else whom, parts

    def of_port(self, port: str) -> Iterator[Opening]:
        """Everything that opens a port (`8000/tcp`) to a source from outside, in the zones' order."""
        found = [
            opening._replace(whom=opening.whom or ", ".join(whom))
            for zone, whom in self.arriving().items()
            for opening in self.in_zone(zone, port)
        ]
        # What is open to everyone is not listed for some of them again.
        wide = [opening for opening in found if opening.whom == EVERYONE]
        yield from (one for one in found if one in wide or one._replace(whom=EVERYONE) not in wide)

    def in_zone(self, zone: str, port: str) -> List[Opening]:
        """The same for those who arrive in a zone; `whom` is '' for all of them."""
        found: List[Opening] = []
        for family in ("ipv4", "ipv6"):
            shut: List[str] = []
            for place, ruling in self.rulings(zone, port, family):
                if ruling.verdict == SHUT and ruling.sure and not ruling.whom:
                    break
                if ruling.verdict == SHUT and ruling.sure:
                    shut.append(ruling.whom)
                elif ruling.verdict != SHUT and not any(contains(wide, ruling.whom) for wide in shut):
                    found.append(Opening(ruling.verdict, place, ruling.whom, ruling.rule))
                if ruling.verdict == OPEN and ruling.sure and not ruling.whom:
                    break
        return list(dict.fromkeys(found))


def contains(wide: str, narrow: str) -> bool:
    """Whether one source includes all of another."""
    try:
        one, other = (ipaddress.ip_network(word, strict=False) for word in (wide, narrow))
    except ValueError:
        return wide == narrow
    if one.version != other.version:
        return False
    return int(one.network_address) <= int(other.network_address) and (
        int(other.broadcast_address) <= int(one.broadcast_address)
    )


def matches(entry: str, interface: str) -> bool:
    """Whether an interface is meant by a zone's entry, in which `+` stands for any end."""
    return interface.startswith(entry[:-1]) if entry.endswith("+") else entry == interface
