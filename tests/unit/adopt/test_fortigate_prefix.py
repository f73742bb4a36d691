"""What adopt writes of a FortiGate passes its own first preview: names that are taken there are not ours."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.adopt.fortigate import fortigate
from labvpn.adopt.found import Found
from labvpn.model.fortigate import FortiGate
from labvpn.parse.fortigate import tables as observe
from tests.unit.fortigate_rows import LAST, NOW, Rows, plan, rule, tables
from tests.unit.samples import lab

LAB = lab(vpn={"listeners": [443]})


def found(rows: Rows) -> Found:
    one = Found()
    fortigate(one, "203.0.113.129", "root", observe.inventory(rows, now=NOW), LAB)
    return one


def dialling(**fields: Any) -> dict[str, Any]:
    return rule(5, "accept", **{"dstaddr": "pc", "service": "vpn-tcp", **fields})


def box(*rules: dict[str, Any], **more: Any) -> Rows:
    own = [{"name": "vpn-tcp", "tcp-portrange": "443"}]
    services = [*own, *more.pop("firewall_dot_service__custom", [])]
    return tables(*rules, LAST, firewall_dot_service__custom=services, **more)


MIXED = [{"name": "SoftEther", "tcp-portrange": "443", "udp-portrange": "500 1194 4500"}]
SERVER = [{"name": "vpn-server", "subnet": "10.9.9.9 255.255.255.255"}]
TAKEN: list[tuple[Rows, str]] = [
    (box(dialling(service="SoftEther"), firewall_dot_service__custom=MIXED), "service 'SoftEther'"),
    (
        box(dialling(service="SoftEther"), rule(6, "deny", service="SoftEther"), firewall_dot_service__custom=MIXED),
        "service 'SoftEther'",
    ),
    (box({**dialling(service="ALL"), "name": "vpn-allow"}), "rule 5 'vpn-allow'"),
    (box(dialling(service="ALL"), firewall__address=SERVER), "address 'vpn-server'"),
]


@pytest.mark.parametrize(("rows", "taken"), TAKEN, ids=[f"{place} {taken}" for place, (_, taken) in enumerate(TAKEN)])
def test_what_is_adopted_is_never_refused_by_its_own_first_preview(rows: Rows, taken: str) -> None:
    one = found(rows)
    section = one.sections["fortigate"]
    assert section["prefix"] == "lab"
    assert any(said.startswith("fortigate.prefix is 'lab', since with 'vpn'") and taken in said for said in one.remarks)
    made = plan(rows, set(), section=FortiGate.model_validate(section), of=LAB)
    assert made.problems() == []


def test_of_a_service_that_is_called_as_ours_and_says_more_the_notes_are_true() -> None:
    said = " ".join(found(TAKEN[0][0]).remarks)
    assert "No service of rule 5 'r5' has just the ports of lab-tcp; the first `pulumi up` creates it" in said
    assert "rule 5 'r5' has the service SoftEther, which the first `pulumi up` removes from it" in said


def test_a_section_that_no_prefix_helps_is_left_out_with_the_reason() -> None:
    zones = [{"name": "outer", "interface": [{"interface-name": "wan1"}]}]
    one = found(box(dialling(), system__zone=zones))
    assert "fortigate" not in one.sections
    assert "'wan1' is in the zone 'outer'" in one.remarks[0]


def test_where_no_name_is_taken_the_prefix_is_the_default() -> None:
    assert "prefix" not in found(box(dialling())).sections["fortigate"]
