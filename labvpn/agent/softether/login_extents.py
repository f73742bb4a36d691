"""Which lines the two records of a failed login fill: the server writes the same name into both.

A name with line ends breaks both records. Where the same name is found whole in both, their ends are known exactly,
so nothing that comes after them can be a part of it.
"""

from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from labvpn.agent.softether.login_records import CONNECTED, FAILED, LONGEST_RECORD, STAMPED, Grammars, Record


class Extent(NamedTuple):
    """The numbers of the last line of a login's beginning, and of the first and the last line of its failure."""

    begun_end: int
    failed: int
    failed_end: int

    def inner(self, begun: int) -> Iterator[int]:
        """The lines of both records but their first ones: pieces of a stranger's text."""
        yield from range(begun + 1, self.begun_end + 1)
        yield from range(self.failed + 1, self.failed_end + 1)


class Extents:
    """Finds the records of logins in a batch of lines."""

    def __init__(self, grammars: Grammars, records: List[Record]) -> None:
        self.grammars = grammars
        self.records = records
        self.around = [one.around for one in grammars.of(CONNECTED)]
        self.named: Dict[int, List[Tuple[int, str]]] = {}
        self.failures: Dict[str, List[int]] = {}
        for number, one in enumerate(records):
            if one.kind == FAILED:
                self.failures.setdefault(one.connection, []).append(number)

    def of(self, begun: int) -> Optional[Extent]:
        """The extent of the login that begins at a line; None where its failure is not found with the same name.

        The longest name counts: a stranger's name can imitate the end of a record, but not the rest of itself.
        """
        found: List[Tuple[int, Extent]] = []
        for failed in self.failures.get(self.records[begun].connection, []):
            texts = list(self.texts(CONNECTED, begun, failed))
            for failed_end, name in self.names(failed):
                begun_end = self.end_of(begun, name, texts, failed)
                if begun_end is not None:
                    found.append((len(name), Extent(begun_end, failed, failed_end)))
        return max(found)[1] if found else None

    def names(self, failed: int) -> List[Tuple[int, str]]:
        """Each name that a failure may have, with the last line of its record then."""
        if failed not in self.named:
            self.named[failed] = [
                (end, match.group("user"))
                for end, text in self.texts(FAILED, failed, len(self.records))
                for match in (grammar.whole.match(text) for grammar in self.grammars.of(FAILED))
                if match
            ]
        return self.named[failed]

    def end_of(self, begun: int, name: str, texts: List[Tuple[int, str]], before: int) -> Optional[int]:
        """The last line of a login's beginning if it has this name, and None if it has not.

        In a beginning that looks whole the name begins in its first line; in another one a client's name, which comes
        before, may have a line end. That may imitate an end, and a line after it, but no beginning of a login after
        them: it has at most 255 characters (MAX_CLIENT_STR_LEN of Cedar.h).
        """
        words = tuple(before_name + name + after for before_name, after in self.around)
        first, torn = len(self.said(begun)), self.records[begun].torn
        fitting = [
            end
            for end, text in texts
            if text.endswith(words)
            and (torn or any(text.endswith(one) and len(text) - len(one) < first for one in words))
        ]
        later = range(fitting[0] + 1, before) if fitting else range(0)
        stop = next((number for number in later if self.records[number].kind == CONNECTED), before)
        return max((end for end in fitting if end < stop), default=None)

    def texts(self, kind: str, first: int, before: int) -> Iterator[Tuple[int, str]]:
        """What a record says if it ends at its first line, or at one after it that may be an end of its kind."""
        parts, length = [self.said(first)], 0
        for number in range(first, before):
            if number > first:
                parts.append(self.records[number].text)
            length += len(parts[-1]) + 1
            if length > LONGEST_RECORD:
                return
            if self.grammars.ends(kind, parts[-1]):
                yield number, "\n".join(parts)

    def said(self, number: int) -> str:
        """A line without its time."""
        stamped = STAMPED.match(self.records[number].text)
        return self.records[number].text[stamped.end() if stamped else 0 :]
