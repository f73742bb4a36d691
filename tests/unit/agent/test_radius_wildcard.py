"""`*`, for whom RADIUS answers: his limits, a hold of one name among all, and what counts as made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import parse, parse_line
from labvpn.agent.core.paths import LOCKOUTS
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.core.state import State
from labvpn.agent.daemons.session_reaper import SessionReaper
from labvpn.agent.softether.authentication import login_parameters, login_value
from labvpn.agent.softether.hub import HubConcern
from labvpn.agent.softether.lockouts import Lockouts
from labvpn.agent.softether.radius_wildcard import STAND_IN, WILDCARD
from labvpn.agent.softether.rpc import INVALID_PARAMETER, OBJECT_NOT_FOUND, USER_EXISTS, Answer, RpcError
from labvpn.agent.softether.session_limits import Limits, Live, SessionRules
from labvpn.agent.softether.users import Users
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther

LINE = 'user LAB/* radius="" realname="" note="" group=none expires=never AutoDisconnect=1800'
OPEN = {"UsePolicy_bool": True, "policy:Access_bool": True, "policy:AutoDisconnect_u32": 1800, "NumLogin_u32": 7}
STRANGE = "campus\\jdoe"


class Accounts:
    """A hub's users, as the calls show them; names with a backslash are none that the server takes."""

    def __init__(self, **more: dict[str, Any]) -> None:
        self.users: dict[str, Answer] = {WILDCARD: {"Name_str": WILDCARD, "AuthType_u32": 4, **OPEN}, **more}

    def call(self, method: str, **parameters: Any) -> Answer:
        name = str(parameters.get("Name_str", ""))
        if "\\" in name:
            raise RpcError(method, INVALID_PARAMETER, "no such name")
        if method == "CreateUser" and name in self.users:
            raise RpcError(method, USER_EXISTS, "is there")
        if method != "CreateUser" and name not in self.users:
            raise RpcError(method, OBJECT_NOT_FOUND, "gone")
        if method == "DeleteUser":
            return self.users.pop(name)
        if method in ("CreateUser", "SetUser"):
            self.users[name] = dict(parameters)
        return dict(self.users[name])


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


@pytest.fixture
def softether(machine: FakeMachine) -> FakeSoftEther:
    return FakeSoftEther(machine)


def session(user: str) -> Live:
    return Live(f"SID-{user}-[OPENVPN_L3]-3", user, "198.51.100.10", 1000.0, native=False)


