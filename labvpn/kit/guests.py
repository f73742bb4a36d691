"""A list of guests becomes users: what is added to the users' file, and what speaks against it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime

from labvpn.model.problems import ConfigurationError, Problem
from labvpn.model.users import User, read_users

EXPIRES = "expires"


@dataclass(frozen=True)
class Invitation:
    """The users' file with the guests in it, the guests' names, and how many of them stand there already."""

    text: str
    guests: tuple[str, ...]
    known: int


def invitation(guests: str, place: str, users: str, users_place: str, now: datetime) -> Invitation:
    """Add the guests of one CSV text to the users of another; rows that stand there already are left alone.

    Raises ConfigurationError with every mistake: a guest without an end, one whose end is over, a name that is taken.
    """
    invited, problems = read_users(guests, place)
    present, others = read_users(users, users_place)
    own = {user.name.upper(): user for user in present}
    problems += others
    for user in invited:
        problems += _problems(user, own.get(user.name.upper()), place, users_place, now)
    if problems:
        raise ConfigurationError(problems)
    fresh = {user.name for user in invited if user.name.upper() not in own}
    text = _added(users, [row for row in csv.DictReader(io.StringIO(guests)) if row["name"] in fresh])
    return Invitation(text, tuple(user.name for user in invited), len(invited) - len(fresh))


def _problems(guest: User, present: User | None, place: str, users_place: str, now: datetime) -> list[Problem]:
    where = f"{place}: {guest.name}"
    if guest.is_everybody:
        return [Problem(where, f"is no guest but everybody whom RADIUS knows; write that line in {users_place}")]
    if present is not None and present != guest:
        return [Problem(where, f"stands in {users_place} with other values; change it there, or take another name")]
    if guest.expires is None:
        return [Problem(where, f"has no end; give the column {EXPIRES} a date, such as 2027-03-31")]
    if guest.expires <= now:
        return [Problem(where, f"is over since {guest.expires:%Y-%m-%d}; give it a later date")]
    return []


def _added(users: str, rows: list[dict[str, str]]) -> str:
    """The file's text with rows at its end and their columns in its header; what stood there stays as it was."""
    if not rows:
        return users
    header, _, rest = users.partition("\n")
    columns = next(csv.reader([header.lstrip("\ufeff").rstrip("\r")]))
    more = [column for column in rows[0] if column not in columns]
    written = io.StringIO()
    writer = csv.DictWriter(written, [*columns, *more], lineterminator="\n", restval="")
    writer.writerows(rows)
    whole = ",".join([header.rstrip("\r"), *more]) + "\n" + rest
    return whole + ("" if whole.endswith("\n") else "\n") + written.getvalue()
