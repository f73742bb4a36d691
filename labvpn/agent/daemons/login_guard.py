"""The login guard: a source of many failed logins may not open a new connection to the VPN.

It is banned by a table of the kernel's packet filter (`ban_table`). Established flows pass it, so live sessions go on,
and the source's other flows are removed from the kernel. The table names the VPN's ports alone, so SSH stays.
"""

import time
from typing import Any, Dict, List, Optional, Set, Tuple
from xml.etree.ElementTree import ParseError

from labvpn.agent.core.errors import AgentError, sentence_of
from labvpn.agent.core.lists import entries
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import BAN_LIST, BAN_LIST_NOW, BAN_ORDERS, GUARD_HEALTH
from labvpn.agent.core.takeover import log_all, replaced, versions
from labvpn.agent.daemons.ban_takeover import BanTakeover
from labvpn.agent.firewalld.ban_list import bans_of, guard_file
from labvpn.agent.firewalld.ban_policy import Ban, BanPolicy, Bounds, plain
from labvpn.agent.firewalld.ban_table import ESP, BanTable
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
"""Seconds after which the bans are put in force again: somebody may have removed them (`nft flush ruleset`)."""

EARLIER_AT_ONCE = 20
"""Rules of an earlier agent that one round removes: firewalld needs tenths of a second for each."""


class LoginGuard:
    """The login guard of one host."""

    def __init__(self, machine: Machine) -> None:
        orders = orders_of(machine)
        self.machine = machine
        self.firewalld = Firewalld(machine)
        self.table = BanTable(machine)
        self.opened = entries(orders["from"])
        self.flows = FlowRemoval(machine, entries(orders["hubs"]))
        self.policy = BanPolicy(bounds_of(orders))
        grammars = Grammars(messages_of(machine))
        self.logs = [(SecurityLog(machine, hub), LoginReader(grammars)) for hub in entries(orders["hubs"])]
        self.bans = bans_of(machine)
        self.earlier = BanTakeover(self.firewalld, entries(orders["zones"]))
        # The sources whose ban is taken back.
        self.released = {source for source in self.bans if self.policy.is_exempt(source)}
        self.crashes = CrashWatch(machine)
        self.in_force: Optional[Tuple[Dict[str, Ban], Set[str]]] = None
        self.checked = 0.0
        # What was done in the last round, which is reported even where something else failed.
        self.messages: List[str] = []
        self.troubles: Dict[str, str] = {}

    def round(self, now: float) -> List[str]:
        """Read what is new in the logs, ban sources and lift bans, and return what was done."""
        self.messages, self.troubles["round"] = [], ""
        try:
            self.read(now)
            wanted = {
                one: ban
                for one, ban in self.bans.items()
                if one not in self.released and self.policy.is_active(ban, now)
            }
            for source, ban in self.policy.banned(now).items():
                wanted[source] = max(ban, wanted.get(source, ban))
            ports = self.ports()
            due = bool(wanted or self.troubles.get("bans")) and not self.checked <= now < self.checked + AGAIN
            if (wanted, ports) != self.in_force or due:
                self.settle(wanted, ports, now)
            self.troubles["flows"] = self.flows.forget(ports, wanted) if wanted else ""
            self.earlier.lift(EARLIER_AT_ONCE)
            return self.messages
        except Exception as error:
            said = sentence_of(error)
            self.troubles["round"] = "" if said in self.troubles.values() else said
            raise
        finally:
            self.write_health()

    def read(self, now: float) -> None:
        """Count what is new in the logs; a log that cannot be read does not stop the others."""
        for log, reader in self.logs:
            for failure in reader.events(log.lines(), now):
                self.policy.count(failure)
                source = self.policy.banned_source(failure.source)
                if failure.kind == WITHDRAWN and source in self.bans and source not in self.policy.bans:
                    self.released.add(source)
            self.troubles["log of " + log.hub] = log.trouble or (reader.trouble and log.hub + ": " + reader.trouble)
        for crash in self.crashes.poll(now, self.ports, self.members):
            for failure in suspicions(crash):
                self.policy.count(failure)

    def members(self) -> Set[str]:
        """The sources from which a user has logged in of late."""
        return {plain(source) for _, reader in self.logs for source in reader.members()}

    def settle(self, wanted: Dict[str, Ban], ports: Set[str], now: float) -> None:
        """Ban exactly these sources, and write that down; a full disk stops no ban."""
        before, self.bans, self.released = self.bans, wanted, set()
        self.in_force, self.checked = (wanted, ports), now
        self.messages = [
            "banned {} for {:.0f} s: {} failed logins".format(one, ban.until - now, ban.failures)
            for one, ban in wanted.items()
            if before.get(one) != ban
        ]
        try:
            self.table.put(wanted, ports, now)
            self.troubles["bans"] = ""
            self.messages += ["{} may dial again".format(source) for source in before if source not in wanted]
        except AgentError as error:
            self.troubles["bans"] = str(error)
            raise
        finally:
            for name in (BAN_LIST_NOW, BAN_LIST):
                if wanted != before or self.troubles.get(name):
                    self.note(name, wanted)

    def ports(self) -> Set[str]:
        """What banned sources are kept from: ports such as `443/tcp`, and ESP."""
        by_name = {one: [one] if "/" in one or one == ESP else self.ports_of(one) for one in self.opened}
        unknown = [name for name, ports in by_name.items() if not ports]
        text = "firewalld knows no port of the service {}, so nobody is kept from it"
        self.troubles["ports"] = text.format(", ".join(unknown)) if unknown else ""
        return {port for ports in by_name.values() for port in ports}

    def ports_of(self, service: str) -> List[str]:
        """A service's ports; none where its definition is missing or damaged."""
        try:
            return self.firewalld.permanent_service(service) or []
        except ParseError:
            return []

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
    except (ValueError, KeyError, TypeError, OverflowError):
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
        except Exception:
            log_all(guard.messages)
        now_trouble = "; ".join(one for one in guard.troubles.values() if one)
        if now_trouble not in ("", trouble):
            log_all(["the login guard cannot work: {}".format(now_trouble)])
        trouble = now_trouble
        time.sleep(TICK)
