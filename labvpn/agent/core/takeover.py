"""How a service of the agent gives way to a later agent or later orders, and how it writes to the journal."""

import os
import sys
from pathlib import Path
from typing import Callable, Dict, List, Tuple

from labvpn.agent.core.errors import harmless, sentence_of
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import AGENT
from labvpn.agent.core.reading import opened
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
        with opened(path) as file:
            file.seek(-len(LAST_LINE), os.SEEK_END)
            return file.read() == LAST_LINE and os.access(str(path), os.X_OK)
    except OSError:
        return False


def replaced(began: Dict[str, Tuple[int, float]], now: Dict[str, Tuple[int, float]]) -> bool:
    """Whether there are other ones now; while one is missing, those that are known go on being kept."""
    return now != began and set(now) >= set(began)


class Troubles:
    """What keeps the parts of a service from their work: none stops another, and each is reported once."""

    def __init__(self) -> None:
        self.known: Dict[str, str] = {}

    def beside(self, what: str, work: Callable[[], List[str]]) -> bool:
        """Do a part's work and report it, else `what` does not work and why; whether it was done."""
        try:
            log_all(work())
        except Exception as error:
            why = sentence_of(error)
            if self.known.get(what) != why:
                log_all(["{}: {}".format(what, why)])
            self.known[what] = why
            return False
        self.known.pop(what, None)
        return True


def log_all(sentences: List[str]) -> None:
    """Write sentences to the journal, each at once."""
    for sentence in sentences:
        sys.stdout.buffer.write((harmless(sentence) + "\n").encode("utf-8"))
        sys.stdout.flush()
