"""The reaper: whose session ends, who is held off and for how long, and the service on the host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import Change, parse_line
from labvpn.agent.core.paths import LOCKOUTS, REAPER_ORDERS, UNIT_FILE
from labvpn.agent.core.takeover import replaced
from labvpn.agent.core.times import stamp
from labvpn.agent.daemons.reaper_service import REAPER_UNIT, ReaperService
from labvpn.agent.daemons.session_reaper import SessionReaper, reapers
from labvpn.agent.softether.lockouts import Lockouts
from labvpn.agent.softether.login_reader import DENIED, GUESS, Failure
from labvpn.agent.softether.rpc import OBJECT_NOT_FOUND, Answer, RpcError
from labvpn.agent.softether.session_limits import Limits, Live, SessionRules, live, verdicts
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther

RULES = SessionRules(interval=5, hold=60, grace=30, keep="newest")
REAPER_FILE = UNIT_FILE.format(REAPER_UNIT)
LINE = "reaper hubs=LAB interval=5 hold=60 grace=30 keep=newest password=current active=yes"


def session(name: str, began: float, user: str = "guest1") -> Live:
    return Live(name, user, "198.51.100.10", began, native="-[" not in name)


def ending(sessions: list[Live], allowed: Limits, now: float, rules: SessionRules = RULES) -> list[str]:
    return [verdict.session.name for verdict in verdicts(sessions, {"guest1": allowed}, rules, now)]


def test_a_session_ends_when_its_users_time_is_over() -> None:
    openvpn = session("SID-GUEST1-[OPENVPN_L3]-3", 1000)
    assert ending([openvpn], Limits(1800, 0), 2799) == []
    assert ending([openvpn], Limits(1800, 0), 2800) == ["SID-GUEST1-[OPENVPN_L3]-3"]
    assert ending([openvpn], Limits(0, 0), 9e9) == []


def test_softethers_own_client_is_left_to_end_by_itself_first() -> None:
    own = session("SID-GUEST1-3", 1000)
    assert ending([own], Limits(1800, 0), 2829) == []
    assert ending([own], Limits(1800, 0), 2830) == ["SID-GUEST1-3"]


def test_of_too_many_sessions_the_older_ends_or_the_newer_by_configuration() -> None:
    both = [session("SID-GUEST1-[L2TP]-1", 1000), session("SID-GUEST1-[OPENVPN_L3]-2", 1001)]
    assert ending(both, Limits(1800, 1), 1031) == ["SID-GUEST1-[L2TP]-1"]
    assert ending(both, Limits(1800, 1), 1031, RULES._replace(keep="oldest")) == ["SID-GUEST1-[OPENVPN_L3]-2"]
    assert ending(both, Limits(1800, 0), 1031) == []


def test_a_redial_before_the_server_drops_the_old_session_is_no_second_login() -> None:
    both = [session("SID-GUEST1-[OPENVPN_L3]-1", 0), session("SID-GUEST1-[OPENVPN_L3]-2", 1001)]
    for keep in ("newest", "oldest"):
        assert ending(both, Limits(1800, 1), 1030, RULES._replace(keep=keep)) == []
        assert len(ending(both, Limits(1800, 1), 1031, RULES._replace(keep=keep))) == 1
    assert ending(both[1:], Limits(1800, 1), 1031) == []


def test_ever_new_redials_do_not_keep_too_many_sessions_alive() -> None:
    three = [session(f"SID-GUEST1-[L2TP]-{number}", 1000 + 20 * number) for number in range(3)]
    assert ending(three, Limits(1800, 1), 1050) == ["SID-GUEST1-[L2TP]-1", "SID-GUEST1-[L2TP]-0"]


def test_a_session_that_is_over_does_not_count_against_the_others() -> None:
    both = [session("SID-GUEST1-[L2TP]-1", 1000), session("SID-GUEST1-[OPENVPN_L3]-2", 2000)]
    assert ending(both, Limits(1800, 1), 2900) == ["SID-GUEST1-[L2TP]-1"]


def test_the_hubs_own_sessions_are_nobodys() -> None:
    flags = {"SecureNATMode_bool": True, "BridgeMode_bool": False, "LinkMode_bool": False}
    times = {"CreatedTime_dt": "2026-11-25T06:47:10.365Z", "ClientIP_ip": "127.0.0.1"}
    assert live([{"Name_str": "SID-SECURENAT-1", "Username_str": "SecureNAT", **times, **flags}]) == []


class Hub:
    """A hub with one user, as its calls show it."""

    def __init__(self, **record: Any) -> None:
        self.record: Answer = {"Name_str": "guest1", "UsePolicy_bool": True, "policy:Access_bool": True, **record}
        self.there = True

    def call(self, method: str, **parameters: Any) -> Answer:
        if not self.there:
            raise RpcError(method, OBJECT_NOT_FOUND, "gone")
        if method == "SetUser":
            self.record = dict(parameters)
        return dict(self.record)

    @property
    def open(self) -> bool:
        return bool(self.record["policy:Access_bool"])


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


def test_a_held_user_is_refused_until_the_time_is_over(machine: FakeMachine) -> None:
    hub, lockouts = Hub(), Lockouts(machine, "LAB")
    lockouts.lock_out(hub.call, "guest1", 1000, 60)
    assert not hub.open
    assert lockouts.lift(hub.call, 1059) == []
    assert lockouts.lift(hub.call, 1060) == ["guest1"]
    assert hub.open


def test_a_reaper_that_starts_anew_still_lets_in_whom_it_held(machine: FakeMachine) -> None:
    hub = Hub()
    Lockouts(machine, "LAB").lock_out(hub.call, "guest1", 1000, 60)
    assert machine.path(LOCKOUTS).stat().st_mode & 0o777 == 0o600
    Lockouts(machine, "LAB").lift(hub.call, 1060)
    assert hub.open


def test_a_server_that_crashed_with_a_lifted_hold_is_told_again(machine: FakeMachine) -> None:
    hub, lockouts = Hub(), Lockouts(machine, "LAB")
    lockouts.lock_out(hub.call, "guest1", 1000, 60)
    lockouts.lift(hub.call, 1060)
    hub.record["policy:Access_bool"] = False
    assert lockouts.lift(hub.call, 1100) == []
    assert lockouts.lift(hub.call, 1100, again=True) == ["guest1"]
    assert hub.open
    assert lockouts.due(2000, again=True) == []


def test_a_user_whom_the_administrator_shut_out_stays_shut_out(machine: FakeMachine) -> None:
    hub, lockouts = Hub(**{"policy:Access_bool": False}), Lockouts(machine, "LAB")
    lockouts.lock_out(hub.call, "guest1", 1000, 60)
    lockouts.lift(hub.call, 5000, again=True)
    assert not hub.open


def test_a_user_without_a_policy_has_none_afterwards(machine: FakeMachine) -> None:
    hub, lockouts = Hub(UsePolicy_bool=False), Lockouts(machine, "LAB")
    lockouts.lock_out(hub.call, "guest1", 1000, 60)
    assert hub.record["UsePolicy_bool"]
    assert not hub.open
    lockouts.lift(hub.call, 1060)
    assert not hub.record["UsePolicy_bool"]


def test_a_held_user_who_is_removed_is_forgotten(machine: FakeMachine) -> None:
    hub, lockouts = Hub(), Lockouts(machine, "LAB")
    lockouts.lock_out(hub.call, "guest1", 1000, 60)
    hub.there = False
    assert lockouts.lift(hub.call, 1060) == ["guest1"]


def test_a_client_that_goes_on_dialling_prolongs_its_hold_but_not_for_ever(machine: FakeMachine) -> None:
    hub, lockouts = Hub(), Lockouts(machine, "LAB")
    at = stamp("2026-11-25 06:51:44")
    assert at
    refused = Failure(at, "198.51.100.10", "Guest1", DENIED)
    lockouts.lock_out(hub.call, "guest1", at - 50, 60)
    lockouts.renew([refused._replace(user="owner"), refused._replace(kind=GUESS)], 60)
    assert lockouts.due(at + 11) == ["guest1"]
    lockouts.renew([refused], 60)
    assert lockouts.due(at + 59) == []
    assert lockouts.due(at + 60) == ["guest1"]
    lockouts.entries["guest1"]["since"] = at - 100_000
    lockouts.entries["guest1"]["until"] = at - 1
    lockouts.renew([refused], 60)
    assert lockouts.due(at) == ["guest1"]


def test_a_cut_holds_the_user_before_it_ends_the_session(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"Name_str": "SID-GUEST1-[L2TP]-1", "Username_str": "Guest1", "ClientIP_ip": "198.51.100.10"}
    listed |= {"CreatedTime_dt": "2026-11-25T06:47:10.365Z"}
    flags = {"SecureNATMode_bool": False, "BridgeMode_bool": False, "LinkMode_bool": False}
    user = {"UsePolicy_bool": True, "policy:Access_bool": True, "policy:AutoDisconnect_u32": 1800}
    answers: dict[str, Answer] = {"EnumSession": {"SessionList": [{**listed, **flags}]}, "GetUser": user}
    calls: list[str] = []

    def call(method: str, **_: Any) -> Answer:
        calls.append(method)
        return answers.get(method, {})

    reaper = SessionReaper(machine, "LAB", "hub-canary", RULES)
    monkeypatch.setattr(reaper, "call", call)
    (said,) = reaper.end_sessions(2_000_000_000)
    assert calls[-2:] == ["SetUser", "DeleteSession"]
    assert said.startswith("cut SID-GUEST1-[L2TP]-1 of guest1 from 198.51.100.10 in LAB: ")
    assert "canary" not in said


def test_the_service_is_shown_as_it_is_ordered_and_goes_without_a_trace(machine: FakeMachine) -> None:
    softether = FakeSoftEther(machine)
    handler, line = ReaperService(softether), parse_line(LINE)
    assert handler.read(line) is None
    handler.apply([Change(line, None)])
    assert handler.read(line) == line.values
    assert machine.path(REAPER_ORDERS).stat().st_mode & 0o777 == 0o600
    assert "canary" not in machine.path(REAPER_FILE).read_text()
    assert [reaper.hub for reaper in reapers(machine)] == ["LAB"]
    handler.remove([line])
    assert not machine.path(REAPER_ORDERS).exists()
    assert not machine.path(REAPER_FILE).exists()


def test_a_changed_unit_password_or_rule_is_seen(machine: FakeMachine) -> None:
    softether = FakeSoftEther(machine)
    handler, line = ReaperService(softether), parse_line(LINE)
    handler.apply([Change(line, None)])
    softether.secrets.hubs["LAB"] = "another"
    text = machine.path(REAPER_ORDERS).read_text()
    machine.write(REAPER_ORDERS, text.replace('"hold": "60"', '"hold": "1"'))
    machine.write(REAPER_FILE, "by hand")
    actual = handler.read(line) or {}
    assert (actual["password"], actual["hold"], actual["active"]) == ("differs", "1", "changed")


def test_a_unit_that_an_earlier_agent_described_in_other_words_is_not_changed_by_hand(machine: FakeMachine) -> None:
    handler, line = ReaperService(FakeSoftEther(machine)), parse_line(LINE)
    handler.apply([Change(line, None)])
    text = machine.read(REAPER_FILE) or ""
    machine.write(REAPER_FILE, re.sub("Description=.*", "Description=Reaps", text))
    assert (handler.read(line) or {})["active"] != "changed"
    machine.write(REAPER_FILE, text.replace("Restart=always", "Restart=no"))
    assert (handler.read(line) or {})["active"] == "changed"


def test_the_reaper_goes_on_while_its_file_or_its_orders_are_missing_and_gives_way_to_new_ones() -> None:
    began = {"agent": (1, 1.0), "orders": (2, 1.0)}
    assert not replaced(began, began)
    assert not replaced(began, {"orders": (2, 1.0)})
    assert replaced(began, {"agent": (3, 2.0), "orders": (2, 1.0)})
