"""The server's crashes: noticed by its processes, recorded, and attributed to who was connecting at that moment."""

import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import CRASHES
from labvpn.agent.core.state_file import StateFile
from labvpn.agent.core.times import stamp
from labvpn.agent.softether.installations import installation
from labvpn.agent.softether.login_reader import FORGERY, GUESS, Failure
from labvpn.agent.softether.security_log import SecurityLog
from labvpn.agent.softether.unlogged import LoggedConnections, flows_of, ports_of

CRASHES_REMEDY = "move it away; it only counts the server's crashes, and the next crash creates it again"
MOST_CRASHES = 50
MOST_LINES = 400
MOMENT_SECONDS = 1.0
"""Whoever began a connection so shortly before the server's last word may have been its end."""

WARN_SECONDS = 7 * 24 * 3600.0
"""For so long a crash is worth a warning."""

# The server's log in any of its languages, by the fields that the server itself writes before a stranger's text.
_SOURCE = r"([0-9A-Fa-f:.]*[0-9A-Fa-f.])"
LOGGED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d{3}) (.*)")
RULER = re.compile(r"-{20,}\Z")
"""Above the first line of a start, and below the last one of an orderly end."""
BEGUN = re.compile(r'[^"]*?(?<![0-9A-Za-z])' + _SOURCE + r'(?![0-9A-Za-z])[^"]*".*"[^"\d]*(\d+)[^"]*"(CID-\d+)"[^"]*\Z')
ENDED = re.compile(r'[^"]*"(CID-\d+)"[^"]*\Z')
FLOW = re.compile(r'(?:\[\w+\]|[^":]{1,40}\d \()\s?' + _SOURCE + r":\d+ -> ")


class ServerLog(SecurityLog):
    """The server's own log, which has its connections."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, "")

    @property
    def folder(self) -> Path:
        """The folder of its files."""
        return self.machine.path(installation(self.machine).logs + "/server_log")


class Process(NamedTuple):
    """A process of the server, identified by its start in ticks since the boot."""

    pid: int
    parent: int
    start: int


class Crash(NamedTuple):
    """One crash: when it was noticed, in seconds since 1970, and whose connections may have been its cause.

    `certain` says that one source alone had just begun a connection.
    """

    at: float
    sources: List[str]
    certain: bool = False


def is_crashes(value: Any) -> bool:
    """Whether a value is what the memory of crashes holds."""
    return isinstance(value, dict) and isinstance(value.get("count"), int) and isinstance(value.get("crashes"), dict)


def crashes_file(machine: Machine) -> StateFile:
    """How many crashes there were, and the last ones by the process that ended."""
    return StateFile(machine, CRASHES, CRASHES_REMEDY, is_crashes)


def crashes_of(machine: Machine) -> List[Crash]:
    """The last crashes that are remembered, the oldest first."""
    known, _ = crashes_file(machine).found()
    return sorted(Crash(float(at), list(sources)) for at, sources, *_ in (known or {"crashes": {}})["crashes"].values())


def crash_warnings(machine: Machine, now: float) -> List[str]:
    """That the server crashed of late."""
    late = [crash for crash in crashes_of(machine) if now - WARN_SECONDS < crash.at <= now]
    if not late:
        return []
    sources = (
        ", ".join(dict.fromkeys(source for crash in reversed(late) for source in crash.sources)) or "no known source"
    )
    return [
        "SoftEther crashed {} within the last seven days; connecting then: {}. Anyone who reaches an old version can "
        "crash it: install a newer one (docs/softether.md)".format(
            "once" if len(late) == 1 else "{} times".format(len(late)), sources
        )
    ]


def suspicions(crash: Crash) -> List[Failure]:
    """What a crash counts against the sources: certain guilt, or no more than a failed login each.

    Someone who crashes a busy server must not get all of its users banned.
    """
    return [Failure(crash.at, source, "", FORGERY if crash.certain else GUESS) for source in crash.sources]


class CrashWatch:
    """Polls the server's processes; each poll returns the crash since the last one."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.log = ServerLog(machine)
        self.serving: Optional[Process] = None
        self.restarts = 0
        self.recent: List[str] = []
        self.logged = LoggedConnections()
        # Who was connected without a line in the log when the server was found ended.
        self.missing: Optional[List[str]] = None

    def poll(self, now: float) -> List[Crash]:
        """The crash since the last poll, if there was one."""
        started = self.read()
        before = self.serving
        serving = serving_process(self.machine, before)
        if serving == before:
            return []
        if before is not None and self.missing is None:
            # At once: the kernel forgets a connection that was reset after ten seconds.
            self.missing = self.logged.missing(flows_of(self.machine), ports_of(self.machine), started)
        if serving is None:
            return []
        self.serving = serving
        missing, self.missing = self.missing or [], None
        restarts, self.restarts = self.restarts, self.restarted()
        if before is None or not (serving.parent == before.parent != 1 or self.restarts > restarts):
            return []
        past, orderly = split_at_start(self.recent)
        if orderly:
            return []
        crash = Crash(now, *suspects(past, missing))
        self.note(before, crash)
        return [crash]

    def read(self) -> bool:
        """Read what is new in the log; whether the server has started in it."""
        lines, started = list(self.log.lines()), False
        self.recent = (self.recent + lines)[-MOST_LINES:]
        for text in [found.group(3) for found in map(LOGGED.match, lines) if found]:
            begun = BEGUN.match(text)
            if RULER.match(text):
                self.logged.begin()
                started = True
            elif begun:
                self.logged.add(begun.group(1), int(begun.group(2)))
        return started

    def restarted(self) -> int:
        """How often systemd has restarted the unit by itself; 0 where it does not count (before version 235)."""
        unit = installation(self.machine).unit
        words = self.machine.run(["systemctl", "show", "-p", "NRestarts", unit]).output.strip().partition("=")[2]
        return int(words) if words.isdigit() else 0

    def note(self, ended: Process, crash: Crash) -> None:
        """Remember a crash once, whichever of the agent's services noticed it; an account that is certain stays."""
        file = crashes_file(self.machine)
        known, _ = file.found()
        memory: Dict[str, Any] = known or {"count": 0, "crashes": {}}
        name = "{}.{}".format(ended.pid, ended.start)
        noted = memory["crashes"].get(name)
        if noted is None or (crash.certain and noted[2:] != [True]):
            crashes = dict(memory["crashes"], **{name: list(crash)})
            latest = sorted(crashes, key=lambda one: float(crashes[one][0]))[-MOST_CRASHES:]
            count = memory["count"] + (noted is None)
            file.keep({"count": count, "crashes": {one: crashes[one] for one in latest}})


