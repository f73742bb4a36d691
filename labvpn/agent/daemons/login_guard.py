"""The login guard: a source of many failed logins may not open a new connection to the VPN.

It is banned by runtime rich rules of firewalld. firewalld accepts established flows before it evaluates any rule, so
live sessions go on, and the source's other flows are removed from the kernel. The rules name the VPN's ports alone, so
SSH stays.
"""

import time
from typing import Any, Dict, List, Optional

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.lists import entries
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import BAN_LIST, BAN_LIST_NOW, BAN_ORDERS, GUARD_HEALTH
from labvpn.agent.core.takeover import log_all, replaced, versions
from labvpn.agent.firewalld.ban_list import bans_of, guard_file
from labvpn.agent.firewalld.ban_policy import Ban, BanPolicy, Bounds
from labvpn.agent.firewalld.ban_rules import BanRules
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.flow_removal import FlowRemoval
from labvpn.agent.softether.crashes import CrashWatch, suspicions
from labvpn.agent.softether.login_reader import WITHDRAWN, LoginReader
from labvpn.agent.softether.login_records import Grammars
from labvpn.agent.softether.message_tables import messages_of
from labvpn.agent.softether.security_log import SecurityLog

TICK = 1.0
"""Seconds between two reads of the logs."""

AGAIN = 5.0
"""Seconds between two checks that the rules are in force: a reload of firewalld removes them."""


class LoginGuard:
    """The login guard of one host."""

    def __init__(self, machine: Machine) -> None:
        orders = orders_of(machine)
        self.machine = machine
        self.firewalld = Firewalld(machine)
        self.rules = BanRules(self.firewalld, entries(orders["zones"]), entries(orders["from"]))
        self.flows = FlowRemoval(machine, entries(orders["hubs"]))
        self.policy = BanPolicy(bounds_of(orders))
        grammars = Grammars(messages_of(machine))
        self.logs = [(SecurityLog(machine, hub), LoginReader(grammars)) for hub in entries(orders["hubs"])]
        known = bans_of(machine)
        self.active = {source: ban for source, ban in known.items() if not self.policy.is_exempt(source)}
        self.ending = {source: ban for source, ban in known.items() if source not in self.active}
        self.crashes = CrashWatch(machine)
        self.ended: Dict[str, Ban] = {}
        self.checked = 0.0
        # What was done in the last round, which is reported even where something else failed.
        self.messages: List[str] = []
        self.troubles: Dict[str, str] = {}

    def round(self, now: float) -> List[str]:
        """Read what is new in the logs, ban sources and lift bans, and return what was done."""
        self.messages = []
        try:
            self.read(now)
            wanted = {source: ban for source, ban in self.active.items() if self.policy.is_active(ban, now)}
            for source, ban in self.policy.banned(now).items():
                wanted[source] = max(ban, wanted.get(source, ban))
            due = bool(wanted or self.ending or self.ended) and not self.checked <= now < self.checked + AGAIN
            messages = self.settle(wanted, now) if wanted != self.active or due else []
            self.troubles["flows"] = self.flows.forget(self.rules.ports(), wanted) if wanted else ""
            return messages
        finally:
            self.write_health()

    def read(self, now: float) -> None:
        """Count what is new in the logs; a log that cannot be read does not stop the others."""
        for log, reader in self.logs:
            for failure in reader.events(log.lines(), now):
                self.policy.count(failure)
                if failure.kind == WITHDRAWN and self.policy.banned_source(failure.source) not in self.policy.bans:
                    source = self.policy.banned_source(failure.source)
                    self.ending.update({one: ban for one, ban in self.active.items() if one == source})
                    self.active.pop(source, None)
            self.troubles["log of " + log.hub] = log.trouble or (reader.trouble and log.hub + ": " + reader.trouble)
        for failure in [one for crash in self.crashes.poll(now) for one in suspicions(crash)]:
            self.policy.count(failure)

    def settle(self, wanted: Dict[str, Ban], now: float) -> List[str]:
        """Put exactly these bans in force; at no moment is a rule in force that the list does not name.

        A reload would take such a rule for someone else's, and put it back without an end. The list in memory is
        written first, since a full disk cannot stop that; the one on the disk follows the rules.
        """
        before, self.active, self.checked = {**self.active, **self.ending}, wanted, now
        self.ending = {source: ban for source, ban in before.items() if source not in wanted}
        self.note(BAN_LIST_NOW, {**before, **wanted})
        self.messages = [
            "banned {} for {:.0f} s: {} failed logins".format(one, ban.until - now, ban.failures)
            for one, ban in wanted.items()
            if before.get(one) != ban
        ]
        try:
            self.rules.settle({**self.ended, **before}, wanted, now)
            self.troubles["firewalld"] = ""
            # A reload that read the list before may bring their rules back, so they are removed once more.
            self.ended, self.ending = self.ending, {}
        except AgentError as error:
            self.troubles["firewalld"] = str(error)
            raise
        finally:
            for name in (BAN_LIST_NOW, BAN_LIST):
                self.note(name, {**self.ending, **wanted})
        self.messages += ["{} may dial again".format(source) for source in before if source not in wanted]
        return self.messages

    def note(self, name: str, bans: Dict[str, Ban]) -> None:
        """Write the ban list; a full disk does not stop a ban."""
        held = {source: list(ban) for source, ban in bans.items()}
        self.troubles[name] = guard_file(self.machine, name).keep(held) or ""

    def write_health(self) -> None:
        """Record, in memory, that the guard is at work and what stops it."""
        trouble = "; ".join(one for one in self.troubles.values() if one)
        guard_file(self.machine, GUARD_HEALTH).keep({"trouble": trouble})


def orders_of(machine: Machine) -> Dict[str, Any]:
    """The guard's orders; AgentError where they cannot be read."""
    orders: Optional[Dict[str, Any]] = guard_file(machine, BAN_ORDERS).read()
    if orders is None:
        raise AgentError("the login guard has no orders in {}: run `pulumi up`, which writes them".format(BAN_ORDERS))
    try:
        bounds_of(orders), orders["zones"], orders["from"], orders["hubs"]
    except (ValueError, KeyError, TypeError):
        raise guard_file(machine, BAN_ORDERS).damaged("does not hold what it should") from None
    return orders


def bounds_of(orders: Dict[str, Any]) -> Bounds:
    """The bounds of the orders, whose values are texts as in a document."""
    return Bounds(
        int(orders["slow"]),
        float(orders["pause"]),
        int(orders["most"]),
        float(orders["seconds"]),
        entries(orders["exempt"]),
    )


def guard_logins(machine: Machine) -> None:
    """Run until the agent or the orders are replaced."""
    began = versions(machine, BAN_ORDERS)
    guard, trouble = LoginGuard(machine), ""
    while not replaced(began, versions(machine, BAN_ORDERS)):
        try:
            guard.firewalld.forget()
            log_all(guard.round(time.time()))
        except AgentError:
            log_all(guard.messages)
        now_trouble = "; ".join(one for one in guard.troubles.values() if one)
        if now_trouble not in ("", trouble):
            log_all(["the login guard cannot work: {}".format(now_trouble)])
        trouble = now_trouble
        time.sleep(TICK)
