"""A hub's settings, groups, logins and access list: what is shown, and which calls a change costs."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import Change, parse, parse_line
from labvpn.agent.core.paths import LOCKOUTS
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.core.state import State
from labvpn.agent.softether.access_list import AccessList, rule_values
from labvpn.agent.softether.authentication import login_parameters, login_value
from labvpn.agent.softether.hub import HubConcern
from labvpn.agent.softether.users import Users
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther

DER = b"a certificate"
DIGEST = hashlib.sha256(DER).hexdigest()
ENCODED = base64.b64encode(DER).decode()


@pytest.fixture
def softether(tmp_path: Path) -> FakeSoftEther:
    return FakeSoftEther(FakeMachine(tmp_path))


def sent(softether: FakeSoftEther, method: str) -> dict[str, Any]:
    return next(parameters for name, parameters in softether.calls if name == method)


def test_the_rules_of_others_stay_in_a_list_that_is_written_whole(softether: FakeSoftEther) -> None:
    theirs = {"Note_utf": "by hand", "Priority_u32": 1, "Protocol_u32": 0}
    softether.answers["EnumAccess"] = {"AccessList": [theirs, {"Note_utf": "labvpn:rest", "Protocol_u32": 0}]}
    AccessList(softether).apply([Change(parse_line("access LAB/labvpn:rest priority=9 action=discard"), None)])
    written = sent(softether, "SetAccessList")["AccessList"]
    assert [rule["Note_utf"] for rule in written] == ["by hand", "labvpn:rest"]
    assert all("Protocol_u32" in rule for rule in written), "without it the server empties the whole list"


def test_a_rule_says_what_it_says_and_shows_what_was_bent(softether: FakeSoftEther) -> None:
    rule = {
        "Priority": "400000",
        "Protocol": "6",
        "DestIpAddress": "203.0.113.21",
        "DestSubnetMask": "255.255.255.255",
        "DestPortStart": "8000",
        "DestPortEnd": "8000",
        "Active": "true",
    }
    plain = {"priority": "400000", "action": "pass", "protocol": "tcp", "to": "203.0.113.21/32", "port": "8000"}
    assert rule_values(rule) == plain
    assert rule_values({**rule, "Active": "false"}) == {**plain, "active": "no"}


@pytest.mark.parametrize(
    ("line", "parameters", "block"),
    [
        (f"certificate={DIGEST}", {"AuthType_u32": 2, "UserX_bin": ENCODED}, {"AuthUserCert": ENCODED}),
        (
            "signed=any serial=0102",
            {"AuthType_u32": 3, "CommonName_utf": "", "Serial_bin": "AQI="},
            {"AuthCommonName": "", "AuthSerial": "AQI="},
        ),
        ("radius=x", {"AuthType_u32": 4, "RadiusUsername_utf": "x"}, {"AuthRadiusUsername": "x"}),
    ],
)
def test_every_way_to_log_in_is_sent_and_read_back(
    line: str, parameters: dict[str, Any], block: dict[str, str]
) -> None:
    secrets = Secrets({"certificates": {DIGEST: ENCODED}})
    want = parse_line(f"user LAB/dave {line}")
    assert login_parameters(want, secrets) == parameters
    stored = {**block, "AuthType": str(parameters["AuthType_u32"])}
    assert {key: login_value(key, want, stored, {}) for key in want.values} == want.values
    other = {**stored, "AuthType": "1"}
    assert "differs" in {login_value(key, want, other, {}) for key in want.values}


def test_a_policy_that_somebody_set_by_hand_is_shown_and_set_back(softether: FakeSoftEther) -> None:
    users = Users(softether)
    want = parse_line("user LAB/owner MultiLogins=0")
    actual = users.read(want)
    assert actual == {"MultiLogins": "0", "AutoDisconnect": "1800"}
    have = parse_line("user LAB/owner MultiLogins=0 AutoDisconnect=1800")
    softether.answers["GetUser"] = {"UsePolicy_bool": True, "policy:AutoDisconnect_u32": 1800}
    users.apply([Change(want, have)])
    assert sent(softether, "SetUser")["policy:AutoDisconnect_u32"] == 0


def test_an_exclusive_hub_shows_every_account_that_is_not_declared(softether: FakeSoftEther) -> None:
    hub = HubConcern(State(softether.machine, "hub"), softether)
    text = "hub LAB online=yes exclusive=yes\nuser LAB/owner MultiLogins=0\n"
    assert [line.key for line in hub.surplus(parse(text), {})] == ["user LAB/Traffic"]
    assert [line.key for line in hub.surplus(parse(text.replace("exclusive=yes", "exclusive=no")), {})] == []


def test_a_user_whom_the_reaper_holds_off_is_no_drift(softether: FakeSoftEther) -> None:
    users = Users(softether)
    block = users.listed.find("LAB/owner")
    assert block is not None
    block["Policy"] = {**block["Policy"], "Access": "false"}
    want = parse_line("user LAB/owner MultiLogins=0 AutoDisconnect=1800")
    assert (users.read(want) or {}).get("Access") == "no"
    softether.machine.write(LOCKOUTS, '{"LAB": {"owner": {"lifted": false}}}')
    assert "Access" not in (Users(softether).read(want) or {})


KEPT = "user LAB/eve password=kept"


def test_a_kept_password_is_neither_compared_nor_sent(softether: FakeSoftEther) -> None:
    want = parse_line(KEPT)
    assert login_value("password", want, {"AuthType": "1", "AuthPassword": "theirs"}, {}) == "kept"
    assert login_value("password", want, {"AuthType": "4"}, {}) == "differs"
    softether.answers["GetUser"] = {"AuthType_u32": 1, "HashedKey_bin": "theirs", "UsePolicy_bool": True}
    have = parse_line(KEPT + " note=old")
    Users(softether).alter(parse_line(KEPT + " note=new"), have)
    written = sent(softether, "SetUser")
    assert (written["HashedKey_bin"], written["Note_utf"]) == ("theirs", "new")
    assert "Auth_Password_str" not in written


def test_a_user_whose_kept_password_is_gone_is_named_before_anything_is_changed(softether: FakeSoftEther) -> None:
    state = State(softether.machine, "hub")
    (refusal,) = HubConcern(state, softether).refusals(parse(KEPT + "\n"))
    assert refusal[0] == "has no password for LAB's user eve to keep"
    assert "passwords.eve" in refusal[1]
