"""firewalld of a host that was set up by hand, as `labvpn adopt` takes it; nothing is changed."""

from typing import Any, Dict, Iterable, Iterator, List, Tuple

from labvpn.agent.firewalld.definitions import Definitions
from labvpn.agent.firewalld.firewalld import SETTINGS, Firewalld
from labvpn.agent.firewalld.openings import Openings
from labvpn.agent.firewalld.packet_facts import services_of


class FoundFirewalld:
    """What firewalld lets in, permanently, and what of that could become the stack's."""

    def __init__(self, firewalld: Firewalld) -> None:
        self.firewalld = firewalld
        self.definitions = Definitions(firewalld)

    def answer(self, ports: Iterable[str]) -> Dict[str, Any]:
        """Everything as JSON; `ports` are those of SoftEther."""
        openings = Openings(self.firewalld, lasting=True)
        names = self.own_services()
        plain = [name for name in names if self.definitions.is_plain(name)]
        return {
            "running": self.firewalld.running(),
            "default": self.firewalld.default_zone(),
            "zones": self.firewalld.zones(lasting=True),
            "services": {name: self.firewalld.permanent_service(name) for name in plain},
            "uses": {name: list(dict.fromkeys(self.uses(name, names))) for name in names},
            "shipped": [name for name in names if self.firewalld.ships(name)],
            "arriving": openings.arriving(),
            "ways": {port: [list(one) for one in openings.of_port(port)] for port in ports},
        }

    def own_services(self) -> List[str]:
        """The services that the host itself defines."""
        folder = self.firewalld.machine.path(SETTINGS + "/services")
        return sorted(path.stem for path in folder.glob("*.xml")) if folder.is_dir() else []

    def uses(self, name: str, names: List[str]) -> Iterator[str]:
        """Where a service is used, permanently or now: the zones and policies, their rich rules, other services."""
        for place, parts in self.places():
            if name in parts.get("services", []):
                yield place
            if name in services_of({place: {"rich rules": parts.get("rich rules", [])}}):
                yield "a rich rule of " + place
        for other in names:
            root = self.firewalld.definition("services", other)
            if root is not None and name in [one.get("service") for one in root.findall("include")]:
                yield "service " + other

    def places(self) -> Iterator[Tuple[str, Dict[str, List[str]]]]:
        """Every zone and policy, permanent and now."""
        for lasting in self.firewalld.scopes():
            for kind, listing in (
                ("zone", self.firewalld.zones(lasting)),
                ("policy", self.firewalld.policies(lasting)),
            ):
                yield from (("{} {}".format(kind, name), parts) for name, parts in listing.items())
