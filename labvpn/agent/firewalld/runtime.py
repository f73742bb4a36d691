"""The whole of what firewalld holds for now, and how it comes back after a reload or restart, which take it away."""

import shlex
from typing import Dict, Iterator, List, Optional

from labvpn.agent.core.machine import Machine
from labvpn.agent.firewalld.bus import bus_call, entries_of, quick
from labvpn.agent.firewalld.firewalld import LISTED, MOVED, UNIT, Firewalld
from labvpn.agent.firewalld.foreign_rules import ForeignRules, Rules
from labvpn.agent.firewalld.kernel_rules import KernelRules

ON_OR_OFF = ("masquerade", "forward", "icmp-block-inversion")
"""What a zone or policy has or has not."""

# Lists outside of zones: interface and call of the bus, and the option of firewall-cmd that adds an entry.
DIRECT = {
    "direct getAllChains": "--add-chain",
    "direct getAllRules": "--add-rule",
    "direct getAllPassthroughs": "--add-passthrough",
}
WHITELISTS = {
    "policies getLockdownWhitelistCommands": "command",
    "policies getLockdownWhitelistContexts": "context",
    "policies getLockdownWhitelistUids": "uid",
    "policies getLockdownWhitelistUsers": "user",
}
LOCKDOWN, DEFAULT, SETS = "policies queryLockdown", " getDefaultZone", "ipset getIPSets"
AWAITED = 5.0
"""Seconds within which other programs bring their own rules back once firewalld announces its reload."""

Held = Dict[str, Dict[str, List[str]]]
"""What firewalld holds: by `zone NAME`, `policy NAME`, `set NAME` and `daemon`, lists by their words."""


class Runtime:
    """What the firewalld of a host holds for now."""

    def __init__(self, firewalld: Firewalld) -> None:
        self.firewalld = firewalld
        self.machine: Machine = firewalld.machine
        self.kernel = KernelRules(firewalld)
        self.foreign = ForeignRules(self.kernel)

    def held(self) -> Held:
        """All of it, but for an earlier agent's bans, which have an end of their own."""
        self.firewalld.forget()
        held: Held = {}
        for kind, parted in (("zone", self.firewalld.without_bans()), ("policy", self.firewalld.policies(False))):
            held.update({"{} {}".format(kind, name): dict(parts) for name, parts in parted.items()})
        held["daemon"] = {call: self.ask(call) for call in (*DIRECT, *WHITELISTS, LOCKDOWN, DEFAULT)}
        for name in self.ask(SETS):
            held["set " + name] = {"entries": self.ask("ipset getEntries", name)}
        return held

    def ask(self, call: str, *words: str) -> List[str]:
        """A list from the bus, an entry of several words as one; none where firewalld does not know the call."""
        outcome = self.machine.run(bus_call(call, *words))
        return entries_of(outcome.output) if outcome.status == 0 else []

    def renew(self, wanted: Optional[Held] = None) -> List[str]:
        """Apply the permanent settings and bring the runtime (or `wanted`) back; returns what did not come back.

        A firewalld that lost its rules in the kernel is restarted: its reload would drop every packet, then fail.
        """
        before, others = wanted or self.held(), self.foreign.snapshot()
        ahead = self.ahead(before)
        if self.kernel.lost():
            self.restart()
        else:
            self.firewalld.now("--reload")
        for command in ahead:
            self.machine.run(command)
        return self.bring_back(before, others)

    def ahead(self, before: Held) -> List[List[str]]:
        """The calls that will bring zones back, known from the permanent settings, so that reading costs no time."""
        lasting: Held = {"zone " + name: parts for name, parts in self.firewalld.zones(True).items()}
        calls = [
            quick(words) for words in steps({scope: before[scope] for scope in lasting if scope in before}, lasting)
        ]
        return [call for call in calls if call]

    def restart(self) -> None:
        """Restart firewalld; between stop and start nothing is closed, and none of its old tables stays."""
        self.machine.run(["systemctl", "stop", UNIT], 90)
        self.kernel.clear()
        self.machine.must(["systemctl", "start", UNIT], 90)

    def bring_back(self, before: Held, others: Rules) -> List[str]:
        """Make what firewalld holds the same as before, then the rules that others have beside it."""
        self.machine.must(["firewall-cmd", "--state"])
        now = self.held()
        # By the bus first, which takes a tenth of the time; then each that is left by itself, and in words.
        for quickly in (True, False):
            for words in steps(before, now):
                self.machine.run((quick(words) if quickly else None) or ["firewall-cmd", *words])
            now = now if now == before else self.held()
        return [*differences_of(before, now), *self.foreign.restore(others, AWAITED)]


def steps(before: Held, now: Held) -> Iterator[List[str]]:
    """The words of firewall-cmd that lead from what holds now to what held before; what is missing comes first."""
    added, removed = [], []
    for scope in before:
        for key in dict.fromkeys([*before[scope], *now.get(scope, {})]):
            wanted, there = before[scope].get(key, []), now.get(scope, {}).get(key, [])
            missing, surplus = [one for one in wanted if one not in there], [one for one in there if one not in wanted]
            if scope in now and (missing or surplus):
                added += words_for(scope, key, missing, add=True)
                removed += words_for(scope, key, surplus, add=False)
    yield from added
    yield from removed


def words_for(scope: str, key: str, entries: List[str], add: bool) -> List[List[str]]:
    """What adds or takes these entries; nothing for a kind that cannot be changed for now."""
    kind, _, name = scope.partition(" ")
    verb = "--add-" if add else "--remove-"
    if kind == "daemon":
        return [of_daemon(key, one, verb) for one in entries if key in DIRECT or key in WHITELISTS]
    if kind == "set":
        return [["--ipset=" + name, verb + "entry=" + one] for one in entries]
    place = "--{}={}".format(kind, name)
    if key in ON_OR_OFF:
        # The word of before is the missing one, and of it `yes` is the switch that is on.
        return [[place, ("--add-" if one == "yes" else "--remove-") + key] for one in entries if add]
    option = LISTED.get(key)
    if option is None:
        return []
    if add and option in MOVED:
        verb = "--change-"
    return [[place, "{}{}={}".format(verb, option, one)] for one in entries]


def of_daemon(key: str, entry: str, verb: str) -> List[str]:
    """The same for what is outside of zones."""
    if key in DIRECT:
        return ["--direct", DIRECT[key].replace("--add-", verb), *shlex.split(entry)]
    return ["--quiet", "{}lockdown-whitelist-{}={}".format(verb, WHITELISTS[key], entry)]


def differences_of(before: Held, now: Held) -> List[str]:
    """In words, what holds now otherwise than before."""
    found = []
    for scope in sorted({*before, *now}):
        for key in sorted({*before.get(scope, {}), *now.get(scope, {})}):
            old, new = (set(held.get(scope, {}).get(key, [])) for held in (before, now))
            texts = ["lost " + one for one in sorted(old - new)] + ["has " + one for one in sorted(new - old)]
            found += ["firewalld's {} {}: {}".format(scope, key.strip(), words) for words in texts]
    return found
