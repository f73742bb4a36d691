"""When an account ends: days and times as people and spreadsheets write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import BeforeValidator

HOW = "write 2027-03-31, or 2027-03-31T18:00:00+09:00"
YEAR_FIRST = re.compile(r"(\d{4})(?:[/.-]|年)\s?(\d{1,2})(?:[/.-]|月)\s?(\d{1,2})日?")
YEAR_LAST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{2}|\d{4})")
REIWA = re.compile(r"(?:令和|R)\s?(\d{1,2}|元)(?:[/.-]|年)\s?(\d{1,2})(?:[/.-]|月)\s?(\d{1,2})日?", re.IGNORECASE)
SERIAL = re.compile(r"([2-6]\d{4})(?:\.\d+)?")
FIRST_DAY = date(1899, 12, 30)
"""Day 0 of the numbers by which Excel and LibreOffice count days from March 1900 on (ECMA-376, 18.17.4)."""

EARLIEST = datetime(1971, 1, 11, tzinfo=UTC)
LATEST = datetime(2099, 12, 29, 16, 2, 3, tzinfo=UTC)
"""The ends that SoftEther stores: it takes every earlier one for none, and every later one for another.

SystemToUINT64 and SafeTime64 in its source, measured with 5.01.9674.
"""

NEVER = frozenset({"never", "none", "no", "null", "nil", "-", "--", "unlimited", "なし", "無し", "無期限"})


def _moment(given: object) -> datetime:
    moment = given if isinstance(given, datetime) and given.tzinfo else _read(str(given).strip())
    if moment < EARLIEST:
        raise ValueError(
            f"'{given}' is before {EARLIEST:%Y-%m-%d}, and SoftEther takes that for no end; leave it empty for an "
            "account without an end, or write a later day for one that is over"
        )
    if moment > LATEST:
        raise ValueError(
            f"'{given}' is later than SoftEther can store; leave it empty for an account without an end, or write "
            f"a day up to {LATEST - timedelta(days=1):%Y-%m-%d}"
        )
    return moment.astimezone(UTC).replace(microsecond=0)


def _read(text: str) -> datetime:
    """The moment that a text names."""
    if found := YEAR_FIRST.fullmatch(text):
        return _end_of(text, *map(int, found.groups()))
    with suppress(ValueError):
        day = date.fromisoformat(text)
        return _end_of(text, day.year, day.month, day.day)
    try:
        moment = datetime.fromisoformat(_padded(text))
    except ValueError:
        raise ValueError(f"'{text[:40]}' is not a date: {_explained(text)}") from None
    if moment.tzinfo is None:
        raise ValueError(
            f"'{text}' names no time zone; write it behind, as in 2027-03-31T18:00:00+09:00, or the day alone"
        )
    return moment


def _padded(text: str) -> str:
    """A time of a day with two digits in each of its numbers, as the standard has them."""
    found = YEAR_FIRST.match(text)
    if found is None:
        return text
    year, month, day = found.groups()
    clock = re.sub(r"^(\d):", r"0\1:", text[found.end() :].lstrip(" T"))
    return f"{year}-{month:0>2}-{day:0>2}T{clock}"


def _end_of(text: str, year: int, month: int, day: int) -> datetime:
    """A day's last second: in UTC, since it would end at another moment on every machine that runs the stack."""
    try:
        return datetime.combine(date(year, month, day), time(23, 59, 59), UTC)
    except ValueError:
        raise ValueError(f"'{text}' is not a date: the calendar has no such day; {HOW}") from None


def _explained(text: str) -> str:
    """What a text is that is not a date, and what to write instead."""
    if text.lower() in NEVER:
        return "leave it empty for an account without an end"
    with suppress(ValueError, OverflowError):
        if found := SERIAL.fullmatch(text):
            day = FIRST_DAY + timedelta(days=int(found[1]))
            return f"as a spreadsheet's number of a day it would be {day}; write that if it is meant"
        if found := REIWA.fullmatch(text):
            year = 2018 + (1 if found[1] == "元" else int(found[1]))
            return f"write {date(year, int(found[2]), int(found[3]))}, by the common era"
    if YEAR_LAST.fullmatch(text):
        return "the order of day, month and year cannot be told; write the year first, as in 2027-03-31"
    return HOW


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""A day, to its end in UTC, or a time with its zone."""
