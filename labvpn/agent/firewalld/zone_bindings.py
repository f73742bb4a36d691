"""Which zone of firewalld an interface or a source address belongs to: each can be in one zone alone."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import List, Optional

from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line
from labvpn.agent.core.state import Remembered
from labvpn.agent.firewalld.firewalld import Firewalld


class ZoneBindings(Handler):
    """`interface eth0 zone=public`, or `source 203.0.113.128/25 zone=internal`."""

    def __init__(self, kind: str, firewalld: Firewalld) -> None:
        self.kind = kind
        self.firewalld = firewalld

    def read(self, line: Line) -> Optional[Values]:
        if not self.firewalld.installed:
            return None
        lasting = self.lasting(line.name)
        now = self.now(line.name) if self.firewalld.running() else lasting
        if lasting == now:
            return {"zone": lasting} if lasting else None
        places = [lasting + "(permanent)" if lasting else "", now + "(now)" if now else ""]
        return {"zone": ",".join(place for place in places if place)}

    def lasting(self, name: str) -> str:
        """The permanent zone, '' for none; of an interface NetworkManager may hold it, so firewalld is asked."""
        if self.kind == "source":
            return self.among(name, lasting=True)
        command = ["firewall-cmd", "--permanent"] if self.firewalld.running() else ["firewall-offline-cmd"]
        outcome = self.firewalld.machine.run([*command, "--get-zone-of-interface=" + name])
        return outcome.output.strip() if outcome.status == 0 else ""

    def zone_of(self, name: str, lasting: bool) -> str:
        """The permanent zone, or that of the runtime."""
        return self.lasting(name) if lasting else self.now(name)

    def now(self, name: str) -> str:
        """The zone in the runtime, '' where only the default zone takes it."""
        return self.among(name, lasting=False)

    def among(self, name: str, lasting: bool) -> str:
        """The zone that lists it."""
        zones = self.firewalld.zones(lasting)
        return next((zone for zone, parts in zones.items() if name in parts.get(self.kind + "s", [])), "")

    def remember(self, line: Line) -> Remembered:
        zone = self.lasting(line.name)
        return {"zone": zone} if zone else None

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            zone, option = change.line.values["zone"], "--change-{}=".format(self.kind)
            for lasting in self.firewalld.scopes():
                if self.zone_of(change.line.name, lasting) != zone:
                    self.firewalld.enter(zone, option, [change.line.name], lasting)

    def remove(self, lines: List[Line]) -> None:
        for line in lines if self.firewalld.installed else []:
            for lasting in self.firewalld.scopes():
                zone = self.zone_of(line.name, lasting)
                if zone:
                    self.firewalld.enter(zone, "--remove-{}=".format(self.kind), [line.name], lasting)
