"""Lines of a hub's security log in, failed logins out: pure, but for what it remembers of the lines before.

A stranger's text may contain line ends, and so whole lines that look genuine. This separates them from the server's:

- The server writes the name of a login twice, when it begins and when it is decided, so a line that occurs twice is not
  the server's.
- A record that a line end broke is recognised by its beginning; its sender is known, since the address comes before
  the text. What follows is trusted where the same name is found in both records of the login, which bounds them
  (`login_extents`), and otherwise only beyond the longest text that a record can contain.
- A login fails after it began, at the address from which it began, and not after it was let in.
"""

from collections import OrderedDict
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from labvpn.agent.softether.login_records import (
    ACCEPTED,
    CHANGES,
    CONNECTED,
    FAILED,
    OTHER,
    TURNED_AWAY,
    UNSTAMPED,
    WRONG_CHANGES,
    Grammars,
    Record,
)
from labvpn.agent.softether.suspects import Known, Suspects

GUESS, FORGERY, DENIED, WITHDRAWN = "guess", "forgery", "denied", "withdrawn"
# The connections, and the failures, that are remembered at once.
MOST_CONNECTIONS = 20000
# Seconds to wait for the outcome of a login: until then the log has its name only once.
UNDECIDED_SECONDS = 3.0
# A busy server writes its log late: a line of this age may have been read only now, and its outcome may still come.
LATE_SECONDS = 10.0
# A line of a later time than now is not the server's; its clock and the guard's may differ by this much.
AHEAD_SECONDS = 5.0
# So many lines about connections, none of which can be read, mean another language or version than is known.
BLIND_LINES = 12
CONNECTION_MARK = '"CID-'
# A line that is repeated after this many seconds is the server's, from a file that was copied and read twice.
TWICE_SECONDS = 120.0


class Failure(NamedTuple):
    """A login that failed: when, in seconds since 1970, from where ('' if the log does not say) and as whom.

    `kind` is a wrong password or name (`guess`), a login whose text imitates lines of the log (`forgery`), one that
    the administrator's policy or the account's end refused (`denied`), or a failure that was reported before and
    turned out to be a stranger's text (`withdrawn`).
    """

    at: float
    source: str
    user: str
    kind: str = GUESS


class Attempt(NamedTuple):
    """A login that began: from where and as whom, and whether it was let in: then it cannot fail any more.

    One that failed may fail again: the first failure may have been a line in its own name, which is withdrawn.
    """

    source: str
    user: str
    let_in: bool = False


