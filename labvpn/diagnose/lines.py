"""Text to lines of one form, whichever program stamped, prefixed, quoted or encoded them. Pure."""

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from itertools import pairwise

from labvpn.diagnose.encodings import decoded as decoded

MOST_LINES = 10_000
"""Of a longer file only the end is read: the last attempt decides."""

MOST_TEXT = 1_000_000
"""Characters of that end, and so the longest time that a file of any size takes."""

LONGEST_LINE = 2_000

STAMPED = 160
"""Characters at the beginning of a line in which prefixes and stamps are looked for."""

_CLOCK = re.compile(r"(?<![\d.:-])(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?(?![:\d])(?:\s*([AaPp])\.?[Mm]\b)?")
_DATE = (
    r"(?:[^\W\d]{1,10}[.,]?\s+)?"  # a day's name in any language
    r"(?:\d{1,4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,4}日?[T,]?|[^\W\d]{1,10}\.?\s+\d{1,2},?(?:\s+\d{4},?)?|"
    r"\d{1,2}月?\s+\d{1,2}日?|\d{1,2}[-/]\d{1,2})"
)
_ZONE = r"(?:Z|UTC|GMT|JST|KST|IST|MSK|BST|HKT|SGT|[ECMP][SD]T|[CEW]ES?T|AE[SD]T|NZ[SD]T)(?![A-Za-z])"
_TIME = rf"\d{{1,2}}:\d{{2}}:\d{{2}}(?:[.,]\d{{1,9}})?(?:\s*[AaPp]\.?[Mm]\.?)?(?:\s?(?:{_ZONE}|[+-]\d{{2}}:?\d{{2}}))?"
_STAMP = re.compile(
    rf"^[\s\[(<]*(?:{_DATE}\s*)?(?:午前|午後)?\s*{_TIME}(?:\s+\d{{4}}(?=\s))?(?:\s+us=\d+)?[\])>]*\s*(?:--|:|\|)?\s*"
)
_CONTAINER = re.compile(r"^[\w./-]{1,60}\s*\|\s+")
_DAY = re.compile(
    r"(?P<y>\d{4})[-/.年]\s?(?P<m>\d{1,2})[-/.月]\s?(?P<d>\d{1,2})|(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<c>\d{2,4})|"
    r"\b(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(?P<day>\d{1,2})\b|"
    r"(?<!\d)(?P<mm>\d{1,2})月?[-\s](?P<dd>\d{1,2})日?\s",
    re.IGNORECASE,
)
_LINE_ENDS = re.compile(r"\r*\n|\r")
"""What ends a line; Unicode separators do not, since a name in a server's log may contain them."""

_JOINED = tuple(
    (re.compile(rf"[\s\[(<]*{form}"), re.compile(rf"\s+(?=[\[(<]?{form}\b)"))
    for form in (
        r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+\d{1,2}\s+\d\d:\d\d:\d\d",
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d",
    )
)
"""The beginning of a line, and where the next one of the same form follows it: a paste may have lost the line ends."""

_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
_QUOTED = re.compile(r"^(?:[>|]\s+|```\w*\s*|[`⏎]\s*)")
_EVENT_LIST = re.compile(r"\bCoId=|^Event ID:|\bRasClient\b", re.IGNORECASE)
"""What stands in the list of an event viewer, which has few lines and its newest first."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number in the file from 1, its text without timestamps, the second of the day, and the day.

    Days only have an order: (year or 0, month, day), as far as the line has them.
    """

    number: int
    text: str
    at: float | None = None
    day: tuple[int, int, int] | None = None


def is_text(text: str) -> bool:
    """Whether a person or a program wrote this as lines: not binary, not a web page."""
    odd = sum(
        1 for char in text[:4096] if unicodedata.category(char) in ("Cc", "Cn", "Co") and char not in "\t\r\n\x1b\ufeff"
    )
    page = re.match(r"\s*(?:<!doctype html|<html|<\?xml[^>]*>\s*<!doctype html)", text[:400], re.IGNORECASE)
    return odd <= len(text[:4096]) // 50 and page is None


