"""A source that the server bans is told so, and what it sees decides nothing about the hops."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labvpn.probe.observation import Observation, Refusal
from labvpn.probe.report import to_json
from labvpn.probe.scan import VantageView
from tests.unit.probe.samples import ANSWERED, CLOSED, FINE, GATEWAY, HTTPS, IKE, NOTEBOOK, SERVER, report_of

UNREACHABLE = Refusal("ECONNREFUSED", 3, SERVER)


SHUT = {"tcp": Observation(HTTPS, 1, refusal=UNREACHABLE), "udp": Observation(IKE, 1, refusal=UNREACHABLE)}


def banned(name: str = "here", place: str = "outside", changes: dict[str, Observation] | None = None) -> VantageView:
    return VantageView(name, place, (*{**SHUT, **(changes or {})}.values(), CLOSED))


def test_a_banned_source_is_told_so_and_no_hop_is_blamed() -> None:
    made = report_of(banned())
    (finding,) = made.findings
    assert finding.headline == "443/tcp, 500/udp: refused to this source alone: it is banned"
    assert "labvpn status" in finding.remedy
    assert made.problems == ()
    assert [port.blame for port in made.ports if port.should_be_open] == [None, None]
    assert to_json(made)["banned"] == ["here"]


def test_another_source_that_gets_in_shows_that_the_ports_are_open() -> None:
    made = report_of(banned(), VantageView("phone", "outside", (FINE, ANSWERED, CLOSED)))
    assert made.findings == ()
    assert made.problems == ("here (outside) is banned by the server, so it says nothing of the hops on its way",)
    assert not made.as_expected


def test_answers_that_are_missing_do_not_hide_a_ban() -> None:
    assert report_of(banned(changes={"udp": Observation(IKE, 5)})).banned == ("here",)


@pytest.mark.parametrize(
    ("port", "changed"),
    [
        ("tcp", Observation(HTTPS, 1, refusal=replace(UNREACHABLE, code=13))),
        ("tcp", Observation(HTTPS, 1, refusal=replace(UNREACHABLE, offender=GATEWAY))),
        ("tcp", Observation(HTTPS, 1, refusal=Refusal("ECONNREFUSED"))),
        ("tcp", Observation(HTTPS, 5)),
        ("tcp", FINE),
        ("udp", ANSWERED),
    ],
)
def test_what_is_not_a_ban_is_not_called_one(port: str, changed: Observation) -> None:
    assert report_of(banned(changes={port: changed})).banned == ()


def test_a_port_that_should_be_closed_is_judged_as_ever() -> None:
    intruder = Observation(NOTEBOOK, 1, True, (), "it does not speak TLS")
    made = report_of(replace(banned(), observations=(*banned().observations[:2], intruder)))
    assert any("8000/tcp: open for here" in finding.headline for finding in made.findings)


def test_the_host_itself_is_never_banned() -> None:
    assert report_of(banned("host", "host")).banned == ()
