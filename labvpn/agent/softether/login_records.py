"""A line of a hub's security log as the server's own message tables can have written it; anything else is not a record.

The text that a stranger chose (user name, client and host name) is in the middle of a line, may contain anything and is
never searched. A record's values come from the fields that the server itself wrote around that text.
"""

import re
from typing import Dict, Iterator, List, NamedTuple, Optional, Pattern, Tuple

from labvpn.agent.core.times import stamp

STAMPED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d):([0-5]\d)\.\d{3} ")
PLACEHOLDER = re.compile(r"%[A-Za-z]")
LONGEST_RECORD = 1100
"""SoftEther cuts a record at 1023 characters; a time comes before it."""

LONGEST_USER = 511
"""SoftEther cuts the name of a login at so many characters, as measured; `SURROUNDED` are the words after it."""

SURROUNDED = 80
LONGEST_NAME = 300
"""The names of a DHCP client and of a change of password are cut at 255 characters; some words surround them."""

CONNECTED, ACCEPTED, FAILED = "LH_CONNECT_CLIENT", "LH_AUTH_OK", "LH_AUTH_NG"
CHANGES, NO_SUCH_USER = "LH_CHANGE_PASSWORD_1", "LH_CHANGE_PASSWORD_2"
DETAILS, LEASED = "LH_NODE_INFO", "LH_NAT_DHCP_CREATED"
TURNED_AWAY = ("LH_POLICY_ACCESS_NG", "LH_USER_EXPIRES")
WRONG_CHANGES = (NO_SUCH_USER, "LH_CHANGE_PASSWORD_3", "LH_CHANGE_PASSWORD_4")
# Not a record: a line without a time, and one with a sentence that is not needed here.
UNSTAMPED, OTHER = "unstamped", "other"

FIELDS: Dict[str, Tuple[str, ...]] = {
    CONNECTED: ("connection", "source", "words", "number", "words", "version", "number", "way", "user"),
    ACCEPTED: ("connection", "user"),
    FAILED: ("connection", "user", "source"),
    CHANGES: ("connection", "source"),
    DETAILS: ("session", "words"),
    LEASED: ("number", "card", "address", "words", "number"),
}
FIELDS.update(dict.fromkeys((*TURNED_AWAY, *WRONG_CHANGES), ("connection", "user")))
FORMS = {
    "connection": r"(?P<connection>CID-\d{1,10})",
    "source": r"(?P<source>[^\",]{0,60}?)",
    "user": r"(?P<user>.*)",
    "way": r"(?P<way>.*)",
    "words": r".*",
    "session": r"SID-[^\"]*",
    "card": r"[0-9A-Fa-f:-]+",
    "address": r"[0-9.]+",
    "version": r"[0-9.]+",
    "number": r"\d+",
}
STRANGERS = ("user", "words")
"""The fields whose text a stranger chooses."""


class Record(NamedTuple):
    """A line of the log: its time (None where it has none that can be), its kind, and the server's own fields.

    `torn` is a record whose beginning is the server's, but whose end is not: a stranger's text broke the line, or a
    full disk did. Its `user` is everything after the beginning.
    """

    text: str
    at: Optional[float]
    kind: str
    connection: str = ""
    source: str = ""
    user: str = ""
    torn: bool = False
    way: str = ""


def rest_of(one: Record) -> int:
    """How many characters of a record can follow its first line, where a line end may have broken it."""
    rest = LONGEST_RECORD - len(one.text)
    return min(rest, LONGEST_USER + SURROUNDED - len(one.user)) if one.kind == FAILED else rest


class Grammar(NamedTuple):
    """One wording of a message: the whole line, its beginning before a stranger's text, and its end after it.

    `rest` is what follows the names of a client and of its host, up to the end, and `around` is the server's own text
    before and after the last field.
    """

    kind: str
    whole: Pattern[str]
    head: Optional[Pattern[str]]
    tail: Pattern[str]
    rest: Pattern[str]
    around: Tuple[str, str]


