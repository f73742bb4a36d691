"""Clocks that step: sessions end by the server's steady clock, and holds end."""

from __future__ import annotations

import pytest

from labvpn.agent.softether.lockouts import lockouts_file
from labvpn.agent.softether.users import Users
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther
from tests.unit.agent.steady import DAYS, STARTED, Server, reaper, rounds


def test_a_clock_that_runs_ahead_for_a_moment_ends_no_session(machine: FakeMachine, server: Server) -> None:
    one = reaper(machine, server)
    server.dial()
    assert rounds(one, server, 60) == []
    server.wrong = DAYS
    assert rounds(one, server, 10) == []
    server.wrong = 0
    assert rounds(one, server, 1700) == []
    assert rounds(one, server, 60)[0].endswith("1800 s old, the limit is 1800 s; locked out for 60 s")


def test_a_session_that_begins_while_the_clock_is_wrong_has_its_whole_time_and_no_more(
    machine: FakeMachine, server: Server
) -> None:
    for wrong in (DAYS, -DAYS):
        server, one = Server(), reaper(machine, server)
        one = reaper(machine, server)
        rounds(one, server, 10)
        server.wrong = wrong
        server.dial(f"SID-GUEST1-[L2TP]-{wrong:.0f}")
        assert rounds(one, server, 10) == []
        server.wrong = 0
        assert rounds(one, server, 1780) == []
        assert rounds(one, server, 20)[0].startswith("cut SID-GUEST1-[L2TP]")


def test_a_reaper_that_starts_anew_while_the_clock_is_wrong_knows_the_ages(
    machine: FakeMachine, server: Server
) -> None:
    one = reaper(machine, server)
    server.dial()
    rounds(one, server, 60)
    server.wrong = DAYS
    anew = reaper(machine, server)
    assert rounds(anew, server, 10) == []
    server.wrong = 0
    assert rounds(anew, server, 1700) == []
    assert rounds(anew, server, 40)[0].startswith("cut")


def test_the_sessions_of_another_server_are_others(machine: FakeMachine, server: Server) -> None:
    one = reaper(machine, server)
    server.dial()
    rounds(one, server, 1500)
    server.tick, server.started, server.sessions = 5.0, STARTED + 2000, {}
    server.wrong = 2000
    server.dial()
    assert rounds(one, server, 1000) == []


@pytest.mark.parametrize(("since", "until"), [(DAYS, DAYS + 60), (-10, DAYS), (DAYS, 10), (-100, -40)])
def test_a_hold_from_the_future_or_longer_than_any_is_over(
    machine: FakeMachine, server: Server, since: float, until: float
) -> None:
    server.users["guest1"]["policy:Access_bool"] = False
    entry = {"since": server.now + since, "until": server.now + until, "policy": True, "made": False, "lifted": False}
    lockouts_file(machine).write({"LAB": {"guest1": entry}})
    assert rounds(reaper(machine, server), server, 5) == ["guest1 in LAB may dial again"]
    assert server.lets_in


def test_a_hold_that_nobody_ends_any_more_is_drift_which_the_next_run_repairs(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = Users(FakeSoftEther(machine))
    for since, until, is_locked_out in ((0, 60, True), (DAYS, DAYS + 60, False), (-900, -200, False)):
        monkeypatch.setattr("time.time", lambda: STARTED)
        entry = {"since": STARTED + since, "until": STARTED + until, "policy": True, "made": False, "lifted": False}
        lockouts_file(machine).write({"LAB": {"guest1": entry}})
        users.lockouts = None
        assert users.is_locked_out("LAB/guest1") is is_locked_out
