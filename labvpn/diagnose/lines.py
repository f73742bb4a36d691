"""Text to lines of one form, whichever program stamped, prefixed, quoted or encoded them. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from itertools import pairwise

MOST_LINES = 10_000
"""Of a longer file only the end is read: the last attempt decides."""

LONGEST_LINE = 2_000

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
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
"""What ends a line; Unicode separators do not, since a name in a server's log may contain them."""
_QUOTED = re.compile(r"^(?:[>|]\s+|```\w*\s*)")
_TAIL = re.compile(r"\s*[\u0000\r]+$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number in the file from 1, its text without timestamps, and the second of the day."""

    number: int
    text: str
    at: float | None = None


def decoded(data: bytes) -> str:
    """Decode a file by its marks: UTF-16 or UTF-8, with or without BOM; else Shift_JIS, else Latin-1."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (len(data) > 3 and data[1:4:2] == b"\x00\x00"):
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-16-le", errors="replace")
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def is_text(text: str) -> bool:
    """Whether a person or a program wrote this as lines: not binary, not a web page."""
    odd = sum(
        1 for char in text[:4096] if unicodedata.category(char) in ("Cc", "Cn", "Co") and char not in "\t\r\n\x1b\ufeff"
    )
    page = re.match(r"\s*(?:<!doctype html|<html|<\?xml[^>]*>\s*<!doctype html)", text[:400], re.IGNORECASE)
    return odd <= len(text[:4096]) // 50 and page is None


def read(text: str) -> tuple[Line, ...]:
    """Split a text into normalised lines, in order of time; only the last MOST_LINES."""
    raw = _LINE_ENDS.split(text)
    first = max(0, len(raw) - MOST_LINES)
    lines = [_normal(number, line[:LONGEST_LINE]) for number, line in enumerate(raw[first:], start=first + 1)]
    return tuple(reversed(lines)) if newest_first(lines) else tuple(lines)


def _normal(number: int, raw: str) -> Line:
    folded = unicodedata.normalize("NFKC", unescape(_TAIL.sub("", raw))).replace("\u2019", "'")
    text = _QUOTED.sub("", folded.strip())
    clock = _CLOCK.search(text[:80])
    for pattern in (_CONTAINER, _STAMP, _STAMP, _STAMP):
        text = pattern.sub("", text, count=1)
    return Line(number, text.strip(), _seconds(clock) if clock else None)


def _seconds(clock: re.Match[str]) -> float:
    hour, minute, second, fraction, half = clock.groups()
    hours = int(hour) % 12 + (12 if half in "Pp" else 0) if half else int(hour)
    return hours * 3600 + int(minute) * 60 + int(second) + float(f"0.{fraction or 0}")


def newest_first(lines: Sequence[Line]) -> bool:
    """Whether the timestamps run backwards, as in event viewers and on web pages."""
    stamps = [line.at for line in lines if line.at is not None]
    steps = [later - earlier for earlier, later in pairwise(stamps) if later != earlier]
    back = sum(1 for step in steps if step < 0)
    # Lines of other programs in between may step back too, but not so much more often than forward.
    return back >= 3 and back > 4 * (len(steps) - back)
