"""Who reaches what of the whole lab: a preview that refuses, what others opened, and packets explained."""

from __future__ import annotations

import json
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


def check(lab: Stack, *words: str) -> tuple[int, dict[str, Any]]:
    """A check of the administrator's machine, which is on the campus, with one from the internet."""
    outputs, key = str(lab.state / "outputs.json"), str(lab.state / "ssh" / "admin")
    outside = " ".join([*lab.line("exec", "internet", "--"), sys.executable, "-m", "labvpn"])
    own = ("check", "--outputs", outputs, "--here", "campus", "--key", key, "--vantage", f"outside={outside}")
    done = lab.run("admin", sys.executable, "-m", "labvpn", *own, *words, "--json")
    return done.returncode, json.loads(done.stdout)


def test_every_expectation_of_the_example_is_proven_with_packets(lab: Stack) -> None:
    status, said = check(lab, "--dial", "guest1")
    assert (status, said["findings"]) == (0, [])
    states = {one["says"]: one["state"] for one in said["expectations"]}
    assert set(states.values()) == {"kept"}, said["expectations"]
    sent = {(one["from"], one["arrived"]) for each in said["expectations"] for one in each["packets"]}
    assert sent == {("here", False), ("outside", False), ("the dial of guest1", True), ("the dial of guest1", False)}


@pytest.mark.usefixtures("hole")
def test_a_hole_that_others_made_is_found_by_a_packet_and_what_nobody_proves_is_said(lab: Stack) -> None:
    status, said = check(lab)
    assert status == 1
    (broken,) = said["findings"]
    assert broken["hop"] == "seen from outside"
    assert broken["says"].startswith("internet should not reach workstation, but a packet to 8000/tcp")
    unproven = [one["says"] for one in said["notes"] if one["hop"] == "expectation"]
    assert len(unproven) == 3
    assert all("nobody dialled as guest" in one for one in unproven)
