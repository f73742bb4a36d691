"""Secrets that stand in clear text in the configuration, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from labvpn.model.credentials import Credentials
from labvpn.model.keys import BLOCKS, PUBLIC, how_to_set
from labvpn.model.places import names
from labvpn.model.problems import Problem

NO_KEYS = frozenset({"passwords.version"})
"""What is a setting below a key of secrets, and no secret."""


def in_clear(
    value_of: Callable[[str], Any], is_secret: Callable[[str], bool], written: Mapping[str, Any]
) -> Iterator[Problem]:
    """Every secret in clear text; `written` are the keys as the stack's file has them, as far as it could be read.

    The engine calls a block a secret as soon as one value below it is encrypted, so its others are looked for there.
    """
    for key in names(Credentials):
        value = value_of(key) if key not in PUBLIC | NO_KEYS else None
        if key in BLOCKS and isinstance(value, dict):
            for name, each in value.items():
                bare = not is_secret(key) or _is_written(written.get(key), name, each)
                if each and bare and f"{key}.{name}" not in NO_KEYS:
                    yield Problem(f"{key}.{name}", _sentence(how_to_set(key, name)))
        elif value and not is_secret(key):
            yield Problem(key, _sentence(how_to_set(key)))


def _sentence(remedy: str) -> str:
    return f"is in clear text in the configuration; {remedy}, and change it everywhere"


def _is_written(block: Any, name: str, value: Any) -> bool:
    """Whether a block of the file has the value as the program got it; an encrypted one is a block of its own."""
    return isinstance(block, dict) and name in block and str(block[name]) == str(value)
