"""One run at a time on each concern."""

import contextlib
import fcntl
import os
import stat
import time
from pathlib import Path
from typing import Callable, Dict, Iterator

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import AGENT, HOME

RUN_SECONDS = 60.0


@contextlib.contextmanager
def held(machine: Machine, name: str, holder: str, seconds: float = RUN_SECONDS) -> Iterator[None]:
    """Hold the lock file `name` while the block runs; AgentError says who holds it after `seconds`."""
    path = machine.path(name)
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    for folder, mode in open_folders(machine).items():
        os.chown(str(folder), os.geteuid(), os.getegid())
        folder.chmod(mode)
    descriptor = opened(path)
    try:
        who = last_holder(descriptor) or "another run"
        wait_for(lambda: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB), who, seconds)
        # The lock works on a full disk too; it only does not name its holder.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            words = "{} (process {}, since {})\n".format(holder, os.getpid(), time.strftime("%H:%M:%S"))
            os.pwrite(descriptor, words.encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def open_folders(machine: Machine) -> Dict[Path, int]:
    """The agent's own folders whose owner or mode somebody changed, so that others may read or change what is in them.

    With the mode that each has to have. A folder's link elsewhere is left alone.
    """
    found = {}
    for name, mode in {HOME: 0o700, AGENT.rpartition("/")[0]: 0o755}.items():
        folder = machine.path(name)
        if folder.is_dir() and not folder.is_symlink():
            facts = folder.stat()
            if facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & ~mode:
                found[folder] = mode
    return found


def opened(path: Path) -> int:
    """The lock's file; the folder that it belongs into where no file can be made, or something else is in its place."""
    try:
        return os.open(str(path), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return os.open(str(path.parent), os.O_RDONLY | os.O_CLOEXEC)


def last_holder(descriptor: int) -> str:
    """The holder that the file names, '' where it names none."""
    try:
        return os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def wait_for(take: Callable[[], None], holder: str, seconds: float) -> None:
    """Try to take a lock until it is free; AgentError names its holder after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            take()
        except OSError:
            if time.monotonic() > end:
                raise AgentError(
                    "{} has the lock on the VPN host: wait until it has finished and run again".format(holder)
                ) from None
            time.sleep(0.1)
        else:
            return
