"""Who reaches what of the whole lab: a preview that refuses, what others opened, and packets explained."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.places import PROJECT
from tests.rehearsal.stack import Stack

HOLE = {
    "name": "temporary",
    "srcintf": [{"name": "wan1"}],
    "dstintf": [{"name": "dmz"}],
    "srcaddr": [{"name": "all"}],
    "dstaddr": [{"name": "lab-workstation"}],
    "service": [{"name": "JupyterHub"}],
    "action": "accept",
    "schedule": "always",
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Stack]:
    stack = Stack("reach-lab")
    stack.stop()
    stack.start()
    done = stack.command("lab", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    # The first one could not know what a firewalld that it installed lets in.
    stack.up()
    yield stack
    stack.pulumi("destroy", "--yes", "--skip-preview")
    stack.stop()


@pytest.fixture
def hole(lab: Stack) -> Iterator[None]:
    """A policy that somebody put on the FortiGate above its last deny."""
    number = lab.manual.box("POST", "firewall/policy", HOLE)
    lab.manual.box("PUT", "firewall/policy/{temporary}", None, "&action=move&before={deny-outside}")
    yield number
    lab.manual.box("DELETE", "firewall/policy/{temporary}")


def preview(lab: Stack, folder: Path, *lines: Any, **changes: Any) -> tuple[bool, str]:
    done = lab.pulumi("preview", "--config-file", str(lab.variant(folder, expect=list(lines), **changes)))
    return done.returncode == 0, done.stdout + done.stderr


def reach(lab: Stack, *words: str) -> tuple[int, str]:
    done = lab.command("labvpn", "--", "reach", *words, cwd=PROJECT)
    return done.returncode, done.stdout + done.stderr


def test_a_second_up_changes_nothing(lab: Stack) -> None:
    assert lab.is_settled()


def test_an_up_that_would_break_an_expectation_is_refused_and_one_that_keeps_it_goes_on(
    lab: Stack, tmp_path: Path
) -> None:
    kept, said = preview(lab, tmp_path, "LAB reaches jupyterhub", "internet does not reach vpn-host")
    assert kept, said
    kept, said = preview(lab, tmp_path, "guest1 reaches jupyterhub:22")
    assert not kept
    assert "guest1 cannot reach 22/tcp of 203.0.113.21: access rule 'labvpn:rest', priority 900000 (hub LAB)" in said


@pytest.mark.usefixtures("hole")
def test_what_others_opened_is_named_and_the_run_goes_on(lab: Stack, tmp_path: Path) -> None:
    kept, said = preview(lab, tmp_path, "internet does not reach jupyterhub")
    assert kept, said
    assert "everyone can reach 8000/tcp of 203.0.113.21" in said
    assert "'temporary' (FortiGate) lets it pass" in said
    assert "'temporary' on the FortiGate lets everyone reach 8000/tcp of jupyterhub (203.0.113.21)" in said


@pytest.mark.usefixtures("hole")
def test_one_packet_is_explained_and_the_hole_is_a_difference_from_the_last_up(lab: Stack) -> None:
    status, said = reach(lab, "internet", "jupyterhub")
    assert status == 0, said
    assert "FortiGate: passes (policy " in said and "'temporary')" in said
    status, said = reach(lab, "guest1", "jupyterhub:22")
    assert status == 1, said
    assert "hub LAB: is stopped (access rule 'labvpn:rest', priority 900000)" in said
    status, said = reach(lab, "--table", "--json")
    assert status == 0, said
    changes = [one for one in json.loads(said)["changes"] if "8000/tcp" in one["now"]]
    assert [(one["sender"], one["before"], one["now"]) for one in changes] == [("everyone", "nothing", "8000/tcp")]


def test_nothing_differs_from_the_last_up_where_nobody_changed_anything(lab: Stack) -> None:
    status, said = reach(lab, "--table")
    assert status == 0, said
    assert "as the last `up` left it" in said


def test_the_last_ups_table_is_an_output(lab: Stack) -> None:
    table = json.loads(lab.pulumi("stack", "output", "reach", "--json").stdout)
    rows = {(one["from"], one["to"]): one["open"] for one in table}
    assert rows["any other account of LAB", "vpn-host (192.168.31.1)"] == "8000/tcp"
    assert "443/tcp" in rows["everyone", "vpn-host (203.0.113.20)"]


def checked(lab: Stack, *words: str, machine: str = "") -> tuple[int, dict[str, Any]]:
    """A check from a machine of the lab, or from the one that the lab runs on, which only asks others."""
    outputs, key = str(lab.state / "outputs.json"), str(lab.state / "ssh" / "admin")
    line = [sys.executable, "-m", "labvpn", "check", "--outputs", outputs, "--key", key, "--json", *words]
    if machine:
        done = lab.run(machine, *line)
    else:
        done = subprocess.run(line, env=lab.environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def states(said: dict[str, Any]) -> dict[str, str]:
    return {one["says"]: one["state"] for one in said["expectations"]}


def points(said: dict[str, Any]) -> set[tuple[str, bool]]:
    return {(one["from"], one["arrived"]) for each in said["expectations"] for one in each["packets"]}


def elsewhere(lab: Stack) -> list[str]:
    """Vantage points on the internet and on the campus: a labvpn, and a Python alone."""
    python = [sys.executable, "-m", "labvpn"], ["python3"]
    machines = zip(("outside", "campus"), ("internet", "campus"), python, strict=True)
    lines = (f"{name}={' '.join([*lab.line('exec', machine, '--'), *program])}" for name, machine, program in machines)
    return ["--here", "none", *(word for line in lines for word in ("--vantage", line))]


def test_the_expectations_of_users_and_of_the_campus_are_proven_from_there(lab: Stack) -> None:
    status, said = checked(lab, "--here", "campus", "--dial", "guest1", machine="admin")
    assert (status, said["findings"]) == (0, [])
    unproven = {sentence for sentence, state in states(said).items() if state != "kept"}
    assert unproven == {"internet should not reach workstation", "internet should not reach vpn-host"}
    assert points(said) == {("here", False), ("the dial of guest1", True), ("the dial of guest1", False)}
    notes = [one["says"] for one in said["notes"] if one["hop"] == "expectation"]
    assert [note.split(": not proven: no vantage point is there")[0] for note in notes] == sorted(unproven)[::-1]


def test_those_of_the_internet_are_proven_from_another_machine(lab: Stack) -> None:
    _, said = checked(lab, *elsewhere(lab))
    proven = {sentence for sentence, state in states(said).items() if state == "kept"}
    assert proven == {
        *("internet should not reach workstation", "internet should not reach vpn-host"),
        "campus should not reach workstation",
    }, said["expectations"]
    assert points(said) == {("outside", False), ("campus", False)}


@pytest.mark.usefixtures("hole")
def test_a_hole_that_others_made_is_found_by_a_packet(lab: Stack) -> None:
    status, said = checked(lab, *elsewhere(lab))
    broken = [one["says"] for one in said["findings"] if one["hop"] == "seen from outside"]
    assert (status, len(broken)) == (1, 1)
    assert broken[0].startswith("internet should not reach workstation, but a packet to 8000/tcp of 203.0.113.21 was")
    assert {sentence for sentence, state in states(said).items() if state == "broken"} == {
        "internet should not reach workstation"
    }
