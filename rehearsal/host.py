"""A VPN host: booting and rebooting it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rehearsal import cgroup, guest_paths, network, nsenter
from rehearsal.process import noted, now


def _pid(name: str) -> Path:
    return guest_paths.RUN / name / "pid"


def up(name: str = "server") -> bool:
    """Whether the machine is up; to be called inside the rehearsal."""
    return noted(_pid(name)) is not None


def boot(state: Path, name: str = "server") -> None:
    """Start the machine on what it wrote before, if anything; returns before its services are up."""
    # A new cable each time: packet filter, routes and leftovers of an interrupted start go with the old one.
    network.disconnect(network.machine(name))
    network.connect(network.machine(name))
    _pid(name).parent.mkdir(exist_ok=True)
    join = f'echo 0 > {cgroup.make(state, name)}/cgroup.procs; exec "$@"'
    fresh = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--cgroup"]
    first = [sys.executable, "-m", "rehearsal.boot", str(state), name]
    pid = nsenter.spawn(name, ["sh", "-c", join, "sh", *fresh, *first], guest_paths.LOGS / f"{name}.log")
    _pid(name).write_text(str(pid))
    while (wrapper := now(pid)) and not wrapper.children:
        time.sleep(0.002)
    # Of the group's processes systemd must see none that its own process namespace does not hold.
    cgroup.leave(pid)


def reboot(state: Path, name: str) -> None:
    """Power-cycle the machine: what it wrote to its disk stays, its packet filter does not."""
    if running := noted(_pid(name)):
        running.end()
    boot(state, name)


if __name__ == "__main__":
    reboot(Path(sys.argv[1]), sys.argv[2])
