"""The kernel's rules that are not firewalld's own doing, which its reload takes away whoever made them."""

import json
import re
import time
from typing import Any, Dict, Iterator, List, Tuple

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import RULES_FILE
from labvpn.agent.firewalld.ban_list import bans_of
from labvpn.agent.firewalld.kernel_rules import TABLE, KernelRules

OF_XTABLES = ("iptables-save", "ip6tables-save")
# firewalld's chains in the tables of iptables (core/ipXtables.py); the rest is somebody else's.
OWN_CHAIN = re.compile(r"(IN|FWD|FWDI|FWDO|OUT|PRE|POST|INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING)_")
BUILT_IN = ("INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING")

RulePlace = Tuple[str, ...]
Rules = Dict[RulePlace, List[str]]
"""Rules, or elements of sets, in their order: by the command that shows them, table and chain (or set)."""


class ForeignRules:
    """What others have put into the kernel: rules of iptables, and by hand into firewalld's own table."""

    def __init__(self, kernel: KernelRules) -> None:
        self.kernel = kernel
        self.machine: Machine = kernel.machine

    def snapshot(self) -> Rules:
        """All rules in whose places others may have some."""
        found: Rules = {}
        for command in OF_XTABLES:
            outcome = self.machine.run([command])
            if outcome.status == 0:
                found.update({(command, *place): rules for place, rules in rules_of(outcome.output).items()})
        ruleset = self.kernel.ruleset()
        if ruleset is not None:
            for kind, held in (("rule", ruleset.rules), ("element", ruleset.sets)):
                own = {place: list(map(text_of, items)) for place, items in held.items() if place[1] == TABLE}
                found.update({("nft", kind, *place): items for place, items in own.items()})
        return found

    def restore(self, before: Rules, seconds: float) -> List[str]:
        """Bring back what was lost, each to its old place; what could not be is returned in words.

        A program that notices a reload may bring its own rules back, so this waits some seconds for that.
        """
        until = time.monotonic() + seconds
        now = self.snapshot()
        while lost(before, now) and time.monotonic() < until:
            time.sleep(0.5)
            now = self.snapshot()
        if not lost(before, now):
            return []
        for command in OF_XTABLES:
            self.feed(["{} --noflush <".format(command.replace("save", "restore"))], returned(command, before, now))
        for change in by_nft(before, now):
            self.feed(["nft -j -f"], [json.dumps({"nftables": [change]})])
        banned = ['"{}"'.format(source.partition("/")[0]) for source in bans_of(self.machine)]
        left = lost(before, self.snapshot())
        return ["{}: {}".format(" ".join(place), one) for place, one in left if not any(ban in one for ban in banned)]

    def feed(self, command: List[str], lines: List[str]) -> None:
        """Give a command these lines."""
        if lines:
            self.machine.write(RULES_FILE, "".join(line + "\n" for line in lines), 0o600)
            self.machine.run(["sh", "-c", "{} {}".format(command[0], self.machine.path(RULES_FILE))])
            self.machine.delete(RULES_FILE)


def text_of(one: Any) -> str:
    """A rule or element of nft's as a text that does not count packets."""
    return re.sub(r'"(packets|bytes|expires)": \d+', r'"\1": 0', json.dumps(one, sort_keys=True))


def rules_of(text: str) -> Rules:
    """The rules of `iptables-save` by table and chain, without firewalld's own chains."""
    found: Rules = {}
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":") and not OWN_CHAIN.match(line[1:]):
            found.setdefault((table, line[1:].split()[0]), [])
        elif line.startswith("-A ") and not OWN_CHAIN.match(line.split()[1]):
            found.setdefault((table, line.split()[1]), []).append(line)
    return found


def lost(before: Rules, now: Rules) -> List[Tuple[RulePlace, str]]:
    """What is not there any more."""
    return [(place, one) for place, rules in before.items() for one in rules if one not in now.get(place, [])]


def returned(command: str, before: Rules, now: Rules) -> List[str]:
    """What `iptables-restore --noflush` reads to bring lost rules back to their old places."""
    tables: Dict[str, List[str]] = {}
    for place, rules in before.items():
        if place[0] == command:
            chain, words = place[2], tables.setdefault(place[1], [])
            if place not in now and chain not in BUILT_IN:
                words.insert(0, ":{} - [0:0]".format(chain))
            for at, rule in missing_at(rules, now.get(place, [])):
                words.append("-I {} {} {}".format(chain, at + 1, rule.split(" ", 2)[2]))
    return [line for table, words in tables.items() if words for line in ["*" + table, *words, "COMMIT"]]


def by_nft(before: Rules, now: Rules) -> Iterator[Dict[str, Any]]:
    """The same for elements of firewalld's sets that have no end.

    A rule in firewalld's own chains is only reported: one that was removed meanwhile would stay without an owner.
    """
    for place, elements in before.items():
        if place[:2] == ("nft", "element") and place in now:
            _, _, family, table, name = place
            missing = [json.loads(one) for _, one in missing_at(elements, now[place]) if "expires" not in one]
            if missing:
                yield {"add": {"element": {"family": family, "table": table, "name": name, "elem": missing}}}


def missing_at(rules: List[str], present: List[str]) -> Iterator[Tuple[int, str]]:
    """What is missing, each with its position among the rules present by then."""
    there = list(present)
    for at, rule in enumerate(rules):
        if rule not in there:
            at = min(at, len(there))
            there.insert(at, rule)
            yield at, rule
