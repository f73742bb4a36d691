"""How a property travels: its name and value in a program, in the state, and on the REST interface."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.toolchain.values import ADD, DELETE, UNKNOWN, UPDATE, Object, has_unknown

KEPT, CLEARED, STICKY = "kept", "cleared", "sticky"
TEXT, NUMBER, LIST = "text", "number", "list"
_AS_TEXT = ("session-ttl",)  # a number here, a string on the wire since FortiOS 6.2.4
_RENAMED = {"id": "fosid"}  # `id` is taken by Pulumi


@dataclass(frozen=True)
class Field:
    """One property: its name in a program, its name on the wire, its kind, and what happens when it is not given."""

    name: str
    wire: str
    kind: str
    absent: str
    positive: bool = False  # a number whose zero means "not set" and is never sent

    @property
    def empty(self) -> Any:
        """The value of a property that is not there."""
        return {TEXT: "", NUMBER: 0, LIST: []}[self.kind]

    def differs(self, state: Any, news: Any) -> bool:
        """Compare the state's value with the program's; the order of a list does not count."""
        if self.kind == LIST and not (has_unknown(news) or has_unknown(state)):
            return _comparable(state) != _comparable(news)
        return bool(state != news)

    def to_wire(self, value: Any) -> Any:
        """Return a value as the box wants it."""
        if self.kind == LIST:
            return [{hyphened(key): item for key, item in _plain(entry).items()} for entry in value]
        if self.kind == NUMBER:
            return str(int(value)) if self.wire in _AS_TEXT else int(value)
        return value

    def from_wire(self, value: Any, before: Any) -> Any:
        """Return the box's value as the state holds it; None where the box's value is of no use."""
        if self.kind == LIST:
            kept = {key for entry in before or [] for key in _plain(entry)} or None
            return [_entry(item, kept) for item in value or []]
        if self.kind == NUMBER:
            return _number(value)
        if value is None:
            return ""
        return _slashed(value, before) if self.name == "subnet" else str(value)

    def said(self, value: Any, changed: bool) -> bool:
        """Say whether an update names this property to the box."""
        if self.kind == NUMBER:
            return value is not None and (value != 0 or not self.positive)
        return bool(value) or (changed and (self.kind == LIST or self.absent == CLEARED))


@dataclass(frozen=True)
class Table:
    """One FortiOS table: its name in messages, its place on the REST interface, and its properties."""

    title: str
    path: str
    fields: Mapping[str, Field]
    required: frozenset[str]
    limits: Mapping[str, int]

    def differences(self, news: Object, state: Object) -> Iterator[tuple[str, str]]:
        """Yield where the state is not as the program wants it; a property that is only kept is not compared."""
        for name, field in self.fields.items():
            before = state.get(name)
            if name in news and field.differs(field.empty if before is None else before, news[name]):
                yield name, UPDATE if name in state else ADD
            elif name not in news and field.absent != KEPT and before:
                yield name, UPDATE if field.kind == LIST else DELETE

    def plan(self, state: Object, news: Object) -> Object:
        """Return what the entry should be: the program's values, the box's where it keeps its own, else nothing."""
        planned = dict(news)
        for name, field in self.fields.items():
            if name in state and (name not in news or not field.differs(state[name], news[name])):
                planned[name] = state[name] if name in news or field.absent == KEPT else field.empty
        return planned

    def body(self, state: Object, plan: Object) -> Object:
        """Return what the box is told of a plan, by the names of the REST interface."""
        said = {}
        for name, field in self.fields.items():
            value = plan.get(name)
            changed = name in state and field.differs(state[name], field.empty if value is None else value)
            if field.said(value, changed):
                said[field.wire] = None if value in ("", None) else field.to_wire(value)
        return said


def table(
    title: str,
    path: str,
    *,
    kept: str = "",
    cleared: str = "",
    sticky: str = "",
    kept_numbers: str = "",
    positive_numbers: str = "",
    cleared_numbers: str = "",
    lists: str = "",
    required: str = "",
    limits: Mapping[str, int],
) -> Table:
    """Describe a table by its properties' names on the wire, parted by white space."""
    groups = [(kept, TEXT, KEPT), (cleared, TEXT, CLEARED), (sticky, TEXT, STICKY)]
    groups += [(f"{kept_numbers} {positive_numbers}", NUMBER, KEPT), (cleared_numbers, NUMBER, CLEARED)]
    groups += [(lists, LIST, CLEARED)]
    fields = [
        Field(_name(wire, kind), wire, kind, absent, wire in positive_numbers.split())
        for words, kind, absent in groups
        for wire in words.split()
    ]
    wanted = frozenset(_name(wire, LIST) for wire in required.split())
    return Table(title, path, {one.name: one for one in fields}, wanted, limits)


def _name(wire: str, kind: str) -> str:
    """Return a property's name in Pulumi: camel case, lists in the plural."""
    camel = re.sub(r"-(\w)", lambda match: match[1].upper(), _RENAMED.get(wire, wire))
    return _plural(camel) if kind == LIST else camel


def _plural(word: str) -> str:
    if word.endswith("s"):
        return word
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def hyphened(name: str) -> str:
    """Return a name of Pulumi's as the box writes it."""
    return re.sub(r"([A-Z])", lambda match: f"-{match[1].lower()}", name)


def _plain(entry: Object) -> Object:
    return {key: value for key, value in entry.items() if key != "__defaults"}


def _comparable(entries: Any) -> list[str]:
    return sorted(str(sorted(_plain(entry).items())) for entry in entries or [])


def _entry(item: Object, kept: set[str] | None) -> Object:
    """Return one entry of a list with the keys that are managed, or with all but FortiOS's own bookkeeping."""
    camel = {_name(key, TEXT) if key != "id" else key: value for key, value in item.items() if key != "q_origin_key"}
    return {key: value for key, value in camel.items() if kept is None or key in kept}


def _number(value: Any) -> int | None:
    if value is None:
        return 0
    if isinstance(value, str):
        return int(value) if value.isdigit() else None
    return int(value)


def _slashed(value: str, before: Any) -> str:
    """Write the box's `address mask` as `address/bits` where the program does, so that no difference is seen."""
    if " " not in value or "/" not in str(before):
        return value
    address, mask = value.split()[:2]
    bits = sum(int(part).bit_count() for part in mask.split("."))
    return f"{address}/{bits}"


def known(inputs: Object) -> Object:
    """Return what is known before the run, without the marks of defaults."""
    return {key: _unmarked(value) for key, value in inputs.items() if key != "__defaults" and value != UNKNOWN}


def _unmarked(value: Any) -> Any:
    return [_plain(item) if isinstance(item, dict) else item for item in value] if isinstance(value, list) else value
