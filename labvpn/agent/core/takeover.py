"""How a service of the agent gives way to a later agent or later orders, and how it writes to the journal."""

import os
import sys
from pathlib import Path
from typing import Dict, List, Tuple

from labvpn.agent.core.errors import harmless
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import AGENT
from labvpn.agent.core.state_file import StateFile

LAST_LINE = b"sys.exit(main())\n"
"""How the agent's file ends."""


def versions(machine: Machine, orders: str) -> Dict[str, Tuple[int, float]]:
    """The versions of the agent's file and of its orders; a damaged file counts as missing."""
    paths: List[Path] = [machine.path(AGENT)] if is_whole_agent(machine.path(AGENT)) else []
    if StateFile(machine, orders, "").found()[0] is not None:
        paths.append(machine.path(orders))
    return {str(path): (path.stat().st_ino, path.stat().st_mtime) for path in paths}


def is_whole_agent(path: Path) -> bool:
    """Whether a program is there that can take over: its last line is the one that starts it."""
    try:
        with path.open("rb") as file:
            file.seek(-len(LAST_LINE), os.SEEK_END)
            return file.read() == LAST_LINE and os.access(str(path), os.X_OK)
    except OSError:
        return False


def replaced(began: Dict[str, Tuple[int, float]], now: Dict[str, Tuple[int, float]]) -> bool:
    """Whether there are other ones now; while one is missing, those that are known go on being kept."""
    return now != began and set(now) >= set(began)


def log_all(sentences: List[str]) -> None:
    """Write sentences to the journal, each at once."""
    for sentence in sentences:
        sys.stdout.buffer.write((harmless(sentence) + "\n").encode("utf-8"))
        sys.stdout.flush()
