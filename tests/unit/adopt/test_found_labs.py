"""Whatever a server of others contains: it is adopted, nothing of it would change, and what is kept is reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.adopt.found_cases import LABS, listeners
from tests.unit.adopt.labs import TakenOver, config


@pytest.mark.parametrize("name", LABS)
def test_a_found_server_is_adopted_and_nothing_of_it_would_change(tmp_path: Path, name: str) -> None:
    tree, words = LABS[name]
    one = TakenOver(tmp_path, tree)
    password = {line for line in one.changes() if line.startswith("administrator ")}
    assert one.changes() - password == set()
    assert bool(password) == (name == "an open server")
    assert [text for text in words if not one.said(text)] == []
    written = json.dumps(one.found.sections) + one.csv + "".join(one.found.remarks)
    assert "canary" not in written
    assert "by-hand" not in written


def test_what_is_inherited_stays_inherited_and_a_zero_of_the_users_own_stays(tmp_path: Path) -> None:
    one = TakenOver(tmp_path, LABS["inherits"][0])
    rows = {row["name"]: row for row in one.found.users}
    assert rows["a"]["policies"] == "inherited"
    assert "AutoDisconnect" not in rows["a"]
    assert (rows["b"]["AutoDisconnect"], rows["b"]["MaxDownload"], rows["b"]["NoBridge"]) == ("0", "0", "no")
    group = one.hubs["LAB"]["groups"]["staff"]["policies"]
    assert (str(group["AutoDisconnect"]), group["MultiLogins"]) == ("900", 0)
    a, b = sorted(one.lab.users, key=lambda each: each.name)
    assert one.lab.policies_of(a)["AutoDisconnect"] == 900
    assert one.lab.policies_of(b)["AutoDisconnect"] == 0


def test_secure_nat_that_is_off_is_written_for_the_main_hub(tmp_path: Path) -> None:
    one = TakenOver(tmp_path, LABS["SecureNAT is off"][0])
    assert one.vpn["secureNat"] is False
    assert one.lab.all_hubs["LAB"].secure_nat is None


def test_a_server_without_a_listener_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="listens on no TCP port"):
        TakenOver(tmp_path, config(**listeners(L443=False)))


def test_a_note_of_every_character_is_read_back_as_it_is(tmp_path: Path) -> None:
    one = TakenOver(tmp_path, LABS["every character"][0])
    assert {each.name: (each.real_name, each.note) for each in one.lab.users}["a b"] == (
        "東京 研究室",
        "one\r\ntwo\tthree",
    )


@pytest.mark.parametrize("name", ["CORE", "Traffic", "Policy"])
def test_a_layer_3_switch_is_noted_whatever_its_name(tmp_path: Path, name: str) -> None:
    switch = {name: {"InterfaceList": {"Interface0": {"HubName": "lab"}}}}
    one = TakenOver(tmp_path, config(VirtualLayer3SwitchList=switch))
    assert one.said(f"the hub LAB has the layer-3 switch {name}")
