"""The bars of the guard as rules of firewalld that hold for now: many at once, and one that fails stops no other."""

from typing import Dict, Iterable, List, Set

from labvpn.agent.core.errors import AgentError
from labvpn.agent.firewalld.ban_list import RULES_AT_ONCE, SILENT_DROP, rules_against, timeout
from labvpn.agent.firewalld.ban_policy import Ban
from labvpn.agent.firewalld.firewalld import Firewalld

STAND_IN_SECONDS = 60.0
"""How long a rule stands at most that bars a source while its bar gets another end."""


class Barring:
    """The rules against sources in the zones through which users dial in."""

    def __init__(self, firewalld: Firewalld, zones: List[str], opened: List[str]) -> None:
        self.firewalld = firewalld
        self.zones = zones
        self.opened = opened

    def settle(self, before: Dict[str, Ban], wanted: Dict[str, Ban], now: float) -> None:
        """Have the rules of these bars stand, and those of `before` alone no more; AgentError where some do not."""
        troubles: List[str] = []
        for zone in self.zones:
            there = self.there(zone)
            # firewalld changes no end of a rule that stands, so another one stands while it is made anew.
            renewed = [one for one, bar in wanted.items() if before.get(one, bar) != bar and self.stands(one, there)]
            stand_ins = {one: Ban(now + STAND_IN_SECONDS, 0) for one in renewed}
            troubles += self.add(zone, self.missing(stand_ins, there, SILENT_DROP), now)
            there = self.there(zone)
            renewed = [one for one in renewed if there.issuperset(self.rules(one, SILENT_DROP))]
            gone = [one for one in before if one not in wanted]
            troubles += self.remove(zone, [rule for one in (*renewed, *gone) for rule in self.rules(one)], there)
            self.firewalld.forget()
            troubles += self.add(zone, self.missing(wanted, self.there(zone)), now)
            self.remove(zone, [rule for one in renewed for rule in self.rules(one, SILENT_DROP)], self.there(zone))
            there = self.there(zone)
            troubles += [
                "{} is not barred in the zone {}".format(one, zone) for one in wanted if not self.stands(one, there)
            ]
        if troubles:
            raise AgentError("firewalld on the VPN host refused rules of the guard: {}".format("; ".join(troubles[:5])))

    def ports(self) -> Set[str]:
        """The ports by which users dial in, such as `443/tcp`."""
        services = [self.firewalld.permanent_service(one) or [] for one in self.opened if "/" not in one]
        return {one for one in self.opened if "/" in one}.union(*services)

    def rules(self, source: str, action: str = "reject") -> List[str]:
        """The rules against a source."""
        return rules_against(source, self.opened, action)

    def there(self, zone: str) -> Set[str]:
        """The rich rules of a zone now."""
        return {
            rule.replace('"', "") for rule in self.firewalld.zones(lasting=False).get(zone, {}).get("rich rules", [])
        }

    def stands(self, source: str, there: Set[str]) -> bool:
        """Whether all rules against a source stand."""
        return there.issuperset(self.rules(source))

    def missing(self, bars: Dict[str, Ban], there: Set[str], action: str = "reject") -> Dict[str, Ban]:
        """The rules of these bars that do not stand."""
        return {rule: bar for one, bar in bars.items() for rule in self.rules(one, action) if rule not in there}

    def add(self, zone: str, rules: Dict[str, Ban], now: float) -> List[str]:
        """Add rules, those of one end together."""
        ends: Dict[str, List[str]] = {}
        for rule, bar in rules.items():
            ends.setdefault(timeout(bar, now), []).append("--add-rich-rule=" + rule)
        return [trouble for end, options in ends.items() for trouble in self.tell(["--zone=" + zone, end], options)]

    def remove(self, zone: str, rules: Iterable[str], there: Set[str]) -> List[str]:
        """Take those of these rules away that stand."""
        return self.tell(["--zone=" + zone], ["--remove-rich-rule=" + rule for rule in rules if rule in there])

    def tell(self, words: List[str], options: List[str]) -> List[str]:
        """Tell firewalld; where it refuses some of many, each by itself. Returns its complaints."""
        complaints = []
        for start in range(0, len(options), RULES_AT_ONCE):
            part = options[start : start + RULES_AT_ONCE]
            try:
                self.firewalld.now(*words, *part)
            except AgentError as error:
                complaints += (
                    [str(error)] if len(part) == 1 else [each for option in part for each in self.tell(words, [option])]
                )
        return complaints
