"""Expectations in a preview: what an `up` would break is refused, what others broke is said, what is unknown too."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.reach.expectations import Decider, State
from labvpn.reach.sentences import Findings, findings, opened
from rehearsal.fortigate import box as rehearsed
from rehearsal.fortigate.initial import initial
from tests.unit import boxes
from tests.unit.boxes import policy
from tests.unit.reach import labs

HOLE = boxes.box(policy("temporary", "wan1", "dmz", "accept", service="JupyterHub", dstaddr="lab-workstation"))


def states(*lines: Any, box: Any = None, state: Any = None, **changes: Any) -> list[str]:
    return [one.state for one in Decider(labs.after(labs.declared(*lines, **changes), box, state)).outcomes()]


def found(*lines: Any, box: Any = None, host: Any = None, **changes: Any) -> Findings:
    one = labs.declared(*lines, **changes)
    state = labs.states(host)
    return findings(labs.after(one, box, state), labs.before(one, box, state))


def above(box: Any, name: str, other: str) -> Any:
    stored = initial()
    for path, fields in box:
        stored, _ = rehearsed.create(stored, path, fields)
    return boxes.read(boxes.above(stored, name, other))


@pytest.mark.parametrize(
    ("line", "closed", "state"),
    [
        ("guest1 reaches jupyterhub", False, State.KEPT),
        ("guest1 reaches page", False, State.KEPT),
        ("guest1 does not reach workstation:22", True, State.KEPT),
        ("guest1 does not reach workstation", True, State.BROKEN),
        ("LAB does not reach internet", False, State.BROKEN),
        ("guest1 does not reach internet", False, State.KEPT),
        ("owner reaches internet:443", False, State.KEPT),
        ("campus does not reach workstation", True, State.KEPT),
        ("interface:campus does not reach 203.0.113.21", False, State.BROKEN),
        ("internet does not reach vpn-host", False, State.KEPT),
        ("internet reaches vpn-host:443,500/udp", False, State.KEPT),
        ("internet reaches vpn-host:22", False, State.BROKEN),
        ("JP reaches vpn-host:1194/udp", False, State.KEPT),
        ("198.51.100.0/24 does not reach 203.0.113.16/28:8000-8100", False, State.KEPT),
        ("203.0.113.128/25 does not reach 203.0.113.16/28:8000-8100", False, State.BROKEN),
        ("campus does not reach vpn-host:22", True, State.BROKEN),
        ("interface:wan9 does not reach vpn-host", False, State.UNCLEAR),
    ],
)
def test_an_expectation_is_kept_broken_or_unclear(line: str, closed: bool, state: State) -> None:
    assert states(line, closed=closed) == [state]


def test_a_network_is_tried_in_each_part_that_a_rule_names() -> None:
    exceptions = [{"name": "one", "sources": ["203.0.113.200"], "ports": ["22/tcp"]}]
    changes = {"fortigate": {"behindVpn": {**labs.CLOSED, "exceptions": exceptions}}}
    lines = ("203.0.113.128/25 does not reach workstation", "203.0.113.128/26 does not reach workstation")
    assert states(*lines, **changes) == [State.BROKEN, State.KEPT]


def test_a_range_of_ports_is_tried_in_each_part_that_a_rule_names() -> None:
    box = boxes.box(
        ("firewall.service/custom", {"name": "odd", "tcp-portrange": "7777"}),
        policy("odd", "wan1", "dmz", "accept", service="odd"),
    )
    assert states("internet does not reach 203.0.113.21:7000-8000", box=box) == [State.KEPT]
    stored = above(
        [
            ("firewall.service/custom", {"name": "odd", "tcp-portrange": "7777"}),
            policy("odd", "wan1", "dmz", "accept", service="odd"),
        ],
        "odd",
        "deny-outside",
    )
    assert states("internet does not reach 203.0.113.21:7000-8000", box=stored) == [State.BROKEN]
    assert states("internet does not reach 203.0.113.21:7000-7776", box=stored) == [State.KEPT]


def test_an_up_that_would_break_one_is_refused_with_who_what_hop_rule_and_remedy() -> None:
    line = {"from": "guest1", "to": "jupyterhub", "ports": ["22/tcp"], "reach": True, "because": "they mend it"}
    (refusal,) = found(line).refusals
    assert refusal == (
        "expect[0]: guest1 should reach jupyterhub:22/tcp (they mend it), but guest1 cannot reach 22/tcp of "
        "203.0.113.21: access rule 'labvpn:rest', priority 900000 (hub LAB) stops it; list it in the hub's services, "
        "or give the user reach: free, or change the expectation"
    )


def test_what_others_opened_is_said_and_stops_nothing() -> None:
    made = found("interface:campus does not reach jupyterhub")
    assert made.refusals == ()
    assert made.warnings == (
        "expect[0]: interface:campus should not reach jupyterhub, but 203.0.113.130 at campus can reach 8000/tcp of "
        "203.0.113.21: policy 1 'campus-any' (FortiGate) lets it pass; close the host by fortigate.behindVpn, or "
        "change that policy, or change the expectation",
    )


def test_what_this_up_would_open_is_refused_though_a_policy_of_others_decides_then() -> None:
    one = labs.declared("campus does not reach workstation", closed=True)
    open_again = labs.declared("interface:campus does not reach 203.0.113.21")
    applied = labs.compared(one)
    assert applied
    now = boxes.box()
    merged = applied.after
    before = labs.before(one)
    from dataclasses import replace

    before = replace(before, gate=replace(before.gate, policies=merged)) if before.gate else before
    made = findings(labs.after(open_again, now), before)
    assert [sentence[:60] for sentence in made.refusals] == [
        "expect[0]: interface:campus should not reach 203.0.113.21, bu"[:60]
    ]


def test_what_cannot_be_told_is_said_and_stops_nothing() -> None:
    box = above(
        [policy("students", "wan1", "dmz", "accept", groups="people", service="SSH")], "students", "deny-outside"
    )
    made = found("internet does not reach 203.0.113.21:22", box=box)
    assert made.refusals == ()
    assert made.warnings == (
        "expect[0]: internet should not reach 203.0.113.21:22/tcp; that cannot be told for everyone, 22/tcp of "
        "203.0.113.21: FortiGate: rule 5 'students' (groups people)",
    )


def test_a_host_whose_firewall_is_not_known_yet_stops_nothing() -> None:
    made = found("campus does not reach vpn-host:8000", host={}, closed=True)
    assert made.refusals == ()
    assert "not installed there yet" in made.warnings[0]


def test_a_rule_that_somebody_put_on_the_host_is_named() -> None:
    host = labs.facts({"public": {"ports": ["8000/tcp"]}})
    made = found("campus does not reach vpn-host:8000", host=host, closed=True)
    assert made.refusals == ()
    assert "zone public, port 8000/tcp (firewalld) let it pass" in made.warnings[0]


def test_what_others_let_everyone_reach_of_a_service_is_named_without_any_expectation() -> None:
    one = labs.declared()
    hole = [policy("temporary", "wan1", "dmz", "accept", service="JupyterHub", dstaddr="lab-workstation")]
    box = above(hole, "temporary", "deny-outside")
    assert list(opened(labs.after(one, box))) == [
        "policy 5 'temporary' on the FortiGate lets everyone reach 8000/tcp of jupyterhub (203.0.113.21)"
    ]
    assert list(opened(labs.after(one, HOLE))) == []


def test_every_server_of_several_is_tried() -> None:
    servers = [{"address": "203.0.113.20", "name": "one"}, {"address": "203.0.113.22", "name": "two"}]
    one = labs.declared("internet does not reach vpn-host:22", server=None, servers=servers)
    from labvpn.reach.model import ReachModel
    from labvpn.render.documents import documents

    open_ = labs.states(labs.facts({"public": {"ports": ["22/tcp"]}}, interfaces={"eth0": ["203.0.113.22/28"]}))
    texts = [{str(key): text for key, text in documents(one.at(each), "").items()} for each in one.servers]
    box = above([policy("ssh", "wan1", "dmz", "accept", service="SSH")], "ssh", "deny-outside")
    shut = labs.states(labs.facts({"public": {"services": []}}))
    model = ReachModel.after(one, texts, [shut, open_], labs.compared(one, box))
    (outcome,) = Decider(model).outcomes()
    assert outcome.state is State.BROKEN
    assert outcome.route
    assert str(outcome.route.flow.target) == "203.0.113.22"
