"""One run at a time on each concern."""

import contextlib
import fcntl
import os
import time
from typing import Iterator

from labvpn.agent.errors import AgentError
from labvpn.agent.machine import Machine

LOCK_SECONDS = 60.0


@contextlib.contextmanager
def held(machine: Machine, name: str, holder: str, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock file `name` while the block runs; AgentError says who holds it after `seconds`."""
    path = machine.path(name)
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    with path.open("a+") as file:
        wait_for(file.fileno(), path.name, seconds)
        file.truncate(0)
        file.write("{} (process {}, since {})\n".format(holder, os.getpid(), time.strftime("%H:%M:%S")))
        file.flush()
        yield


def wait_for(descriptor: int, name: str, seconds: float) -> None:
    """Try the lock until it is free or the time is over."""
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() < end:
                time.sleep(0.1)
                continue
            os.lseek(descriptor, 0, os.SEEK_SET)
            who = os.read(descriptor, 200).decode("utf-8", "replace").strip() or "another run"
            raise AgentError(
                "the lock {} of the VPN host is held by {}: wait until that is done and run again".format(name, who)
            ) from None
        else:
            return
