"""One run at a time on each concern."""

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import Callable, Iterator

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine

RUN_SECONDS = 60.0


@contextlib.contextmanager
def held(machine: Machine, name: str, holder: str, seconds: float = RUN_SECONDS) -> Iterator[None]:
    """Hold the lock file `name` while the block runs; AgentError says who holds it after `seconds`."""
    path = machine.path(name)
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
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
