"""An account's end: how the server's file and its calls say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.core.document import parse_line
from labvpn.agent.core.times import expiry
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
