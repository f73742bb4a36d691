"""FortiGates that others configured: what is adopted, what stays beside ours, and why one is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.adopt.fortigate import fortigate
from labvpn.adopt.found import Found
from labvpn.model.fortigate import FortiGate
from labvpn.model.lab import Lab
from labvpn.parse.fortigate import tables as observe
from labvpn.plan.fortigate.adopt import adopted
from labvpn.plan.fortigate.comparison import policies_after
from labvpn.plan.fortigate.diff import drifted
from labvpn.render.fortigate import wanted
from tests.unit.fortigate_rows import NOW, Rows, names, plan, rule, tables
from tests.unit.samples import lab

LAB = lab(vpn={"listeners": [443], "protocols": {"openvpn": False, "l2tpIpsec": False}})
LAST = rule(9, "deny", comments="the last")


def found(rows: Rows, of: Lab = LAB) -> Found:
    one = Found()
    fortigate(one, "203.0.113.129", "root", observe.inventory(rows, now=NOW), of)
    return one


def dialling(**fields: Any) -> dict[str, Any]:
    return rule(5, "accept", **{"dstaddr": "pc", "service": "vpn-tcp", **fields})


def box(*rules: dict[str, Any], **more: Any) -> Rows:
    own = [{"name": "vpn-tcp", "tcp-portrange": "443"}]
    services = [*own, *more.pop("firewall_dot_service__custom", [])]
    return tables(*rules, LAST, firewall_dot_service__custom=services, **more)


PRINTER = [{"name": "printer", "subnet": "203.0.113.22 255.255.255.255"}]


@pytest.mark.parametrize("order", ["printer pc", "pc printer"])
def test_another_destination_is_never_taken_for_the_server_whatever_the_order(order: str) -> None:
    rows = box(dialling(dstaddr=order), rule(6, "accept", dstaddr="printer"), firewall__address=PRINTER)
    one = found(rows)
    assert "adopt" not in one.sections["fortigate"]
    assert one.sections["fortigate"]["before"] == "r5"
    (remark,) = one.remarks
    assert "rule 5 'r5' is not adopted and stays as it is (it also has the destinations printer)" in remark


SSH = {"firewall_dot_service__custom": [{"name": "SSH", "tcp-portrange": "22"}]}
BESIDE: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"dstintf": "dmz wan2"}, {}, "it leads to dmz, wan2"),
    ({"service": "vpn-tcp SSH"}, SSH, "22/tcp"),
    ({"service": "ALL"}, {}, "it lets in more than the VPN: protocol any"),
    (
        {"service": "vpn-tcp ESP"},
        {"firewall_dot_service__custom": [{"name": "ESP", "protocol": "IP", "protocol-number": 50}]},
        "protocol 50",
    ),
    (
        {"dstaddr": "both"},
        {"firewall__addrgrp": [{"name": "both", "member": names("pc office")}]},
        "destinations both, office",
    ),
]


@pytest.mark.parametrize(("fields", "more", "why"), BESIDE)
def test_a_policy_that_means_more_than_the_configuration_can_express_stays_beside_ours(
    fields: dict[str, Any], more: dict[str, Any], why: str
) -> None:
    one = found(box(dialling(**fields), **more))
    assert "adopt" not in one.sections["fortigate"]
    assert "not adopted and stays as it is" in one.remarks[0]
    assert why in one.remarks[0]


HOME = {"name": "home", "type": "fqdn", "fqdn": "home.example"}
TAG = {"name": "tag", "type": "dynamic"}
BUT = {"name": "g", "member": names("all"), "exclude": "enable", "exclude-member": names("office")}
VIP = {"name": "v", "extintf": "wan1", "extip": "203.0.113.20", "mappedip": [{"range": "10.0.0.2"}]}
FORWARDS = {"portforward": "enable", "extport": "443", "mappedport": "443"}
TOR = {"internet_service_src": "enable", "srcaddr": "", "internet_service_src_name": names("Tor")}
GROUP = {"firewall__addrgrp": [{"name": "g", "member": names("tag")}]}
LEFT: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"srcaddr_negate": "enable", "srcaddr": "office"}, {}, "sources negated"),
    ({"service": "SSH", "service_negate": "enable"}, SSH, "services negated"),
    ({"groups": names("students")}, {}, "groups students"),
    ({"a_new_condition": "enable"}, {}, "a-new-condition enable"),
    ({"srcaddr": "mystery"}, {}, "source mystery"),
    ({"srcaddr": "home"}, {"firewall__address": [HOME]}, "home.example"),
    ({"srcaddr": "tag"}, {"firewall__address": [TAG]}, "type dynamic"),
    ({"srcaddr": "g"}, {**GROUP, "firewall__address": [{**TAG, "type": "mac"}]}, "type mac"),
    ({"srcaddr": "g"}, {"firewall__addrgrp": [BUT]}, "it excludes office"),
    (TOR, {}, "internet-service-src enable"),
    ({"dstaddr": "v"}, {"firewall__vip": [{**VIP, **FORWARDS}]}, "forwards only tcp 443 443"),
    ({"srcintf": "any", "dstintf": "any"}, {}, "both inside and outside"),
    ({}, {"system__settings": [{"ngfw-mode": "policy-based"}]}, "NGFW policy mode"),
]


@pytest.mark.parametrize(("fields", "more", "why"), LEFT, ids=[why for *_, why in LEFT])
def test_where_the_configuration_cannot_express_who_may_dial_the_fortigate_is_left_alone_and_never_opened(
    fields: dict[str, Any], more: dict[str, Any], why: str
) -> None:
    one = found(box(dialling(**fields), **more))
    assert "fortigate" not in one.sections
    (remark,) = one.remarks
    assert "leaves it alone" in remark
    assert why in remark


def test_a_group_of_sources_is_its_members_and_is_adopted_with_them() -> None:
    more: dict[str, Any] = {
        "firewall__address": [{"name": "Japan", "type": "geography", "country": "JP"}],
        "firewall__addrgrp": [
            {"name": "who", "member": names("inner Japan")},
            {"name": "inner", "member": names("office")},
        ],
    }
    one = found(box(dialling(srcaddr="who"), **more))
    assert one.sections["fortigate"]["sources"] == ["192.0.2.0/24", "JP"]
    more["firewall__addrgrp"] = [{"name": "who", "member": names("office Japan")}]
    one = found(box(dialling(srcaddr="who"), **more))
    assert one.sections["fortigate"]["adopt"]["groups"] == {"vpn-sources": "who"}
    assert one.remarks == []


def test_objects_are_paired_by_what_they_mean_and_the_first_up_changes_nothing() -> None:
    addresses = [
        {"name": "z-lab", "subnet": "198.51.100.0 255.255.255.0"},
        {"name": "range", "type": "iprange", "start-ip": "192.0.2.0", "end-ip": "192.0.2.255"},
    ]
    rows = box(dialling(srcaddr="z-lab office", dstaddr="pc"), firewall__address=addresses)
    section = found(rows).sections["fortigate"]
    assert section["adopt"]["addresses"] == {
        "vpn-server": "pc",
        "vpn-from-198.51.100.0-24": "z-lab",
        "vpn-from-192.0.2.0-24": "office",
    }
    rows = box(dialling(srcaddr="range"), firewall__address=addresses)
    one = found(rows)
    assert one.sections["fortigate"]["adopt"]["addresses"] == {"vpn-server": "pc"}
    assert "rule 5 'r5' has the sources range" in " ".join(one.remarks)


def test_networks_inside_others_and_halves_of_everything_end_no_adoption() -> None:
    addresses = [
        {"name": "desk", "subnet": "192.0.2.7 255.255.255.255"},
        {"name": "low", "subnet": "0.0.0.0 128.0.0.0"},
        {"name": "high", "subnet": "128.0.0.0 128.0.0.0"},
    ]
    said = [
        found(box(dialling(srcaddr=text), firewall__address=addresses)).sections["fortigate"]["sources"]
        for text in ("desk office", "low high", "desk all")
    ]
    assert said == [["192.0.2.0/24"], ["all"], ["all"]]


def test_a_vip_of_one_address_is_adopted_also_beside_a_policy_that_is_not() -> None:
    vip = [{"name": "vpn", "extintf": "any", "extip": "203.0.113.20", "mappedip": [{"range": "10.0.0.2"}]}]
    section = found(box(dialling(dstaddr="vpn"), firewall__vip=vip)).sections["fortigate"]
    assert section["vip"] == {"mapped": "10.0.0.2", "addresses": {"any": "203.0.113.20"}}
    assert section["adopt"]["vips"] == {"vpn-vip": "vpn"}
    beside = found(box(dialling(dstaddr="vpn office"), firewall__vip=vip)).sections["fortigate"]
    assert beside["adopt"] == {"vips": {"vpn-vip": "vpn"}}


def test_a_policy_without_a_name_behind_it_is_named_by_its_number() -> None:
    rows = tables(dialling(service="HTTPS"), {**rule(9, "deny"), "name": ""})
    section = found(rows).sections["fortigate"]
    assert section["before"] == 9
    known = FortiGate.model_validate(section)
    seen = observe.inventory(rows, now=NOW)
    assert adopted(wanted(LAB, known), seen, known.adopt).desired.blocks[0].before == "#9"


def test_a_service_that_the_fortigate_came_with_is_not_adopted() -> None:
    rows = tables(dialling(service="HTTPS"), LAST)
    rows["firewall.service/custom"][1]["category"] = "Web Access"
    one = found(rows)
    assert "services" not in one.sections["fortigate"]["adopt"]
    assert "has the service HTTPS, which the first `pulumi up` removes from it" in " ".join(one.remarks)


def test_an_object_that_others_use_is_adopted_as_it_is_and_never_changed_for_them() -> None:
    rows = box(dialling(), rule(6, "accept", srcaddr="pc"))
    one = found(rows)
    assert one.sections["fortigate"]["adopt"]["addresses"] == {"vpn-server": "pc"}
    assert "pc is also used by rule 6 'r6'" in " ".join(one.remarks)
    section = FortiGate.model_validate(one.sections["fortigate"])
    assert plan(rows, section=section).problems() == []
    moved = lab(server={"address": "203.0.113.99"}, vpn=LAB.vpn.model_dump())
    (problem,) = plan(rows, section=section, of=moved).problems()
    assert "'pc' is also used by rule 6 'r6' and would change for them" in str(problem)


def test_a_use_that_no_table_of_ours_shows_counts_as_one() -> None:
    rows = box(dialling())
    rows["firewall/address"][2]["q_ref"] = 3
    assert "pc is also used by 2 other places of the FortiGate" in " ".join(found(rows).remarks)


def test_a_policy_without_a_name_is_adopted_by_its_number() -> None:
    rows = box({**dialling(), "name": ""}, {**rule(6, "deny"), "name": ""})
    section = FortiGate.model_validate(found(rows).sections["fortigate"])
    seen = observe.inventory(rows, now=NOW)
    taken = adopted(wanted(LAB, section), seen, section.adopt).desired
    assert (taken.objects.policies[0].adopts, taken.blocks[0].before) == ("5", "#6")
    assert drifted(taken, seen) == []
    assert [policy.number for policy in policies_after(taken, seen)] == [5, 6, 9]


WRITTEN = ["992 443 500-501", "443-443 992-992 500 501", "443 500-501 992:0-65535", "501 500 992 443"]


@pytest.mark.parametrize("ports", WRITTEN)
def test_a_service_is_adopted_as_it_is_written_whatever_the_order_of_its_ports(ports: str) -> None:
    of = lab(vpn={"listeners": [443, 500, 501, 992], "protocols": {"openvpn": False, "l2tpIpsec": False}})
    rows = box(dialling(service="own"), firewall_dot_service__custom=[{"name": "own", "tcp-portrange": ports}])
    one = Found()
    fortigate(one, "203.0.113.129", "root", observe.inventory(rows, now=NOW), of)
    assert one.remarks == []
    made = plan(rows, set(), section=FortiGate.model_validate(one.sections["fortigate"]), of=of)
    assert (made.problems(), made.warnings()) == ([], [])
    assert made.declared().objects.services[0].tcp == ports.replace(":0-65535", "")


@pytest.mark.parametrize(
    "ports", ["443 500-502 992", "443 500 992", "443 500-501 992:1024-65535", "443 500-501 992 992-x"]
)
def test_a_service_of_other_ports_is_not_adopted_however_near_it_is(ports: str) -> None:
    of = lab(vpn={"listeners": [443, 500, 501, 992], "protocols": {"openvpn": False, "l2tpIpsec": False}})
    rows = box(dialling(service="own"), firewall_dot_service__custom=[{"name": "own", "tcp-portrange": ports}])
    one = Found()
    fortigate(one, "203.0.113.129", "root", observe.inventory(rows, now=NOW), of)
    assert "services" not in one.sections.get("fortigate", {}).get("adopt", {})
