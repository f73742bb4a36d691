"""The one way every concern is observed, converged and removed; a concern is its handlers in their order."""

from typing import Any, Dict, Iterable, List, Optional

from labvpn.agent.core.document import Change, Line, actual_line, compare, describe, line_of, parse, render
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.state import Remembered, State

Values = Dict[str, str]


class Handler:
    """One kind of object: how the machine shows it, how it is made so, and how it goes."""

    kind = ""

    def read(self, line: Line) -> Optional[Values]:
        """The machine's values for the keys of `line`, None where the object does not exist."""
        raise NotImplementedError

    def unmanaged(self) -> List[Line]:
        """Objects of a set that is ours alone, whoever made them; none by default."""
        return []

    def apply(self, changes: List[Change]) -> None:
        """Apply each `want`."""
        raise NotImplementedError

    def remove(self, lines: List[Line]) -> None:
        """Remove these objects; one that is gone already is not an error."""
        raise NotImplementedError

    def purges(self, line: Line) -> bool:
        """Whether what leaves the document goes for good, though it was there before us."""
        return False

    def remember(self, line: Line) -> Remembered:
        """What `restore` needs to bring this existing object back; its values by default."""
        return dict(line.values)

    def restore(self, line: Line, remembered: Dict[str, Any]) -> None:
        """Bring an object that was there before us back to what it was."""
        self.apply([Change(line_of(line.kind, line.name, remembered), line)])


