"""Commands on the rehearsal's machines, for the proofs: plain subprocesses of `labvpn rehearsal exec`."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from rehearsal.places import MODULE

SECONDS = 60
"""How long one command of a proof may take."""


def line(machine: str, command: Sequence[str | Path]) -> list[str]:
    """The command line that runs `command` on a machine."""
    return [*MODULE, "rehearsal", "exec", machine, "--", *map(str, command)]


def run(
    machine: str, command: Sequence[str | Path], stdin: str = "", seconds: float = SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run to the end; a command that takes too long has failed like any other."""
    try:
        return subprocess.run(line(machine, command), input=stdin, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        return subprocess.CompletedProcess(late.cmd, 124, "", f"not finished after {seconds:.0f} s")


def output(machine: str, command: Sequence[str | Path], seconds: float = SECONDS) -> str:
    """The command's output, stripped; empty if it failed."""
    done = run(machine, command, seconds=seconds)
    return done.stdout.strip() if done.returncode == 0 else ""
