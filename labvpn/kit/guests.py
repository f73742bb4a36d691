"""A list of guests becomes users: what is added to the users' file, and what speaks against it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from labvpn.model.encoding import decoded
from labvpn.model.problems import ConfigurationError, Problem
from labvpn.model.spreadsheet import read_table
from labvpn.model.users import User
from labvpn.model.users_file import columns, read_users, values_of

EXPIRES = "expires"


@dataclass(frozen=True)
class Invitation:
    """The users' file with the guests in it, the guests' names, and how many of them are there already."""

    data: bytes
    guests: tuple[str, ...]
    known: int

    @property
    def text(self) -> str:
        """The file's text."""
        return decoded(self.data).body


def invitation(guests: bytes | str, place: str, users: bytes | str, users_place: str, now: datetime) -> Invitation:
    """Add the guests of one CSV file to the users of another; rows that are there already are left alone.

    Raises ConfigurationError with every mistake: a guest without an end, one whose end is over, a name that is taken.
    """
    invited, problems = read_users(guests, place)
    present, others = read_users(users, users_place)
    own = {user.name.upper(): user for user in present}
    problems += others
    for user in invited:
        problems += _problems(user, own.get(user.name.upper()), place, users_place, now)
    if not problems and not invited:
        problems.append(Problem(place, "names no guest; give each one a line"))
    if problems:
        raise ConfigurationError(problems)
    fresh = {user.name for user in invited if user.name.upper() not in own}
    try:
        data = _added(users, users_place, guests, place, fresh)
    except ValueError as error:
        raise ConfigurationError([Problem(users_place, str(error))]) from None
    return Invitation(data, tuple(user.name for user in invited), len(invited) - len(fresh))


def _problems(guest: User, present: User | None, place: str, users_place: str, now: datetime) -> list[Problem]:
    where = f"{place}: {guest.name}"
    if guest.is_wildcard:
        return [Problem(where, f"is not a guest but everyone whom RADIUS knows; write that line in {users_place}")]
    if present is not None and present != guest:
        return [Problem(where, f"is in {users_place} with other values; change it there, or take another name")]
    if guest.expires is None:
        return [Problem(where, f"has no end; give the column {EXPIRES} a date, such as 2027-03-31")]
    if guest.expires <= now:
        return [Problem(where, f"ended on {guest.expires:%Y-%m-%d}; give it a later date")]
    return []


def _added(users: bytes | str, users_place: str, guests: bytes | str, place: str, fresh: Collection[str]) -> bytes:
    """The users' file with these guests at its end, in its own encoding; what was there stays as it was."""
    rows = [values_of(row) for row in read_table(guests, place, columns()).rows]
    new = [row for row in rows if row["name"] in fresh]
    return read_table(users, users_place, columns()).extended(new)
