"""A server's log without the text that clients wrote into it, read by the grammars of the login guard. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from labvpn.agent.softether.login_records import CONNECTED, LONGEST_RECORD, OTHER, UNSTAMPED, Grammar, Grammars, Record
from labvpn.agent.softether.message_tables import SHIPPED_MESSAGES

_GRAMMARS = Grammars(SHIPPED_MESSAGES)
_HUB = re.compile(r"^(\S+ \S+ )\[HUB \"[^\"]*\"\] ")
"""What the server's log has before a line of a hub."""

_BLANK = "\N{HORIZONTAL ELLIPSIS}"
_ATTEMPT = f'{_BLANK} is attempting to connect to the Virtual Hub. The user name is "{_BLANK}".'


def without_client_words(text: str) -> str:
    """The same text with the clients' words blanked, and without lines that are part of such words.

    The server ends its lines with a line feed only; a name may contain other line separators.
    """
    lines = text.split("\n")
    records = [_GRAMMARS.record(_HUB.sub(r"\1", line.rstrip("\r")), 0.0) for line in lines]
    if all(one.kind in (UNSTAMPED, OTHER) for one in records):
        return text
    copies = Counter(one.text for one in records if one.connection)
    untrusted = {number for number, one in enumerate(records) if copies[one.text] > 1}
    for number, one in enumerate(records):
        if one.torn and number not in untrusted:
            untrusted.update(_rest(records, number))
    pairs = enumerate(zip(lines, records, strict=True))
    # An empty line in place of each, so that the others keep their numbers.
    return "\n".join("" if number in untrusted else _blanked(one, line) for number, (line, one) in pairs)


def _rest(records: Sequence[Record], head: int) -> range:
    """The lines that continue a record broken by line ends, up to the one that ends as the record must."""
    remaining = LONGEST_RECORD
    for number in range(head + 1, len(records)):
        if _GRAMMARS.ends(records[head].kind, records[number].text):
            return range(head + 1, number + 1)
        remaining -= len(records[number].text)
        if remaining < 0:
            break
    return range(0)


def _blanked(record: Record, line: str) -> str:
    """A line without its client's words; a line that has none stays as it is."""
    grammar = next((one for one in _GRAMMARS.grammars if _head(one, record)), None)
    if grammar is None:
        return line
    head = _head(grammar, record)
    tail = grammar.tail.search(record.text)
    rest = _ATTEMPT if record.kind == CONNECTED else _BLANK + (tail.group() if tail else "")
    return head + rest


def _head(grammar: Grammar, record: Record) -> str:
    """The beginning of a line up to the client's first word; '' if another grammar applies."""
    text = record.text
    start = len(text) - len(text.partition(" ")[2].partition(" ")[2])
    found = grammar.head.match(text, start) if grammar.head and grammar.kind == record.kind else None
    return text[: found.end()] if found else ""