def serving_process(machine: Machine, before: Optional[Process] = None) -> Optional[Process]:
    """The process that serves: the child of the server's watchdog, or the only one; None between two of them."""
    program = machine.path(installation(machine).program)
    found = [
        one for one in map(process_of, machine.path("/proc").glob("[0-9]*")) if one and runs(one, machine, program)
    ]
    pids = {one.pid for one in found}
    children = [one for one in found if one.parent in pids]
    # A watchdog alone waits for the moment to start the next one.
    alone = [] if before and before.parent in pids else found
    return next(iter(children or alone), None)


def runs(process: Process, machine: Machine, program: Path) -> bool:
    """Whether a process runs the server's program, also one that was replaced on the disk since."""
    try:
        link = os.readlink(str(machine.path("/proc/{}/exe".format(process.pid))))  # noqa: PTH115 -- for Python 3.6
        return link in (str(program), "{} (deleted)".format(program))
    except OSError:
        return False


def process_of(folder: Path) -> Optional[Process]:
    """The process of a folder of /proc, None where it has just ended."""
    try:
        words = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return Process(int(folder.name), int(words[1]), int(words[19]))
    except (OSError, ValueError, IndexError):
        return None


def split_at_start(lines: List[str]) -> Tuple[List[Tuple[float, str]], bool]:
    """The log before the server's newest start, and whether the server ended in order before that."""
    stamped = [(stamp(found.group(1)), found) for found in map(LOGGED.match, lines) if found]
    known = [(at + float(found.group(2)), found.group(3)) for at, found in stamped if at is not None]
    starts = [number for number, (_, text) in enumerate(known) if RULER.match(text)]
    past = known[: starts[-1]] if starts else known
    return past, bool(past) and RULER.match(past[-1][1]) is not None


def suspects(past: List[Tuple[float, str]], missing: Sequence[str] = ()) -> Tuple[List[str], bool]:
    """The sources that may have ended the server, and whether it is certain which one.

    Those whose connections had begun within its last moment, or are `missing` in its log; if there is none, all whose
    connections had not ended.
    """
    begun: Dict[str, Tuple[float, str]] = {}
    for at, text in past:
        connection, flow, ended = BEGUN.match(text), FLOW.match(text), ENDED.match(text)
        if connection:
            begun[connection.group(3)] = (at, connection.group(1))
        elif flow:
            begun[flow.group(1)] = (at, flow.group(1))
        elif ended:
            begun.pop(ended.group(1), None)
    others = {source: at for at, source in sorted(begun.values()) if not ip_address(source).is_loopback}
    latest = {source for source, at in others.items() if at >= past[-1][0] - MOMENT_SECONDS} | {*missing}
    return sorted(latest or others), len(latest) == 1
