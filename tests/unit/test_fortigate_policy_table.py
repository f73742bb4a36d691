"""Policies of others: what they let pass is yes, no, or cannot be determined because of a condition."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from tests.unit.fortigate_rows import decided, names, rule, tables

UNREAD: list[dict[str, Any]] = [
    {"groups": names("students")},
    {"users": names("jun")},
    {"fsso_groups": names("CN=STAFF")},
    {"internet_service": "enable", "internet_service_name": names("Google-DNS"), "dstaddr": "", "service": ""},
    {"internet_service_src": "enable", "internet_service_src_name": names("Tor-Exit.Node"), "srcaddr": ""},
    {"ztna_status": "enable"},
    {"ztna_ems_tag": names("FCTEMS_ALL")},
    {"devices": names("printers")},
    {"tos": "0x10", "tos_mask": "0xf0"},
    {"nat64": "enable"},
    {"nat46": "enable"},
    {"vlan_filter": "10-20"},
    {"src_vendor_mac": [{"id": 7}]},
    {"reputation_minimum": 3},
    {"match_vip_only": "enable"},
    {"action": "ipsec"},
    {"action": "learn"},
    {"a_condition_of_a_later_version": "enable"},
    {"another_condition": [{"name": "x"}]},
    {"service_negate": "perhaps"},
    {"srcaddr": "a-name-that-was-not-read"},
    {"dstaddr": "a-name-that-was-not-read"},
    {"service": "a-name-that-was-not-read"},
    {"schedule": "nights"},
    {"srcintf": "a-zone-that-was-not-read"},
]


@pytest.mark.parametrize("fields", UNREAD, ids=lambda fields: next(iter(fields)))
@pytest.mark.parametrize("action", ["accept", "deny"])
def test_a_rule_with_a_condition_that_was_not_read_is_neither_open_nor_closed(
    action: str, fields: dict[str, Any]
) -> None:
    other = "deny" if action == "accept" else "accept"
    given = {"action": action, **fields}
    verdict = decided(tables(rule(1, given.pop("action"), **given), rule(2, other)))
    assert verdict.passes is None
    assert "rule 1 'r1'" in verdict.because


@pytest.mark.parametrize("fields", UNREAD[:5], ids=lambda fields: next(iter(fields)))
def test_a_policy_in_doubt_does_not_count_where_the_next_one_has_the_same_result(fields: dict[str, Any]) -> None:
    assert decided(tables(rule(1, "accept", **fields), rule(2, "accept"))).passes is True
    assert decided(tables(rule(1, "deny", **fields), rule(2, "deny"))).passes is False
    assert decided(tables(rule(1, "deny", **fields))).passes is False


HARMLESS: list[dict[str, Any]] = [
    {"av_profile": "default", "ips_sensor": "all_default", "utm_status": "enable", "inspection_mode": "proxy"},
    {"logtraffic": "all", "logtraffic_start": "enable", "label": "lab", "global_label": "The lab"},
    {"nat": "enable", "ippool": "enable", "poolname": names("pool")},
    {"traffic_shaper": "guarantee", "session_ttl": "3600", "uuid": "1-2", "comments": "somebody's"},
    {"tos": "0x00", "geoip_match": "physical-location", "reputation_direction": "destination", "nat64": "disable"},
    {"policy_expiry": "enable", "policy_expiry_date": "2027-03-31 23:59:59"},
    {"srcaddr6": names("all"), "dstaddr6": names("all")},
    {"internet_service6": "disable", "vlan_cos_fwd": 255, "users": [], "groups": None},
]


@pytest.mark.parametrize("fields", HARMLESS, ids=lambda fields: next(iter(fields)))
def test_what_selects_no_packet_leaves_a_policy_certain(fields: dict[str, Any]) -> None:
    assert decided(tables(rule(1, "accept", **fields))).passes is True
    assert decided(tables(rule(1, "deny", **fields), rule(2, "accept"))).passes is False


@pytest.mark.parametrize(
    ("fields", "office", "stranger"),
    [
        ({"srcaddr": "office", "srcaddr_negate": "enable"}, False, True),
        ({"srcaddr": "office"}, True, False),
        ({"dstaddr": "pc", "dstaddr_negate": "enable"}, False, False),
        ({"dstaddr": "office", "dstaddr_negate": "enable"}, True, True),
        ({"service": "HTTPS", "service_negate": "enable"}, False, False),
        ({"srcaddr": "all", "srcaddr_negate": "enable"}, False, False),
    ],
)
def test_negated_lists_match_everything_else(fields: dict[str, Any], office: bool, stranger: bool) -> None:
    rows = tables(rule(1, "accept", **fields))
    assert (decided(rows, IPv4Address("192.0.2.7")).passes, decided(rows).passes) == (office, stranger)


@pytest.mark.parametrize(
    ("fields", "in_force"),
    [
        ({"status": "disable"}, False),
        ({"schedule": "none"}, False),
        ({"schedule": "past"}, False),
        ({"schedule": "to come"}, None),
        ({"schedule": "daily"}, True),
        ({"schedule": "office hours"}, None),
        ({"schedule": "mixed"}, None),
        ({"schedule": "over"}, False),
        ({"policy_expiry": "enable", "policy_expiry_date": "2026-01-31 00:00:00"}, False),
        ({"policy_expiry": "enable", "policy_expiry_date": "2026-11-29 11:00:00"}, True),
    ],
)
def test_a_policy_is_in_force_by_its_schedule_and_its_expiry(fields: dict[str, Any], in_force: bool | None) -> None:
    days = "sunday monday tuesday wednesday thursday friday saturday"
    schedules: dict[str, Any] = {
        "firewall_dot_schedule__recurring": [
            {"name": "always", "day": days},
            {"name": "none", "day": "none"},
            {"name": "daily", "day": days, "start": "00:00", "end": "00:00"},
            {"name": "office hours", "day": "monday", "start": "09:00", "end": "17:00"},
        ],
        "firewall_dot_schedule__onetime": [
            {"name": "past", "start": "00:00 2026/01/01", "end": "23:59 2026/01/31"},
            {"name": "to come", "start": "00:00 2026/01/01", "end": "23:59 2027/01/31"},
        ],
        "firewall_dot_schedule__group": [
            {"name": "mixed", "member": [{"name": "past"}, {"name": "office hours"}]},
            {"name": "over", "member": [{"name": "past"}]},
        ],
    }
    assert decided(tables(rule(1, "accept", **fields), **schedules)).passes is in_force


def test_a_policy_for_ipv6_alone_matches_no_ipv4() -> None:
    six = rule(1, "deny", srcaddr="", dstaddr="", srcaddr6=names("all"), dstaddr6=names("all"))
    assert decided(tables(six, rule(2, "accept"))).passes is True


@pytest.mark.parametrize("zoned", ["zone", "sdwan"])
def test_a_policy_for_a_zone_matches_the_interfaces_in_it(zoned: str) -> None:
    more: dict[str, Any] = (
        {"system__zone": [{"name": "外部 (WAN): 1/2", "interface": [{"interface-name": "wan1"}]}]}
        if zoned == "zone"
        else {"system__sdwan": [{"zone": names("外部"), "members": [{"interface": "wan1", "zone": "外部 (WAN): 1/2"}]}]}
    )
    policy = {**rule(1, "accept"), "srcintf": [{"name": "外部 (WAN): 1/2"}]}
    for enters, passes in (("wan1", True), ("外部 (WAN): 1/2", True), ("wan2", False)):
        assert decided(tables(policy, **more), enters=enters).passes is passes


def test_a_zone_of_which_a_policy_names_only_some_interfaces_is_in_doubt() -> None:
    members = [{"interface": name, "zone": "virtual-wan-link"} for name in ("wan1", "wan2")]
    more: dict[str, Any] = {"system__sdwan": [{"zone": names("virtual-wan-link"), "members": members}]}
    assert decided(tables(rule(1, "accept"), **more), enters="virtual-wan-link").passes is None
    assert decided(tables(rule(1, "accept", srcintf="any"), **more), enters="virtual-wan-link").passes is True


def test_a_zone_that_lets_its_members_reach_each_other_is_not_closed() -> None:
    inside = [{"interface-name": name} for name in ("wan1", "dmz")]
    zone: dict[str, Any] = {"system__zone": [{"name": "flat", "intrazone": "allow", "interface": inside}]}
    verdict = decided(tables(**zone))
    assert verdict.passes is None
    assert "zone 'flat' lets its members reach each other" in verdict.because


def test_packets_to_the_fortigate_itself_are_decided_by_its_local_in_policies() -> None:
    own = decided(tables(rule(1, "accept")), target=IPv4Address("198.51.100.1"))
    assert own.passes is None
    assert "local-in policies decide" in own.because


@pytest.mark.parametrize("mode", [{"ngfw-mode": "policy-based"}, {"central-nat": "enable"}])
def test_a_vdom_in_which_policies_do_not_decide_alone_is_in_doubt_as_a_whole(mode: dict[str, str]) -> None:
    assert decided(tables(rule(1, "accept"), system__settings=[mode])).passes is None
