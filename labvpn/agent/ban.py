"""The guard against guessed passwords: a source of many failed logins may open no new connection to the VPN.

It is barred by rich rules of firewalld that hold for now only. firewalld lets pass what is established before it asks
any rule, so sessions that live go on, and the rules name the VPN's ports alone, so SSH stays.
"""

import json
import time
from typing import Any, Dict, List

from labvpn.agent.barred import BAN_ORDERS, BARRED, bars_of, rules_against
from labvpn.agent.errors import AgentError
from labvpn.agent.firewalld import Firewalld
from labvpn.agent.guesses import Bar, Bounds, Guesses
from labvpn.agent.lists import entries
from labvpn.agent.machine import Machine
from labvpn.agent.reap import replaced, say_all, versions
from labvpn.agent.securitylog import WRONG, Failures, SecurityLog

TICK = 1.0
"""Seconds between two looks at the logs."""

AGAIN = 5.0
"""Seconds between two looks whether the rules still stand: a reload of firewalld takes them away."""


class Ban:
    """The guard of one host."""

    def __init__(self, machine: Machine) -> None:
        text = machine.read(BAN_ORDERS)
        if text is None:
            raise AgentError("the guard has no orders in {}: run `pulumi up`, which writes them".format(BAN_ORDERS))
        orders: Dict[str, Any] = json.loads(text)
        self.machine = machine
        self.firewalld = Firewalld(machine)
        self.zones: List[str] = entries(orders["zones"])
        self.opened: List[str] = entries(orders["from"])
        self.guesses = Guesses(bounds_of(orders))
        self.logs = [(SecurityLog(machine, hub), Failures(WRONG)) for hub in entries(orders["hubs"])]
        self.standing = {source: bar for source, bar in bars_of(machine).items() if not self.guesses.spared(source)}
        self.lift([source for source in bars_of(machine) if source not in self.standing])
        self.checked = 0.0

    def round(self, now: float) -> List[str]:
        """Read what the logs have new, bar and let in, and say what was done."""
        for log, failures in self.logs:
            for failure in failures.among(log.lines()):
                self.guesses.count(failure)
        wanted = {**self.standing, **self.guesses.barred(now)}
        wanted = {source: bar for source, bar in wanted.items() if bar.until > now}
        if wanted != self.standing or (wanted and now >= self.checked + AGAIN):
            return self.settle(wanted, now)
        return []

    def settle(self, wanted: Dict[str, Bar], now: float) -> List[str]:
        """Have exactly these bars stand; no rule stands at any moment that the list does not name.

        A reload would take one that it does not name for somebody else's, and put it back without an end.
        """
        before, self.standing, self.checked = self.standing, wanted, now
        self.note({**before, **wanted})
        # firewalld changes no end of a rule that stands: one with another end is made anew.
        self.lift([source for source, bar in before.items() if wanted.get(source) != bar])
        for source, bar in wanted.items():
            self.bar(source, bar, now)
        if before.keys() - wanted.keys():
            self.note(wanted)
        fresh = [source for source, bar in wanted.items() if before.get(source) != bar]
        return [
            "barred {} for {:.0f} s: {} failed logins".format(one, wanted[one].until - now, wanted[one].failures)
            for one in fresh
        ] + ["{} may dial again".format(source) for source in before if source not in wanted]

    def note(self, bars: Dict[str, Bar]) -> None:
        """Write down who is barred."""
        self.machine.write(BARRED, json.dumps({source: list(bar) for source, bar in bars.items()}) + "\n", 0o600)

    def bar(self, source: str, bar: Bar, now: float) -> None:
        """Add the rules that are missing; they end by themselves even if the guard does not live to end them."""
        for zone in self.zones:
            missing = [one for one in rules_against(source, self.opened) if not self.stands(zone, one)]
            if missing:
                timeout = "--timeout={:.0f}".format(max(1.0, bar.until - now))
                self.firewalld.now("--zone=" + zone, timeout, *["--add-rich-rule=" + rule for rule in missing])

    def lift(self, sources: List[str]) -> None:
        """Take the rules against these sources away."""
        for zone in self.zones:
            rules = [rule for source in sources for rule in rules_against(source, self.opened)]
            there = [rule for rule in rules if self.stands(zone, rule)]
            if there:
                self.firewalld.now("--zone=" + zone, *["--remove-rich-rule=" + rule for rule in there])

    def stands(self, zone: str, rule: str) -> bool:
        """Whether a rule holds now."""
        return self.firewalld.has_rule(zone, rule, lasting=False)


def bounds_of(orders: Dict[str, Any]) -> Bounds:
    """The bounds of the orders, whose values are texts as in a document."""
    return Bounds(
        int(orders["slow"]),
        float(orders["pause"]),
        int(orders["most"]),
        float(orders["seconds"]),
        entries(orders["exempt"]),
    )


def ban(machine: Machine) -> None:
    """Keep watch until the agent or the orders are others."""
    began = versions(machine, BAN_ORDERS)
    guard, trouble = Ban(machine), ""
    while not replaced(began, versions(machine, BAN_ORDERS)):
        try:
            guard.firewalld.forget()
            say_all(guard.round(time.time()))
            trouble = ""
        except AgentError as error:
            if trouble != str(error):
                say_all(["nobody can be barred now: {}".format(error)])
            trouble = str(error)
        time.sleep(TICK)
