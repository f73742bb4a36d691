"""Which policy of a FortiGate is the way in from outside, and what one of ours beside it would not have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.adopt.test_fortigate_found import SSH, box, dialling, found
from tests.unit.fortigate_rows import Rows, names, rule


def with_lan(*rules: dict[str, Any], role: str = "", wan: str = "") -> Rows:
    addresses = [{"name": "lan_net", "subnet": "10.1.0.0 255.255.255.0"}]
    lan = {"name": "lan", "ip": "10.1.0.1 255.255.255.0", "role": role}
    rows = box(*rules, system__interface=[lan], firewall__address=addresses)
    rows["system/interface"][0]["role"] = wan
    return rows


def from_lan(number: int = 3, **fields: Any) -> dict[str, Any]:
    return rule(number, "accept", **{"srcintf": "lan", "dstaddr": "pc", "service": "vpn-tcp", **fields})


def outside(rows: Rows) -> tuple[list[str], list[str]] | None:
    section = found(rows).sections.get("fortigate")
    return (section["outside"], section["sources"]) if section else None


@pytest.mark.parametrize(
    "fields", [{}, {"service": "ALL"}, {"srcaddr": "lan_net office"}, {"srcaddr": "office"}], ids=str
)
def test_a_policy_from_inside_is_never_taken_for_the_way_in(fields: dict[str, Any]) -> None:
    near = from_lan(**{"srcaddr": "lan_net", **fields})
    for rules in ([near, dialling()], [dialling(), near], [near, dialling(service="ALL")]):
        assert outside(with_lan(*rules)) == (["wan1"], ["all"])
    rows = with_lan(near, dialling(srcaddr="office", srcaddr_negate="enable"))
    assert outside(rows) is None, "everyone but some may dial from wan1"


def test_of_interfaces_from_which_everyone_may_dial_the_one_whose_role_is_wan_is_outside() -> None:
    rules = from_lan(), dialling()
    assert outside(with_lan(*rules)) is None
    remark = " ".join(found(with_lan(*rules)).remarks)
    assert "lets users dial from lan, wan1, and which of these is outside is not known" in remark
    assert outside(with_lan(*rules, wan="wan", role="lan")) == (["wan1"], ["all"])
    remark = " ".join(found(with_lan(*rules, wan="wan")).remarks)
    assert "rule 3 'r3' lets users dial the server too" in remark
    assert outside(with_lan(*rules, wan="wan", role="wan")) is None


def test_where_only_neighbours_may_dial_no_interface_is_taken_for_the_outside() -> None:
    one = found(with_lan(from_lan(srcaddr="lan_net")))
    assert "fortigate" not in one.sections
    assert "has no policy that lets users dial the server from outside" in one.remarks[0]


def test_a_neighbouring_network_of_an_interface_whose_role_is_wan_is_outside() -> None:
    assert outside(with_lan(from_lan(srcaddr="lan_net"), role="wan")) == (["lan"], ["10.1.0.0/24"])


def test_two_policies_of_one_interface_are_one_way_in() -> None:
    assert outside(box(dialling(srcaddr="office"), dialling() | {"policyid": 6, "name": "r6"})) == (
        ["wan1"],
        ["192.0.2.0/24"],
    )


LATER: list[Rows] = [
    {"firewall_dot_service__group": [{"name": "g", "member": names("vpn-tcp"), "later": "enable"}]},
    {"firewall_dot_service__group": [{"name": "g", "member": names("ALL"), "later": "enable"}]},
    {"firewall_dot_service__custom": [{"name": "g", "tcp-portrange": "443:1024-2000"}]},
    {"firewall_dot_service__custom": [{"name": "g", "tcp-portrange": "443", "later": "enable"}]},
]


@pytest.mark.parametrize("more", LATER, ids=str)
def test_a_policy_whose_service_has_a_condition_is_left_alone_and_opens_nothing_beside_it(more: Rows) -> None:
    one = found(box(dialling(service="g"), **more))
    assert "fortigate" not in one.sections
    assert "the configuration cannot express what they may dial (service g" in one.remarks[0]
    beside = found(box(dialling(service="g vpn-tcp"), **more))
    assert "not adopted and stays as it is" in beside.remarks[0]


EXPIRY = {"policy_expiry": "enable", "policy_expiry_date": "2027-01-15 00:00:00"}


def test_a_policy_that_ends_is_adopted_as_it_is_but_gets_none_beside_it_that_never_ends() -> None:
    assert found(box(dialling(**EXPIRY))).sections["fortigate"]["adopt"]["policies"] == {"vpn-allow": 5}
    one = found(box(dialling(service="vpn-tcp SSH", **EXPIRY), **SSH))
    assert "fortigate" not in one.sections
    assert "policy-expiry-date 2027-01-15 00:00:00" in one.remarks[0]


def test_what_a_policy_beside_ours_has_and_ours_has_not_is_noted() -> None:
    fields = {"nat": "enable", "ips_sensor": "strict", "utm_status": "enable", "session_ttl": "300"}
    said = " ".join(found(box(dialling(service="vpn-tcp SSH", **fields), **SSH)).remarks)
    assert "none of its settings: nat enable, ips-sensor strict, session-ttl 300, utm-status enable" in said
    assert "none of its settings" not in " ".join(found(box(dialling(service="vpn-tcp SSH"), **SSH)).remarks)
    assert "none of its settings" not in " ".join(found(box(dialling(**fields))).remarks)
