"""One run at a time on each concern."""

import contextlib
import fcntl
import os
import time
from typing import Callable, Iterator

from labvpn.agent.errors import AgentError
from labvpn.agent.machine import Machine

RUN_SECONDS = 60.0


@contextlib.contextmanager
def held(machine: Machine, name: str, holder: str, seconds: float = RUN_SECONDS) -> Iterator[None]:
    """Hold the lock file `name` while the block runs; AgentError says who holds it after `seconds`."""
    path = machine.path(name)
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    with path.open("a+") as file:
        file.seek(0)
        who = file.read().strip() or "another run"
        wait_for(lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB), who, seconds)
        file.truncate(0)
        file.write("{} (process {}, since {})\n".format(holder, os.getpid(), time.strftime("%H:%M:%S")))
        file.flush()
        yield


def wait_for(take: Callable[[], None], holder: str, seconds: float) -> None:
    """Try to take a lock until it is free; AgentError names its holder after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            take()
        except OSError:
            if time.monotonic() > end:
                raise AgentError(
                    "{} is at work on the VPN host: wait until it is done and run again".format(holder)
                ) from None
            time.sleep(0.1)
        else:
            return
