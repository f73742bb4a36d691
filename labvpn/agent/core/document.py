"""Documents: text with one object a line, `KIND [NAME] key=value ...`, as desired or as the machine shows it."""

import re
import sys
import unicodedata
from functools import lru_cache
from typing import Dict, Iterable, List, Match, NamedTuple, Optional, Tuple, Union

from labvpn.agent.core.errors import AgentError

IN_QUOTES = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)\"""")
WORD = re.compile(r"""(?:[^\s"']|'[^']*'|"(?:[^"\\]|\\.)*")+""")
PLAIN = re.compile(r"[A-Za-z0-9._,:/@%+=*-]+\Z")
KEYED = re.compile(r"[^\s\"'=]+=")
# A backslash escapes a quote and itself; a character that would end a line, or is invisible, becomes its number.
BACKSLASHED = re.compile(r"\\(u[0-9a-f]{4}|.)")
UNSEEN = ("Cc", "Zl", "Zp", "Cs")


class Line(NamedTuple):
    """One object: kind, name ('' where a kind has one object only), values in order, and the line's own text."""

    kind: str
    name: str
    values: Dict[str, str]
    text: str

    @property
    def key(self) -> str:
        """What identifies this object in the document."""
        return (self.kind + " " + self.name).strip()


class Change(NamedTuple):
    """A difference between two documents: `want` is None where the object must go, `have` where it does not exist."""

    want: Optional[Line]
    have: Optional[Line]

    @property
    def line(self) -> Line:
        """Whichever line there is, the wanted one first."""
        line = self.want or self.have
        if line is None:
            raise ValueError("a change needs a line")
        return line


def words(text: str) -> List[str]:
    """Split a line as `shlex.split` does."""
    return [bare(word) for word in tokens(text)]


def tokens(text: str) -> List[str]:
    """Split a line at its blanks, which quotes keep; AgentError where a quote is not closed."""
    found = WORD.findall(text)
    if ('"' in text or "'" in text) and WORD.sub("", text).strip():
        raise AgentError("the document has a line that cannot be read, {!r}: its quote is not closed".format(text))
    return found


def bare(word: str) -> str:
    """A word without its quotes."""
    return IN_QUOTES.sub(unquoted, word) if '"' in word or "'" in word else word


def unquoted(found: "Match[str]") -> str:
    """The text between quotes; only double ones know the backslash."""
    return found.group(1) if found.group(2) is None else BACKSLASHED.sub(unescaped, found.group(2))


def unescaped(found: "Match[str]") -> str:
    """The character that a backslash stands for."""
    text = found.group(1)
    return chr(int(text[1:], 16)) if len(text) == 5 else text


@lru_cache(16384)
def parse_line(text: str) -> Line:
    """Read one line; AgentError names a malformed line. What is desired and what was applied share most of theirs."""
    kind, *rest = tokens(text)
    name = bare(rest.pop(0)) if rest and not KEYED.match(rest[0]) else ""
    if not all(KEYED.match(word) for word in rest):
        raise AgentError("the document has a line that is not `KIND [NAME] key=value ...`: {!r}".format(text))
    pairs = [word.partition("=") for word in rest]
    # Interned, since many users have the same values.
    return Line(kind, name, {sys.intern(key): sys.intern(bare(value)) for key, _, value in pairs}, text)


def parse(text: str) -> List[Line]:
    """Read a document; blank lines are skipped, an object that occurs twice is refused."""
    return list(parsed(text))


@lru_cache(4)
def parsed(text: str) -> Tuple[Line, ...]:
    """The same; what is desired and what was applied last are asked for again and again, and often equal."""
    lines = tuple(parse_line(line) for line in text.split("\n") if line.strip())
    keys = set()
    for line in lines:
        if line.key in keys:
            raise AgentError("the document names {} twice: keep one".format(line.key))
        keys.add(line.key)
    return lines


def relative(text: str, base: str) -> List[Union[str, List[int]]]:
    """A document by another one: `[first, count]` for lines that are there too, else the line itself."""
    places = {line: place for place, line in enumerate(base.splitlines(True))}
    parts: List[Union[str, List[int]]] = []
    for line in text.splitlines(True):
        place, last = places.get(line), parts[-1] if parts else ""
        if place is None:
            parts.append(line)
        elif not isinstance(last, str) and sum(last) == place:
            last[1] += 1
        else:
            parts.append([place, 1])
    return parts


def quote(value: str) -> str:
    """Write a value so that it comes back from the line as it is, whatever it holds; it stays on one line."""
    return value if PLAIN.match(value) else '"' + "".join(map(escaped, value)) + '"'


def escaped(char: str) -> str:
    """A character as it is written between double quotes."""
    if char in '"\\':
        return "\\" + char
    return "\\u{:04x}".format(ord(char)) if unicodedata.category(char) in UNSEEN else char


def quote_name(name: str) -> str:
    """Write a name so that it is not taken for a field."""
    return quote(name) if "=" not in name else '"' + "".join(map(escaped, name)) + '"'


def line_of(kind: str, name: str, values: Dict[str, str]) -> Line:
    """Build a line and its text from values."""
    start = [kind, quote_name(name)] if name else [kind]
    return Line(kind, name, values, " ".join(start + [key + "=" + quote(value) for key, value in values.items()]))


def actual_line(want: Line, values: Dict[str, str]) -> Line:
    """The wanted line with the machine's values: the very same text where every value agrees."""
    return want if values == want.values else line_of(want.kind, want.name, values)


def render(lines: Iterable[Line]) -> str:
    """Write a document."""
    return "".join(line.text + "\n" for line in lines)


def compare(desired: Iterable[Line], observed: Iterable[Line]) -> List[Change]:
    """Every difference: what is wanted first, in its order, then what must go."""
    have = {line.key: line for line in observed}
    changes = []
    for want in desired:
        now = have.pop(want.key, None)
        if now is None or now.values != want.values:
            changes.append(Change(want, now))
    return changes + [Change(None, line) for line in have.values()]


def differences(want: Line, have: Line) -> List[Tuple[str, str, str]]:
    """The keys that differ: (key, old, new); a key that one side lacks is ''."""
    keys = list(want.values) + [key for key in have.values if key not in want.values]
    triples = [(key, have.values.get(key, ""), want.values.get(key, "")) for key in keys]
    return [triple for triple in triples if triple[1] != triple[2]]


def describe(change: Change) -> str:
    """Describe a change in one line: `+ user LAB/guest1`, `~ listener 443: enabled no -> yes`, `- listener 8080`."""
    if change.want is None or change.have is None:
        return ("+ " if change.want else "- ") + change.line.key
    return "~ {}: {}".format(change.want.key, ", ".join(map(describe_value, differences(change.want, change.have))))


def describe_value(difference: Tuple[str, str, str]) -> str:
    """Describe one value's difference; a secret is set again, an empty value is `nothing`."""
    key, old, new = difference
    if new == "current":
        return key + " set again"
    return "{} {} -> {}".format(key, old or "nothing", new or "nothing")


def yes(value: bool) -> str:
    """A boolean as a document has it."""
    return "yes" if value else "no"


def current(same: bool) -> str:
    """A secret as a document has it."""
    return "current" if same else "differs"
