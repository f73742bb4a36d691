"""What a run says of the SoftEther on each host: a warning for each open hole, notes for the rest."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.known_holes import report_all
from components.softether import SoftEther, SoftEtherArgs
from labvpn.model.lab import Lab
from labvpn.model.releases import NEWEST_STABLE, PACKAGED, Release
from labvpn.parse.host import HostState
from labvpn.render.documents import documents
from tests.components.engine import run
from tests.components.test_components import host
from tests.unit.samples import lab


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    messages: dict[str, list[str]] = {"warn": [], "info": []}
    for name, kept in messages.items():
        monkeypatch.setattr(pulumi, name, kept.append)
    return messages


def report(release: Release | None, **server: Any) -> Lab:
    one = lab(server={"address": "203.0.113.20", **server})
    report_all(one, one.servers, [{"server": HostState("", release=release)} if release else {}])
    return one


def test_each_open_hole_is_a_warning_with_its_host_and_remedy(said: dict[str, list[str]]) -> None:
    report(PACKAGED)
    assert len(said["warn"]) == 4
    assert all(one.startswith("VPN host 203.0.113.20: SoftEther 5.01 build 9674 of 2020") for one in said["warn"])
    assert all(one.endswith("or accept it: server.acceptKnownHoles") for one in said["warn"])
    assert " runs; newer: " in said["info"][0]


def test_accepted_holes_are_notes(said: dict[str, list[str]]) -> None:
    report(PACKAGED, acceptKnownHoles=True)
    assert said["warn"] == []
    assert len([one for one in said["info"] if "acceptKnownHoles accepts it" in one]) == 4


def test_the_newest_stable_release_is_one_note_and_an_unknown_one_is_nothing(said: dict[str, list[str]]) -> None:
    report(NEWEST_STABLE)
    assert (said["warn"], len(said["info"])) == ([], 1)
    said["info"].clear()
    report(None)
    assert said == {"warn": [], "info": []}


def test_the_component_knows_the_generation_that_its_host_has() -> None:
    found: list[object] = []

    def build() -> None:
        server = SoftEther("vpn", SoftEtherArgs(host(), documents(lab(), "the agent")))
        server.generation.apply(found.append)

    run(build)
    assert found == [None]
