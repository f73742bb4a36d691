"""Objects of others: what they resolve to is known, or cannot be determined."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.parse.fortigate import tables as fortigate
from tests.unit.fortigate_rows import NOW, SERVER, decided, names, rule, tables

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
def test_an_address_of_any_kind_matches_by_its_fields_or_cannot_be_determined(
    fields: dict[str, Any], member: bool | None, stranger: bool | None
) -> None:
    rows = tables(rule(1, "accept", srcaddr="x"), firewall__address=[{"name": "x", **fields}])
    assert (decided(rows, IPv4Address("192.0.2.7")).passes, decided(rows).passes) == (member, stranger)


def test_groups_are_resolved_with_members_exclusions_and_cycles() -> None:
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
        said[name] = decided(tables(policy, firewall__addrgrp=groups), IPv4Address("192.0.2.7")).passes
    assert said == {"outer": True, "but": True, "none of office": False, "odd": None}


def test_a_group_of_services_is_never_taken_for_a_group_of_addresses_of_its_name() -> None:
    groups: dict[str, Any] = {
        "firewall__addrgrp": [{"name": "lab", "member": names("office")}],
        "firewall_dot_service__group": [{"name": "lab", "member": names("HTTPS")}],
    }
    rows = tables(rule(1, "accept", srcaddr="lab", service="lab"), **groups)
    assert (decided(rows, IPv4Address("192.0.2.7")).passes, decided(rows).passes) == (True, False)


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
def test_a_service_covers_its_ports_or_cannot_be_determined(service: dict[str, Any], passes: bool | None) -> None:
    custom: dict[str, Any] = {"firewall_dot_service__custom": [{"name": "s", **service}]}
    assert decided(tables(rule(1, "accept", service="s"), **custom)).passes is passes


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
def test_a_vip_matches_packets_to_its_external_address_and_ports(
    vip: dict[str, Any], outer: bool | None, inner: bool | None
) -> None:
    rows = tables(
        rule(1, "accept", dstaddr="v", service="HTTPS"), firewall__vip=[{"name": "v", "extintf": "wan1", **vip}]
    )
    assert decided(rows, target=IPv4Address("198.51.100.9")).passes is outer
    assert decided(rows).passes is inner


def test_a_group_of_vips_is_its_members_and_an_accept_of_all_addresses_does_not_match_them() -> None:
    outer = IPv4Address("198.51.100.9")
    vips: dict[str, Any] = {
        "firewall__vip": [{"name": "v", "extintf": "any", "extip": str(outer), "mappedip": [{"range": str(SERVER)}]}],
        "firewall__vipgrp": [{"name": "vips", "member": names("v")}],
    }
    assert decided(tables(rule(1, "accept", dstaddr="vips"), **vips), target=outer).passes is True
    off = rule(1, "accept", dstaddr="vips", service="HTTPS", srcaddr="office")
    assert decided(tables(off, rule(2, "accept"), **vips), target=outer).passes is False
    for match, passes in (("enable", False), ("disable", True)):
        deny = rule(1, "deny", match_vip=match)
        assert decided(tables(deny, rule(2, "accept", dstaddr="vips"), **vips), target=outer).passes is passes


def test_an_object_with_a_name_of_fortios_and_another_meaning_is_read_by_its_meaning() -> None:
    rows = tables(rule(1, "accept", dstaddr="pc"))
    rows["firewall/address"][0]["subnet"] = "192.0.2.0 255.255.255.0"
    assert (decided(rows).passes, decided(rows, IPv4Address("192.0.2.7")).passes) == (False, True)
    rows["firewall.service/custom"][0] |= {"protocol": "TCP/UDP/SCTP", "tcp-portrange": "22"}
    assert decided(rows, IPv4Address("192.0.2.7")).passes is False


def test_an_interface_of_another_vdom_is_left_out_and_an_address_by_dhcp_is_accepted() -> None:
    rows = tables(
        rule(1, "accept"), system__interface=[{"name": "other", "vdom": "guests"}, {"name": "x", "ip": "dhcp"}]
    )
    actual = fortigate.inventory(rows, "root", NOW)
    assert actual.interface_names == ("wan1", "wan2", "dmz", "x")
