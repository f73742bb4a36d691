"""firewalld's services as their files define them, with all that they include."""

import ipaddress
import xml.etree.ElementTree as ElementTree
from typing import Dict, List, NamedTuple, Optional, Set

from labvpn.agent.firewalld.firewalld import Firewalld

# Elements of a service that open nothing (man firewalld.service).
OPENS_NOTHING = ("short", "description", "module", "helper", "destination", "include")


class ServiceFile(NamedTuple):
    """What a service opens, without what it opens at addresses of groups alone (multicast)."""

    ports: List[str]
    protocols: List[str]
    source_ports: List[str]
    unknown: List[str]


class Definitions:
    """The services of one firewalld, each read once."""

    def __init__(self, firewalld: Firewalld) -> None:
        self.firewalld = firewalld
        self.known: Dict[str, Optional[ServiceFile]] = {}

    def service(self, name: str) -> Optional[ServiceFile]:
        """A service by its name; None where it is not defined, or where its file cannot be read."""
        if name not in self.known:
            self.known[name] = self.read(name, set())
        return self.known[name]

    def read(self, name: str, above: Set[str]) -> Optional[ServiceFile]:
        """The same; `above` are the services that include it."""
        path = self.firewalld.file("services", name)
        try:
            root = ElementTree.parse(str(path)).getroot() if path else None  # noqa: S314 -- root's own file
        except ElementTree.ParseError:
            root = None
        if root is None:
            return None
        found = ServiceFile([], [], [], [])
        destinations = [word for element in root.findall("destination") for word in element.attrib.values()]
        if not destinations or any(map(is_unicast, destinations)):
            for element in root:
                take(found, element)
        for element in root.findall("include"):
            self.include(found, element.get("service", ""), {*above, name})
        return found

    def include(self, found: ServiceFile, name: str, above: Set[str]) -> None:
        """Add what an included service opens."""
        if name in above:
            return
        inner = self.read(name, above)
        if inner is None:
            found.unknown.append("the service {}, which is not known".format(name))
            return
        for place, theirs in enumerate(inner):
            found[place].extend(one for one in theirs if one not in found[place])


def take(found: ServiceFile, element: "ElementTree.Element") -> None:
    """Note what one element of a file opens."""
    entry = "{}/{}".format(element.get("port", ""), element.get("protocol", ""))
    if element.tag == "port" and element.get("port"):
        found.ports.append(entry)
    elif element.tag == "source-port":
        found.source_ports.append(entry)
    elif element.tag in ("protocol", "port"):
        # A port without a number is the protocol as a whole, in files of older versions.
        found.protocols.append(element.get("value", element.get("protocol", "")))
    elif element.tag not in OPENS_NOTHING:
        found.unknown.append(element.tag)


def is_unicast(destination: str) -> bool:
    """Whether an address may be one of the host's."""
    try:
        return not ipaddress.ip_network(destination, strict=False).is_multicast
    except ValueError:
        return True
