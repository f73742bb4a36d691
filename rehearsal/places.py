"""The rehearsal's folders and its name."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
"""The checkout, in which `import labvpn` and `import rehearsal` work."""

MODULE = (sys.executable, "-P", "-m")
"""How a module of ours is run, wherever one is: with -P Python imports nothing from that folder (3.11 and later)."""


def _base(variable: str, default: str) -> Path:
    # The XDG base directory specification has a path that is not absolute ignored.
    named = Path(os.environ.get(variable) or "")
    return (named if named.is_absolute() else Path.home() / default) / "labvpn"


def name() -> str:
    """The rehearsal's name, by LABVPN_REHEARSAL, so that several can run side by side; else ValueError."""
    text = os.environ.get("LABVPN_REHEARSAL") or "lab"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,30}", text):
        raise ValueError(f"LABVPN_REHEARSAL is {text!r}; a name has up to 31 lower-case letters, digits and hyphens")
    return text


def cache() -> Path:
    """The folder of what is built only once: images and engine builds."""
    return _base("XDG_CACHE_HOME", ".cache")


def all_states() -> Path:
    """The folder in which every rehearsal has its own."""
    return _base("XDG_STATE_HOME", ".local/state")


def state() -> Path:
    """The folder of this rehearsal's secrets, marks and logs; it exists as long as the rehearsal does."""
    return all_states() / name()
