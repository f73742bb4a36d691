"""The server's crashes: noticed by its processes, recorded, and attributed to who was connected at that moment."""

import os
import re
import time
from pathlib import Path
from typing import Any, Callable, Collection, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import CRASHES
from labvpn.agent.core.state_file import StateFile, are_texts, is_number
from labvpn.agent.softether.installations import installation
from labvpn.agent.softether.last_connections import connected_at_the_end, flows_of, listeners_of, timeouts_of
from labvpn.agent.softether.login_reader import FORGERY, Failure
from labvpn.agent.softether.login_records import LONGEST_RECORD
from labvpn.agent.softether.security_log import SecurityLog

CRASHES_REMEDY = "move it away; it only counts the server's crashes, and the next crash creates it again"
MOST_CRASHES = 50
MOST_LINES = 400
MARGIN_SECONDS = 1.0
"""A poll and the kernel's whole seconds: a connection may have ended so much longer ago than it seems."""

WARN_SECONDS = 7 * 24 * 3600.0
"""For so long a crash is worth a warning."""

LOGGED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (.*)")
RULER = re.compile(r"-{20,}\Z")
"""Above the first line of a start, and below the last one of an orderly end, whatever the server's language."""

START_SECONDS = 5.0
"""For so long the first line of a new server is waited for: the server writes its log a moment after the fact."""


Asked = Callable[[], Collection[str]]
"""What is worked out only when it is needed."""


class ServerLog(SecurityLog):
    """The server's own log, in which a start and an orderly end of it can be seen."""

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

    `certain` says that it is known which one it was.
    """

    at: float
    sources: List[str]
    certain: bool = False


def is_crashes(value: Any) -> bool:
    """Whether a value is what the memory of crashes holds."""
    if not isinstance(value, dict) or not isinstance(value.get("count"), int):
        return False
    crashes = value.get("crashes")
    return isinstance(crashes, dict) and all(
        isinstance(one, list) and len(one) > 1 and is_number(one[0]) and are_texts(one[1]) for one in crashes.values()
    )


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
    """What a crash counts against its source where that is certain.

    Where it is not, it counts nothing: who crashes a busy server again and again must not get all of its users banned.
    """
    return [Failure(crash.at, source, "", FORGERY) for source in crash.sources if crash.certain]


class CrashWatch:
    """Polls the server's processes; each poll returns the crash since the last one."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.log = ServerLog(machine)
        self.serving: Optional[Process] = None
        self.restarts = 0
        # The log since the server was last found at work, with some lines before that.
        self.recent: List[str] = []
        self.before = 0
        self.seen_at = 0.0
        # Who may have been the server's end, and when that was noticed.
        self.ended: Optional[Tuple[float, List[str], bool]] = None

    def poll(self, now: float, served: Asked = frozenset, members: Asked = frozenset) -> List[Crash]:
        """The crash since the last poll, if there was one; for `served` and `members` see `connected_at_the_end`."""
        self.read()
        clock, serving = time.monotonic(), serving_process(self.machine, self.serving)
        if serving == self.serving:
            self.before, self.seen_at = len(self.recent), clock
            return []
        if self.serving is not None and self.ended is None:
            # At once: the kernel forgets a connection that was reset after ten seconds.
            flows, timeouts = flows_of(self.machine), timeouts_of(self.machine)
            ports, gap = {*served(), *listeners_of(self.machine)}, clock - self.seen_at + MARGIN_SECONDS
            self.ended = (clock, *connected_at_the_end(flows, ports, members(), gap, timeouts))
        if serving is None:
            return []
        orderly = ended_in_order(self.recent, self.before)
        if self.ended is not None and orderly is None and clock < self.ended[0] + START_SECONDS:
            return []
        return self.decide(serving, bool(orderly), now)

    def read(self) -> None:
        """Read what is new in the log."""
        lines = self.recent + list(self.log.lines())
        self.recent = lines[-MOST_LINES:]
        self.before = max(0, self.before - (len(lines) - len(self.recent)))

    def decide(self, serving: Process, orderly: bool, now: float) -> List[Crash]:
        """Whether the end of the process before this one was a crash, which is remembered then."""
        before, self.serving = self.serving, serving
        ended, self.ended = self.ended, None
        restarts, self.restarts = self.restarts, self.restarted()
        self.before, self.seen_at = len(self.recent), time.monotonic()
        if before is None or ended is None or orderly:
            return []
        if not (serving.parent == before.parent != 1 or self.restarts > restarts):
            return []
        crash = Crash(now, *ended[1:])
        self.note(before, crash)
        return [crash]

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


def ended_in_order(lines: Sequence[str], before: int) -> Optional[bool]:
    """Whether the server said its last word before its newest start; None where these lines from `before` have none.

    A stranger's text may imitate that, but not the start after it, and it breaks the record that it is in.
    """
    said = [LOGGED.match(line) for line in lines]
    rulers = [number for number, one in enumerate(said) if one and RULER.match(one.group(1))]
    starts = [number for number in rulers if before <= number < len(lines) - 1 and number + 1 not in rulers]
    if not starts:
        return None
    return starts[-1] - 1 in rulers and not any(is_torn(line) for line in near_end(lines[: starts[-1] - 1]))


def near_end(lines: Sequence[str]) -> Iterator[str]:
    """The last lines, as far back as a record with line ends may reach."""
    length = 0
    for line in reversed(lines):
        if length > LONGEST_RECORD:
            return
        length += len(line) + 1
        yield line


def is_torn(line: str) -> bool:
    """Whether a line is a part of a record: it has no time, or a quotation mark without its other."""
    return not LOGGED.match(line) or line.count('"') % 2 == 1
