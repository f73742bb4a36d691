"""Rich rules of firewalld: those of the configuration, and those that let the VPN alone reach a closed port."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import List, Optional

from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line
from labvpn.agent.core.lists import entries, listed
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewalld import Firewalld

ADD, REMOVE = "--add-rich-rule=", "--remove-rich-rule="


class RichRules(Handler):
    """`rich public/1f0c rule="rule family=ipv4 source address=..."`: the name ends in a digest of the rule."""

    kind = "rich"
    key = "rule"

    def __init__(self, state: State, firewalld: Firewalld) -> None:
        self.state = state
        self.firewalld = firewalld

    def zone(self, line: Line) -> str:
        """The zone, with which the name begins."""
        return line.name.partition("/")[0]

    def parts(self, line: Line) -> List[str]:
        """What the line holds a rule for each of."""
        return [line.values.get(self.key, "").partition("(")[0]]

    def rule(self, _line: Line, part: str) -> str:
        """The rule for one part, as firewalld takes it."""
        return part

    def read(self, line: Line) -> Optional[Values]:
        if not self.firewalld.installed or self.firewalld.permanent_zone(self.zone(line)) is None:
            return None
        applied = self.state.lines().get(line.key)
        ours = list(dict.fromkeys(self.parts(line) + (self.parts(applied) if applied else [])))
        lasting = [part for part in ours if self.there(line, part, lasting=True)]
        now = [part for part in ours if self.there(line, part, False)] if self.firewalld.running() else lasting
        if not lasting and not now:
            return None
        return dict(line.values, **{self.key: listed(self.parts(line), lasting, now)})

    def there(self, line: Line, part: str, lasting: bool) -> bool:
        """Whether the rule of a part is in the zone."""
        return self.firewalld.has_rule(self.zone(line), self.rule(line, part), lasting)

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            wanted = self.parts(change.line)
            for lasting in self.firewalld.scopes():
                missing = [part for part in wanted if not self.there(change.line, part, lasting)]
                rules = [self.rule(change.line, part) for part in missing]
                self.firewalld.enter(self.zone(change.line), ADD, rules, lasting)
            if change.have:
                self.withdraw(change.have, [part for part in self.parts(change.have) if part not in wanted])

    def withdraw(self, line: Line, parts: List[str]) -> None:
        """Take rules away, permanently and now."""
        for lasting in self.firewalld.scopes():
            present = [part for part in parts if self.there(line, part, lasting)]
            self.firewalld.enter(self.zone(line), REMOVE, [self.rule(line, part) for part in present], lasting)

    def remove(self, lines: List[Line]) -> None:
        for line in lines:
            if self.firewalld.installed:
                self.withdraw(line, self.parts(line))


class ClosedPorts(RichRules):
    """`closed public/8000/tcp only=203.0.113.20`: open to these addresses and, by our rules, to no others."""

    kind = "closed"
    key = "only"

    def parts(self, line: Line) -> List[str]:
        return entries(line.values.get(self.key, ""))

    def rule(self, line: Line, part: str) -> str:
        _, port, transport = line.name.split("/")
        return "rule family=ipv4 source address={} port port={} protocol={} accept".format(part, port, transport)
