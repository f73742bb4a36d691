"""An account's end: how the server's file and its calls say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.core.document import parse_line
from labvpn.agent.core.times import expiry, moment
from labvpn.agent.softether.radius_wildcard import settings_of
from labvpn.agent.softether.users import Users
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther


def test_the_files_number_is_read_as_it_was_measured() -> None:
    assert expiry("1806505199000") == "2027-03-31T23:59:59Z"
    assert expiry("0") == "never"


@pytest.mark.parametrize(("stated", "sent"), [("2027-03-31T23:59:59Z", "2027-03-31T23:59:59Z"), ("never", "")])
def test_an_end_is_sent_as_the_server_takes_it(tmp_path: Path, stated: str, sent: str) -> None:
    users = Users(FakeSoftEther(FakeMachine(tmp_path)))
    assert users.given(parse_line(f"user LAB/guest1 expires={stated}")) == {"ExpireTime_dt": sent}


def test_a_line_without_an_end_leaves_the_end_alone(tmp_path: Path) -> None:
    users = Users(FakeSoftEther(FakeMachine(tmp_path)))
    assert users.given(parse_line('user LAB/guest1 note=""')) == {"Note_utf": ""}


def test_an_end_set_by_hand_is_shown(tmp_path: Path) -> None:
    softether = FakeSoftEther(FakeMachine(tmp_path))
    line = parse_line("user LAB/owner expires=2027-03-31T23:59:59Z")
    assert (Users(softether).read(line) or {})["expires"] == "never"
    block = Users(softether).listed.find("LAB/owner")
    assert block is not None
    block["ExpireTime"] = "1806505199000"
    assert (Users(softether).read(line) or {})["expires"] == "2027-03-31T23:59:59Z"


@pytest.mark.parametrize("end", ["1970-01-01T09:00:00.001Z", "1971-01-10T23:59:59.999Z"])
def test_an_end_that_was_found_stays_one_when_it_is_written_again(tmp_path: Path, end: str) -> None:
    softether = FakeSoftEther(FakeMachine(tmp_path))
    softether.answers["GetUser"] = {"ExpireTime_dt": end}
    users = Users(softether)
    users.restore(parse_line("user LAB/owner"), {"record": {"Name_str": "owner", "ExpireTime_dt": end}})
    users.alter(parse_line("user LAB/owner Access=yes"), parse_line("user LAB/owner Access=no"))
    sent = [given["ExpireTime_dt"] for method, given in softether.calls if method in ("CreateUser", "SetUser")]
    assert sent == ["1971-01-11T00:00:00.000Z"] * 3
    assert moment(end) is not None


@pytest.mark.parametrize("end", ["", "1970-01-01T09:00:00.000Z", "2027-03-31T23:59:59.000Z"])
def test_no_end_and_one_that_the_server_can_store_are_written_again_as_they_were(end: str) -> None:
    assert settings_of({"ExpireTime_dt": end, "NumLogin_u32": 1}) == {"ExpireTime_dt": end}