def tail(text: str) -> tuple[int, str]:
    """The end of a text that is read, from the beginning of a line, and the number of that line in the file."""
    if len(text) <= MOST_TEXT:
        return 1, text
    cut = next(_LINE_ENDS.finditer(text, len(text) - MOST_TEXT), None)
    start = cut.end() if cut and cut.end() < len(text) else len(text) - MOST_TEXT
    return sum(1 for _ in _LINE_ENDS.finditer(text, 0, start)) + 1, text[start:]


def read(text: str, first: int = 1) -> tuple[Line, ...]:
    """Split a text into normalised lines, in order of time; only the last MOST_LINES. `first` is its first number."""
    raw = _LINE_ENDS.split(text)
    skipped = max(0, len(raw) - MOST_LINES)
    pairs = enumerate(raw[skipped:], start=first + skipped)
    parts = [(number, part) for number, line in pairs for part in _parts(line)][-MOST_LINES:]
    lines = [_normal(number, part[:LONGEST_LINE]) for number, part in parts]
    return tuple(reversed(lines)) if newest_first(lines) else tuple(lines)


def _parts(raw: str) -> list[str]:
    """The lines of a log that stand in one."""
    return next((between.split(raw) for begun, between in _JOINED if begun.match(raw)), [raw])


def _normal(number: int, raw: str) -> Line:
    folded = unicodedata.normalize("NFKC", unescape(raw.rstrip("\0\r"))).replace("\u2019", "'")
    text = _QUOTED.sub("", folded.strip()).replace("**", "")
    clock = _CLOCK.search(text[:80])
    day = _DAY.search(text[: clock.end() + 12]) if clock else None
    for pattern in (_CONTAINER, _STAMP, _STAMP, _STAMP):
        text = (pattern.sub("", text[:STAMPED], count=1) + text[STAMPED:]).lstrip()
    return Line(number, text.strip(), _seconds(clock) if clock else None, _day(day) if day else None)


def _seconds(clock: re.Match[str]) -> float:
    hour, minute, second, fraction, half = clock.groups()
    hours = int(hour) % 12 + (12 if half in "Pp" else 0) if half else int(hour)
    return hours * 3600 + int(minute) * 60 + int(second) + float(f"0.{fraction or 0}")


def _day(found: re.Match[str]) -> tuple[int, int, int]:
    """A day's place in the order of days: 4/6/2026 is a month and a day unless the first cannot be a month."""
    if found["y"]:
        return int(found["y"]), int(found["m"]), int(found["d"])
    if found["a"]:
        one, two = int(found["a"]), int(found["b"])
        return (int(found["c"]), two, one) if one > 12 or "." in found[0] else (int(found["c"]), one, two)
    if found["month"]:
        return 0, _MONTHS.index(found["month"].lower()) // 3 + 1, int(found["day"])
    return 0, int(found["mm"]), int(found["dd"])


def newest_first(lines: Sequence[Line]) -> bool:
    """Whether the timestamps run backwards, as in event viewers and on web pages, also across days."""
    stamped = [line for line in lines if line.at is not None]
    steps = [_step(earlier, later) for earlier, later in pairwise(stamped)]
    back, forward = sum(1 for step in steps if step < 0), sum(1 for step in steps if step > 0)
    # Lines of other programs in between may step back too, but not so much more often than forward.
    listed = any(_EVENT_LIST.search(line.text) for line in lines)
    return (back >= 3 and back > 4 * forward) or (listed and back >= 1 and forward == 0)


def _step(earlier: Line, later: Line) -> float:
    """Seconds from one line to the next, or a day with the sign of the order of their days."""
    if earlier.day and later.day and earlier.day != later.day:
        return 86_400.0 if later.day > earlier.day else -86_400.0
    gap = (later.at or 0.0) - (earlier.at or 0.0)
    return gap if abs(gap) < 43_200 else gap - math.copysign(86_400, gap)  # midnight lies between
