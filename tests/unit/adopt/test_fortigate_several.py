"""FortiGates with several policies that let users dial, and with policies for more than the server."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from tests.unit.adopt.test_fortigate_found import HOME, PRINTER, SSH, VIP, box, dialling, found
from tests.unit.fortigate_rows import Rows, names, rule

ODD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"groups": names("staff")}, {}),
    ({"users": names("alice")}, {}),
    ({"internet_service_src": "enable", "internet_service_src_name": names("Tor")}, {}),
    ({"srcaddr": "home"}, {"firewall__address": [HOME]}),
    ({"service": "SSH", "service_negate": "enable"}, SSH),
    ({"service": "ALL"}, {}),
    ({"service": "ALL", "policy_expiry": "enable", "policy_expiry_date": "2027-01-15 00:00:00"}, {}),
]


@pytest.mark.parametrize(("fields", "more"), ODD, ids=lambda one: str(one)[:40])
def test_an_odd_policy_above_or_below_a_plain_one_stays_and_does_not_keep_that_from_being_adopted(
    fields: dict[str, Any], more: dict[str, Any]
) -> None:
    odd = rule(3, "accept", **{"dstaddr": "pc", "service": "vpn-tcp", **fields})
    for rules in ([odd, dialling()], [dialling(), odd]):
        one = found(box(*rules, **more))
        assert one.sections["fortigate"]["adopt"]["policies"] == {"vpn-allow": 5}
        assert "rule 3 'r3' lets users dial the server too; it stays as it is, beside ours" in one.remarks


def test_of_policies_that_all_cannot_be_adopted_each_is_named_with_its_reason() -> None:
    odd = rule(3, "accept", dstaddr="pc", service="vpn-tcp", groups=names("staff"))
    one = found(box(odd, dialling(srcaddr="mystery")))
    assert "fortigate" not in one.sections
    (remark,) = one.remarks
    assert "rule 3 'r3', which is not adopted: it has what the configuration cannot express (groups staff)" in remark
    assert "rule 5 'r5', which is not adopted: the configuration cannot express who may dial (source mystery" in remark


def test_a_policy_to_everything_but_the_server_is_no_way_in() -> None:
    odd = rule(3, "accept", dstaddr="pc", service="vpn-tcp", dstaddr_negate="enable")
    assert found(box(odd, dialling())).sections["fortigate"]["adopt"]["policies"] == {"vpn-allow": 5}
    assert "has no policy that lets users dial the server from outside;" in found(box(odd)).remarks[0]


NET = {"firewall__address": [{"name": "net", "subnet": "203.0.113.16 255.255.255.240"}]}
RANGE = {**VIP, "extip": "203.0.113.18-203.0.113.30", "mappedip": [{"range": "10.0.0.18-10.0.0.30"}]}
OWN = str(IPv4Address(0))  # the interface's own address, as FortiOS writes it
BUT = {"name": "g", "member": names("net"), "exclude": "enable", "exclude-member": names("home")}
WIDE = "rule 5 'r5' lets users dial it among others (destinations "
DOUBTFUL = "whether rule 5 'r5' lets users dial it cannot be determined ("
NEARLY: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"dstaddr": "net", "service": "ALL"}, NET, f"{WIDE}net)"),
    ({"dstaddr": "all", "dstintf": "any"}, {}, f"{WIDE}all)"),
    ({"dstaddr": "printer", "dstaddr_negate": "enable"}, {"firewall__address": PRINTER}, f"{WIDE}printer)"),
    ({"dstaddr": "v"}, {"firewall__vip": [RANGE]}, f"{DOUBTFUL}VIP v: from 203.0.113.18"),
    ({"dstaddr": "v"}, {"firewall__vip": [{**VIP, "extip": OWN}]}, f"{DOUBTFUL}VIP v: from {OWN} to 10.0.0.2"),
    ({"dstaddr": "home"}, {"firewall__address": [HOME]}, f"{DOUBTFUL}home: home.example)"),
    ({"dstaddr": "net"}, {**NET, "firewall__vip": [{**VIP, "extintf": "wan2"}]}, f"{WIDE}net)"),
    ({"dstaddr": "", "internet_service": "enable"}, {}, f"{DOUBTFUL}internet-service enable"),
    ({"dstaddr": "g"}, {"firewall__address": [*NET["firewall__address"], HOME], "firewall__addrgrp": [BUT]}, DOUBTFUL),
]


@pytest.mark.parametrize(("fields", "more", "why"), NEARLY, ids=[why for *_, why in NEARLY])
def test_a_policy_that_lets_users_dial_among_others_or_perhaps_is_named_where_there_is_no_other(
    fields: dict[str, Any], more: dict[str, Any], why: str
) -> None:
    one = found(box(dialling(**fields), **more))
    assert "fortigate" not in one.sections
    assert f"has no policy from outside for the server alone; {why}" in one.remarks[0]
    both = found(box(rule(4, "accept", **{"service": "vpn-tcp", **fields}), dialling(), **more))
    assert both.sections["fortigate"]["outside"] == ["wan1"], "the rest is adopted, or has ours beside it"


def test_a_policy_for_more_than_the_server_stays_beside_ours_where_it_comes_from_a_wan() -> None:
    rows = box(dialling(dstaddr="net", service="ALL"), **NET)
    rows["system/interface"][0]["role"] = "wan"
    one = found(rows)
    assert (one.sections["fortigate"]["outside"], one.sections["fortigate"]["before"]) == (["wan1"], "r5")
    assert "rule 5 'r5' is not adopted and stays as it is (it also has the destinations net)" in one.remarks[0]


@pytest.mark.parametrize("leads", ["wan2 dmz", "dmz wan2", "dmz"])
def test_of_the_interfaces_that_a_policy_leads_to_the_inside_is_the_servers(leads: str) -> None:
    assert found(box(dialling(dstintf=leads))).sections["fortigate"]["inside"] == "dmz"
    inner = {**VIP, "mappedip": [{"range": "203.0.113.21"}]}
    by_vip = found(box(dialling(dstintf=leads, dstaddr="v"), firewall__vip=[inner]))
    assert by_vip.sections["fortigate"]["inside"] == "dmz"
    unknown = found(box(dialling(dstintf=leads, dstaddr="v"), firewall__vip=[VIP]))
    assert unknown.sections["fortigate"]["inside"] == leads.split()[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"srcintf": "dmz", "dstintf": "wan1"},
        {"dstaddr": "office"},
        {"service": "SSH", "dstaddr": "net"},
        {"dstaddr": "net", "status": "disable"},
    ],
    ids=str,
)
def test_a_policy_that_leads_elsewhere_is_not_named(fields: dict[str, Any]) -> None:
    rows = box(dialling(**{"dstaddr": "all", **fields}), **NET, **SSH)
    assert "has no policy that lets users dial the server from outside;" in found(rows).remarks[0]


def test_where_no_network_has_the_server_which_policy_leads_to_it_is_not_known() -> None:
    rows: Rows = box(dialling(dstaddr="net"), rule(1, "accept", srcintf="dmz", dstintf="wan1", nat="enable"), **NET)
    rows["system/interface"][2]["ip"] = "10.9.9.1 255.255.255.0"
    (remark,) = found(rows).remarks
    assert f"{DOUBTFUL}which interface leads to 203.0.113.20 is not known)" in remark
    assert "rule 1" not in remark, "it translates its sources: it leads out"


def wans(*rules: dict[str, Any], inner: str = "10.0.0.2") -> Rows:
    second = {**VIP, "name": "w", "extintf": "wan2", "extip": "192.0.2.77", "mappedip": [{"range": inner}]}
    return box(*rules, firewall__vip=[VIP, second])


def test_vips_at_two_interfaces_that_lead_to_the_server_are_adopted_as_a_pair() -> None:
    one = found(wans(dialling(srcintf="wan1 wan2", dstaddr="v w")))
    section = one.sections["fortigate"]
    assert section["vip"] == {"mapped": "10.0.0.2", "addresses": {"wan1": "203.0.113.20", "wan2": "192.0.2.77"}}
    assert section["adopt"]["vips"] == {"vpn-vip-wan1": "v", "vpn-vip-wan2": "w"}
    assert one.remarks == []
    rows = wans(dialling(srcintf="wan1 wan2", dstaddr="v w"))
    rows["firewall/vip"] = [{**rows["firewall/vip"][1], "extip": VIP["extip"]}, VIP]
    same = found(rows).sections["fortigate"]["adopt"]["vips"]
    assert same == {"vpn-vip-wan1": "v", "vpn-vip-wan2": "w"}, "one address at both is told apart by the interface"
    other = found(wans(dialling(srcintf="wan1 wan2", dstaddr="v w"), inner="10.0.0.3"))
    assert "it also has the destinations w" in other.remarks[0], "it leads to another machine"


def test_a_second_way_in_by_another_vip_of_the_same_machine_is_noted() -> None:
    rules = dialling(dstaddr="v"), rule(6, "accept", srcintf="wan2", dstaddr="w", service="vpn-tcp")
    said = "rule 6 'r6' lets users dial the server too; it stays as it is, beside ours"
    assert said in found(wans(*rules)).remarks
    assert said not in found(wans(*rules, inner="10.0.0.3")).remarks


@pytest.mark.parametrize("members", ["wan1", "wan1 wan2"])
def test_a_vip_at_a_member_of_an_sd_wan_zone_is_adopted_where_it_is(members: str) -> None:
    zone = [{"seq-num": at, "interface": name, "zone": "SD"} for at, name in enumerate(members.split())]
    sdwan = [{"status": "enable", "zone": [{"name": "SD"}], "members": zone}]
    one = found(box(dialling(srcintf="SD", dstaddr="v"), firewall__vip=[VIP], system__sdwan=sdwan))
    section = one.sections["fortigate"]
    assert section["outside"] == ["SD"]
    assert section["vip"] == {"mapped": "10.0.0.2", "addresses": {"wan1": "203.0.113.20"}}
    assert section["adopt"]["vips"] == {"vpn-vip": "v"}
