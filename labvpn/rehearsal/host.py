"""The VPN host: booting it, and booting it again."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from labvpn.rehearsal import cgroup, enter, inside, network
from labvpn.rehearsal.problems import RehearsalError

_PID = inside.SERVER / "pid"


def up() -> bool:
    """Whether the machine is up, from where the machines are kept."""
    try:
        return enter.alive(int(_PID.read_text()))
    except (FileNotFoundError, ValueError):
        return False


def boot(state: Path) -> None:
    """Start the machine on what it wrote before, if anything; returns before its services are up."""
    join = f'echo 0 > {cgroup.make(state)}/cgroup.procs; exec "$@"'
    fresh = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--cgroup"]
    first = [sys.executable, "-m", "labvpn.rehearsal.boot", str(state)]
    pid = enter.spawn("server", ["sh", "-c", join, "sh", *fresh, *first], inside.LOGS / "server.log")
    _PID.write_text(str(pid))
    while not _children(pid) and enter.alive(pid):
        time.sleep(0.002)
    # Of the group's processes systemd must see none that its own process namespace does not hold.
    cgroup.leave(pid)


def _children(pid: int) -> list[int]:
    with suppress(FileNotFoundError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def reboot(state: Path) -> None:
    """Pull the machine's plug and boot it again: what it wrote to its disk stays, its packet filter does not."""
    if up():
        _halt(int(_PID.read_text()))
    network.disconnect(network.machine("server"))
    network.connect(network.machine("server"))
    boot(state)


def _halt(pid: int) -> None:
    children = _children(pid)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    # The first process is gone only after every other process of its namespace.
    while any(enter.alive(child) for child in children):
        if time.monotonic() > deadline:
            raise RehearsalError("the VPN host's processes did not end within 10 s: run `labvpn rehearsal stop`")
        time.sleep(0.01)


if __name__ == "__main__":
    reboot(Path(sys.argv[1]))
