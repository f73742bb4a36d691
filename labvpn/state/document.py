"""The desired and the actual state of a host as a document: one object a line, readable in a diff.

`user LAB/guest1 password=current MultiLogins=1` is an entry of kind `user`, named `LAB/guest1`. The host agent holds
a twin of this grammar, since it imports nothing from outside itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

BARE = re.compile(r"[A-Za-z0-9._,:/@%+=*-]+")
WORD = re.compile(r"""(?:[^\s"']|'[^']*'|"(?:[^"\\]|\\.)*")+""")
QUOTED = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)\"""")
FIELD = re.compile(r"[^\s\"'=]+=")
ESCAPED = re.compile(r"\\(u[0-9a-f]{4}|.)")
UNSEEN = ("Cc", "Zl", "Zp", "Cs")
"""Categories of Unicode whose characters would end a line or cannot be seen: they are escaped: `\\u2028`."""


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
        return " ".join((self.kind, *([_quoted(self.name, name=True)] if self.name else []), *fields))


def write(entries: Iterable[Entry]) -> str:
    """The document of these entries."""
    return "".join(f"{entry}\n" for entry in entries)


@lru_cache(8)
def read(text: str) -> tuple[Entry, ...]:
    """The entries of a document; a run reads the few that it has several times."""
    return tuple(_entry(line) for line in text.split("\n") if line)


def flag(value: bool) -> str:
    """How a document writes true and false."""
    return "yes" if value else "no"


def _entry(line: str) -> Entry:
    kind, *words = WORD.findall(line)
    name = _bare(words.pop(0)) if words and not FIELD.match(words[0]) else ""
    fields = (word.partition("=") for word in words)
    return Entry(kind, name, {key: _bare(value) for key, _, value in fields})


def _bare(word: str) -> str:
    """A word without its quotes; only double ones know the backslash."""
    if '"' not in word and "'" not in word:
        return word
    return QUOTED.sub(lambda found: found[1] if found[2] is None else ESCAPED.sub(_unescaped, found[2]), word)


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1][1:], 16)) if len(found[1]) == 5 else found[1]


def _quoted(value: str, *, name: bool = False) -> str:
    """A value, whatever it holds, on one line; a name with a mark of equality is not taken for a field."""
    plain = BARE.fullmatch(value) and not (name and "=" in value)
    return value if plain else '"' + "".join(map(_escaped, value)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return f"\\u{ord(char):04x}" if unicodedata.category(char) in UNSEEN else char
