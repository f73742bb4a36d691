"""The sources that the login guard bans from the VPN now, and the rules of firewalld that enforce it."""

import math
from typing import Any, Dict, Iterator, List, Optional, Set

from labvpn.agent.core.lists import entries
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import BAN_LIST, BAN_LIST_NOW, BAN_ORDERS, GUARD_HEALTH
from labvpn.agent.core.state_file import StateFile
from labvpn.agent.firewalld.ban_policy import Ban

STALE_SECONDS = 60.0
"""A guard whose last round is older than this does not work any more."""

ESP = "protocol:esp"
"""What an IPsec client without NAT sends its dial by; it has no ports, and a zone lets it in by its own entry."""

RULES_AT_ONCE = 100
"""Rules in one call: each takes firewalld some milliseconds, and a call has a time limit."""

REJECT, STAND_IN_ACTION = "reject", "drop"
"""What a ban's rule does; the second replaces the first while that gets another end."""


def guard_file(machine: Machine, name: str) -> StateFile:
    """A file of the guard; the guard or the next run rewrites it."""
    return StateFile(machine, name, "run `pulumi up`, which rewrites the login guard's orders")


def ban_orders(machine: Machine) -> Dict[str, Any]:
    """The guard's orders, whoever wrote them; empty where they cannot be read."""
    orders: Dict[str, Any] = guard_file(machine, BAN_ORDERS).read_unchecked() or {}
    return orders


def read_object(machine: Machine, name: str) -> Dict[str, Any]:
    """The object in a JSON file; empty where the file is missing or damaged, which never stops anything here."""
    found: Dict[str, Any] = guard_file(machine, name).found()[0] or {}
    return found


def bans_of(machine: Machine) -> Dict[str, Ban]:
    """The bans by source; malformed entries are skipped."""
    held = read_object(machine, BAN_LIST_NOW if machine.path(BAN_LIST_NOW).exists() else BAN_LIST)
    return {source: Ban(float(entry[0]), int(entry[1])) for source, entry in held.items() if is_ban(entry)}


def is_ban(entry: Any) -> bool:
    """Whether an entry is an end and a number of failures."""
    numbers = isinstance(entry, list) and all(isinstance(one, (int, float)) for one in entry)
    return numbers and len(entry) == 2 and all(math.isfinite(one) for one in entry)


def rules_against(source: str, opened: List[str], action: str = REJECT) -> List[str]:
    """The rules that keep a source from what lets users dial in: a service's name, ports (`443/tcp`), ESP."""
    family = "ipv6" if ":" in source else "ipv4"
    return ["rule family={} source address={} {} {}".format(family, source, end_of(one), action) for one in opened]


def end_of(opened: str) -> str:
    """What a rule names for an entry of the list."""
    if "/" in opened:
        return "port port={} protocol={}".format(*opened.split("/"))
    return "protocol value=esp" if opened == ESP else "service name=" + opened


def ban_rules(machine: Machine) -> Set[str]:
    """Every rule that bans a source now."""
    opened = entries(ban_orders(machine).get("from", ""))
    return {rule for source in bans_of(machine) for rule in rules_against(source, opened)}


def guard_rules(machine: Machine) -> Set[str]:
    """Every rule that may be the guard's, also those that replace another for a moment."""
    rules = ban_rules(machine)
    return rules | {rule[: -len(REJECT)] + STAND_IN_ACTION for rule in rules}


def ban_options(machine: Machine, now: float) -> Iterator[List[str]]:
    """The options of firewall-cmd that add every ban again for the rest of its time, many in one call."""
    orders = ban_orders(machine)
    ends: Dict[str, List[str]] = {}
    for source, ban in bans_of(machine).items():
        rules = rules_against(source, entries(orders.get("from", ""))) if ban.until > now else []
        ends.setdefault(timeout(ban, now), []).extend("--add-rich-rule=" + rule for rule in rules)
    for zone in entries(orders.get("zones", "")):
        for end, options in ends.items():
            for start in range(0, len(options), RULES_AT_ONCE):
                yield ["--zone=" + zone, end, *options[start : start + RULES_AT_ONCE]]


def timeout(ban: Ban, now: float) -> str:
    """The option of firewall-cmd that ends a rule with its ban, even if the guard no longer runs then."""
    return "--timeout={:.0f}".format(max(1.0, ban.until - now))


def guard_trouble(machine: Machine, now: float) -> str:
    """Why the guard cannot ban every source, in one sentence; '' where nothing is known to stop it."""
    health = read_object(machine, GUARD_HEALTH)
    if not health:
        return ""
    if abs(now - machine.path(GUARD_HEALTH).stat().st_mtime) > STALE_SECONDS:
        return "the login guard has not read the log for more than {:.0f} s".format(STALE_SECONDS)
    return str(health.get("trouble") or "")


def guard_state(machine: Machine, now: float) -> Optional[str]:
    """As `guard_trouble`, but a guard without its first round is in trouble too; None where no guard is wanted."""
    if not machine.path(BAN_ORDERS).exists():
        return None
    if not machine.path(GUARD_HEALTH).exists():
        return "the login guard has not read the log since the host started"
    return guard_trouble(machine, now)
