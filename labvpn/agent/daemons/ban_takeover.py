"""Takes over a host whose bans are rich rules of an earlier agent: the table has replaced them, so they are removed."""

from typing import Dict, List, Optional, Set

from labvpn.agent.firewalld.earlier_bans import earlier_rules
from labvpn.agent.firewalld.firewalld import Firewalld


class BanTakeover:
    """The earlier rules against the sources of the ban list as it is now, in these zones."""

    def __init__(self, firewalld: Firewalld, zones: List[str]) -> None:
        self.firewalld = firewalld
        self.zones = zones
        self.known = earlier_rules(firewalld.machine)

    def lift(self, most: Optional[int] = None) -> None:
        """Remove them, of each zone at most so many; the others are for the next call."""
        present = self.present() if self.known else {}
        for zone, rules in present.items():
            # Whatever cannot be removed ends by itself, so no complaint of firewalld's stops anything.
            options = ["--remove-rich-rule=" + rule for rule in sorted(rules)[:most]]
            self.firewalld.machine.run(["firewall-cmd", "--zone=" + zone, *options], 300)
        if most is None or all(len(rules) <= most for rules in present.values()):
            self.known = set()

    def present(self) -> Dict[str, Set[str]]:
        """Those that are in force, by zone."""
        if not self.firewalld.installed or not self.firewalld.running():
            return {}
        self.firewalld.forget()
        found = {}
        for zone in self.zones:
            rules = self.firewalld.zones(lasting=False).get(zone, {}).get("rich rules", [])
            found[zone] = self.known.intersection(rule.replace('"', "") for rule in rules)
        return {zone: rules for zone, rules in found.items() if rules}
