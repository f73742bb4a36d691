"""The way into the rehearsal's machines, from outside it and among its own processes.

A rehearsal is one process, `unshare`, whose end ends everything: its namespaces hold all machines. The VPN host has
namespaces of its own within, held by a second one.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from labvpn.rehearsal import inside, kernel, network
from labvpn.rehearsal.problems import NotRunningError, RehearsalError

_MARK = "wrapper"


@dataclass(frozen=True)
class Wrapper:
    """The process that holds a rehearsal, told from a later one of the same number by its start (clock ticks)."""

    pid: int
    began: int

    @classmethod
    def of(cls, pid: int) -> Wrapper:
        """The wrapper that has this number now; raises OSError if none has."""
        return cls.parse(Path(f"/proc/{pid}/stat").read_text())

    @classmethod
    def parse(cls, stat: str) -> Wrapper:
        """The wrapper that a text of /proc/PID/stat tells of; ProcessLookupError for a dead one, ValueError if none."""
        # The fields of /proc/PID/stat after the command's name, which may hold blanks and brackets (proc(5)).
        number, _, rest = stat.partition(" ")
        fields = rest.rpartition(")")[2].split()
        if fields[0] in "ZX":
            raise ProcessLookupError(number)
        return cls(int(number), int(fields[19]))

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        try:
            return Wrapper.of(self.pid) == self
        except OSError:
            return False

    @property
    def within(self) -> Path:
        """The root of the machines that it holds, as seen from outside."""
        return Path(f"/proc/{self.pid}/root")


def alive(pid: int) -> bool:
    """Whether a process of this number runs, as seen from here."""
    try:
        Wrapper.of(pid)
    except OSError:
        return False
    return True


def noting(state: Path, command: Sequence[str]) -> list[str]:
    """The command line of a wrapper that notes itself in the state folder before it is anything else."""
    return ["sh", "-c", 'cat /proc/$$/stat > "$0" && exec "$@"', str(state / _MARK), *command]


def noted(state: Path) -> Wrapper | None:
    """The wrapper that the state folder names, running or not."""
    try:
        return Wrapper.parse((state / _MARK).read_text())
    except (FileNotFoundError, IndexError, ValueError):
        return None


def running(state: Path) -> Wrapper:
    """The running rehearsal's wrapper; raises NotRunningError."""
    wrapper = noted(state)
    if wrapper is None or not wrapper.alive:
        raise NotRunningError(state.name)
    return wrapper


def _server_paths(wrapper: Wrapper) -> list[Path]:
    try:
        pid = int((wrapper.within / str(inside.SERVER / "pid").lstrip("/")).read_text())
        folder = wrapper.within / "proc" / str(pid) / "ns"
        list(folder.iterdir())
    except (OSError, ValueError):
        raise RehearsalError("the VPN host is down: run `labvpn rehearsal start`, which boots it") from None
    return [folder / kind for kind in ("pid_for_children", "uts", "ipc", "cgroup", "net", "mnt")]


def _paths(wrapper: Wrapper, machine: str | None) -> list[Path]:
    if machine == "server":
        return _server_paths(wrapper)
    folder = Path(f"/proc/{wrapper.pid}/ns")
    net = wrapper.within / f"{network.NAMESPACES}/{machine}".lstrip("/") if machine else folder / "net"
    return [folder / "pid_for_children", net, folder / "mnt"]


def enter(wrapper: Wrapper, machine: str | None) -> None:
    """Go into a machine, or with None to where the machines are kept; children born from now on are wholly there."""
    with ExitStack() as stack:
        try:
            files = [stack.enter_context(path.open()) for path in _paths(wrapper, machine)]
        except FileNotFoundError:
            raise RehearsalError(f"the rehearsal has no machine '{machine}' as yet: wait for its start") from None
        for file in files:
            kernel.setns(file.fileno())
    if machine == "server":
        kernel.unshare(kernel.NEWNS)
    elif machine:
        dress(machine)


def dress(machine: str) -> None:
    """Give this process the machine's own host name, /sys and files of /etc/netns, as `ip netns exec` does."""
    kernel.unshare(kernel.NEWNS | kernel.NEWUTS)
    socket.sethostname(machine)
    kernel.unmount(Path("/sys"))
    kernel.mount("sysfs", Path("/sys"), "sysfs", flags=kernel.RDONLY)
    for path in Path("/etc/netns", machine).iterdir():
        kernel.bind(path, Path("/etc", path.name))


def spawn(machine: str, command: Sequence[str | Path], log: Path, environment: dict[str, str] | None = None) -> int:
    """Start a program that lasts on a machine, from where the machines are kept; returns its process number."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        with (network.NAMESPACES / machine).open() as namespace:
            kernel.setns(namespace.fileno())
        if machine != "server":
            dress(machine)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for target, source in ((0, os.open("/dev/null", os.O_RDONLY)), (1, output), (2, output)):
            os.dup2(source, target)
        texts = [os.fspath(word) for word in command]
        os.execvpe(texts[0], texts, {**os.environ, **(environment or {})})  # noqa: S606
    except OSError as error:
        os.write(2, f"{command[0]} on {machine}: {error}\n".encode())
    finally:
        os._exit(127)
