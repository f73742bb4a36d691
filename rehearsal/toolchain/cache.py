"""The cache outside the project's folder, and its record of failed downloads."""

import fcntl
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

Report = Callable[[str], None]


def cache() -> Path:
    """The project's folder in the user's cache (XDG base directories: a relative XDG_CACHE_HOME does not count)."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "labvpn"


@contextmanager
def alone(report: Report) -> Iterator[None]:
    """Lock the cache, so that two simultaneous runs do not fetch or build the same thing twice."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"waiting for another run that is filling {cache()}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def memory(name: str) -> Path:
    """The file that records why the download `name` failed; without it, the download is tried again."""
    return cache() / "unavailable" / name


def attempt(name: str, command: Sequence[str | Path], seconds: float, report: Report) -> str | None:
    """Run a download for at most `seconds`, and never again if it fails; the reason of the failure, new or recorded."""
    remembered = memory(name)
    if not remembered.exists():
        report(f"{name}: downloading, for at most {seconds:.0f} s")
        reason = _failure(command, seconds)
        if reason is None:
            return None
        remembered.parent.mkdir(parents=True, exist_ok=True)
        remembered.write_text(f"{reason}\n")
    return f"{remembered.read_text().strip()} (to try again: rm {remembered})"


def _failure(command: Sequence[str | Path], seconds: float) -> str | None:
    """The last line of a command's output if it failed."""
    with session(command, subprocess.PIPE) as child:
        try:
            output, _ = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return f"not finished after {seconds:.0f} s"
    said = [line.strip() for line in output.splitlines() if line.strip()] or [f"exit status {child.returncode}"]
    return None if child.returncode == 0 else said[-1]


@contextmanager
def session(
    command: Sequence[str | Path], output: int | IO[str], cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """A child process group without standard input, with both outputs merged; killed at the end if still running."""
    child = subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
