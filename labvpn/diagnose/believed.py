"""A server's log without what strangers wrote into it, by the grammars with which the host's guard reads it. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from labvpn.agent.softether.login_records import CONNECTED, LONGEST_RECORD, OTHER, STRAY, Grammar, Grammars, Record
from labvpn.agent.softether.message_tables import SHIPPED_MESSAGES

_GRAMMARS = Grammars(SHIPPED_MESSAGES)
_HUB = re.compile(r"^(\S+ \S+ )\[HUB \"[^\"]*\"\] ")
"""What the server's log has before a line of a hub's."""

_WORDS = "\N{HORIZONTAL ELLIPSIS}"
_ATTEMPT = f'{_WORDS} is attempting to connect to the Virtual Hub. The user name is "{_WORDS}".'


def believed(text: str) -> str:
    """The same text with the strangers' words blanked, and without lines that stand in such words.

    The server ends its lines by a line feed alone; whatever else parts lines elsewhere may stand within a name.
    """
    lines = text.split("\n")
    records = [_GRAMMARS.record(_HUB.sub(r"\1", line.rstrip("\r")), 0.0) for line in lines]
    if all(one.kind in (STRAY, OTHER) for one in records):
        return text
    copies = Counter(one.text for one in records if one.connection)
    strange = {number for number, one in enumerate(records) if copies[one.text] > 1}
    for number, one in enumerate(records):
        if one.torn and number not in strange:
            strange.update(_rest(records, number))
    pairs = enumerate(zip(lines, records, strict=True))
    # An empty line in place of each, so that the others keep their numbers.
    return "\n".join("" if number in strange else _blanked(one, line) for number, (line, one) in pairs)


def _rest(records: Sequence[Record], begun: int) -> range:
    """The lines that a record broken by line ends goes on with: up to the one that ends as it has to."""
    reach = LONGEST_RECORD
    for number in range(begun + 1, len(records)):
        if _GRAMMARS.ends(records[begun].kind, records[number].text):
            return range(begun + 1, number + 1)
        reach -= len(records[number].text)
        if reach < 0:
            break
    return range(0)


def _blanked(record: Record, line: str) -> str:
    """A line without its strangers' words; one that holds none stays as it is."""
    grammar = next((one for one in _GRAMMARS.grammars if _begun(one, record)), None)
    if grammar is None:
        return line
    begun = _begun(grammar, record)
    tail = grammar.tail.search(record.text)
    rest = _ATTEMPT if record.kind == CONNECTED else _WORDS + (tail.group() if tail else "")
    return begun + rest


def _begun(grammar: Grammar, record: Record) -> str:
    """The beginning of a line up to the first word of a stranger; '' where another grammar holds."""
    text = record.text
    start = len(text) - len(text.partition(" ")[2].partition(" ")[2])
    found = grammar.head.match(text, start) if grammar.head and grammar.kind == record.kind else None
    return text[: found.end()] if found else ""
