"""When a FortiGate's policies are in force: always, no longer, or at times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

Row = Mapping[str, Any]

_DAYS = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
_SLACK = timedelta(days=1)
"""The FortiGate uses its own time zone, and its clock may differ from ours: what ended within a day is uncertain."""


def hours(tables: Mapping[str, Sequence[Row]], now: datetime) -> dict[str, bool | None]:
    """Each schedule of a FortiGate: True for always, False for no longer, None for at times."""
    found: dict[str, bool | None] = {}
    for row in tables.get("firewall.schedule/recurring", ()):
        found[str(row["name"])] = _recurring(row)
    for row in tables.get("firewall.schedule/onetime", ()):
        end = moment(row.get("end"))
        found[str(row["name"])] = False if end and end + _SLACK < now else None
    for row in tables.get("firewall.schedule/group", ()):
        members = [found.get(str(one["name"])) for one in row.get("member") or ()]
        never = bool(members) and all(one is False for one in members)
        found[str(row["name"])] = True if True in members else (False if never else None)
    return found


def _recurring(row: Row) -> bool | None:
    days = set(str(row.get("day") or "").replace(",", " ").split())
    if days <= {"none"}:
        return False
    whole = str(row.get("start") or "00:00") == str(row.get("end") or "00:00")
    return True if days >= _DAYS and whole else None


def expired(row: Row, now: datetime) -> bool:
    """Whether a policy has ended by its own date."""
    end = _end(row)
    return row.get("policy-expiry") == "enable" and end is not None and end + _SLACK < now


def endless(row: Row) -> bool:
    """Whether a policy ends by its own date, which cannot be read."""
    return row.get("policy-expiry") == "enable" and _end(row) is None


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