class Grammars:
    """Every wording of the messages that matter, whatever the language of the server."""

    def __init__(self, messages: Dict[str, List[str]]) -> None:
        self.minutes: Dict[str, Optional[float]] = {}
        self.unknown_ways = messages.get("LH_AUTH_UNKNOWN", [])
        self.kinds = {
            kind: [one for text in messages.get(kind, []) for one in grammars_of(kind, text)] for kind in FIELDS
        }
        self.grammars = [one for wordings in self.kinds.values() for one in wordings]

    def record(self, line: str, now: float) -> Record:
        """What a line is."""
        stamped = STAMPED.match(line)
        if not stamped:
            return Record(line, None, UNSTAMPED)
        at, text = self.time(stamped.group(1), int(stamped.group(2)), now), line[stamped.end() :]
        if len(line) <= LONGEST_RECORD:
            for one in self.grammars:
                found = one.whole.match(text)
                if found:
                    return record_of(line, at, one.kind, found)
        for one in self.grammars:
            begun = one.head.match(text) if one.head else None
            if begun:
                return record_of(line, at, one.kind, begun)._replace(torn=True, user=text[begun.end() :])
        return Record(line, at, OTHER)

    def time(self, minute: str, seconds: int, now: float) -> Optional[float]:
        """When a line was written; a minute is worked out once for all its lines."""
        if minute not in self.minutes:
            self.minutes = {minute: stamp(minute + ":00", now)}
        begun = self.minutes[minute]
        return None if begun is None else begun + seconds

    def of(self, kind: str) -> List[Grammar]:
        """The wordings of one message."""
        return self.kinds[kind]

    def ends(self, kind: str, line: str) -> bool:
        """Whether a line ends as a record of this kind does."""
        return any(one.tail.search(line) for one in self.of(kind))

    def ends_name(self, line: str) -> bool:
        """Whether a piece of a record ends as the name of a login does, which occurs in the log twice."""
        return (self.ends(CONNECTED, line) or self.ends(FAILED, line)) and not self.ends_client(line)

    def ends_client(self, line: str) -> bool:
        """Whether a piece of a record ends as one with the name of a client does."""
        return any(one.rest.search(line) for one in self.of(CONNECTED))


def record_of(line: str, at: Optional[float], kind: str, found: "re.Match[str]") -> Record:
    """The record of a line that a grammar knows."""
    fields = {name: text or "" for name, text in found.groupdict().items()}
    return Record(
        line,
        at,
        kind,
        fields.get("connection", ""),
        fields.get("source", ""),
        fields.get("user", ""),
        way=fields.get("way", ""),
    )


def grammars_of(kind: str, text: str) -> Iterator[Grammar]:
    """The grammar of one wording; none for one with other fields than are known."""
    words = PLACEHOLDER.split(text)
    fixed = [re.escape(part) for part in words]
    fields = FIELDS[kind][: len(fixed) - 1]
    if len(fixed) - 1 != len(fields) or ("connection" not in fields and kind not in (DETAILS, LEASED)):
        return
    # The hub's own router signs its lines.
    parts = ["(?:SecureNAT: )?" + fixed[0] if kind == LEASED else fixed[0]]
    for field, after in zip(fields, fixed[1:]):  # noqa: B905 -- Python 3.6 knows no strict
        parts += [FORMS[field], after]
    strange = [number for number, field in enumerate(fields) if field in STRANGERS]
    # A name that exists holds no line end, and such sentences begin like others that are not asked for.
    torn = strange and kind in (CONNECTED, FAILED, DETAILS, LEASED, *WRONG_CHANGES)
    head = re.compile("".join(parts[: 2 * strange[0] + 1]), re.DOTALL) if torn else None
    names = [number for number, field in enumerate(fields) if field == "words"]
    tail, rest = (
        re.compile("".join(parts[2 * places[-1] + 2 :]) + r"\Z" if places else r"\Z(?!)", re.DOTALL)
        for places in (strange, names)
    )
    yield Grammar(kind, re.compile("".join(parts) + r"\Z", re.DOTALL), head, tail, rest, (words[-2], words[-1]))
