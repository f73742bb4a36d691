"""The desired and the observed state of a host as a document: one object a line, readable in a diff.

`user LAB/guest1 password=current MultiLogins=1` is an entry of kind `user`, named `LAB/guest1`. The host agent holds
a twin of this grammar, since it imports nothing from outside itself.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

BARE = re.compile(r"[A-Za-z0-9._,:/@%+=*-]+")


@dataclass(frozen=True)
class Entry:
    """One object: its kind, its name (empty for a setting of the machine itself) and its fields in order."""

    kind: str
    name: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What the object is called: `user LAB/guest1`."""
        return f"{self.kind} {self.name}".rstrip()

    def __str__(self) -> str:
        """The entry's line."""
        fields = (f"{name}={_quoted(value)}" for name, value in self.fields.items())
        return " ".join((*filter(None, (self.kind, self.name)), *fields))


def write(entries: Iterable[Entry]) -> str:
    """The document of these entries."""
    return "".join(f"{entry}\n" for entry in entries)


def read(text: str) -> tuple[Entry, ...]:
    """The entries of a document."""
    return tuple(_entry(line) for line in text.splitlines() if line)


def flag(value: bool) -> str:
    """How a document says true and false."""
    return "yes" if value else "no"


def _entry(line: str) -> Entry:
    kind, *words = shlex.split(line)
    name = words.pop(0) if words and "=" not in words[0] else ""
    return Entry(kind, name, dict(word.split("=", 1) for word in words))


def _quoted(value: str) -> str:
    if set(value) & set('"\\\r\n'):
        raise ValueError("a document's value cannot hold a quote, a backslash or a line end")
    return value if BARE.fullmatch(value) else f'"{value}"'
