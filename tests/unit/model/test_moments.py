"""An account's end is one that SoftEther stores as it is, or it is refused before a server takes it for another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from labvpn.model.moments import EARLIEST, LATEST
from labvpn.model.users import User
from labvpn.model.users_file import read_users

EMPTY = "leave it empty for an account without an end"


def said(written: str) -> str:
    (problem,) = read_users(f"name,expires\na,{written}\n", "users.csv")[1]
    assert problem.place == "users.csv:2.expires"
    return problem.message


@pytest.mark.parametrize(
    "written",
    [
        *("1970-01-01", "1899-12-30", "0001-01-01", "1971-01-10"),
        *("1971-01-11T08:59:59+09:00", "0001-01-01T00:00:00+09:00"),
    ],
)
def test_an_end_that_softether_would_take_for_none_is_refused(written: str) -> None:
    assert said(written) == (
        f"'{written}' is before 1971-01-11, and SoftEther takes that for no end; {EMPTY}, "
        "or write a later day for one that is over"
    )


@pytest.mark.parametrize(
    "written", ["2099-12-29", "2099-12-31", "2100/1/1", "9999-12-31", "9999年12月31日", "9999-12-31T23:59:59-05:00"]
)
def test_an_end_that_softether_would_store_as_another_is_refused(written: str) -> None:
    assert said(written) == f"'{written}' is later than SoftEther can store; {EMPTY}, or write a day up to 2099-12-28"


@pytest.mark.parametrize("written", ["1971-01-11", "1971-01-11T09:00:00+09:00", "2099-12-28", "2099-12-29T16:02:03Z"])
def test_the_first_and_the_last_end_that_softether_stores_are_taken(written: str) -> None:
    (user,), problems = read_users(f"name,expires\na,{written}\n", "users.csv")
    assert problems == []
    assert user.expires
    assert EARLIEST <= user.expires <= LATEST


@pytest.mark.parametrize(
    "given",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
        datetime(2027, 1, 1),
    ],
)
def test_a_moment_of_a_program_keeps_the_same_limits(given: datetime) -> None:
    with pytest.raises(ValidationError, match=r"for no end|later than|names no time zone"):
        User.model_validate({"name": "a", "expires": given})
