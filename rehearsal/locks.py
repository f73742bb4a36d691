"""One at a time: a lock on a folder, which ends with whoever holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made if need be, against all others who ask so; waits for them."""
    descriptor = _held(folder)
    try:
        yield
    finally:
        os.close(descriptor)


def _held(folder: Path) -> int:
    # Whoever held it before may have removed it: then the lock is on a folder that is no longer this one.
    for _ in range(100):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if folder.exists() and os.path.samestat(os.fstat(descriptor), folder.stat()):
            return descriptor
        os.close(descriptor)
    raise TimeoutError(f"{folder} is removed as often as it is made: end the other processes that use it")