class LoginReader:
    """Finds failed logins in the lines of one hub's log."""

    def __init__(self, grammars: Grammars) -> None:
        self.grammars = grammars
        self.begun: "OrderedDict[str, Attempt]" = OrderedDict()
        self.reported: "OrderedDict[str, Tuple[float, Optional[Failure]]]" = OrderedDict()
        self.waiting: List[Record] = []
        self.known = Known({}, set())
        # When the logins without an outcome were read first.
        self.read_at: Dict[str, float] = {}
        # The lines about connections since the last one that could be read.
        self.unread = 0

    def events(self, lines: Iterable[str], now: float) -> List[Failure]:
        """The failures in the lines that came since the last call."""
        records = self.waiting + [self.seen(self.grammars.record(line, now)) for line in lines]
        suspects = Suspects(self.grammars, records, self.known)
        start = self.first_undecided(records, suspects, now)
        ready, self.waiting = records[:start], records[start:]
        self.known = suspects.beyond(start)
        found = [event for number, one in enumerate(ready) for event in self.event(one, number, suspects, now)]
        for memory in (self.begun, self.reported):
            while len(memory) > MOST_CONNECTIONS:
                memory.popitem(last=False)
        return found

    def seen(self, one: Record) -> Record:
        """Count a new record of a connection that no wording fits; each connection begins with one that fits."""
        if one.kind not in (UNSTAMPED, OTHER):
            self.unread = 0
        elif CONNECTION_MARK in one.text:
            self.unread += 1
        return one

    def members(self) -> Iterator[str]:
        """The sources from which a user has logged in, of the logins that are remembered."""
        yield from (one.source for one in self.begun.values() if one.let_in)

    @property
    def trouble(self) -> str:
        """Why no failed login can be found, '' where nothing is known to be wrong."""
        if self.unread < BLIND_LINES:
            return ""
        return "none of the last {} lines about connections has a wording of this SoftEther that is known".format(
            self.unread
        )

    def first_undecided(self, records: List[Record], suspects: Suspects, now: float) -> int:
        """The index of the first login without an outcome; the lines from there on wait for it."""
        begun: Dict[str, int] = {}
        for number, one in enumerate(records):
            if one.kind == CONNECTED and number not in suspects.lines and self.is_fresh(one, now):
                begun.setdefault(one.connection, number)
            elif one.kind in (ACCEPTED, *TURNED_AWAY) or number in suspects.failed:
                # A failure whose name is not that of its login may not have come whole yet.
                begun.pop(one.connection, None)
        self.read_at = {connection: self.read_at.get(connection, now) for connection in begun}
        return min(begun.values(), default=len(records))

    def is_fresh(self, one: Record, now: float) -> bool:
        """Whether the outcome of a login may still come."""
        if one.at is None or one.at > now + AHEAD_SECONDS or one.at <= now - LATE_SECONDS:
            return False
        return now - UNDECIDED_SECONDS < max(one.at, self.read_at.get(one.connection, now))

    def event(self, one: Record, number: int, suspects: Suspects, now: float) -> Iterator[Failure]:
        """The failure that a record means."""
        if one.at is None or one.at > now + AHEAD_SECONDS or one.kind in (UNSTAMPED, OTHER):
            return
        if one.text in self.reported:
            yield from self.again(one, now)
            return
        failure = None
        if number not in suspects.lines:
            failure = self.fresh(one, number, suspects)
        elif one.kind == FAILED and one.connection and suspects.lines[number] == one.connection:
            failure = self.failed(one, "")
        self.reported[one.text] = (now, failure)
        if failure:
            yield failure

    def again(self, one: Record, now: float) -> Iterator[Failure]:
        """A line that occurs twice is a stranger's: the failure that it meant is withdrawn."""
        since, failure = self.reported[one.text]
        if now > since + TWICE_SECONDS or one.torn:
            return
        self.reported[one.text] = (since, None)
        if one.kind in (CONNECTED, CHANGES):
            self.begun.pop(one.connection, None)
        if failure:
            yield failure._replace(kind=WITHDRAWN)

    def fresh(self, one: Record, number: int, suspects: Suspects) -> Optional[Failure]:
        """The failure that a record means which cannot be forged."""
        if one.kind in (CONNECTED, CHANGES):
            self.begun[one.connection] = Attempt(one.source, one.user)
            self.begun.move_to_end(one.connection)
            return Failure(one.at or 0.0, one.source, "", FORGERY) if number in suspects.forged else None
        if one.kind in (FAILED, *WRONG_CHANGES):
            return self.failed(one, suspects.changes_at(one.connection) if one.kind in WRONG_CHANGES else "")
        begun = self.begun.get(one.connection)
        if begun and one.kind in (ACCEPTED, *TURNED_AWAY) and begun.user == one.user:
            self.begun[one.connection] = begun._replace(let_in=True)
            return Failure(one.at or 0.0, begun.source, one.user, DENIED) if one.kind in TURNED_AWAY else None
        return None

    def failed(self, one: Record, source: str) -> Optional[Failure]:
        """A wrong password or name; only of a login that began, at its address, and that was not let in.

        `source` is where it must have begun if it was not seen to begin.
        """
        begun = self.begun.get(one.connection) or (Attempt(source, one.user) if source else None)
        if begun is None:
            # A log that holds no beginning at all gives the address with the failure.
            return None if self.begun or one.torn else Failure(one.at or 0.0, one.source, one.user)
        if begun.let_in or (one.source and one.source != begun.source):
            return None
        return Failure(one.at or 0.0, begun.source, one.user)
