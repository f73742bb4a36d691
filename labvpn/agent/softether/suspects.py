"""Which lines of a hub's security log may be a stranger's text: pure, over one batch of lines."""

from collections import Counter
from typing import Dict, List, NamedTuple, Optional, Set

from labvpn.agent.softether.login_extents import Extents
from labvpn.agent.softether.login_outcomes import is_forged, outcomes_of
from labvpn.agent.softether.login_records import (
    CHANGES,
    CONNECTED,
    FAILED,
    LEASED,
    LONGEST_NAME,
    LONGEST_RECORD,
    NO_SUCH_USER,
    UNSTAMPED,
    Grammars,
    Record,
    rest_of,
)


class Known(NamedTuple):
    """What earlier records show about the lines of a batch: the suspects, and the failures that are known whole."""

    lines: Dict[int, str]
    failed: Set[int]


class Suspects:
    """The lines of a batch that may be a stranger's text: by number, with the connection that sent them.

    `forged` are the records with which such a text began and whose address is certain; `failed` are the failures whose
    record is known from its first to its last line.
    """

    def __init__(self, grammars: Grammars, records: List[Record], known: Known) -> None:
        self.grammars = grammars
        self.records = records
        self.lines: Dict[int, str] = dict(known.lines)
        self.forged: Set[int] = set()
        # For each the number of the record that shows it, -1 for an earlier one.
        self.failed: Dict[int, int] = dict.fromkeys(known.failed, -1)
        self.because: Dict[int, int] = dict.fromkeys(known.lines, -1)
        self.extents = Extents(grammars, records)
        copies = Counter(one.text for one in records)
        self.lines.update({n: "" for n, one in enumerate(records) if copies[one.text] > 1 and one.connection})
        self.changes: Dict[str, Set[str]] = {}
        for one in records:
            if one.kind == CHANGES:
                self.changes.setdefault(one.connection, set()).add(one.source)
        outcomes = outcomes_of(records)
        for number, one in enumerate(records):
            owner = self.lines.get(number)
            owned = one.torn and bool(one.connection) and owner == one.connection
            if owner is None or owned:
                if number not in self.failed and not self.bounded(number, one):
                    self.suspect(number, one, *outcomes[number])
            elif owner and one.torn and one.kind in (CONNECTED, FAILED):
                # It may be the server's all the same, and then what follows is a stranger's.
                self.after(number, rest_of(one), owner)
        for number, one in enumerate(records):
            explained = number in self.lines or copies[one.text] > 1 or grammars.ends_name(one.text)
            if one.kind == UNSTAMPED and not explained:
                self.before(number)

    def beyond(self, start: int) -> Known:
        """What the records before a line show about those from there on, which are numbered anew."""
        lines, failed = (
            {number - start for number, reason in found.items() if reason < start <= number}
            for found in (self.because, self.failed)
        )
        return Known({number: self.lines[number + start] for number in lines}, failed)

    def changes_at(self, connection: str) -> str:
        """Where a change of a password that failed began: there must be a beginning, so it is this if it is alone."""
        sources = self.changes.get(connection, set())
        return next(iter(sources)) if len(sources) == 1 else ""

    def bounded(self, number: int, one: Record) -> bool:
        """Whether a login begins here whose two records are known whole; the pieces of its name are marked."""
        extent = self.extents.of(number) if one.kind == CONNECTED else None
        if extent is None:
            return False
        inner = dict.fromkeys(extent.inner(number), "")
        self.lines.update(inner)
        self.failed[extent.failed] = number
        self.because.update(dict.fromkeys(inner, number))
        if inner or one.way in self.grammars.unknown_ways:
            self.forged.add(number)
        return True

    def suspect(self, number: int, one: Record, failed: Optional[Record], accepted: bool) -> None:
        """Mark what follows a record that may contain a stranger's line ends."""
        if one.kind == CONNECTED:
            if one.torn or not (accepted or (failed and not failed.torn and failed.user == one.user)):
                self.after(number, rest_of(one), one.connection)
            # Of a beginning that looks whole, a failure with another name may be a line in somebody else's.
            names = bool(one.torn and failed and not accepted and is_forged(one, failed))
            if names or one.way in self.grammars.unknown_ways or (one.torn and self.continues(number)):
                self.forged.add(number)
        elif one.kind == LEASED and one.torn:
            self.after(number, LONGEST_NAME, "", until=LEASED)
        elif one.kind == NO_SUCH_USER:
            self.after(number, LONGEST_NAME, one.connection)
        elif one.torn:
            self.after(number, rest_of(one), one.connection)

    def continues(self, number: int) -> bool:
        """Whether the end of a broken beginning follows: a client's name has a line end, and no full disk cut it."""
        following = self.records[number + 1 : number + 20]
        return any(one.kind == UNSTAMPED and self.grammars.ends_client(one.text) for one in following)

    def after(self, number: int, reach: int, owner: str, until: str = "") -> None:
        """Mark the lines after one, as far as its text can reach; a line that is longer than that is none of it."""
        for later in range(number + 1, len(self.records)):
            text = self.records[later].text
            reach -= len(text) + 1
            if reach < 0:
                return
            self.lines.setdefault(later, owner)
            self.because.setdefault(later, number)
            if until and self.grammars.ends(until, text):
                return

    def before(self, number: int) -> None:
        """Mark the lines between a piece of a broken record and its beginning."""
        reach = LONGEST_RECORD
        for earlier in range(number - 1, -1, -1):
            if reach <= 0 or self.records[earlier].torn:
                return
            self.lines.setdefault(earlier, "")
            reach -= len(self.records[earlier].text) + 1
