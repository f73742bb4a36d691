"""Our service definition in firewalld, and our entries in its zones."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import Callable, List, Optional

from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line
from labvpn.agent.core.lists import entries, held_among, listed
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewalld import Firewalld


class ServiceDefinition(Handler):
    """`service vpnserver ports=443/tcp,500/udp`: the whole definition is ours."""

    kind = "service"

    def __init__(self, firewalld: Firewalld, renew: Callable[[], None]) -> None:
        self.firewalld = firewalld
        # A definition comes into force by a reload of firewalld alone.
        self.renew = renew

    def read(self, line: Line) -> Optional[Values]:
        permanent = self.firewalld.permanent_service(line.name) if self.firewalld.installed else None
        if permanent is None:
            return None
        now = self.firewalld.current_service(line.name) if self.firewalld.running() else None
        return (
            {"ports": listed(entries(line.values.get("ports", "")), permanent, now)} if "ports" in line.values else {}
        )

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            self.firewalld.define(change.line.name, entries(change.line.values["ports"]))
        self.renew()

    def remove(self, lines: List[Line]) -> None:
        there = self.firewalld.installed
        gone = [line.name for line in lines if there and self.firewalld.permanent_service(line.name) is not None]
        for name in gone:
            self.firewalld.permanent("--delete-service=" + name)
        if gone:
            self.renew()


class ZoneEntries(Handler):
    """`zone public services=vpnserver ports=none`: of the zone only our own entries."""

    kind = "zone"
    # Key in the document: the option of firewall-cmd.
    options = (("services", "service"), ("ports", "port"), ("protocols", "protocol"))

    def __init__(self, state: State, firewalld: Firewalld) -> None:
        self.state = state
        self.firewalld = firewalld

    def read(self, line: Line) -> Optional[Values]:
        if not self.firewalld.installed or self.firewalld.permanent_zone(line.name) is None:
            return None
        applied = self.state.lines().get(line.key)
        values = {}
        for key, _ in self.options:
            if key in line.values:
                wanted = entries(line.values[key])
                ours = {*wanted, *(entries(applied.values.get(key, "")) if applied else [])}
                scopes = [
                    [one for one in ours if held_among(one, self.there(line.name, key, lasting))]
                    for lasting in self.firewalld.scopes()
                ]
                values[key] = listed(wanted, scopes[0], scopes[1] if len(scopes) > 1 else None)
        return values

    def there(self, zone: str, key: str, lasting: bool) -> List[str]:
        """A zone's entries of one kind, permanent or of the runtime."""
        if not lasting:
            return self.firewalld.current_zone(zone).get(key, [])
        held: List[str] = getattr(self.firewalld.permanent_zone(zone), key, [])
        return held

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            have = change.have.values if change.have else {}
            for key, option in self.options:
                if key in change.line.values or key in have:
                    self.settle(change.line, key, option, entries(have.get(key, "")))

    def settle(self, want: Line, key: str, option: str, have: List[str]) -> None:
        """Add and remove our entries of one kind, permanently and now; what was there before us stays."""
        wanted = entries(want.values.get(key, ""))
        before = entries(str((self.state.before.get(want.key) or {}).get(key, "")))
        for lasting in self.firewalld.scopes():
            there = self.there(want.name, key, lasting)
            missing = [one for one in wanted if not held_among(one, there)]
            self.firewalld.enter(want.name, "--add-{}=".format(option), missing, lasting)
            gone = [one for one in have if one not in [*wanted, *before] and held_among(one, there)]
            self.firewalld.enter(want.name, "--remove-{}=".format(option), gone, lasting)

    def remove(self, lines: List[Line]) -> None:
        for line in lines:
            for key, option in self.options:
                self.settle(Line("zone", line.name, {}, ""), key, option, entries(line.values.get(key, "")))
