"""The login guard's bans as runtime rules of firewalld: many at once, and one that fails does not stop the others."""

from typing import Dict, Iterable, List, Set

from labvpn.agent.core.errors import AgentError
from labvpn.agent.firewalld.ban_list import RULES_AT_ONCE, STAND_IN_ACTION, rules_against, timeout
from labvpn.agent.firewalld.ban_policy import Ban
from labvpn.agent.firewalld.firewalld import Firewalld

STAND_IN_SECONDS = 60.0
"""How long a rule may at most replace a source's own rules while its ban gets another end."""


class BanRules:
    """The rules against sources in the zones through which users dial in."""

    def __init__(self, firewalld: Firewalld, zones: List[str], opened: List[str]) -> None:
        self.firewalld = firewalld
        self.zones = zones
        self.opened = opened

    def settle(self, before: Dict[str, Ban], wanted: Dict[str, Ban], now: float) -> None:
        """Put the rules of these bans in force, and remove those of `before` alone; AgentError where that fails."""
        troubles = [trouble for zone in self.zones for trouble in self.settle_zone(zone, before, wanted, now)]
        if troubles:
            raise AgentError(
                "firewalld on the VPN host refused rules of the login guard: {}".format("; ".join(troubles[:5]))
            )

    def settle_zone(self, zone: str, before: Dict[str, Ban], wanted: Dict[str, Ban], now: float) -> List[str]:
        """The same for one zone; returns what went wrong."""
        present = self.rules_in(zone)
        # firewalld does not change the end of a rule in force, so another rule covers the moment of its renewal.
        changed = [one for one, ban in wanted.items() if before.get(one, ban) != ban]
        stand_ins = {one: Ban(now + STAND_IN_SECONDS, 0) for one in changed if self.is_complete(one, present)}
        troubles = self.add(zone, self.missing(stand_ins, present, STAND_IN_ACTION), now)
        present = self.rules_in(zone)
        renewed = [one for one in stand_ins if present.issuperset(self.rules(one, STAND_IN_ACTION))]
        gone = [one for one in before if one not in wanted]
        troubles += self.remove(zone, [rule for one in (*renewed, *gone) for rule in self.rules(one)], present)
        self.firewalld.forget()
        troubles += self.add(zone, self.missing(wanted, self.rules_in(zone)), now)
        covers = [rule for one in renewed for rule in self.rules(one, STAND_IN_ACTION)]
        self.remove(zone, covers, self.rules_in(zone))
        present = self.rules_in(zone)
        missing = [one for one in wanted if not self.is_complete(one, present)]
        return troubles + ["{} is not banned in the zone {}".format(one, zone) for one in missing]

    def ports(self) -> Set[str]:
        """The ports by which users dial in, such as `443/tcp`."""
        services = [self.firewalld.permanent_service(one) or [] for one in self.opened if "/" not in one]
        return {one for one in self.opened if "/" in one}.union(*services)

    def rules(self, source: str, action: str = "reject") -> List[str]:
        """The rules against a source."""
        return rules_against(source, self.opened, action)

    def rules_in(self, zone: str) -> Set[str]:
        """The rich rules that a zone has now."""
        return {
            rule.replace('"', "") for rule in self.firewalld.zones(lasting=False).get(zone, {}).get("rich rules", [])
        }

    def is_complete(self, source: str, present: Set[str]) -> bool:
        """Whether all rules against a source are in force."""
        return present.issuperset(self.rules(source))

    def missing(self, bans: Dict[str, Ban], present: Set[str], action: str = "reject") -> Dict[str, Ban]:
        """The rules of these bans that are not in force."""
        return {rule: ban for one, ban in bans.items() for rule in self.rules(one, action) if rule not in present}

    def add(self, zone: str, rules: Dict[str, Ban], now: float) -> List[str]:
        """Add rules, those with the same end together."""
        ends: Dict[str, List[str]] = {}
        for rule, ban in rules.items():
            ends.setdefault(timeout(ban, now), []).append("--add-rich-rule=" + rule)
        return [trouble for end, options in ends.items() for trouble in self.send(["--zone=" + zone, end], options)]

    def remove(self, zone: str, rules: Iterable[str], present: Set[str]) -> List[str]:
        """Remove those of these rules that are in force."""
        return self.send(["--zone=" + zone], ["--remove-rich-rule=" + rule for rule in rules if rule in present])

    def send(self, words: List[str], options: List[str]) -> List[str]:
        """Send options to firewalld; where it refuses a batch, one by one. Returns its complaints."""
        complaints = []
        for start in range(0, len(options), RULES_AT_ONCE):
            part = options[start : start + RULES_AT_ONCE]
            try:
                self.firewalld.now(*words, *part)
            except AgentError as error:
                complaints += (
                    [str(error)] if len(part) == 1 else [each for option in part for each in self.send(words, [option])]
                )
        return complaints
