"""A FortiGate that others made: what they have on it is the same before and after, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from labvpn.adopt.fortigate import fortigate
from labvpn.adopt.found import Found
from labvpn.model.lab import Lab
from labvpn.parse.fortigate import tables as observe
from rehearsal.fortigate import control
from tests.rehearsal.conftest import Rehearsal
from tests.rehearsal.gate_stack import GateStack
from tests.rehearsal.stack import Stack, Tables
from tests.unit.boxes import policy

OFFERED: dict[str, Any] = {"listeners": [8000], "protocols": {"openvpn": False, "l2tpIpsec": False}}
PROFILED = {
    "av-profile": "default",
    "ips-sensor": "all_default",
    "utm-status": "enable",
    "global-label": "The lab's",
    "session-ttl": "3600",
    "nat": "enable",
    "comments": "by the one before me",
}
PC = ("firewall/address", {"name": "分析PC (3階): a/b", "subnet": "203.0.113.20 255.255.255.255", "color": 7})
PORT = ("firewall.service/custom", {"name": "lab-ポート", "tcp-portrange": "8000", "comment": "by hand"})


def dialling(**fields: Any) -> tuple[str, dict[str, Any]]:
    """A policy of theirs that lets users dial."""
    table, row = policy("lab-vpn", "wan1", "dmz", "accept")
    named = {"dstaddr": [PC[1]["name"]], "service": [PORT[1]["name"]], **fields}
    lists = {key: [{"name": name} for name in value] for key, value in named.items() if isinstance(value, list)}
    return table, {**row, **PROFILED, **{key: value for key, value in named.items() if key not in lists}, **lists}


@pytest.fixture(scope="module")
def gate(machines: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> GateStack:
    return GateStack.make(Stack(machines.name), tmp_path_factory.mktemp("found"))


@pytest.fixture
def theirs(gate: GateStack) -> Iterator[None]:
    control.reset(gate.box)
    yield
    gate.destroy()


def lab_of(gate: GateStack) -> Lab:
    return Lab.model_validate({"server": {"address": "203.0.113.20"}, "vpn": OFFERED})


def adopted(gate: GateStack) -> Found:
    """What adopt writes of the box as it is."""
    rows = {path: gate.lab.manual.box("GET", path) for path in observe.TABLES}
    rows |= {path: gate.lab.manual.box("GET", path) for path in observe.DECIDING}
    found = Found()
    fortigate(found, "203.0.113.129", "root", observe.inventory(rows), lab_of(gate))
    return found


def take_over(gate: GateStack, vpn: dict[str, Any] | None = None) -> Found:
    found = adopted(gate)
    section = dict(found.sections["fortigate"])
    gate.declare(vpn=vpn or OFFERED, **section)
    return found


def not_ours(gate: GateStack) -> Tables:
    """Everything on the box that does not bear our comment."""
    return {
        path: [row for row in rows if "labvpn" not in str(row.get("comment", row.get("comments", "")))]
        for path, rows in gate.lab.tables().items()
    }


def row(gate: GateStack, name: str) -> dict[str, Any]:
    (found,) = [one for one in gate.lab.manual.box("GET", "firewall/policy") if one["name"] == name]
    return dict(found)


def test_what_the_configuration_cannot_say_of_a_policy_that_is_adopted_stays_as_it_is(
    gate: GateStack, theirs: None
) -> None:
    control.add(gate.box, [PC, PORT, dialling()])
    gate.move("lab-vpn", "deny-outside")
    first = gate.lab.tables()
    assert take_over(gate).remarks == []
    gate.up()
    assert gate.lab.tables() == first
    assert gate.settles()
    gate.destroy()
    assert gate.lab.tables() == first


def test_a_policy_with_another_destination_stays_and_ours_stands_before_it(gate: GateStack, theirs: None) -> None:
    printer = ("firewall/address", {"name": "printer", "subnet": "203.0.113.22 255.255.255.255"})
    control.add(gate.box, [printer, PC, PORT, dialling(dstaddr=["printer", PC[1]["name"]])])
    control.add(gate.box, [policy("to-printer", "campus", "dmz", "accept", dstaddr="printer")])
    gate.move("lab-vpn", "deny-outside")
    first = gate.lab.tables()
    (remark,) = take_over(gate).remarks
    assert "is not adopted and stays as it is (it also has the destinations printer)" in remark
    gate.up()
    assert not_ours(gate) == first
    assert gate.names().index("vpn-allow") == gate.names().index("lab-vpn") - 1
    gate.destroy()
    assert gate.lab.tables() == first


def test_destroy_of_an_adopted_policy_ends_though_it_names_what_we_made(gate: GateStack, theirs: None) -> None:
    control.add(gate.box, [PC, PORT, dialling()])
    gate.move("lab-vpn", "deny-outside")
    found = adopted(gate)
    gate.declare(vpn={**OFFERED, "protocols": {"openvpn": True, "l2tpIpsec": False}}, **found.sections["fortigate"])
    gate.up()
    assert [one["name"] for one in row(gate, "lab-vpn")["service"]] == [PORT[1]["name"], "vpn-udp"]
    gate.destroy()
    assert row(gate, "lab-vpn")["av-profile"] == "default"


def test_a_policy_of_somebody_who_took_the_number_of_ours_is_left_alone(gate: GateStack, theirs: None) -> None:
    gate.declare()
    gate.up()
    taken = _taken_over_by_somebody(gate)
    gate.up()
    assert row(gate, "printers") == taken
    assert gate.names()[-3:] == ["vpn-allow", "deny-outside", "printers"]
    assert gate.settles()
    gate.lab.manual.box("DELETE", "firewall/policy/{printers}")
    taken = _taken_over_by_somebody(gate)
    state = gate.command("pulumi", "--", "stack", "export", "--cwd", str(gate.program)).stdout
    assert "fortigate-policies-after" in state
    assert (gate.box / "token").read_text().strip() not in state
    gate.destroy()
    assert row(gate, "printers") == taken
    assert "vpn-allow" not in gate.names()


def test_a_policy_that_is_protected_is_made_anew_too_when_its_number_is_taken(gate: GateStack, theirs: None) -> None:
    gate.declare(protect=True)
    gate.up()
    assert "protect" in gate.refusal("destroy", "--yes", "--skip-preview")
    assert "vpn-allow" in gate.names()
    taken = _taken_over_by_somebody(gate)
    gate.up()
    assert row(gate, "printers") == taken
    gate.up()
    assert "protect" in gate.refusal("destroy", "--yes", "--skip-preview")
    assert "vpn-allow" in gate.names()
    gate.declare()
    gate.up()


def _taken_over_by_somebody(gate: GateStack) -> dict[str, Any]:
    number = row(gate, "vpn-allow")["policyid"]
    gate.lab.manual.box("DELETE", "firewall/policy/{vpn-allow}")
    table, fields = policy("printers", "wan1", "dmz", "deny", dstaddr="lab-workstation", service="SMTP")
    gate.lab.manual.box("POST", table, {**fields, "policyid": number, "comments": "keep"})
    return row(gate, "printers")


CONDITIONS: list[dict[str, Any]] = [
    {"srcaddr-negate": "enable"},
    {"groups": [{"name": "students"}]},
    {"srcaddr6": [{"name": "all"}], "dstaddr6": [{"name": "all"}]},
    {"av-profile": "default", "inspection-mode": "proxy"},
]


def test_whatever_somebody_adds_to_a_policy_of_ours_is_told_and_goes_with_the_next_run(
    gate: GateStack, theirs: None
) -> None:
    gate.declare()
    gate.up()
    for fields in CONDITIONS:
        (ours,) = [name for name in gate.names() if name.startswith("vpn-allow")]
        gate.lab.manual.box("PUT", f"firewall/policy/{{{ours}}}", fields)
        output = gate.refusal("preview", "--expect-no-changes")
        key = {"srcaddr-negate": "sources all but"}.get(next(iter(fields)), next(iter(fields)))
        assert f"FortiGate: policy {ours}: {key}" in output, output
        gate.up()
        (after,) = [one for one in gate.lab.manual.box("GET", "firewall/policy") if one["name"].startswith("vpn-allow")]
        assert {key: after[key] for key in fields} != fields
        assert after["srcaddr-negate"] == "disable" and after["groups"] == [] and after["srcaddr6"] == []
        assert gate.settles()


def test_what_cannot_be_carried_out_is_refused_before_anything_is_changed(gate: GateStack, theirs: None) -> None:
    other = ("firewall.service/custom", {"name": "SoftEther", "tcp-portrange": "443", "comment": "theirs"})
    control.add(gate.box, [other])
    gate.declare(before="vpn-allow")
    control.requests(gate.box)
    output = gate.refusal("preview")
    assert "the FortiGate has a service 'SoftEther' that this stack did not make (comment: theirs)" in output
    assert "the FortiGate has no policy 'vpn-allow'" in output
    assert "Traceback" not in output
    gate.lab.manual.box("DELETE", "firewall.service/custom/SoftEther")
    gate.declare()
    gate.up()
    gate.declare(before="vpn-allow")
    output = gate.refusal("preview")
    assert "fortigate.before: names 'vpn-allow', a policy of this stack's own; name one of the others" in output
    assert "Traceback" not in output
    gate.declare()


def test_names_of_zones_in_any_script_are_taken_and_a_deny_from_a_zone_does_not_lock_this_run_out(
    gate: GateStack, theirs: None
) -> None:
    zones: tuple[str, str] = ("学内ネットワーク [campus]: A/B", "Außen & SD-WAN")
    for name in ("campus-any", "campus-out", "dmz-out", "deny-outside"):
        gate.lab.manual.box("DELETE", f"firewall/policy/{{{name}}}")
    control.add(gate.box, [("system/zone", {"name": zones[0], "interface": [{"interface-name": "campus"}]})])
    sdwan = {"zone": [{"name": zones[1]}], "members": [{"seq-num": 1, "interface": "wan1", "zone": zones[1]}]}
    gate.lab.manual.box("PUT", "system/sdwan", sdwan)
    table, fields = policy("校内", "any", "dmz", "accept")
    control.add(gate.box, [(table, {**fields, "srcintf": [{"name": zones[0]}]})])
    control.add(gate.box, [(table, {**fields, "name": "拒否", "action": "deny", "srcintf": [{"name": zones[1]}]})])
    closed = {"from": [zones[0]], "before": "校内", "hosts": {"server": "203.0.113.20"}}
    gate.declare(outside=[zones[1]], before="拒否", behindVpn=closed)
    output = gate.refusal("preview")
    assert "vpn-only would close SSH to the VPN host (203.0.113.141 to 203.0.113.20, 22/tcp)" in output
    exceptions = [{"name": "desk", "sources": ["203.0.113.141"]}]
    gate.declare(outside=[zones[1]], before="拒否", behindVpn={**closed, "exceptions": exceptions})
    gate.up()
    assert gate.opens("internet")
    assert gate.settles()
    gate.destroy()
    control.reset(gate.box)


def test_another_prefix_takes_one_run(gate: GateStack, theirs: None) -> None:
    first = gate.lab.tables()
    gate.declare(sources=["198.51.100.0/24", "192.0.2.0/24"])
    gate.up()
    gate.declare(sources=["198.51.100.0/24", "192.0.2.0/24"], prefix="lab")
    gate.up()
    assert gate.names()[-2:] == ["lab-allow", "deny-outside"]
    assert gate.settles()
    gate.destroy()
    assert gate.lab.tables() == first
