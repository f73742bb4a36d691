"""asyncssh without the search that it makes when it is imported, which takes longer than all its own modules.

It looks for liboqs by `ctypes.util.find_library`, which starts ldconfig, a compiler and a linker (asyncssh 2.24,
crypto/pq.py). That library is not needed: ML-KEM is in `cryptography` too, and servers without it speak X25519.
"""

from __future__ import annotations

import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager


def _found_nothing(name: str) -> str | None:
    return None


@contextmanager
def _no_search() -> Iterator[None]:
    search = ctypes.util.find_library
    ctypes.util.find_library = _found_nothing
    try:
        yield
    finally:
        ctypes.util.find_library = search


with _no_search():
    import asyncssh

__all__ = ["asyncssh"]
