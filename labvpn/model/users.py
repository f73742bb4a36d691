"""The lab's accounts: a CSV file named by the configuration, one user a line."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError

from labvpn.model.base import Value
from labvpn.model.problems import Problem, problems_of

Text = Annotated[str, StringConstraints(max_length=200, pattern=r'^[^"\\\r\n]*$')]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._@-]{1,64}$")]


def _moment(given: object) -> object:
    if not isinstance(given, str):
        return given
    try:
        # A day alone would end at another moment on every machine that runs the stack, so it ends in UTC.
        return datetime.combine(date.fromisoformat(given), time(23, 59, 59), UTC)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise ValueError(f"'{given}' is no date; write 2027-03-31, or 2027-03-31T18:00:00+09:00") from None
    if moment.tzinfo is None:
        raise ValueError(f"'{given}' names no time zone; write it behind, as in 2027-03-31T18:00:00+09:00")
    return moment.astimezone(UTC).replace(microsecond=0)


Moment = Annotated[datetime, BeforeValidator(_moment)]
LIMIT = 10_000
"""Users of one hub: the server's own limit (MAX_USERS in its source)."""


class User(Value):
    """One account; security policies stand by SoftEther's own names."""

    name: Name
    real_name: Text = ""
    note: Text = ""
    expires: Moment | None = Field(
        default=None, description="the account's end: a day, to its end in UTC, or a time with its zone; empty: never"
    )
    rotation: int = Field(default=0, ge=0, description="raise it to give the user a new derived password")
    auto_disconnect: int = Field(default=1800, ge=0, le=4_294_967_295, alias="AutoDisconnect", description="seconds")
    multi_logins: int = Field(default=1, ge=0, le=65_535, alias="MultiLogins", description="sessions; 0: no limit")


class UsersFile(Value):
    """Where the accounts stand."""

    file: str = Field(default="users.csv", description="path, from the project's folder")


def read_users(text: str, place: str) -> tuple[tuple[User, ...], list[Problem]]:
    """The users of a CSV text with a header line, and every problem with its line (`users.csv:4.name`)."""
    reader = csv.DictReader(io.StringIO(text))
    users: list[User] = []
    problems: list[Problem] = []
    lines: dict[str, int] = {}
    for row in reader:
        where = f"{place}:{reader.line_num}"
        if None in row:
            problems.append(Problem(where, "has more columns than the header; quote values that hold a comma"))
            continue
        try:
            user = User.model_validate({key: value for key, value in row.items() if value})
        except ValidationError as error:
            problems += problems_of(error, where, User)
            continue
        # SoftEther folds case: "Guest" and "guest" would be one account.
        first = lines.setdefault(user.name.upper(), reader.line_num)
        if first != reader.line_num:
            problems.append(Problem(f"{where}.name", f'"{user.name}" stands in line {first} already; keep one'))
        users.append(user)
    if len(users) > LIMIT:
        problems.append(Problem(place, f"holds {len(users)} users and SoftEther's limit is {LIMIT}; split the lab"))
    return tuple(users), problems
