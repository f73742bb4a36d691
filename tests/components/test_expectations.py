"""The expectations of a configuration in a run: what an `up` would break stops it, and all else is said."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pydantic import TypeAdapter

from components import expectations
from components.inspection import HostPlan
from labvpn.connect.inspect import Snapshot
from labvpn.model.outputs import ExpectedPackets
from labvpn.parse.fortigate.tables import FortiGateSnapshot
from labvpn.render.agent_request import secrets
from labvpn.render.documents import documents
from tests.unit.boxes import box
from tests.unit.reach import labs
from tests.unit.samples import credentials


def decided(*lines: Any, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> tuple[dict[str, Any], list[str]]:
    """The outputs and the warnings of a run."""
    said: list[str] = []
    monkeypatch.setattr(pulumi, "warn", said.append)
    one = labs.declared(*lines, **changes)
    plans = [HostPlan(one.server, documents(one, ""), secrets(one, credentials()))]
    snapshot = Snapshot([labs.states()], FortiGateSnapshot(box()))
    return expectations.decide(one, plans, snapshot), said


def test_every_expectation_that_an_up_would_break_stops_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ("guest1 reaches jupyterhub:22", "guest1 reaches jupyterhub", "owner does not reach internet")
    with pytest.raises(pulumi.RunError) as caught:
        decided(*lines, monkeypatch=monkeypatch)
    first, *rest = str(caught.value).splitlines()
    assert first == "This `up` would not keep what the configuration expects; nothing was touched."
    assert [line.partition(":")[0] for line in rest] == ["  - expect[0]", "  - expect[2]"]


def test_what_others_opened_is_a_warning_and_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs, said = decided("interface:campus does not reach jupyterhub", monkeypatch=monkeypatch)
    assert [sentence.partition(" should")[0] for sentence in said] == ["expect[0]: interface:campus"]
    assert {"from": "campus", "to": "jupyterhub (203.0.113.21)", "open": "every port", "unclear": "nothing"} in outputs[
        "reach"
    ]


def test_what_a_vantage_point_can_prove_is_an_output(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ("internet does not reach vpn-host", "guest1 reaches jupyterhub", "JP does not reach jupyterhub")
    outputs, _ = decided(*lines, monkeypatch=monkeypatch)
    held = tuple[ExpectedPackets, ...]
    first, second, third = TypeAdapter(held).validate_python(outputs["expect"])
    assert (first.place, str(first.address), "443/tcp" in first.ports, first.reach) == (
        "outside",
        labs.SERVER,
        False,
        False,
    )
    assert (second.place, second.users, second.ports) == ("vpn", ("guest1",), ("8000/tcp",))
    assert (third.place, third.origin, third.users, third.partly) == ("country", "JP", (), False)


def test_a_fortigate_that_does_not_fit_is_left_to_its_own_component(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs, said = decided("owner does not reach internet", monkeypatch=monkeypatch, fortigate={"inside": "dmz9"})
    assert (outputs, said) == ({}, [])


def test_a_lab_without_a_fortigate_or_expectations_is_decided_too(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs, said = decided(monkeypatch=monkeypatch, fortigate=None)
    assert said == []
    assert "everyone" in {one["from"] for one in outputs["reach"]}