def reaper(machine: FakeMachine, accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> SessionReaper:
    one = SessionReaper(machine, "LAB", "hub-canary", SessionRules(5, 60, 30, "newest"))
    monkeypatch.setattr(one, "call", accounts.call)
    return one


def listed(*users: str) -> Answer:
    times = {"CreatedTime_dt": "2026-11-25T06:47:10.365Z", "ClientIP_ip": "198.51.100.10"}
    router = {"Name_str": "SID-SECURENAT-1", "Username_str": "SecureNAT", "SecureNATMode_bool": True, **times}
    return {"SessionList": [{"Name_str": f"SID-{user}", "Username_str": user, **times} for user in users] + [router]}


def with_user(softether: FakeSoftEther, name: str, **block: str) -> None:
    Users(softether).listed.of("LAB")[name] = {"AuthType": "4", **block}


def test_whom_radius_let_in_has_the_limits_of_everybody_and_others_have_their_own(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {**OPEN, "policy:AutoDisconnect_u32": 60}
    one = reaper(machine, Accounts(rita=own), monkeypatch)
    assert one.limits(session("jdoe")) == Limits(1800, 0)
    assert one.limits(session(STRANGE)) == Limits(1800, 0)
    assert one.limits(session("rita")) == Limits(60, 0)
    assert one.limits(session("administrator")) == Limits(0, 0)


def test_everybody_is_asked_for_once_in_a_round(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = Accounts()
    asked: list[str] = []

    def call(method: str, **named: Any) -> Answer:
        asked.append(named["Name_str"])
        return accounts.call(method, **named)

    one = reaper(machine, accounts, monkeypatch)
    monkeypatch.setattr(one, "call", call)
    for user in ("a", "b", "c"):
        one.limits(session(user))
    assert asked == ["a", "*", "b", "c"]


def test_a_hold_of_one_name_leaves_everybody_else_in(machine: FakeMachine) -> None:
    accounts, lockouts = Accounts(), Lockouts(machine, "LAB")
    assert lockouts.lock_out(accounts.call, "jdoe", 1000, 60)
    made = accounts.users["jdoe"]
    assert (made["policy:Access_bool"], made["AuthType_u32"], made["policy:AutoDisconnect_u32"]) == (False, 4, 1800)
    assert accounts.users[WILDCARD]["policy:Access_bool"] is True
    assert "NumLogin_u32" not in made
    assert lockouts.lift(accounts.call, 1059) == []
    assert lockouts.lift(accounts.call, 1060) == ["jdoe"]
    assert list(accounts.users) == [WILDCARD]


def test_a_hold_that_is_renewed_still_ends_with_nobody_left(machine: FakeMachine) -> None:
    accounts = Accounts()
    Lockouts(machine, "LAB").lock_out(accounts.call, "jdoe", 1000, 60)
    Lockouts(machine, "LAB").lock_out(accounts.call, "jdoe", 1030, 60)
    assert Lockouts(machine, "LAB").lift(accounts.call, 1060) == []
    assert Lockouts(machine, "LAB").lift(accounts.call, 1090) == ["jdoe"]
    assert list(accounts.users) == [WILDCARD]


def test_a_server_that_came_back_with_a_user_of_a_hold_that_is_over_is_rid_of_him(machine: FakeMachine) -> None:
    accounts, lockouts = Accounts(), Lockouts(machine, "LAB")
    lockouts.lock_out(accounts.call, "jdoe", 1000, 60)
    again = dict(accounts.users["jdoe"])
    lockouts.lift(accounts.call, 1060)
    accounts.users["jdoe"] = again
    lockouts.lift(accounts.call, 1100, again=True)
    assert list(accounts.users) == [WILDCARD]


@pytest.mark.parametrize("user", [STRANGE, WILDCARD])
def test_a_name_that_no_user_can_have_is_cut_and_not_held_and_the_journal_says_so(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    accounts = Accounts()
    one = reaper(machine, accounts, monkeypatch)
    ended: list[str] = []

    def call(method: str, **named: Any) -> Answer:
        if method == "DeleteSession":
            ended.append(named["Name_str"])
            return {}
        return listed(user) if method == "EnumSession" else accounts.call(method, **named)

    monkeypatch.setattr(one, "call", call)
    (said,) = one.end_sessions(2_000_000_000)
    assert ended == [f"SID-{user}"]
    assert said.endswith("not locked out: SoftEther does not accept such a user")
    assert accounts.users[WILDCARD]["policy:Access_bool"] is True
    assert not one.lockouts.any_active()


def test_a_line_that_a_held_name_is_given_meanwhile_outlives_the_hold(machine: FakeMachine) -> None:
    accounts, lockouts = Accounts(), Lockouts(machine, "LAB")
    lockouts.lock_out(accounts.call, "jdoe", 1000, 60)
    declared = {"Name_str": "jdoe", "Note_utf": "", "UsePolicy_bool": True, "policy:Access_bool": False}
    accounts.users["jdoe"] = dict(declared)
    lockouts.lift(accounts.call, 1060)
    assert accounts.users["jdoe"] == declared


def test_whom_the_reaper_made_for_a_moment_is_no_user_of_the_hub(softether: FakeSoftEther) -> None:
    with_user(softether, "jdoe", Note=STAND_IN)
    hub = HubConcern(State(softether.machine, "hub"), softether)
    text = "hub LAB online=yes exclusive=yes\nuser LAB/owner MultiLogins=0\nuser LAB/Traffic MultiLogins=0\n"
    active = {"LAB": {"jdoe": {"lifted": False, "made": True}}}
    softether.machine.write(LOCKOUTS, json.dumps(active))
    assert Users(softether).read(parse_line("user LAB/jdoe radius=jdoe")) is None
    assert hub.surplus(parse(text), {}) == []
    assert hub.notes(parse(text.replace("exclusive=yes", "exclusive=no"))) == []


def test_a_user_of_a_hold_that_nobody_remembers_is_shown(softether: FakeSoftEther) -> None:
    with_user(softether, "jdoe", Note=STAND_IN)
    assert "jdoe" in Users(softether).names("LAB")


def test_everybody_is_asked_for_at_radius_by_the_name_that_each_dials_with() -> None:
    want, secrets = parse_line(LINE), Secrets({})
    assert login_parameters(want, secrets) == {"AuthType_u32": 4, "RadiusUsername_utf": ""}
    assert login_value("radius", want, {"AuthType": "4", "AuthRadiusUsername": ""}, {}) == ""
    assert login_value("radius", want, {"AuthType": "4", "AuthRadiusUsername": "x"}, {}) == "x"


def test_without_everybody_the_sessions_of_all_who_have_no_user_end(softether: FakeSoftEther) -> None:
    softether.answers["EnumSession"] = listed("jdoe", "Owner", "CAMPUS\\jdoe", "administrator")
    softether.answers["EnumUser"] = {"UserList": [{"Name_str": "owner"}]}
    Users(softether).remove([parse_line("user LAB/*")])
    ended = [named["Name_str"] for method, named in softether.calls if method == "DeleteSession"]
    assert ended == ["SID-jdoe", "SID-CAMPUS\\jdoe"]


def test_a_line_for_everybody_that_leaves_the_list_goes_though_it_was_there_before(softether: FakeSoftEther) -> None:
    assert Users(softether).purges(parse_line("user LAB/*"))
    assert not Users(softether).purges(parse_line("user LAB/rita radius=rita"))


TEXT = "hub LAB online=yes exclusive=no\nuser LAB/owner MultiLogins=0\nuser LAB/traffic MultiLogins=0\n"


def test_an_everybody_made_by_hand_is_a_warning_with_both_ways_out(softether: FakeSoftEther) -> None:
    with_user(softether, WILDCARD)
    hub = HubConcern(State(softether.machine, "hub"), softether)
    (warning,) = hub.warnings(parse(TEXT))
    assert warning.startswith("the user * of LAB was made by hand, so everyone whom its RADIUS server knows gets in: ")
    assert hub.notes(parse(TEXT)) == []
    assert hub.warnings(parse(TEXT + LINE + "\n")) == []


def test_an_everybody_made_by_hand_in_a_hub_that_is_ours_alone_is_drift(softether: FakeSoftEther) -> None:
    with_user(softether, WILDCARD)
    hub = HubConcern(State(softether.machine, "hub"), softether)
    alone = parse(TEXT.replace("exclusive=no", "exclusive=yes"))
    assert [line.key for line in hub.surplus(alone, {})] == ["user LAB/*"]
    assert hub.warnings(alone) == []
