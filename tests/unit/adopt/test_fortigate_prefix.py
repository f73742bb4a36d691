"""What adopt writes of a FortiGate passes its own first preview: names that are taken there are not ours."""

from __future__ import annotations

import pytest

from labvpn.model.fortigate import FortiGate
from tests.unit.adopt.test_fortigate_found import box, dialling, found
from tests.unit.fortigate_rows import Rows, plan, rule
from tests.unit.samples import lab

LAB = lab(vpn={"listeners": [443]})


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
    one = found(rows, LAB)
    section = one.sections["fortigate"]
    assert section["prefix"] == "lab"
    assert any(said.startswith("fortigate.prefix is 'lab', since with 'vpn'") and taken in said for said in one.remarks)
    made = plan(rows, set(), section=FortiGate.model_validate(section), of=LAB)
    assert made.problems() == []


@pytest.mark.parametrize("category", ["Tunneling", "Remote Access", "General", "", "The lab's"])
def test_a_service_of_somebodys_own_is_adopted_in_whatever_category_it_is(category: str) -> None:
    services = [{"name": "vpn-u", "udp-portrange": "500 1194 4500"}]
    rows = box(dialling(service="vpn-tcp vpn-u"), firewall_dot_service__custom=services)
    for row in rows["firewall.service/custom"][-2:]:
        row["category"] = category
    one = found(rows, LAB)
    assert one.remarks == []
    assert one.sections["fortigate"]["adopt"]["services"] == {"SoftEther": "vpn-tcp", "vpn-udp": "vpn-u"}


def test_a_service_that_fortios_comes_with_is_not_adopted_and_the_note_says_that_it_has_the_ports() -> None:
    said = " ".join(found(box(dialling(service="HTTPS")), LAB).remarks)
    assert "r5' but HTTPS, which FortiOS comes with and which is not adopted, has just the ports of SoftEther" in said


def test_a_note_names_a_few_of_the_many_that_use_an_object() -> None:
    rows = box(dialling(), *(rule(number, "deny", dstaddr="pc") for number in range(20, 420)))
    (said,) = [one for one in found(rows, LAB).remarks if one.startswith("pc is also used by")]
    assert "and 395 more: a change of it is refused later" in said
    assert len(said) < 200


def test_of_a_service_that_is_called_as_ours_and_says_more_the_notes_are_true() -> None:
    said = " ".join(found(TAKEN[0][0], LAB).remarks)
    assert "No service of rule 5 'r5' has just the ports of lab-tcp; the first `pulumi up` creates it" in said
    assert "rule 5 'r5' has the service SoftEther, which the first `pulumi up` removes from it" in said


def test_a_section_that_no_prefix_helps_is_left_out_with_the_reason() -> None:
    zones = [{"name": "outer", "interface": [{"interface-name": "wan1"}]}]
    one = found(box(dialling(), system__zone=zones), LAB)
    assert "fortigate" not in one.sections
    assert "'wan1' is in the zone 'outer'" in one.remarks[0]


def test_where_no_name_is_taken_the_prefix_is_the_default() -> None:
    assert "prefix" not in found(box(dialling()), LAB).sections["fortigate"]
