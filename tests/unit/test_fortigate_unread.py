"""What a FortiGate shows that is not understood: it is never taken for absent, whatever it is a part of."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.parse.fortigate import tables as fortigate
from labvpn.parse.fortigate.tables import DECIDING
from labvpn.plan.fortigate.impact import openings, unanswered
from labvpn.plan.fortigate.other_policies import shadows
from tests.unit.fortigate_rows import LAST, NOW, Rows, case, decided, names, rule, tables

OUTER, OFFICE = IPv4Address("198.51.100.9"), IPv4Address("192.0.2.7")
SERVER_VIP = {"name": "v", "extintf": "wan1", "extip": "203.0.113.20", "mappedip": [{"range": "10.0.0.2"}]}
UNREAD_VIPS: list[dict[str, Any]] = [
    {"extip": "203.0.113.16-203.0.113.30", "mappedip": [{"range": "10.0.0.16-10.0.0.30"}]},
    {"src-filter": [{"range": "192.0.2.0/24"}]},
    {"srcintf-filter": [{"interface-name": "wan1"}]},
    {"service": names("HTTPS")},
    {"type": "server-load-balance", "realservers": [{"ip": "10.0.0.2"}]},
    {"type": "fqdn", "mapped-addr": "inner", "mappedip": []},
    {"status": "disable"},
    {"a-later-condition": "enable"},
    {"portforward": 1, "extport": "443", "mappedport": "443"},
    {"portforward": "enable", "extport": "https", "mappedport": "443"},
    {"extip": "0.0.0.0"},  # noqa: S104  (FortiOS's own word for any address)
    {"mappedip": 5},
]


@pytest.mark.parametrize("fields", UNREAD_VIPS, ids=str)
def test_a_vip_that_is_not_read_may_translate_what_other_policies_are_about(fields: dict[str, Any]) -> None:
    vips: dict[str, Any] = {"firewall__vip": [{**SERVER_VIP, **fields}]}
    hidden = tables(rule(1, "deny", match_vip="disable"), rule(2, "accept", dstaddr="v"), **vips)
    assert decided(hidden).passes is None
    assert "VIP v" in decided(hidden).because
    only_office = tables(rule(1, "accept", dstaddr="v", srcaddr="office"), rule(2, "accept"), **vips)
    assert decided(only_office).passes is None
    assert unanswered(case(tables(rule(1, "deny", match_vip="disable"), rule(2, "accept", dstaddr="v"), **vips))) == []


def test_a_vip_that_is_not_read_leaves_other_addresses_and_interfaces_certain() -> None:
    vips: dict[str, Any] = {"firewall__vip": [{**SERVER_VIP, **UNREAD_VIPS[1]}]}
    assert decided(tables(rule(1, "accept"), **vips), target=IPv4Address("203.0.113.21")).passes is True
    assert decided(tables(rule(1, "accept", srcintf="wan2"), **vips), enters="wan2").passes is True
    assert decided(tables(rule(1, "deny"), rule(2, "accept", dstaddr="v"), **vips)).passes is False


def test_a_vip_at_a_part_of_a_zone_may_translate_what_enters_by_the_zone() -> None:
    inside = [{"interface-name": name} for name in ("wan1", "wan2")]
    more: dict[str, Any] = {"firewall__vip": [SERVER_VIP], "system__zone": [{"name": "Z", "interface": inside}]}
    rows = tables(rule(1, "deny", match_vip="disable"), rule(2, "accept", dstaddr="v", srcintf="Z"), **more)
    assert decided(rows, enters="Z").passes is None
    assert decided(tables(rule(2, "accept", dstaddr="v", srcintf="Z"), **more), enters="Z").passes is None


def test_a_vip_that_no_policy_names_translates_all_the_same() -> None:
    for more in ({}, {"portforward": "enable", "extport": "443", "mappedport": "443"}):
        verdict = decided(tables(rule(1, "accept"), firewall__vip=[{**SERVER_VIP, **more}]))
        assert (verdict.passes, verdict.policy) == (False, None)


LATER = {"later-condition": "enable"}
GROUPS: list[tuple[str, dict[str, Any]]] = [
    ("service", {"firewall_dot_service__group": [{"name": "g", "member": names("HTTPS")}]}),
    ("service", {"firewall_dot_service__group": [{"name": "g", "member": names("ALL")}]}),
    ("srcaddr", {"firewall__addrgrp": [{"name": "g", "member": names("all")}]}),
    ("dstaddr", {"firewall__addrgrp": [{"name": "g", "member": names("pc")}]}),
    ("dstaddr", {"firewall__vipgrp": [{"name": "g", "member": names("v")}], "firewall__vip": [SERVER_VIP]}),
    ("schedule", {"firewall_dot_schedule__group": [{"name": "g", "member": names("always")}]}),
]
DAYS = "sunday monday tuesday wednesday thursday friday saturday"
ALWAYS = {"name": "always", "day": DAYS, "color": 3, "fabric-object": "enable", "label-day": "none", "uuid": "x"}


@pytest.mark.parametrize("condition", [LATER, {"member": 5}, {"exclude": 1}], ids=str)
@pytest.mark.parametrize(("key", "more"), GROUPS)
def test_a_group_of_any_kind_that_is_not_read_has_no_certain_member(
    key: str, more: dict[str, Any], condition: dict[str, Any]
) -> None:
    fields: dict[str, Any] = {key: "g"}
    given: dict[str, Any] = {**more, "firewall_dot_schedule__recurring": [ALWAYS]}
    assert decided(tables(rule(1, "accept", **fields), **given)).passes is True
    (table,) = [path for path in more if path != "firewall__vip"]
    odd = {**given, table: [{**more[table][0], **condition}]}
    assert decided(tables(rule(1, "accept", **fields), **odd)).passes is None
    if key != "schedule":
        outer = {**more[table][0], "name": "outer", "member": names("g")}
        nested = {**odd, table: [*odd[table], outer]}
        assert decided(tables(rule(1, "accept", **{key: "outer"}), **nested)).passes is None


def test_a_deny_of_a_service_group_that_is_not_read_closes_nothing_for_certain_and_covers_nothing() -> None:
    group = [{"name": "g", "member": names("ALL"), **LATER}]
    compared = case(tables(rule(1, "deny", service="g"), LAST, firewall_dot_service__group=group))
    assert unanswered(compared) == []
    assert openings(compared) == []
    (sentence,) = shadows(compared)
    assert sentence.startswith(
        "whether rule 1 'r1' above ours (vpn-allow) denies what ours allows cannot be determined"
    )


ONLY_SIX = {"srcaddr": "", "dstaddr": "", "srcaddr6": names("all"), "dstaddr6": names("all")}
FOURS: list[dict[str, Any]] = [
    {"internet_service_src": "enable", "internet_service_src_name": names("Tor")},
    {"internet_service": "enable", "internet_service_name": names("x"), "service": ""},
    {"internet_service_custom": names("x")},
    {"network_service_dynamic": names("x")},
    {"network_service_src_dynamic": names("x")},
    {"nat64": "enable"},
    {"nat46": "enable"},
    {"a_place_of_ipv4_addresses": names("x")},
]


@pytest.mark.parametrize("fields", FOURS, ids=lambda fields: next(iter(fields)))
def test_a_policy_of_both_families_is_not_one_for_ipv6_alone(fields: dict[str, Any]) -> None:
    rows = tables(rule(1, "deny", **ONLY_SIX, **fields), rule(2, "accept"), LAST)
    assert decided(rows).passes is None
    assert any("cannot be determined" in one for one in shadows(case(rows)))


def test_a_policy_for_ipv6_alone_may_have_conditions_that_only_narrow_it() -> None:
    for fields in ({"groups": names("students")}, {"internet_service6": "enable"}, {"service": "HTTPS"}):
        assert decided(tables(rule(1, "deny", **ONLY_SIX, **fields), rule(2, "accept"))).passes is True


@pytest.mark.parametrize("path", DECIDING)
def test_where_what_changes_how_policies_decide_cannot_be_read_nothing_is_concluded(path: str) -> None:
    rows = tables(rule(1, "accept"))
    hidden = {other: held for other, held in rows.items() if other != path}
    assert decided(rows).passes is True
    assert decided(hidden).passes is None
    assert f"({path}) cannot be read" in decided(hidden).because


ASKED: list[dict[str, Any]] = [
    {"disclaimer": "enable"},
    {"email_collect": "enable"},
    {"http_policy_redirect": "enable"},
    {"ssh_policy_redirect": "enable"},
    {"ztna_policy_redirect": "enable"},
]


@pytest.mark.parametrize("fields", ASKED, ids=str)
def test_a_policy_that_lets_pass_only_who_answers_a_page_or_another_policy_is_not_open(fields: dict[str, Any]) -> None:
    assert decided(tables(rule(1, "accept", **fields))).passes is None


@pytest.mark.parametrize("mode", ["captive-portal", "802.1X", "of-a-later-version"])
def test_who_enters_by_an_interface_that_asks_who_they_are_is_not_certain_to_pass(mode: str) -> None:
    rows = tables(rule(1, "accept"))
    rows["system/interface"][0]["security-mode"] = mode
    assert decided(rows).passes is None
    assert f"security-mode {mode}" in decided(rows).because
    rows["firewall/policy"] = [LAST]
    assert decided(rows).passes is False


@pytest.mark.parametrize("mask", ["1.255.255.255", "63.255.255.255", "0.255.255.255", "255.0.255.0", "0.0.0.255"])
def test_a_mask_is_never_read_as_a_host_mask(mask: str) -> None:
    for fields in ({"type": "wildcard", "wildcard": f"10.0.0.1 {mask}"}, {"subnet": f"10.0.0.1 {mask}"}):
        (odd,) = fortigate.inventory(tables(firewall__address=[{"name": "x", **fields}]), now=NOW).addresses[-1:]
        assert (odd.networks, bool(odd.unread)) == ((), True)
    rows = tables(system__interface=[{"name": "x", "ip": f"10.0.0.1 {mask}"}])
    assert fortigate.inventory(rows, now=NOW).interfaces[-1].held == ()


@pytest.mark.parametrize("interface", ["wan1", "any"])
def test_a_group_of_vips_is_read_with_the_interface_that_fortios_shows_of_it(interface: str) -> None:
    group = {"name": "g", "interface": interface, "member": names("v"), "comments": "theirs", "color": 2, "uuid": "x"}
    more: Rows = {"firewall__vip": [{**SERVER_VIP, "extip": str(OUTER)}], "firewall__vipgrp": [group]}
    rows = tables(rule(1, "accept", dstaddr="g"), **more)
    assert (decided(rows, target=OUTER).passes, decided(rows, target=OFFICE).passes) == (True, False)
    assert decided(tables(rule(1, "accept", srcaddr="x"), firewall__addrgrp=[{**group, "name": "x"}])).passes is None
