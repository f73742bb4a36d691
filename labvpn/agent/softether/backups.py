"""Copies of the server's configuration, taken before an apply changes anything; root alone may read them."""

import contextlib
import gzip
import os
import shutil
import time
import zlib
from pathlib import Path
from typing import List

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import BACKUPS
from labvpn.agent.core.reading import opened
from labvpn.agent.softether.client import SoftEther

MOST_BACKUPS = 10
BLOCK = 1 << 16


def backups(machine: Machine) -> List[Path]:
    """The copies, the oldest first."""
    return sorted(machine.path(BACKUPS).glob("vpn_server.config.*.gz"))


def back_up(softether: SoftEther) -> None:
    """Keep what the server has now, unless the last copy is the same; a server without a file has nothing to lose."""
    machine = softether.machine
    source = machine.path(softether.place.config)
    if not source.exists():
        return
    with contextlib.suppress(AgentError):
        # The file may be five minutes old. A server that locks us out is copied as its file has it.
        softether.call("Flush")
    kept = backups(machine)
    if not kept or not is_copy(kept[-1], source):
        store(machine, source)
    for path in backups(machine)[:-MOST_BACKUPS]:
        path.unlink()


def is_copy(copy: Path, source: Path) -> bool:
    """Whether a copy, which may be cut off, is that of a file.

    Neither is in memory as a whole: ten thousand users are 20 MB of text.
    """
    damaged = contextlib.suppress(EOFError, OSError, zlib.error)
    with damaged, gzip.open(str(copy), "rb") as one, opened(source) as other:
        for block in iter(lambda: other.read(BLOCK), b""):
            if one.read(len(block)) != block:
                return False
        return not one.read(1)
    return False


def store(machine: Machine, source: Path) -> None:
    """Write a copy that root alone may read."""
    folder = machine.path(BACKUPS)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    moment = time.time()
    name = time.strftime("vpn_server.config.%Y%m%dT%H%M%S", time.gmtime(moment))
    path = folder / "{}.{:06.0f}Z.gz".format(name, moment % 1 * 999999)
    descriptor = os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with opened(source) as read, gzip.GzipFile("", "wb", fileobj=file) as packed:
            shutil.copyfileobj(read, packed, BLOCK)
        file.flush()
        os.fsync(descriptor)
