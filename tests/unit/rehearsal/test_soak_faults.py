"""Injections are generated from the steps of a run, and a struck run is checked by how it ends."""

from __future__ import annotations

import json
from dataclasses import replace

from rehearsal.soak.engine import SECONDS, Event, Run
from rehearsal.soak.faults import lost, wrong_ending
from rehearsal.soak.steps import FAULTS, MOMENTS, EngineStep, Hop, Injection, drawn, injections, sample, steps

HOST = EngineStep("up", "vpn-hub", Hop.HOST)
CUT = Injection(HOST, "SSH cut", "during")


def event(name: str, kind: str, op: str = "update", ended: bool = False) -> Event:
    return Event(op, name, kind, ended)


def run(output: str, code: int | None = 255, seconds: float = 20) -> Run:
    return Run(("up",), code, output, seconds)


def test_steps_are_the_resources_that_a_run_works_on_each_once() -> None:
    seen = [
        event("vpn", "labvpn:index:SoftEther"),
        event("vpn-hub", "command:remote:Command"),
        event("vpn-hub", "command:remote:Command", ended=True),
        event("fortigate-tcp", "fortios:firewall/service/custom:Custom"),
        event("fortigate-udp", "fortios:firewall/service/custom:Custom", "same"),
        event("name-records", "pulumi-python:dynamic:Resource"),
        event("vpn-hub-state", "pulumi-python:dynamic:Resource"),
    ]
    assert [(step.name, step.hop) for step in steps("up", seen)] == [
        ("vpn-hub", Hop.HOST),
        ("fortigate-tcp", Hop.FORTIGATE),
        ("name-records", Hop.NAME),
        ("vpn-hub-state", Hop.NONE),
    ]


def test_every_step_meets_every_fault_of_its_hop_and_a_cut_at_each_moment() -> None:
    made = list(injections([HOST]))
    assert {one.fault for one in made} == set(FAULTS[Hop.HOST])
    assert [one.moment for one in made if one.fault == "SSH cut"] == list(MOMENTS)
    assert len({one.name for one in made}) == len(made)


def test_a_seed_gives_the_same_sample_again() -> None:
    made = list(injections([HOST]))
    assert sample(made, 7, 4) == sample(made, 7, 4) != sample(made, 8, 4)


def test_a_step_of_a_long_run_meets_one_fault_of_its_hop_and_other_faults_by_other_seeds() -> None:
    made = [list(drawn([HOST, HOST], seed)) for seed in range(50)]
    assert {len(one) for one in made} == {2}
    assert {one.fault for each in made for one in each} == set(FAULTS[Hop.HOST])


def test_an_event_is_read_from_a_line_of_the_engine() -> None:
    about = {"op": "create", "urn": "urn:pulumi:lab::labvpn::a$b::vpn-hub", "type": "b"}
    assert Event.read(json.dumps({"resOutputsEvent": {"metadata": about}})) == Event("create", "vpn-hub", "b", True)
    assert Event.read('{"summaryEvent": {}}') is None
    assert Event.read("error: no JSON") is None
    assert Event.read('"a text"') is None


def test_a_failed_run_has_to_name_the_hop_in_time() -> None:
    error = json.dumps({"diagnosticEvent": {"severity": "error", "message": "EOF: ... # on the VPN host 203.0.113.20"}})
    assert wrong_ending(CUT, run(error)) == []
    (complaint,) = wrong_ending(CUT, run("something went wrong"))
    assert complaint.startswith("no sentence names the VPN host: something")
    gone = Injection(replace(HOST, command="destroy"), "SSH cut", "during")
    assert wrong_ending(gone, run("after 3 failed attempts: dial tcp 203.0.113.20:22: i/o timeout")) == []
    assert wrong_ending(CUT, run(error, None, SECONDS)) == [f"the run did not end within {SECONDS} s"]


def test_a_lost_user_or_a_session_that_was_cut_for_nothing_is_told() -> None:
    before = {"users": ["owner"], "sessions": ["SID-1"]}
    after: dict[str, list[str]] = {"users": [], "sessions": []}
    assert lost(CUT, before, after) == ["user owner is lost", "session SID-1 was cut"]
    assert lost(Injection(HOST, "VPN host rebooted", "during"), before, after) == ["user owner is lost"]
