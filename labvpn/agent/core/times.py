"""SoftEther's times: of its calls in UTC, of its logs in the host's own time."""

import calendar
import time
from typing import List, Optional

NEVER = "1970-01-01T09:00:00.000Z"
"""A date that is not set: SoftEther gives the beginning of its own reckoning."""

FIRST_END = "1971-01-11T00:00:00.000Z"
"""The first end of an account that a call can store: SoftEther takes every earlier one for none (measured)."""


def moment(text: str) -> Optional[float]:
    """A time of SoftEther's calls, which is UTC, in seconds since 1970; None where it is not set."""
    if text == NEVER:
        return None
    whole, _, part = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + (part or "0"))


def storable(end: str) -> str:
    """An account's end of a call's answer as a call takes it: one that it would take for none is the first one."""
    return FIRST_END if end and end != NEVER and end < FIRST_END else end


def stamp(text: str, now: float = 0.0) -> Optional[float]:
    """A time of SoftEther's logs, which is the host's local one, in seconds since 1970; None if it is none.

    The hour that comes twice when summer time ends is the one that is nearer to `now`.
    """
    try:
        read = time.strptime(text.partition(".")[0], "%Y-%m-%d %H:%M:%S")
        readings: List[float] = [time.mktime((*read[:8], summer)) for summer in (-1, 0, 1)]
    except (ValueError, OverflowError):
        return None
    same = [one for one in readings if time.localtime(one)[:6] == read[:6]]
    return min(same or readings[:1], key=lambda one: abs(one - now))


NEVER_EXPIRES = "never"
# The file counts milliseconds from nine hours after the beginning of 1970, as measured; zero is never.
FILE_EPOCH_SECONDS = 9 * 3600


def expiry(milliseconds: str) -> str:
    """When an account ends, of the file's number: `2027-03-31T23:59:59Z` or `never`; a number beyond time as it is."""
    try:
        if not int(milliseconds):
            return NEVER_EXPIRES
        seconds = int(milliseconds) // 1000 + FILE_EPOCH_SECONDS
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    except (ValueError, OverflowError, OSError):
        return milliseconds
