"""Who made a difference on a FortiGate follows from what was applied last, kept in the stack's state."""

from __future__ import annotations

import pytest

from components.drift import FactsProvider
from labvpn.plan.fortigate.diff import facts, whose
from labvpn.render import fortigate as render
from tests.unit.samples import lab

PORTS, SOURCES = "service SoftEther: ports", "group vpn-sources: members"
LAST = {PORTS: "443 992", SOURCES: "a b"}
OURS, OTHERS = "this configuration changed, and nobody else", "somebody else changed"


@pytest.mark.parametrize(
    ("actual", "desired", "sentences"),
    [
        (LAST, LAST, []),
        (LAST, {**LAST, PORTS: "443"}, [f"Since the last run {OURS}: {PORTS}"]),
        ({**LAST, PORTS: "443 8000"}, LAST, [f"Since the last run {OTHERS}: {PORTS}"]),
        (
            {**LAST, SOURCES: "a"},
            {**LAST, PORTS: "443"},
            [f"Since the last run {OTHERS}: {SOURCES}", f"Since the last run {OURS}: {PORTS}"],
        ),
        ({PORTS: "443 992"}, LAST, [f"Since the last run {OTHERS}: {SOURCES}"]),
        ({**LAST, PORTS: "443"}, {**LAST, PORTS: "443"}, []),
        (LAST, {**LAST, "policy new: action": "accept"}, []),
    ],
)
def test_each_difference_is_reported_for_the_side_that_made_it(
    actual: dict[str, str], desired: dict[str, str], sentences: list[str]
) -> None:
    assert whose(LAST, actual, desired) == sentences


def test_without_facts_of_the_last_run_nobody_is_named() -> None:
    assert whose({}, {PORTS: "443 8000"}, LAST) == []


def test_every_field_of_every_object_has_a_name() -> None:
    desired = lab()
    assert desired.fortigate is not None
    known = facts(render.wanted(desired, desired.fortigate).objects)
    assert {key.partition(" ")[0] for key in known} >= {"address", "service", "policy"}
    assert any(key.endswith(": sources") for key in known)


def test_the_state_keeps_the_facts_and_reading_alone_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    provider = FactsProvider()
    first = {"of": "FortiGate", "facts": LAST, "shown": {}}
    provider.check({}, first)
    assert capsys.readouterr().out == ""
    state = provider.create(first).outs
    later = {"of": "FortiGate", "facts": LAST, "shown": {PORTS: "443 8000"}}
    provider.check(first, later)
    assert f"FortiGate: Since the last run {OTHERS}: {PORTS}" in capsys.readouterr().out
    assert provider.diff("facts", state or {}, later).changes is False
    assert provider.diff("facts", state or {}, {**later, "facts": {**LAST, PORTS: "443"}}).changes is True
