"""What the agent remembers on the host, readable by root alone: what was before us, and what was applied last."""

from typing import Any, Dict, List, Optional

from labvpn.agent.core.document import Line, parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import HOME
from labvpn.agent.core.state_file import DamagedState, StateFile

BEFORE_REMEDY = (
    "restore it from a backup of the host; without one move it away: everything on the host then counts as "
    "having been there before this stack, and `pulumi destroy` leaves it"
)
APPLIED_REMEDY = "the next `pulumi up` rewrites it; until then changes made by hand cannot be told from your own"

Remembered = Optional[Dict[str, Any]]


def is_before(value: Any) -> bool:
    """Whether a value is what `before` holds."""
    return isinstance(value, dict) and all(one is None or isinstance(one, dict) for one in value.values())


def is_document(value: Any) -> bool:
    """Whether a value is a document's text."""
    try:
        return isinstance(value, str) and all(line.values for line in parse(value))
    except AgentError:
        return False


class State:
    """The memory of one concern.

    `before` says of every object that we ever touched what it was: None (it did not exist, so it is wholly ours) or its
    values. It is written before the first change, so a run that was cut off still knows what is ours.
    """

    def __init__(self, machine: Machine, concern: str) -> None:
        self.machine = machine
        self.concern = concern
        self.before_file = StateFile(machine, self.file("before.json"), BEFORE_REMEDY, is_before)
        self.applied_file = StateFile(machine, self.file("applied"), APPLIED_REMEDY, is_document, True)
        # Without the memory of what was before us nothing may be changed.
        self.damage: Optional[DamagedState] = None
        self.before: Dict[str, Remembered] = {}
        try:
            self.before = self.before_file.read() or {}
        except DamagedState as error:
            self.damage = error
        self.applied, self.lost = self.applied_file.found()

    def require_intact(self) -> None:
        """AgentError where it is not known any more what was before us."""
        if self.damage is not None:
            raise self.damage

    def refusals(self) -> List[List[str]]:
        """The same as a pair: what is wrong, what to do."""
        return [] if self.damage is None else [[self.damage.what, self.damage.remedy]]

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
        self.require_intact()
        self.before_file.write(self.before)

    def record(self, applied: Optional[str]) -> None:
        """Write the document that now holds; None where none was ever applied."""
        self.applied = applied
        if applied is None:
            self.applied_file.delete()
        else:
            self.applied_file.write(applied)

    def clear(self) -> None:
        """Forget everything of this concern."""
        self.before_file.delete()
        self.applied_file.delete()
