"""Server, hub and users: what is shown from a configuration, and which calls a change costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labvpn.agent.core.concern import Concern, observed_text
from labvpn.agent.core.document import Change, parse, parse_line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.paths import KEPT_PASSWORD
from labvpn.agent.core.state import State
from labvpn.agent.softether.config_file import load
from labvpn.agent.softether.hub import HubConcern
from labvpn.agent.softether.initial_config import initial_config
from labvpn.agent.softether.policies import policy_parameters
from labvpn.agent.softether.rpc import USER_EXISTS, Answer, RpcError
from labvpn.agent.softether.server import ServerConcern
from labvpn.agent.softether.users import Users
from tests.unit.agent.fakes import CASES, DOCUMENTS, SECRETS, FakeMachine, FakeSoftEther

OWNER = 'user LAB/owner password=current realname="The owner" note="" AutoDisconnect=1800 MultiLogins=0'


@pytest.fixture
def softether(tmp_path: Path) -> FakeSoftEther:
    return FakeSoftEther(FakeMachine(tmp_path))


def server(softether: FakeSoftEther) -> Concern:
    return ServerConcern(State(softether.machine, "server"), softether)


def hub(softether: FakeSoftEther) -> Concern:
    return HubConcern(State(softether.machine, "hub"), softether)


def test_the_servers_settings_are_shown_as_the_document_has_them(softether: FakeSoftEther) -> None:
    assert observed_text(server(softether), DOCUMENTS["server"]) == (CASES / "agent/server.txt").read_text()


def test_the_hub_is_shown_as_the_document_has_it(softether: FakeSoftEther) -> None:
    desired = (
        "hub LAB online=yes\nsecurenat LAB enabled=yes mode=user gateway=none dns=192.168.30.1 domain=lab.example "
    )
    desired += "routes=10.98.0.0/255.255.255.0/192.168.30.1,10.50.0.0/255.255.0.0/192.168.30.1\n" + OWNER + "\n"
    assert observed_text(hub(softether), desired) == desired


def test_a_host_without_softether_shows_nothing(tmp_path: Path) -> None:
    bare = FakeSoftEther(FakeMachine(tmp_path))
    bare.machine.delete(bare.place.program)
    assert observed_text(server(bare), DOCUMENTS["server"]) == ""
    assert observed_text(hub(bare), DOCUMENTS["hub"]) == ""
    with pytest.raises(AgentError, match="not installed"):
        server(bare).converge(DOCUMENTS["server"])


def test_a_password_changed_by_hand_differs(softether: FakeSoftEther) -> None:
    softether.secrets.users["LAB/owner"] = "another"
    softether.secrets.administrator = "another"
    assert "password=differs" in observed_text(hub(softether), OWNER + "\n")
    assert observed_text(server(softether), DOCUMENTS["server"]).startswith("administrator password=differs\n")


def test_where_nothing_differs_nothing_is_called(softether: FakeSoftEther) -> None:
    assert hub(softether).converge(OWNER + "\n") == []
    assert softether.calls == []


def test_names_fold_case_as_softether_folds_them(softether: FakeSoftEther) -> None:
    line = parse_line("user lab/OWNER AutoDisconnect=1800")
    assert Users(softether).read(line) == {"AutoDisconnect": "1800"}


def test_a_changed_user_costs_two_calls_and_keeps_what_is_not_ours(softether: FakeSoftEther) -> None:
    softether.answers["GetUser"] = {
        "UsePolicy_bool": True,
        "GroupName_str": "students",
        "HashedKey_bin": "HASH",
        "policy:AutoDisconnect_u32": 60,
        "NumLogin_u32": 7,
    }
    want = parse_line(OWNER)
    have = parse_line(OWNER.replace("1800", "60"))
    Users(softether).apply([Change(want, have)])
    assert softether.methods() == ["GetUser", "SetUser"]
    sent = softether.calls[1][1]
    assert (sent["GroupName_str"], sent["HashedKey_bin"], sent["policy:AutoDisconnect_u32"]) == (
        "students",
        "HASH",
        1800,
    )
    assert "Auth_Password_str" not in sent
    assert "NumLogin_u32" not in sent


def test_a_new_password_replaces_the_stored_hash(softether: FakeSoftEther) -> None:
    softether.answers["GetUser"] = {"HashedKey_bin": "HASH", "NtLmSecureHash_bin": "HASH"}
    Users(softether).apply([Change(parse_line(OWNER), parse_line(OWNER.replace("current", "differs")))])
    sent = softether.calls[1][1]
    assert sent["Auth_Password_str"] == SECRETS["users"]["LAB/owner"]  # type: ignore[index]
    assert "HashedKey_bin" not in sent
    assert "NtLmSecureHash_bin" not in sent


def test_a_new_user_may_connect_unless_told_otherwise(softether: FakeSoftEther) -> None:
    Users(softether).apply([Change(parse_line(OWNER), None)])
    method, sent = softether.calls[0]
    assert method == "CreateUser"
    policy = {key: value for key, value in sent.items() if key.startswith("policy:") and value}
    assert policy == {
        "policy:Access_bool": True,
        "policy:MaxConnection_u32": 32,
        "policy:TimeOut_u32": 20,
        "policy:AutoDisconnect_u32": 1800,
    }


def test_a_user_that_a_run_cut_off_has_made_is_set(softether: FakeSoftEther, monkeypatch: pytest.MonkeyPatch) -> None:
    def call(method: str, **parameters: object) -> Answer:
        softether.calls.append((method, parameters))
        if method == "CreateUser":
            raise RpcError(method, USER_EXISTS, "exists")
        return {}

    monkeypatch.setattr(softether, "call", call)
    Users(softether).apply([Change(parse_line(OWNER), None)])
    assert softether.methods() == ["CreateUser", "SetUser"]


def test_a_user_without_a_password_is_refused_by_name(softether: FakeSoftEther) -> None:
    with pytest.raises(AgentError, match="has no password for the user LAB/stranger"):
        Users(softether).apply([Change(parse_line("user LAB/stranger password=current"), None)])


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(AgentError, match="AutoDisconect"):
        policy_parameters({"AutoDisconect": "1800"})


BEGAN = "2026-11-25T06:47:10.365Z"


def test_a_removed_users_sessions_are_cut(softether: FakeSoftEther) -> None:
    names = {"SID-1": "Guest1", "SID-2": "owner"}
    softether.answers["EnumSession"] = {
        "SessionList": [
            {"Name_str": name, "Username_str": user, "ClientIP_ip": "198.51.100.10", "CreatedTime_dt": BEGAN}
            for name, user in names.items()
        ]
    }
    Users(softether).remove([parse_line("user LAB/guest1")])
    assert [call for call in softether.calls if call[0] == "DeleteSession"] == [
        ("DeleteSession", {"HubName_str": "LAB", "Name_str": "SID-1"})
    ]


def test_users_made_by_hand_are_mentioned_and_not_shown(softether: FakeSoftEther) -> None:
    text = "hub LAB online=yes\n" + OWNER + "\n"
    assert hub(softether).notes(parse(text)) == ["users made by hand in LAB: Traffic"]
    assert observed_text(hub(softether), text) == text


def test_the_last_listener_is_not_deleted(softether: FakeSoftEther) -> None:
    softether.answers["EnumListener"] = {
        "ListenerList": [{"Ports_u32": 443, "Enables_bool": True, "Errors_bool": False}]
    }
    with pytest.raises(AgentError, match="no listener left"):
        server(softether).handlers["listener"].remove([parse_line("listener 443 enabled=yes")])


def test_the_seed_is_what_the_server_document_says() -> None:
    text = initial_config(parse(DOCUMENTS["server"]), str(SECRETS["administrator"]))
    assert text == (CASES / "agent/seed.config").read_text()
    assert str(SECRETS["administrator"]) not in text
    assert load(text.splitlines())["ServerConfiguration"]["UsernameHubSeparator"] == "@"


def test_the_kept_password_is_readable_by_root_alone(softether: FakeSoftEther) -> None:
    softether.keep_password()
    path = softether.machine.path(KEPT_PASSWORD)
    assert path.stat().st_mode & 0o777 == 0o600
    assert softether.passwords() == [SECRETS["administrator"]]


def test_no_password_is_in_what_the_agent_prints_or_remembers_in_the_clear(softether: FakeSoftEther) -> None:
    softether.answers["EnumListener"] = {"ListenerList": []}
    concern = hub(softether)
    concern.check = lambda desired: None  # type: ignore[method-assign]
    said = concern.converge(DOCUMENTS["hub"])
    kept = [path for path in softether.machine.path("/var/lib/labvpn").iterdir() if path.name != "reaper.json"]
    remembered = "".join(path.read_text() for path in kept)
    for text in (json.dumps(said), remembered):
        assert "canary" not in text
    assert "CreateUser" in softether.methods()
    assert softether.methods()[-1] == "Flush"
