"""The sources that the login guard bans from the VPN now, and whether it can ban them."""

from typing import Any, Dict, Optional

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import BAN_LIST, BAN_LIST_NOW, BAN_ORDERS, GUARD_HEALTH
from labvpn.agent.core.state_file import StateFile, is_number
from labvpn.agent.firewalld.ban_policy import Ban, is_source

STALE_SECONDS = 60.0
"""A guard whose last round is older than this does not work any more."""


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
    return {
        source: Ban(float(entry[0]), int(entry[1]))
        for source, entry in held.items()
        if is_source(source) and is_ban(entry)
    }


def is_ban(entry: Any) -> bool:
    """Whether an entry is an end and a number of failures."""
    return isinstance(entry, list) and len(entry) == 2 and all(map(is_number, entry))


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
