"""What decides about packets that arrive at the host, as the model of a preview takes it; nothing is changed."""

import re
from typing import Any, Dict, Iterator, List, Set

from labvpn.agent.firewalld.definitions import Definitions
from labvpn.agent.firewalld.firewalld import SETTINGS, Firewalld, Listings
from labvpn.agent.firewalld.kernel_rules import POLICY_TABLE, TABLE, KernelRules
from labvpn.agent.firewalld.rich_rule import read_rule


class PacketFacts:
    """firewalld's zones and policies in force, the host's interfaces, and what filters packets beside firewalld."""

    def __init__(self, firewalld: Firewalld) -> None:
        self.firewalld = firewalld
        self.kernel = KernelRules(firewalld)

    def all(self) -> Dict[str, Any]:
        """Everything as JSON; nothing where firewalld is not installed."""
        if not self.firewalld.installed:
            return {}
        running = self.firewalld.running()
        zones = self.firewalld.without_bans() if running else self.firewalld.zones(lasting=True)
        policies = self.firewalld.policies(lasting=not running)
        known = Definitions(self.firewalld)
        return {
            "running": running,
            "default": self.firewalld.default_zone(),
            "zones": zones,
            "policies": policies,
            "services": {name: known.service(name) for name in sorted(services_of(zones) | services_of(policies))},
            "interfaces": self.interfaces(),
            "outside": self.kernel.outside(),
            "gateway": self.gateway(),
            "beside": sorted(self.beside()) if running else [],
            "drifting": self.drifting(),
        }

    def interfaces(self) -> Dict[str, List[str]]:
        """The IPv4 addresses of each interface, with their networks' lengths."""
        outcome = self.firewalld.machine.run(["ip", "-o", "-4", "address", "show"])
        found: Dict[str, List[str]] = {}
        for name, address in re.findall(r"^\d+: (\S+)\s+inet (\S+)", outcome.output, re.MULTILINE):
            found.setdefault(name, []).append(address if "/" in address else address + "/32")
        return found

    def gateway(self) -> str:
        """The interface that leads to everywhere else; '' where that is not known."""
        outcome = self.firewalld.machine.run(["ip", "-o", "-4", "route", "show", "default"])
        names = set(re.findall(r"\bdev (\S+)", outcome.output))
        return names.pop() if len(names) == 1 else ""

    def drifting(self) -> bool:
        """Whether a packet that a zone of sources does not name goes on to its interface's zone (before 1.0)."""
        text = self.firewalld.machine.read(SETTINGS + "/firewalld.conf") or ""
        return bool(re.search(r"^AllowZoneDrifting=yes", text, re.MULTILINE))

    def beside(self) -> Iterator[str]:
        """The tables of nft that filter arriving packets too, and rules of iptables that come before firewalld's."""
        ruleset = self.kernel.ruleset()
        if ruleset is None:
            yield from ("iptables: " + rule for rule in self.kernel.before_zones())
            return
        for key in {*ruleset.bases("ip", ("prerouting", "input")), *ruleset.bases("inet", ("prerouting", "input"))}:
            acts = ruleset.rules.get(key)
            if key[1] not in (TABLE, POLICY_TABLE) and (acts or ruleset.chains[key].get("policy") == "drop"):
                yield "table {} {} of nft".format(key[0], key[1])


def services_of(listings: Listings) -> Set[str]:
    """The services that zones or policies name."""
    rules = [read_rule(text) for parts in listings.values() for text in parts.get("rich rules", [])]
    named = {rule.values.get("name", "") for rule in rules if rule.element == "service"}
    return named.union(*(parts.get("services", []) for parts in listings.values())) - {""}
