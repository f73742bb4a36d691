"""Processes, as the kernel describes them (proc(5))."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rehearsal.problems import RehearsalError

PATIENCE = 10.0
"""Seconds that processes may take to end once they are killed."""


@dataclass(frozen=True)
class Process:
    """A process; its start (clock ticks since boot) distinguishes it from a later one of the same number."""

    pid: int
    began: int

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has this number now; raises OSError if there is none."""
        return cls.parse(Path(f"/proc/{pid}/stat").read_text())

    @classmethod
    def parse(cls, stat: str) -> Process:
        """The process that a text of /proc/PID/stat describes; ProcessLookupError for a dead one, else ValueError."""
        # The fields of /proc/PID/stat after the command's name, which may hold blanks and brackets (proc(5)).
        number, _, rest = stat.partition(" ")
        fields = rest.rpartition(")")[2].split()
        if fields[0] in "ZX":
            raise ProcessLookupError(number)
        return cls(int(number), int(fields[19]))

    @property
    def alive(self) -> bool:
        """Whether it is still running."""
        try:
            return Process.of(self.pid) == self
        except OSError:
            return False

    @property
    def namespaces(self) -> Path:
        """The folder of the namespaces that it is in."""
        return Path(f"/proc/{self.pid}/ns")

    @property
    def children(self) -> list[Process]:
        """Its children that are still running."""
        try:
            pids = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        except OSError:
            return []
        return [child for pid in pids if (child := now(int(pid)))]

    @property
    def within(self) -> Path:
        """Its root folder, as seen from outside."""
        return Path(f"/proc/{self.pid}/root")

    def end(self) -> None:
        """Kill it and wait until it and the children that end with it are gone; raises RehearsalError if they stay."""
        held = [self, *self.children]
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        # The first process of a namespace is gone only after every other in it.
        while any(process.alive for process in held):
            if time.monotonic() > deadline:
                raise RehearsalError(
                    f"the processes of {self.pid} did not end within {PATIENCE:.0f} s of its end: try again"
                )
            time.sleep(0.01)


def now(pid: int) -> Process | None:
    """The process that has this number now, as seen from here, if there is one."""
    try:
        return Process.of(pid)
    except OSError:
        return None


def noted(file: Path) -> Process | None:
    """The process whose number a file contains, if it is running."""
    try:
        return now(int(file.read_text()))
    except (OSError, ValueError):
        return None