class Concern:
    """A set of handlers under one lock; the order is that of making, the reverse that of taking away."""

    def __init__(self, state: State, handlers: List[Handler]) -> None:
        self.state = state
        self.handlers = {handler.kind: handler for handler in handlers}

    def prepare(self, changes: List[Change]) -> bool:
        """Do what has to come before the first change; True where the machine has to be read again after that."""
        return False

    def finish(self, changes: List[Change]) -> None:
        """Do what has to come after the last change, so that it lasts."""

    def refresh(self) -> None:
        """Drop what was read, so that the next read is a new one."""

    def notes(self, desired: List[Line]) -> List[str]:
        """What is worth a note but is not drift."""
        return []

    def warnings(self, desired: List[Line]) -> List[str]:
        """What users would notice, or someone should check, though it is not drift."""
        return []

    def facts(self, desired: List[Line]) -> Dict[str, Any]:
        """What of the machine decides about packets beside what is ours, as JSON; nothing by default."""
        return {}

    def refusals(self, desired: List[Line]) -> List[List[str]]:
        """Why this document cannot be applied to this machine: pairs of what is wrong and what to do."""
        return []

    def software(self) -> Dict[str, Any]:
        """What else a snapshot says of this machine, by its key."""
        return {}

    def handler(self, line: Line) -> Handler:
        """The handler of a line's kind."""
        if line.kind not in self.handlers:
            raise AgentError(
                "the agent on the VPN host does not know `{}` in the concern {}: "
                "it is older than the document; reinstall it with `pulumi up`".format(line.kind, self.state.concern)
            )
        return self.handlers[line.kind]

    def observe(self, desired: List[Line], applied: Dict[str, Line]) -> List[Line]:
        """The desired objects as the machine shows them, then what is ours and present but not desired."""
        lines = []
        for want in desired:
            asked = with_dropped_keys(want, applied.get(want.key))
            values = self.handler(want).read(asked)
            if values is not None:
                lines.append(actual_line(want, values))
        return lines + self.surplus(desired, applied)

    def surplus(self, desired: List[Line], applied: Dict[str, Line]) -> List[Line]:
        """What is ours, by what was applied or made in a run cut off, or by its kind; present, but not desired."""
        wanted = {line.key for line in desired}
        ours = {key: applied.get(key) or bare_line(key) for key in list(applied) + list(self.state.before)}
        lines = {}
        for key, line in ours.items():
            if key not in wanted:
                values = self.handler(line).read(line)
                if values is not None:
                    lines[key] = line_of(line.kind, line.name, values)
        for handler in self.handlers.values():
            lines.update({line.key: line for line in handler.unmanaged() if line.key not in wanted})
        return list(lines.values())

    def converge(self, text: str) -> List[str]:
        """Apply the document, read it back, and return what was changed, in words."""
        self.state.require_intact()
        desired = parse(text)
        changes = compare(desired, self.observe(desired, self.state.lines()))
        done = [describe(change) for change in changes]
        if changes and self.prepare(changes):
            self.refresh()
            changes = compare(desired, self.observe(desired, self.state.lines()))
            done += [words for words in map(describe, changes) if words not in done]
        if changes:
            self.record_original(changes)
            self.change(changes)
            self.finish(changes)
            self.refresh()
            self.check(desired)
        if self.state.applied != text:
            self.state.record(text)
        return done

    def record_original(self, changes: List[Change]) -> None:
        """Remember what each object is now, before it is touched for the first time."""
        news = {}
        for change in changes:
            if change.line.key not in self.state.before:
                have = change.have
                news[change.line.key] = self.handler(have).remember(have) if have else None
        self.state.remember(news)

    def change(self, changes: List[Change]) -> None:
        """Carry the changes out, kind by kind; what leaves the document returns to what it was before us."""
        for kind, handler in self.handlers.items():
            mine = [change for change in changes if change.want and change.line.kind == kind]
            if mine:
                handler.apply(mine)
        gone = [change.have for change in changes if change.want is None and change.have]
        # Forgotten first: a run that is cut off here takes them away the next time.
        self.state.forget([line.key for line in gone if self.handler(line).purges(line)])
        self.give_back(gone)
        self.state.forget([line.key for line in gone if not self.must_come_back(line)])

    def must_come_back(self, line: Line) -> bool:
        """Whether something that we removed was there before us, and so has to come back in the end."""
        was_there = self.state.before.get(line.key) is not None
        return was_there and self.handler(line).read(line) is None

    def give_back(self, lines: List[Line]) -> None:
        """Return these objects to what they were, the last kind first."""
        for kind, handler in reversed(list(self.handlers.items())):
            mine = [line for line in lines if line.kind == kind]
            alone = {line.key for line in handler.unmanaged()}
            doomed = [line for line in mine if line.key in alone or self.state.before.get(line.key) is None]
            if doomed:
                handler.remove(doomed)
            for line in mine:
                remembered = self.state.before.get(line.key)
                if remembered is not None and line.key not in alone:
                    handler.restore(line, remembered)

    def check(self, desired: List[Line]) -> None:
        """AgentError unless the machine now shows the document."""
        left = compare(desired, self.observe(desired, {}))
        if left:
            raise AgentError(
                "the VPN host did not apply every change of {} ({}): run again; "
                "if that does not help, see its log".format(
                    self.state.concern, "; ".join(describe(change) for change in left[:3])
                )
            )

    def remove(self) -> List[str]:
        """Return everything that we touched to what it was, and return in words what that changed."""
        self.state.require_intact()
        target = [bare_line(key, values) for key, values in self.state.before.items() if values is not None]
        keys = set(self.state.before)
        actual = [line for line in self.observe(target, {}) if line.key in keys]
        changes = compare(target, actual)
        if changes:
            self.prepare(changes)
            self.undo(changes)
            self.finish(changes)
        return [describe(change) for change in changes]

    def undo(self, changes: List[Change]) -> None:
        """Carry out the changes that lead back, the last kind first."""
        for kind, handler in reversed(list(self.handlers.items())):
            mine = [change for change in changes if change.line.kind == kind]
            gone = [change.have for change in mine if change.want is None and change.have]
            if gone:
                handler.remove(gone)
            for change in mine:
                if change.want:
                    handler.restore(change.have or change.want, self.state.before[change.want.key] or {})


def with_dropped_keys(want: Line, applied: Optional[Line]) -> Line:
    """The wanted line, asking also for the keys that were applied last and have since left the document."""
    if applied is None or all(key in want.values for key in applied.values):
        return want
    values = dict(applied.values)
    values.update(want.values)
    ordered = {key: values[key] for key in list(want.values) + [key for key in values if key not in want.values]}
    return line_of(want.kind, want.name, ordered)


def bare_line(key: str, values: Remembered = None) -> Line:
    """A line from the key under which an object is remembered; texts alone count as values."""
    kind, _, name = key.partition(" ")
    texts = {name: value for name, value in (values or {}).items() if isinstance(value, str)}
    return line_of(kind, name, texts)


def observed_text(concern: Concern, desired: str) -> str:
    """The observed document."""
    return render(concern.observe(parse(desired), concern.state.lines()))


def describe_all(changes: Iterable[str]) -> str:
    """One line per change, or that there was none."""
    return "".join(line + "\n" for line in changes) or "nothing to change\n"
