"""A box that others made: what its rules let pass is yes, no, or cannot be told because of a condition."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.model.ports import Port, port
from labvpn.model.rules import ALL
from labvpn.observe import fortigate
from labvpn.observe.fortigate_extent import Anyone
from labvpn.observe.fortigate_reach import Probe, Reach, Verdict

NOW = datetime(2026, 11, 29, 12)
SERVER = IPv4Address("203.0.113.20")
HTTPS = Port(*port("443/tcp"))

Rows = dict[str, list[dict[str, Any]]]


def names(text: str) -> list[dict[str, str]]:
    return [{"name": name} for name in text.split()]


def rule(number: int, action: str, **fields: Any) -> dict[str, Any]:
    """A policy from wan1 to dmz for everything, unless fields (with `_` for `-`) say otherwise."""
    lists = {"srcintf": "wan1", "dstintf": "dmz", "srcaddr": "all", "dstaddr": "all", "service": "ALL"}
    row: dict[str, Any] = {"policyid": number, "name": f"r{number}", "action": action, "schedule": "always"}
    given = {key.replace("_", "-"): value for key, value in fields.items()}
    named = {key: names(given.pop(key, text)) for key, text in lists.items()}
    return row | named | given


def tables(*rules: dict[str, Any], **more: list[dict[str, Any]]) -> Rows:
    held: Rows = {
        "firewall/policy": list(rules),
        "firewall/address": [
            {"name": "all", "subnet": "0.0.0.0 0.0.0.0"},
            {"name": "office", "type": "ipmask", "subnet": "192.0.2.0 255.255.255.0"},
            {"name": "pc", "subnet": "203.0.113.20 255.255.255.255"},
        ],
        "firewall.service/custom": [
            {"name": "ALL", "protocol": "IP", "protocol-number": 0},
            {"name": "HTTPS", "protocol": "TCP/UDP/SCTP", "tcp-portrange": "443"},
        ],
        "system/interface": [
            {"name": "wan1", "ip": "198.51.100.1 255.255.255.0"},
            {"name": "wan2"},
            {"name": "dmz", "ip": "203.0.113.17 255.255.255.240"},
        ],
    }
    for key, rows in more.items():
        path = key.replace("__", "/").replace("_dot_", ".").replace("_", "-")
        held[path] = [*held.get(path, []), *rows]
    return held


def judged(rows: Rows, source: Anyone = ALL, enters: str = "wan1", target: IPv4Address = SERVER) -> Verdict:
    box = fortigate.box(rows, now=NOW)
    return Reach(box).judge(box.policies, Probe(enters, "dmz", source, target, HTTPS))


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
    verdict = judged(tables(rule(1, given.pop("action"), **given), rule(2, other)))
    assert verdict.passes is None
    assert "rule 1 'r1'" in verdict.because


@pytest.mark.parametrize("fields", UNREAD[:5], ids=lambda fields: next(iter(fields)))
def test_a_rule_in_doubt_does_not_count_where_the_next_one_does_the_same(fields: dict[str, Any]) -> None:
    assert judged(tables(rule(1, "accept", **fields), rule(2, "accept"))).passes is True
    assert judged(tables(rule(1, "deny", **fields), rule(2, "deny"))).passes is False
    assert judged(tables(rule(1, "deny", **fields))).passes is False


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
def test_what_selects_no_packet_leaves_a_rule_as_certain_as_it_is(fields: dict[str, Any]) -> None:
    assert judged(tables(rule(1, "accept", **fields))).passes is True
    assert judged(tables(rule(1, "deny", **fields), rule(2, "accept"))).passes is False


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
def test_negation_is_read_as_what_it_says(fields: dict[str, Any], office: bool, stranger: bool) -> None:
    rows = tables(rule(1, "accept", **fields))
    assert (judged(rows, IPv4Address("192.0.2.7")).passes, judged(rows).passes) == (office, stranger)


ADDRESSES: list[tuple[dict[str, Any], bool | None, bool | None]] = [
    ({"type": "geography", "country": "JP"}, None, False),
    ({"type": "fqdn", "fqdn": "home.example"}, None, False),
    ({"type": "dynamic", "sub-type": "ems-tag"}, None, None),
    ({"type": "mac", "macaddr": [{"macaddr": "00:11:22:33:44:55"}]}, None, None),
    ({"type": "wildcard", "wildcard": "192.0.0.0 255.0.255.0"}, None, None),
    ({"type": "wildcard", "wildcard": "192.0.2.0 255.255.255.0"}, True, False),
    ({"type": "wildcard-fqdn", "wildcard-fqdn": "*.example"}, None, None),
    ({"type": "interface-subnet", "subnet": "192.0.2.1 255.255.255.0", "interface": "port3"}, True, False),
    ({"type": "interface-subnet", "interface": "port3"}, None, None),
    ({"type": "iprange", "start-ip": "192.0.2.5", "end-ip": "192.0.2.9"}, True, False),
    ({"type": "iprange", "start-ip": "192.0.2.9", "end-ip": "192.0.2.5"}, None, None),
    ({"type": "route-tag", "route-tag": 7}, None, None),
    ({"type": "of a later version", "subnet": "192.0.2.0 255.255.255.0"}, None, None),
    ({"type": "ipmask", "subnet": "192.0.2.0 255.255.255.0", "a-new-limit": "enable"}, None, None),
    ({"type": "ipmask", "subnet": "0.0.0.0 128.0.0.0"}, False, None),
    ({"type": "ipmask", "subnet": "0.0.0.0 0.0.0.0"}, True, True),
    ({"subnet": "192.0.2.0 255.255.255.0", "color": 3, "associated-interface": "wan1"}, True, False),
]


@pytest.mark.parametrize(("fields", "member", "stranger"), ADDRESSES)
def test_an_address_of_any_kind_holds_whom_its_fields_say_or_cannot_be_told(
    fields: dict[str, Any], member: bool | None, stranger: bool | None
) -> None:
    rows = tables(rule(1, "accept", srcaddr="x"), firewall__address=[{"name": "x", **fields}])
    assert (judged(rows, IPv4Address("192.0.2.7")).passes, judged(rows).passes) == (member, stranger)


def test_groups_are_read_with_those_in_them_those_left_out_and_even_when_they_go_round_in_a_circle() -> None:
    groups = [
        {"name": "outer", "member": names("inner")},
        {"name": "inner", "member": names("office outer")},
        {"name": "but", "member": names("office"), "exclude": "enable", "exclude-member": names("pc")},
        {"name": "none of office", "member": names("all"), "exclude": "enable", "exclude-member": names("office")},
        {"name": "odd", "member": names("office"), "a-new-limit": "enable"},
    ]
    said = {}
    for name in ("outer", "but", "none of office", "odd"):
        policy = {**rule(1, "accept"), "srcaddr": [{"name": name}]}
        said[name] = judged(tables(policy, firewall__addrgrp=groups), IPv4Address("192.0.2.7")).passes
    assert said == {"outer": True, "but": True, "none of office": False, "odd": None}


def test_a_group_of_services_is_never_taken_for_a_group_of_addresses_of_its_name() -> None:
    groups: dict[str, Any] = {
        "firewall__addrgrp": [{"name": "lab", "member": names("office")}],
        "firewall_dot_service__group": [{"name": "lab", "member": names("HTTPS")}],
    }
    rows = tables(rule(1, "accept", srcaddr="lab", service="lab"), **groups)
    assert (judged(rows, IPv4Address("192.0.2.7")).passes, judged(rows).passes) == (True, False)


@pytest.mark.parametrize(
    ("service", "passes"),
    [
        ({"tcp-portrange": "1-65535"}, True),
        ({"tcp-portrange": "80 400-500"}, True),
        ({"udp-portrange": "443"}, False),
        ({"tcp-portrange": "443:1024-2000"}, None),
        ({"tcp-portrange": "443:1-65535"}, True),
        ({"protocol": "IP", "protocol-number": 6}, True),
        ({"protocol": "IP", "protocol-number": 17}, False),
        ({"protocol": "IP", "protocol-number": 50}, False),
        ({"protocol": "ICMP", "icmptype": 8}, False),
        ({"protocol": "TCP/UDP/SCTP", "tcp-portrange": "443", "iprange": "203.0.113.9"}, None),
        ({"tcp-portrange": "443", "fqdn": "x.example"}, None),
        ({"protocol": "ALL", "proxy": "enable", "tcp-portrange": "0-65535:0-65535"}, None),
        ({"tcp-portrange": "443", "app-service-type": "app-id"}, None),
        ({"tcp-portrange": "443", "helper": "auto", "category": "Web Access", "session-ttl": "300"}, True),
        ({"tcp-portrange": "443", "a-new-limit": "enable"}, None),
        ({"tcp-portrange": "https"}, None),
    ],
)
def test_a_service_is_about_the_ports_that_it_says_or_cannot_be_told(
    service: dict[str, Any], passes: bool | None
) -> None:
    custom: dict[str, Any] = {"firewall_dot_service__custom": [{"name": "s", **service}]}
    assert judged(tables(rule(1, "accept", service="s"), **custom)).passes is passes


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
def test_a_rule_is_in_force_when_its_schedule_and_its_end_say_so(fields: dict[str, Any], in_force: bool | None) -> None:
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
    assert judged(tables(rule(1, "accept", **fields), **schedules)).passes is in_force


def test_a_rule_for_ipv6_alone_decides_about_no_ipv4() -> None:
    six = rule(1, "deny", srcaddr="", dstaddr="", srcaddr6=names("all"), dstaddr6=names("all"))
    assert judged(tables(six, rule(2, "accept"))).passes is True


@pytest.mark.parametrize("zoned", ["zone", "sdwan"])
def test_a_rule_for_a_zone_is_about_the_interfaces_in_it(zoned: str) -> None:
    more: dict[str, Any] = (
        {"system__zone": [{"name": "外部 (WAN): 1/2", "interface": [{"interface-name": "wan1"}]}]}
        if zoned == "zone"
        else {"system__sdwan": [{"zone": names("外部"), "members": [{"interface": "wan1", "zone": "外部 (WAN): 1/2"}]}]}
    )
    policy = {**rule(1, "accept"), "srcintf": [{"name": "外部 (WAN): 1/2"}]}
    for enters, passes in (("wan1", True), ("外部 (WAN): 1/2", True), ("wan2", False)):
        assert judged(tables(policy, **more), enters=enters).passes is passes


def test_an_interface_of_a_zone_of_which_a_rule_names_a_part_is_in_doubt() -> None:
    members = [{"interface": name, "zone": "virtual-wan-link"} for name in ("wan1", "wan2")]
    more: dict[str, Any] = {"system__sdwan": [{"zone": names("virtual-wan-link"), "members": members}]}
    assert judged(tables(rule(1, "accept"), **more), enters="virtual-wan-link").passes is None
    assert judged(tables(rule(1, "accept", srcintf="any"), **more), enters="virtual-wan-link").passes is True


def test_a_zone_that_lets_its_members_reach_each_other_is_no_closed_door() -> None:
    inside = [{"interface-name": name} for name in ("wan1", "dmz")]
    zone: dict[str, Any] = {"system__zone": [{"name": "flat", "intrazone": "allow", "interface": inside}]}
    verdict = judged(tables(**zone))
    assert verdict.passes is None
    assert "zone 'flat' lets its members reach each other" in verdict.because


VIPS: list[tuple[dict[str, Any], bool | None, bool | None]] = [
    ({"extip": "198.51.100.9", "mappedip": [{"range": "203.0.113.20"}]}, True, True),
    (
        {
            "extip": "198.51.100.9",
            "mappedip": [{"range": "203.0.113.20"}],
            "portforward": "enable",
            "extport": "8443",
            "mappedport": "443",
        },
        False,
        True,
    ),
    (
        {
            "extip": "198.51.100.9",
            "mappedip": [{"range": "203.0.113.20"}],
            "portforward": "enable",
            "extport": "443",
            "mappedport": "22",
        },
        False,
        False,
    ),
    ({"extip": "198.51.100.9-198.51.100.10", "mappedip": [{"range": "203.0.113.20-203.0.113.21"}]}, None, None),
    ({"extip": "198.51.100.9", "mappedip": [{"range": "203.0.113.20"}], "src-filter": [{"range": "x"}]}, None, None),
    ({"extip": "198.51.100.50", "type": "server-load-balance", "realservers": [{"ip": "203.0.113.60"}]}, False, False),
    ({"type": "fqdn", "mapped-addr": "pc"}, None, None),
    ({"extip": "198.51.100.9", "mappedip": [{"range": "203.0.113.20"}], "extintf": "wan2"}, False, False),
]


@pytest.mark.parametrize(("vip", "outer", "inner"), VIPS)
def test_a_vip_takes_the_packets_to_its_outer_address_and_ports(
    vip: dict[str, Any], outer: bool | None, inner: bool | None
) -> None:
    rows = tables(
        rule(1, "accept", dstaddr="v", service="HTTPS"), firewall__vip=[{"name": "v", "extintf": "wan1", **vip}]
    )
    assert judged(rows, target=IPv4Address("198.51.100.9")).passes is outer
    assert judged(rows).passes is inner


def test_a_group_of_vips_is_those_in_it_and_an_accept_of_all_addresses_is_not_about_them() -> None:
    outer = IPv4Address("198.51.100.9")
    vips: dict[str, Any] = {
        "firewall__vip": [{"name": "v", "extintf": "any", "extip": str(outer), "mappedip": [{"range": str(SERVER)}]}],
        "firewall__vipgrp": [{"name": "vips", "member": names("v")}],
    }
    assert judged(tables(rule(1, "accept", dstaddr="vips"), **vips), target=outer).passes is True
    off = rule(1, "accept", dstaddr="vips", service="HTTPS", srcaddr="office")
    assert judged(tables(off, rule(2, "accept"), **vips), target=outer).passes is False
    for match, passes in (("enable", False), ("disable", True)):
        deny = rule(1, "deny", match_vip=match)
        assert judged(tables(deny, rule(2, "accept", dstaddr="vips"), **vips), target=outer).passes is passes


def test_what_goes_to_the_box_itself_is_for_its_local_policies_to_decide() -> None:
    own = judged(tables(rule(1, "accept")), target=IPv4Address("198.51.100.1"))
    assert own.passes is None
    assert "local-in policies decide" in own.because


@pytest.mark.parametrize("mode", [{"ngfw-mode": "policy-based"}, {"central-nat": "enable"}])
def test_a_vdom_in_which_policies_do_not_decide_alone_is_in_doubt_as_a_whole(mode: dict[str, str]) -> None:
    assert judged(tables(rule(1, "accept"), system__settings=[mode])).passes is None


def test_an_object_that_was_given_another_meaning_under_fortioss_own_name_is_read_by_its_meaning() -> None:
    rows = tables(rule(1, "accept", dstaddr="pc"))
    rows["firewall/address"][0]["subnet"] = "192.0.2.0 255.255.255.0"
    assert (judged(rows).passes, judged(rows, IPv4Address("192.0.2.7")).passes) == (False, True)
    rows["firewall.service/custom"][0] |= {"protocol": "TCP/UDP/SCTP", "tcp-portrange": "22"}
    assert judged(rows, IPv4Address("192.0.2.7")).passes is False


def test_an_interface_of_another_vdom_is_none_of_ours_and_an_address_by_dhcp_is_no_error() -> None:
    rows = tables(
        rule(1, "accept"), system__interface=[{"name": "other", "vdom": "guests"}, {"name": "x", "ip": "dhcp"}]
    )
    seen = fortigate.box(rows, "root", NOW)
    assert seen.interface_names == ("wan1", "wan2", "dmz", "x")
