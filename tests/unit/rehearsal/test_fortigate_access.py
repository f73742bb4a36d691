"""Who may ask the FortiGate stand-in, and how it fails when a test says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.fortigate.gate import Admission, Faults
from rehearsal.fortigate.initial import VERSION, VERSIONS
from rehearsal.fortigate.rest import IN_ADDRESS
from tests.unit.rehearsal.fortigate_gate import TOKEN, ask, done, started
from tests.unit.rehearsal.test_fortigate_rules import policy


@pytest.fixture
def gate(tmp_path: Path) -> Admission:
    return started(tmp_path)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
def test_without_a_good_token_there_is_only_a_bare_401(gate: Admission, headers: dict[str, str]) -> None:
    for path in ("cmdb/system/global", "monitor/system/status", "cmdb/firewall/policy?access_token=wrong"):
        status, text = ask(gate, "GET", path, headers=headers)
        assert (status, "401" in text, TOKEN in text) == (401, True, False)


def test_a_token_in_the_url_is_good_before_7_4_5_and_then_only_if_switched_on(gate: Admission) -> None:
    path = f"cmdb/system/global?access_token={TOKEN}"
    gate.upgrade("v7.4.4")
    assert ask(gate, "GET", path, headers={})[0] == 200
    assert "rest-api-key-url-query" not in done(gate, "GET", "cmdb/system/global")["results"]
    gate.upgrade("v7.4.8")
    assert ask(gate, "GET", path, headers={})[0] == 401
    assert done(gate, "GET", "cmdb/system/global")["version"] == "v7.4.8"
    done(gate, "PUT", "cmdb/system/global", {"rest-api-key-url-query": "enable"})
    assert ask(gate, "GET", path, headers={})[0] == 200


@pytest.mark.parametrize(("rights", "reads", "writes"), [("write", 200, 200), ("read", 200, 403), ("none", 403, 403)])
def test_a_tokens_rights_are_kept(gate: Admission, rights: str, reads: int, writes: int) -> None:
    gate.faults = Faults.model_validate({"rights": rights})
    assert ask(gate, "GET", "cmdb/firewall/policy")[0] == reads
    assert ask(gate, "POST", "cmdb/firewall/address", {"name": "a"})[0] == writes


def test_faults_are_met_one_by_one_and_then_the_last_for_ever(gate: Admission) -> None:
    gate.faults = Faults(next=("403", "pass", "424"), then="500")
    assert [ask(gate, "GET", "cmdb/firewall/policy")[0] for _ in range(5)] == [403, 200, 424, 500, 500]


def test_that_a_token_was_in_an_address_is_noted_with_the_request_and_the_token_never_is(
    gate: Admission, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(gate, "GET", f"cmdb/firewall/policy?access_token={TOKEN}")
    ask(gate, "GET", "cmdb/firewall/policy")
    line = "GET /api/v2/cmdb/firewall/policy 200"
    assert list(gate.requests) == [f"{line} {IN_ADDRESS}", line]
    assert TOKEN not in "".join(capsys.readouterr())


def test_reset_forgets_objects_faults_and_firmware(gate: Admission) -> None:
    names = [each.name for each in gate.box.policies]
    done(gate, "POST", "cmdb/firewall/policy", policy())
    gate.upgrade("v7.2.11")
    gate.faults = Faults(then="403")
    gate.reset()
    assert ([each.name for each in gate.box.policies], gate.box.version) == (names, VERSION)
    assert ask(gate, "GET", "cmdb/firewall/policy")[0] == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_of_a_policy_is_shown_and_null_unsets_one(gate: Admission, version: str) -> None:
    gate.upgrade(version)
    fields = {"av-profile": "default", "per-ip-shaper": "slow", "session-ttl": "600", "vlan-cos-fwd": 3}
    done(gate, "POST", "cmdb/firewall/policy", policy(name="new", **fields))
    found = done(gate, "GET", "cmdb/firewall/policy/5")["results"][0]
    assert len(found) > 130
    assert found.items() >= fields.items()
    done(gate, "PUT", "cmdb/firewall/policy/5", dict.fromkeys(fields))
    left = done(gate, "GET", "cmdb/firewall/policy/5")["results"][0]
    assert {key: left[key] for key in fields} == {
        "av-profile": "",
        "per-ip-shaper": "",
        "session-ttl": "0",
        "vlan-cos-fwd": 255,
    }


def test_a_firmware_shows_no_field_that_it_does_not_have(gate: Admission) -> None:
    fields = [set(_fields(gate, version)) for version in ("v7.2.11", "v7.6.7")]
    assert [("port-random" in each, "cifs-profile" in each) for each in fields] == [(False, True), (True, False)]


def _fields(gate: Admission, version: str) -> dict[str, object]:
    gate.upgrade(version)
    found: dict[str, object] = done(gate, "GET", "cmdb/firewall/policy/1")["results"][0]
    return found


def test_a_right_to_one_table_can_be_taken_away(gate: Admission) -> None:
    gate.faults = Faults(without=("firewall/address",))
    assert ask(gate, "GET", "cmdb/firewall/address")[0] == 403
    assert ask(gate, "GET", "cmdb/firewall/addrgrp")[0] == 200
    assert ask(gate, "GET", "cmdb/firewall/policy")[0] == 200
