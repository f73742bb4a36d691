"""The interfaces of a FortiGate, and the members of its zones and SD-WAN zones."""

from __future__ import annotations

from collections.abc import Sequence

from labvpn.state.fortigate import Inventory


class Topology:
    """The interfaces of a FortiGate, with the members of its zones and SD-WAN zones."""

    def __init__(self, inventory: Inventory) -> None:
        self._zones = {zone.name: zone for zone in inventory.zones}
        read = {name for name, zone in self._zones.items() if not zone.unread}
        self._known = {interface.name for interface in inventory.interfaces} | read

    def expand(self, name: str) -> frozenset[str]:
        """An interface itself, or the members of a zone; a zone without members is itself."""
        zone = self._zones.get(name)
        return frozenset(zone.members) if zone and zone.members else frozenset((name,))

    def among(self, name: str, names: Sequence[str]) -> bool | None:
        """Whether an interface (every member of a zone) is among others; None where only some members are."""
        if "any" in names or name in names:
            return True
        mine, theirs = self.expand(name), frozenset[str]().union(*map(self.expand, names))
        if name == "any":
            return None if theirs else False
        if mine <= theirs:
            return True
        unresolved = self._known and any(other not in self._known for other in names)
        return None if mine & theirs or unresolved else False

    def all_among(self, names: Sequence[str], wide: Sequence[str]) -> bool:
        """Whether all of some interfaces are among others."""
        return all(self.among(name, wide) is True for name in names)

    def shared(self, one: Sequence[str], two: Sequence[str]) -> bool:
        """Whether some interface is, or may be, in both."""
        return any(
            self.among(name, two) is not False or self.among(other, one) is not False for name in one for other in two
        )

    def open_between(self, enters: str, leaves: str) -> str:
        """The zone that contains both interfaces and lets everything pass between its members, or may do so."""
        for zone in self._zones.values():
            both = all(zone.unread or self.expand(end) & set(zone.members) for end in (enters, leaves))
            if zone.open is not False and enters != leaves and both:
                sure = f"zone '{zone.name}' lets its members reach each other (intrazone allow)"
                return sure if zone.open else f"zone '{zone.name}', of which it is not known what its members may do"
        return ""
