"""Enter the rehearsal's machines, from outside it and among its own processes.

A rehearsal is one process, `unshare`, whose end ends everything: its namespaces contain all machines. Within them the
VPN host has its own namespaces, kept by a second process.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rehearsal import guest_paths, kernel, network
from rehearsal.problems import NotRunningError, RehearsalError
from rehearsal.process import Process

_MARK = "wrapper"


def noting(state: Path, command: Sequence[str]) -> list[str]:
    """The command line of a wrapper that records itself in the state folder first."""
    return ["sh", "-c", 'cat /proc/$$/stat > "$0" && exec "$@"', str(state / _MARK), *command]


def noted(state: Path) -> Process | None:
    """The wrapper that the state folder names, running or not."""
    try:
        return Process.parse((state / _MARK).read_text())
    except (FileNotFoundError, IndexError, ValueError):
        return None


def running(state: Path) -> Process:
    """The running rehearsal's wrapper; raises NotRunningError."""
    wrapper = noted(state)
    if wrapper is None or not wrapper.alive:
        raise NotRunningError(state.name)
    return wrapper


def _host_paths(wrapper: Process, name: str) -> list[Path]:
    try:
        pid = int((wrapper.within / str(guest_paths.RUN / name / "pid").lstrip("/")).read_text())
        folder = wrapper.within / "proc" / str(pid) / "ns"
        list(folder.iterdir())
    except (OSError, ValueError):
        boots = "start" if name == "server" else f"reboot {name}"
        raise RehearsalError(f"the VPN host is down: run `labvpn rehearsal {boots}` to boot it") from None
    return [folder / kind for kind in ("pid_for_children", "uts", "ipc", "cgroup", "net", "mnt")]


def _paths(wrapper: Process, machine: str | None) -> list[Path]:
    if machine in network.HOSTS:
        return _host_paths(wrapper, machine)
    folder = wrapper.namespaces
    net = wrapper.within / f"{network.NAMESPACES}/{machine}".lstrip("/") if machine else folder / "net"
    return [folder / "pid_for_children", net, folder / "mnt"]


def enter(wrapper: Process, machine: str | None) -> None:
    """Enter a machine, or the rehearsal itself if None; children started from now on are entirely inside."""
    with ExitStack() as stack:
        try:
            files = [stack.enter_context(path.open()) for path in _paths(wrapper, machine)]
        except FileNotFoundError:
            raise RehearsalError(f"the rehearsal has no machine '{machine}' yet: wait until it has started") from None
        except PermissionError:
            raise RehearsalError("only root may enter the rehearsal's machines: run this as root") from None
        for file in files:
            kernel.setns(file.fileno())
    if machine in network.HOSTS:
        kernel.unshare(kernel.NEWNS)
    elif machine:
        set_up(machine)


def set_up(machine: str) -> None:
    """Give this process the machine's own host name, /sys and files of /etc/netns, as `ip netns exec` does."""
    kernel.unshare(kernel.NEWNS | kernel.NEWUTS)
    socket.sethostname(machine)
    kernel.unmount(Path("/sys"))
    kernel.mount("sysfs", Path("/sys"), "sysfs", flags=kernel.RDONLY)
    for path in Path("/etc/netns", machine).iterdir():
        kernel.bind(path, Path("/etc", path.name))


def spawn(machine: str, command: Sequence[str | Path], log: Path, environment: dict[str, str] | None = None) -> int:
    """Start a long-running program on a machine, from inside the rehearsal; returns its process number."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        with (network.NAMESPACES / machine).open() as namespace:
            kernel.setns(namespace.fileno())
        if machine not in network.HOSTS:
            set_up(machine)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for target, source in ((0, os.open("/dev/null", os.O_RDONLY)), (1, output), (2, output)):
            os.dup2(source, target)
        texts = [os.fspath(word) for word in command]
        os.execvpe(texts[0], texts, {**os.environ, **(environment or {})})  # noqa: S606
    except OSError as error:
        os.write(2, f"{command[0]} on {machine}: {error}\n".encode())
    finally:
        os._exit(127)
