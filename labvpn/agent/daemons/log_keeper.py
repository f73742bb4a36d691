"""The log keeper: SoftEther deletes a log only on a full disk, so files that are too old, or too many, go here."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import os
import stat
import time
from functools import partial
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import LOG_ORDERS
from labvpn.agent.core.service import AgentService
from labvpn.agent.core.state_file import StateFile
from labvpn.agent.core.takeover import Troubles, replaced, versions
from labvpn.agent.softether.installations import INSTALLATIONS, UPSTREAMS, installation

LOG_UNIT = "labvpn-logs"
FOLDERS = ("server_log", "security_log", "packet_log")
SUFFIX = ".log"
DAY, MEGABYTE = 86400, 1 << 20
NO_LIMIT = "none"

PAUSE, POLL_SECONDS = 600.0, 5.0
"""Seconds between two rounds, and between two checks for other orders."""

REMEDY = "run `pulumi up`, which rewrites the log keeper's orders"
# Logs beside the program are below /usr, which a service of ours may otherwise only read; systemd 219 knows this word.
WRITABLE = "".join(
    "ReadWriteDirectories=-{}\n".format(place.folder)
    for place in (*INSTALLATIONS, UPSTREAMS)
    if place.folder.startswith("/usr/")
)


class LogFile(NamedTuple):
    """One log: when it was last written, its size in bytes, where it is."""

    written: float
    size: int
    path: Path


class Rules(NamedTuple):
    """How long logs are kept, and how many bytes of them; None: without limit."""

    days: Optional[int]
    megabytes: Optional[int]


def is_orders(value: Any) -> bool:
    """Whether a value is the log keeper's orders."""
    return isinstance(value, dict) and all(
        str(value.get(key)).isdecimal() or value.get(key) == NO_LIMIT for key in Rules._fields
    )


def orders_file(machine: Machine) -> StateFile:
    """The log keeper's orders, whose values are texts as in a document."""
    return StateFile(machine, LOG_ORDERS, REMEDY, is_orders)


def rules_of(orders: Dict[str, str]) -> Rules:
    """The orders as numbers."""
    return Rules(*(None if orders[key] == NO_LIMIT else int(orders[key]) for key in Rules._fields))


def logs_of(folder: Path) -> Iterator[LogFile]:
    """The logs in one folder, without links and what is not a log of SoftEther's."""
    for path in folder.iterdir() if folder.is_dir() and not folder.is_symlink() else ():
        if path.name.endswith(SUFFIX):
            facts = path.lstat()
            if stat.S_ISREG(facts.st_mode):
                yield LogFile(facts.st_mtime, facts.st_size, path)


def folders_of(machine: Machine) -> List[Path]:
    """The folders of logs: the server's, and those of each hub."""
    tops = [machine.path(installation(machine).logs) / name for name in FOLDERS]
    return [folder for top in tops if top.is_dir() for folder in [top, *sorted(top.iterdir())]]


def surplus(folders: List[Path], rules: Rules, now: float) -> List[LogFile]:
    """The logs that have to go, the oldest first; the newest of a folder is the server's to write, and stays."""
    every: List[LogFile] = []
    total = 0
    for folder in folders:
        *older, newest = sorted(logs_of(folder)) or [LogFile(0.0, 0, folder)]
        every += older
        total += newest.size + sum(one.size for one in older)
    gone = []
    for one in sorted(every):
        too_old = rules.days is not None and one.written < now - rules.days * DAY
        too_many = rules.megabytes is not None and total > rules.megabytes * MEGABYTE
        if too_old or too_many:
            gone.append(one)
            total -= one.size
    return gone


def prune(machine: Machine, rules: Rules, now: float) -> List[str]:
    """Delete what has to go, and report it; a file that cannot be deleted does not stop the others."""
    said, freed = [], [0, 0]
    for one in surplus(folders_of(machine), rules, now):
        try:
            os.unlink(str(one.path))  # noqa: PTH108 -- as elsewhere, for Python 3.6
            freed = [freed[0] + 1, freed[1] + one.size]
        except OSError as error:
            said.append("the log {} cannot be deleted: {}".format(one.path, error.strerror))
    return said + (["deleted {} logs, {} bytes".format(*freed)] if freed[0] else [])


def keep_logs(machine: Machine) -> None:
    """Run until the agent or the orders are replaced."""
    began = versions(machine, LOG_ORDERS)
    orders = orders_file(machine).read()
    if orders is None:
        raise AgentError("the log keeper has no orders in {}: {}".format(LOG_ORDERS, REMEDY))
    due, troubles = 0.0, Troubles()
    while not replaced(began, versions(machine, LOG_ORDERS)):
        if time.monotonic() >= due:
            due = time.monotonic() + PAUSE
            troubles.beside("old logs cannot be deleted now", partial(prune, machine, rules_of(orders), time.time()))
        time.sleep(POLL_SECONDS)


class LogKeeperService(Handler):
    """`logs days=90 megabytes=none active=yes`: how long logs are kept, and that something sees to it."""

    kind = "logs"

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.service = AgentService(machine, LOG_UNIT, "Deletes old logs of SoftEther", "logs", WRITABLE)

    def read(self, line: Line) -> Optional[Values]:
        active = self.service.active()
        if not active:
            return None
        values = dict(orders_file(self.machine).read_unchecked() or {}, active=active)
        return {key: str(values.get(key, NO_LIMIT)) for key in line.values}

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            orders_file(self.machine).write({key: change.line.values.get(key, NO_LIMIT) for key in Rules._fields})
        self.service.start()

    def remove(self, lines: List[Line]) -> None:
        self.service.stop()
        self.service.forget(LOG_ORDERS)
