"""The agent's memory on the host, damaged: named before anything is touched, learned again where it can be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.paths import BROUGHT, KEPT_PASSWORD
from labvpn.agent.core.state import State
from labvpn.agent.session import Session
from labvpn.parse.host import read_answer
from labvpn.probe.check import host_findings
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther
from tests.unit.agent.test_concern import concern

DAMAGES = ("", "\0\0", '{"thing a', "no JSON", "[1]", '{"version": 7}', '{"thing a": 5}')


@pytest.fixture
def session(tmp_path: Path) -> Session:
    session = Session(FakeMachine(tmp_path), {"documents": {"hub": ""}})
    session.softether = FakeSoftEther(session.machine)
    return session


@pytest.mark.parametrize("damage", DAMAGES)
def test_without_the_memory_of_what_was_before_nothing_is_changed(tmp_path: Path, damage: str) -> None:
    things = {"a": {"x": "0"}}
    file = State(FakeMachine(tmp_path), "things").before_file.name
    FakeMachine(tmp_path).write(file, damage)
    with pytest.raises(AgentError, match=f"^{file} on the VPN host .*move it away"):
        concern(tmp_path, things)[0].converge("thing a x=1\n")
    with pytest.raises(AgentError, match=f"^{file} on the VPN host .*move it away"):
        concern(tmp_path, things)[0].remove()
    with pytest.raises(AgentError, match=file):
        State(FakeMachine(tmp_path), "things").forget(["thing a"])
    assert things == {"a": {"x": "0"}}
    assert FakeMachine(tmp_path).read(file) == damage


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_memory_of_what_was_applied_is_told_and_written_anew(session: Session, damage: str) -> None:
    file = State(session.machine, "hub").applied_file.name
    session.machine.write(file, damage)
    answer = session.inspect("hub", "")
    assert answer["applied"] is None
    assert [file in sentence for sentence in answer["warnings"]] == [True]
    assert answer["memory"] == answer["warnings"]
    assert answer["refusals"] == []
    State(session.machine, "hub").record("hub LAB online=yes\n")
    assert State(session.machine, "hub").applied == "hub LAB online=yes\n"


def test_the_preview_refuses_a_host_whose_memory_is_damaged(session: Session) -> None:
    session.machine.write("/var/lib/labvpn/hub.before.json", "{")
    (refusal,) = session.inspect("hub", "")["refusals"]
    assert refusal[0] == "has a damaged state file: /var/lib/labvpn/hub.before.json is cut off or overwritten"
    assert "move it away" in refusal[1]


def test_a_check_of_the_lab_names_damaged_memory_even_where_nothing_else_is_left(session: Session) -> None:
    session.machine.write("/var/lib/labvpn/hub.applied", "")
    session.machine.write("/var/lib/labvpn/hub.before.json", "")
    found = [str(one) for one in host_findings(read_answer(session.check()))]
    assert ["hub.applied" in found[0], "hub.before.json" in found[1], len(found)] == [True, True, 2]


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"another", None])
def test_a_damaged_password_is_learned_again(session: Session, damage: bytes | None) -> None:
    softether = session.softether
    softether.keep_password()
    State(session.machine, "server").record("administrator password=current\n")
    assert not softether.forgot
    path = session.machine.path(KEPT_PASSWORD)
    if damage is None:
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(damage)
    assert softether.forgot
    assert softether.passwords()[0] == softether.secrets.administrator
    softether.keep_password()
    assert not softether.forgot
    assert softether.kept() == softether.secrets.administrator


def test_packages_of_a_damaged_list_are_not_purged_and_the_list_is_named(session: Session) -> None:
    session.machine.write(BROUGHT, json.dumps({"version": 3}))
    assert [BROUGHT in what for what, _ in session.inspect("host", "")["refusals"]] == [True]
