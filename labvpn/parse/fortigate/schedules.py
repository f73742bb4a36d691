"""When a FortiGate's policies are in force: always, no longer, or at times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from labvpn.parse.fortigate import keys
from labvpn.parse.fortigate.objects import Row, Tables, names, rows, switch

_DAYS = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
_SLACK = timedelta(days=1)
"""The FortiGate uses its own time zone, and its clock may differ from ours: what ended within a day is uncertain."""


def hours(tables: Tables, now: datetime) -> dict[str, bool | None]:
    """Each schedule of a FortiGate: True for always, False for no longer, None for at times or not known."""
    found: dict[str, bool | None] = {}
    kinds: Mapping[str, Callable[[Row], bool | None]] = {
        "recurring": _recurring,
        "onetime": lambda row: _onetime(row, now),
        "group": lambda row: _group(row, found),
    }
    for kind, read in kinds.items():
        for row in rows(tables, f"firewall.schedule/{kind}"):
            if "name" in row:
                found[str(row["name"])] = _known(row, read)
    return found


def in_force(name: str, schedules: Mapping[str, bool | None]) -> bool | None:
    """Whether a schedule of a FortiGate is in force: always, no longer or never, or None for at times or not known."""
    return False if name == "none" else schedules.get(name, True if name == "always" else None)


def _known(row: Row, read: Callable[[Row], bool | None]) -> bool | None:
    """What a schedule says; None where it has a condition that is not known, or another form."""
    if any(keys.unread(keys.extras(row, keys.SCHEDULE), keys.SCHEDULE)):
        return None
    try:
        return read(row)
    except (KeyError, TypeError, ValueError):
        return None


def _onetime(row: Row, now: datetime) -> bool | None:
    end = moment(row.get("end"))
    return False if end and end + _SLACK < now else None


def _group(row: Row, found: Mapping[str, bool | None]) -> bool | None:
    members = [found.get(name) for name in names(row.get("member"))]
    never = bool(members) and all(one is False for one in members)
    return True if True in members else (False if never else None)


def _recurring(row: Row) -> bool | None:
    days = {day for text in names(row.get("day")) for day in text.replace(",", " ").split()}
    if days <= {"none"}:
        return False
    whole = str(row.get("start") or "00:00") == str(row.get("end") or "00:00")
    return True if days >= _DAYS and whole else None


def expired(row: Row, now: datetime) -> bool:
    """Whether a policy has ended by its own date."""
    end = _end(row)
    return switch(row, "policy-expiry") and end is not None and end + _SLACK < now


def endless(row: Row) -> bool:
    """Whether a policy ends by its own date, which cannot be read."""
    return switch(row, "policy-expiry") and _end(row) is None


def _end(row: Row) -> datetime | None:
    """The date of a policy; FortiOS 7.2 and later also has it in seconds of the Unix epoch."""
    seconds = str(row.get("policy-expiry-date-utc") or "")
    epoch = datetime.fromtimestamp(int(seconds)) if seconds.isdecimal() and 0 < int(seconds) < 2**36 else None
    return moment(row.get("policy-expiry-date")) or moment(seconds) or epoch


def moment(text: Any) -> datetime | None:
    """A time as FortiOS writes it, `23:59 2026/12/31` or `2026-12-31 23:59:59`; None for no time or another form."""
    for form in ("%H:%M %Y/%m/%d", "%H:%M:%S %Y/%m/%d", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(str(text or ""), form)
        except ValueError:
            continue
    return None
