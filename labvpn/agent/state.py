"""What the agent remembers on the host, readable by root alone: what was before us, and what was applied last."""

import json
from typing import Any, Dict, List, Optional

from labvpn.agent.document import Line, parse
from labvpn.agent.machine import Machine

HOME = "/var/lib/labvpn"
KEPT_PASSWORD = HOME + "/administrator"
# Users by hub whom the reaper does not let in for the moment.
HELD = HOME + "/held.json"

Remembered = Optional[Dict[str, Any]]


class State:
    """The memory of one concern.

    `before` says of every object that we ever touched what it was: None (it did not exist, so it is wholly ours) or its
    values. It is written before the first change, so a run that was cut off still knows what is ours.
    """

    def __init__(self, machine: Machine, concern: str) -> None:
        self.machine = machine
        self.concern = concern
        self.before: Dict[str, Remembered] = json.loads(machine.read(self.file("before.json")) or "{}")
        self.applied = machine.read(self.file("applied"))

    def file(self, kind: str) -> str:
        """The name of one of this concern's files."""
        return "{}/{}.{}".format(HOME, self.concern, kind)

    def lines(self) -> Dict[str, Line]:
        """The objects applied last, by key."""
        return {line.key: line for line in parse(self.applied or "")}

    def remember(self, news: Dict[str, Remembered]) -> None:
        """Note what was before us, once for each object; what is known already stays."""
        fresh = {key: value for key, value in news.items() if key not in self.before}
        if fresh:
            self.before.update(fresh)
            self.save()

    def forget(self, keys: List[str]) -> None:
        """Drop what is as it was before us."""
        for key in keys:
            self.before.pop(key, None)
        self.save()

    def save(self) -> None:
        """Write what was before us."""
        self.private("before.json", json.dumps(self.before, indent=1, sort_keys=True) + "\n")

    def record(self, applied: Optional[str]) -> None:
        """Write the document that now holds; None where none was ever applied."""
        self.applied = applied
        if applied is None:
            self.machine.delete(self.file("applied"))
        else:
            self.private("applied", applied)

    def clear(self) -> None:
        """Forget everything of this concern."""
        self.machine.delete(self.file("before.json"))
        self.machine.delete(self.file("applied"))

    def private(self, kind: str, text: str) -> None:
        """Write a file that root alone may read, in a folder that root alone may enter."""
        self.machine.path(HOME).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.machine.write(self.file(kind), text, 0o600)
