"""What services on a FortiGate cover: ports, protocols, and what cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from labvpn.model.ports import Port
from labvpn.parse.fortigate.extent import Named, any_of
from labvpn.state.fortigate import ALL_SERVICES, Inventory, ServiceObject

Range = tuple[int, int]


@dataclass(frozen=True)
class Served:
    """What services cover: ports by transport, or an IP protocol's number, or `any`; `unknown` is not read."""

    spans: frozenset[tuple[str, int, int]]
    unknown: frozenset[str] = frozenset()

    @staticmethod
    def of(text: str) -> list[Range]:
        """The destination ports of `443`, `5000-5010` or `53:1024-65535`, blank-separated."""
        ends = (one.partition(":")[0].partition("-") for one in text.split())
        return [(int(low), int(high or low)) for low, _, high in ends if low.isdigit()] or [(0, 0)]

    @property
    def everything(self) -> bool:
        """Whether every protocol is meant."""
        return ("any", 0, 0) in self.spans

    def covers(self, narrow: Served) -> bool:
        """Whether everything of the other is in this one, as far as is known."""
        if self.everything:
            return True
        held = (any(k == kind and a <= low and high <= b for k, a, b in self.spans) for kind, low, high in narrow.spans)
        return all(held) and narrow.unknown <= self.unknown

    def meets(self, other: Served) -> bool:
        """Whether they share a port, or may do so."""
        if self.everything or other.everything or self.unknown or other.unknown:
            return True
        return any(k == kind and a <= high and low <= b for k, a, b in self.spans for kind, low, high in other.spans)


class Services(Named[Port | None]):
    """The services of a FortiGate and their groups."""

    def __init__(self, inventory: Inventory) -> None:
        super().__init__(inventory.service_groups)
        self._services = {service.name: service for service in inventory.services}
        self.span = cache(self._span)

    def contains(self, names: tuple[str, ...], port: Port | None) -> bool | None:
        """Whether some services cover a port; without a port: whether they cover everything."""
        return any_of(self._in(name, port, ()) for name in names)

    def _in_object(self, name: str, end: Port | None) -> bool | None:
        service = self._services.get(name)
        if service is None:
            return True if name == ALL_SERVICES else None
        if service.unread:
            return None
        spans = spans_of(service)
        if end is None:
            return ("any", 0, 0) in spans
        met = any(
            kind in ("any", end.transport) and (kind == "any" or low <= end.number <= high) for kind, low, high in spans
        )
        return None if met and _from_certain_ports(service, end) else met

    def doubt(self, names: tuple[str, ...]) -> str:
        """The first service among some names that the lab cannot resolve, and why."""
        for name in self.members(names):
            service, group = self._services.get(name), self.groups.get(name)
            if (known := service or group) and known.unread:
                return f"service {name}: {', '.join(known.unread)}"
            if service and ":" in f"{service.tcp} {service.udp}":
                return f"service {name}: source ports {service.tcp} {service.udp}".rstrip()
            if not known and name != ALL_SERVICES:
                return f"service {name}: not among those that were read"
        return ""

    def _span(self, names: tuple[str, ...]) -> Served:
        spans: set[tuple[str, int, int]] = set()
        unknown: set[str] = set()
        for name in self.members(names):
            service = self._services.get(name)
            if service and not service.unread:
                spans |= set(spans_of(service))
                unknown |= {name} if ":" in f"{service.tcp} {service.udp}" else set()
            elif name == ALL_SERVICES and not service:
                spans.add(("any", 0, 0))
            elif name not in self.groups or self.groups[name].unread:
                unknown.add(name)
        return Served(frozenset(spans), frozenset(unknown))


def spans_of(service: ServiceObject) -> list[tuple[str, int, int]]:
    """What a service covers: a transport (or an IP protocol's number, or `any`) and its first and last port."""
    if service.protocol is not None:
        whole = {0: "any", 6: "tcp", 17: "udp"}.get(service.protocol, str(service.protocol))
        return [(whole, 0, 65535 if whole in ("tcp", "udp") else 0)]
    texts = (("tcp", service.tcp), ("udp", service.udp))
    return [(kind, low, high) for kind, text in texts if text for low, high in Served.of(text)]


def _from_certain_ports(service: ServiceObject, port: Port) -> bool:
    """Whether a service covers a port only for certain source ports."""
    texts = (service.tcp if port.transport == "tcp" else service.udp).split()
    free = (Served.of(text)[0] for text in texts if ":" not in text)
    return not any(low <= port.number <= high for low, high in free) and any(":" in text for text in texts)
