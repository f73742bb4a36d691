"""Switches and rows in another form than FortiOS's: each is unread by itself, and stops nothing else."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.parse.fortigate import tables as fortigate
from tests.unit.fortigate_rows import LAST, NOW, Rows, decided, names, rule, tables

OFFICE = IPv4Address("192.0.2.7")
ODD = [1, True, "ENABLE", "enabled", "on", ["enable"], {"a": 1}]
SWITCHES = "status nat match-vip policy-expiry srcaddr-negate dstaddr-negate service-negate"


@pytest.mark.parametrize("value", ODD, ids=str)
@pytest.mark.parametrize("key", SWITCHES.split())
def test_a_switch_of_a_policy_with_another_value_is_neither_on_nor_off(key: str, value: Any) -> None:
    past = {"policy-expiry-date": "2026-01-01 00:00:00"} if key == "policy-expiry" else {}
    for action, other in (("deny", "accept"), ("accept", "deny")):
        assert decided(tables({**rule(1, action), key: value, **past}, rule(2, other))).passes is None


@pytest.mark.parametrize("value", ODD, ids=str)
def test_a_switch_of_an_object_with_another_value_leaves_the_object_unread(value: Any) -> None:
    group = {"name": "g", "member": names("all"), "exclude": value, "exclude-member": names("office")}
    assert decided(tables(rule(1, "accept", srcaddr="g"), firewall__addrgrp=[group]), OFFICE).passes is None
    vip = {"name": "v", "extintf": "wan1", "extip": "198.51.100.9", "mappedip": [{"range": "203.0.113.22"}]}
    for more in ({"portforward": value, "extport": "8080", "mappedport": "80"}, {"status": value}):
        rows = tables(rule(1, "accept", dstaddr="v"), firewall__vip=[{**vip, **more}])
        assert decided(rows, target=IPv4Address("198.51.100.9")).passes is None


@pytest.mark.parametrize("value", ODD, ids=str)
@pytest.mark.parametrize("key", ["central-nat", "ngfw-mode"])
def test_a_switch_of_the_vdom_with_another_value_leaves_everything_in_doubt(key: str, value: Any) -> None:
    assert decided(tables(rule(1, "accept"), system__settings=[{key: value}])).passes is None


@pytest.mark.parametrize("value", [1, True, "ALLOW", ["allow"], "enable"], ids=str)
def test_a_zone_with_another_value_is_not_closed_within(value: Any) -> None:
    inside = [{"interface-name": name} for name in ("wan1", "dmz")]
    verdict = decided(tables(system__zone=[{"name": "z", "interface": inside, "intrazone": value}]))
    assert (verdict.passes, "zone 'z'" in verdict.because) == (None, True)


@pytest.mark.parametrize("value", ["", None, "disable"])
def test_a_switch_that_is_unset_or_off_is_off(value: Any) -> None:
    for key in ("nat", "policy-expiry", "srcaddr-negate"):
        assert decided(tables({**rule(1, "accept"), key: value})).passes is True


def test_names_may_be_plain_in_every_list() -> None:
    rows = tables(
        rule(1, "accept", schedule="both"),
        system__zone=[{"name": "z", "interface": ["wan1", "wan2"]}],
        firewall_dot_schedule__recurring=[{"name": "never", "day": ["none"]}],
        firewall_dot_schedule__group=[{"name": "both", "member": ["never"]}],
        system__sdwan=[{"status": "enable", "zone": ["out"], "members": [{"interface": "wan2", "zone": "out"}]}],
    )
    seen = fortigate.inventory(rows, now=NOW)
    assert [(zone.name, zone.members) for zone in seen.zones] == [("z", ("wan1", "wan2")), ("out", ("wan2",))]
    assert not seen.policies[0].active


ROWS: list[Any] = [{}, {"name": "odd"}, {"name": None}, "odd", 5, None, ["odd"], {"name": {"a": 1}}]
LISTS = {
    "firewall/address": "subnet type",
    "firewall/addrgrp": "member exclude",
    "firewall/vip": "mappedip extip",
    "firewall/vipgrp": "member",
    "firewall.service/custom": "protocol-number protocol tcp-portrange",
    "firewall.service/group": "member",
    "firewall.schedule/recurring": "day start",
    "firewall.schedule/onetime": "end",
    "firewall.schedule/group": "member",
    "system/zone": "interface intrazone",
    "system/sdwan": "members zone status",
    "system/interface": "ip vdom secondaryip security-mode role",
}


@pytest.mark.parametrize("table", [*LISTS, "firewall/policy", "system/settings"])
def test_an_odd_row_of_any_table_stops_nothing(table: str) -> None:
    values: list[Any] = [5, [5], [{}], {"a": 1}]
    filled = [{"name": "odd", key: value} for key in LISTS.get(table, "").split() for value in values]
    for row in [*ROWS, *filled]:
        held = tables(LAST)
        held[table] = [*held.get(table, []), row]
        seen = fortigate.inventory(held, now=NOW)
        assert "last" in [policy.name for policy in seen.policies]
        assert {"wan1", "dmz"} <= set(seen.interface_names)


def test_a_policy_of_which_not_even_the_number_is_known_leaves_what_is_below_it_undecided() -> None:
    for odd in ("odd", {}, {"policyid": "x"}, {**rule(1, "deny"), "policyid": None}):
        rows = tables(rule(2, "accept"))
        rows["firewall/policy"].insert(0, odd)  # type: ignore[arg-type]
        assert decided(rows).passes is None


def test_a_zone_whose_members_cannot_be_read_may_hold_each_interface() -> None:
    zone: dict[str, Any] = {"name": "z", "interface": 5}
    assert decided(tables(rule(1, "accept", srcintf="z"), system__zone=[zone])).passes is None
    assert decided(tables(rule(1, "deny", srcintf="z"), rule(2, "accept"), system__zone=[zone])).passes is None
    assert decided(tables(rule(2, "accept"), system__zone=[zone])).passes is True
    assert decided(tables(LAST, system__zone=[zone])).passes is None, "its members may reach each other"


def test_an_sdwan_zone_with_a_member_that_cannot_be_read_is_that_of_the_others_too() -> None:
    for odd in ({"seq-num": 1}, {"interface": None}, 5):
        members = [odd, {"interface": "wan1"}]
        more: Rows = {"system__sdwan": [{"status": "enable", "members": members}]}
        rows = tables(rule(1, "accept", srcintf="virtual-wan-link"), **more)
        assert (decided(rows).passes, decided(rows, enters="wan2").passes) == (True, None)


@pytest.mark.parametrize("vdom", [None, "", "root", ["root"], [{"name": "root"}], 5])
def test_an_interface_is_left_out_only_where_it_is_known_to_be_of_another_vdom(vdom: Any) -> None:
    row = {"name": "lan", "vdom": vdom, "ip": "10.1.0.1 255.255.255.0"}
    seen = fortigate.inventory(tables(system__interface=[row]), now=NOW)
    assert "lan" in seen.interface_names
