"""firewalld's services as their files define them, with all that they include."""

import ipaddress
import xml.etree.ElementTree as ElementTree
from typing import Dict, List, NamedTuple, Optional, Set

from labvpn.agent.firewalld.firewalld import Firewalld

# Elements of a service that open nothing (man firewalld.service).
OPENS_NOTHING = ("short", "description", "module", "helper", "include")


class ServiceFile(NamedTuple):
    """What one file opens; `destinations`, by family, are the addresses at which alone it does so, if there are any."""

    ports: List[str]
    protocols: List[str]
    source_ports: List[str]
    unknown: List[str]
    destinations: Dict[str, str]


class Definitions:
    """The services of one firewalld, each read once."""

    def __init__(self, firewalld: Firewalld) -> None:
        self.firewalld = firewalld
        self.known: Dict[str, Optional[List[ServiceFile]]] = {}

    def service(self, name: str) -> Optional[List[ServiceFile]]:
        """A service's file and those that it includes; None where it is not defined, or cannot be read."""
        if name not in self.known:
            self.known[name] = self.read(name, set())
        return self.known[name]

    def is_plain(self, name: str) -> bool:
        """Whether a service is nothing but ports, at whatever address of the host."""
        files = self.service(name) or []
        return len(files) == 1 and not any(files[0][1:])

    def read(self, name: str, above: Set[str]) -> Optional[List[ServiceFile]]:
        """The same; `above` are the services that include it."""
        root = self.firewalld.definition("services", name)
        if root is None:
            return None
        own = ServiceFile([], [], [], [], {})
        found = [own]
        for element in root:
            take(own, element)
        for included in [element.get("service", "") for element in root.findall("include")]:
            inner = [] if included in {*above, name} else self.read(included, {*above, name})
            if inner is None:
                own.unknown.append("the service {}, which is not known".format(included))
            found += inner or []
        return found


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
    elif element.tag == "destination":
        found.destinations.update(element.attrib)
    elif element.tag not in OPENS_NOTHING:
        found.unknown.append(element.tag)


def is_unicast(destination: str) -> bool:
    """Whether a destination may be one of the host's addresses, and not of a group (multicast)."""
    try:
        return not ipaddress.ip_network(destination, strict=False).is_multicast
    except ValueError:
        return True
