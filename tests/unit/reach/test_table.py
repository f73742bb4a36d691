"""Who reaches what as a table, a page and for programs, and one packet explained by the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from labvpn.reach import cli, explain, live, page, table
from labvpn.reach.model import ReachModel
from labvpn.reach.table import Change, Reached
from tests.unit.reach import labs

DIALLED = "443/tcp, 992/tcp, 1194/tcp, 5555/tcp, 500/udp, 1194/udp, 4500/udp"


def rows(model: ReachModel) -> dict[tuple[str, str], str]:
    return {(one.sender, one.target): one.open for one in table.rows(model)}


def test_the_table_says_which_ports_everyone_the_campus_and_users_reach() -> None:
    found = rows(labs.after(labs.declared(closed=True)))
    assert found["everyone", "vpn-host (203.0.113.20)"] == DIALLED
    assert found["everyone", "jupyterhub, workstation (203.0.113.21)"] == "nothing"
    assert found["campus", "vpn-host (203.0.113.20)"] == f"22/tcp, {DIALLED}"
    assert found["campus", "jupyterhub, workstation (203.0.113.21)"] == "nothing"
    assert found["any other account of LAB", "jupyterhub, workstation (203.0.113.21)"] == "8000/tcp"
    assert found["owner (LAB)", "internet"] == "every port"


def test_users_whom_no_rule_names_are_one_row() -> None:
    users = [{"name": f"guest{place}"} for place in range(50)]
    senders = {sender for sender, _ in rows(labs.after(labs.declared(users=users)))}
    assert senders == {"everyone", "campus", "any other account of LAB"}


def test_a_policy_of_others_shows_as_a_difference_from_the_last_up() -> None:
    before, now = table.rows(labs.after(labs.declared(closed=True))), table.rows(labs.after(labs.declared()))
    held = table.of_outputs(json.loads(json.dumps(table.as_outputs(before))))
    assert table.changes(held, before) == []
    service = "jupyterhub (203.0.113.21)"
    lines = [str(one) for one in table.changes(held, now)]
    assert f"campus: {service}: not there -> every port" in lines
    assert "campus: jupyterhub, workstation (203.0.113.21): nothing -> not there" in lines


def test_what_cannot_be_told_has_a_column_of_its_own() -> None:
    model = labs.after(labs.declared(closed=True), state=labs.states({}))
    found = {one.sender: one for one in table.rows(model) if one.target.startswith("vpn-host (203")}
    assert found["everyone"][2:] == (DIALLED, "nothing"), "what the lab itself opens is known before firewalld is there"
    assert found["campus"].open == DIALLED
    assert "22/tcp" in found["campus"].unclear or "1-442/tcp" in found["campus"].unclear
    assert f"not there -> {DIALLED}, perhaps " in str(table.changes([], [found["campus"]])[0])


def test_the_page_shows_every_pair_and_runs_nothing_that_a_name_says() -> None:
    made = page.page(
        [Reached("<script>alert(1)</script>", "host", "22/tcp"), Reached("campus", "host", "nothing")], None
    )
    assert "<script>" not in made
    assert "&lt;script&gt;" in made
    assert made.count("<path") == 1
    assert "No up has recorded a table yet" in made
    assert "campus" in page.page([], [Change("campus", "host", "nothing", "22/tcp")])


def explained(sender: str, target: str, model: ReachModel | None = None) -> list[str]:
    return [str(one) for one in explain.explanations(model or labs.after(labs.declared(closed=True)), sender, target)]


def test_a_packet_is_explained_hop_by_hop_with_the_deciding_rule() -> None:
    assert explained("guest1", "jupyterhub") == [
        "guest1 -> 203.0.113.21:8000/tcp\n"
        "  hub LAB: passes (access rule 'labvpn:service:jupyterhub', priority 400000)\n"
        "  SecureNAT of LAB: passes (mode user, from the host's own address)\n"
        "  = reaches it"
    ]
    assert explained("campus", "workstation:22") == [
        "203.0.113.130 at campus -> 203.0.113.21:22/tcp\n"
        "  FortiGate: is stopped (policy 'vpn-only')\n"
        "  = does not reach it"
    ]
    assert explained("203.0.113.22", "203.0.113.21:22")[0].endswith("both are in one network\n  = reaches it")


@pytest.mark.parametrize(
    ("sender", "target", "words"),
    [
        ("gest1", "jupyterhub", "did you mean 'guest1'"),
        ("guest1", "workstation", "name the port too, as workstation:8000/tcp"),
        ("guest1", "workstation:1-9", "more than one port"),
        ("guest1", "workstation:http", "is not a port"),
        ("interface:wan9", "workstation:22", "the FortiGate has the interfaces wan1"),
    ],
)
def test_what_cannot_be_explained_is_refused_with_the_way_out(sender: str, target: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        explained(sender, target)


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> ReachModel:
    one = labs.declared(closed=True)
    later, now = labs.after(one), labs.before(one)
    monkeypatch.setattr(live, "settings", lambda _folder: None)
    monkeypatch.setattr(live, "models", lambda _given: (now, later))
    monkeypatch.setattr(live, "last", lambda _folder: table.rows(later))
    return later


def run(*words: str) -> Any:
    app = typer.Typer()
    app.command()(cli.reach)
    return CliRunner().invoke(app, list(words))


@pytest.mark.usefixtures("lab")
def test_the_exit_status_says_whether_it_is_reached() -> None:
    assert run("guest1", "jupyterhub").exit_code == 0
    assert run("guest1", "workstation:22").exit_code == 1
    assert run("owner", "203.0.113.20:22").exit_code == 3
    assert run("campus", "workstation:22").exit_code == 0
    assert run("campus", "workstation:22", "--planned").exit_code == 1


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("words", [(), ("guest1",), ("guest1", "page", "--table"), ("nobody", "page")])
def test_wrong_usage_is_said(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


@pytest.mark.usefixtures("lab")
def test_the_table_comes_as_text_for_programs_and_as_a_page(tmp_path: Path) -> None:
    text = run("--table").output
    assert "since the last `up`:" in text
    made = json.loads(run("--table", "--json").output)
    assert {"from": "campus", "to": "vpn-host (203.0.113.20)", "open": "22/tcp", "unclear": "nothing"} in made["reach"]
    assert made["changes"]
    assert run("--table", "--html", str(tmp_path / "reach.html")).exit_code == 0
    assert "<svg" in (tmp_path / "reach.html").read_text()
    assert run("--table", "--html", str(tmp_path / "none" / "reach.html")).exit_code == 2


@pytest.mark.usefixtures("lab")
def test_a_packet_comes_for_programs_too() -> None:
    (one,) = json.loads(run("campus", "workstation:22", "--planned", "--json").output)
    assert one["reaches"] is False
    assert one["hops"] == [{"hop": "FortiGate", "passes": False, "rule": "policy 'vpn-only'", "ours": True}]


def test_a_folder_without_a_stack_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    made = run("guest1", "page", "--cwd", str(tmp_path))
    assert (made.exit_code, "pulumi is not on PATH here" in made.output) == (2, True)
