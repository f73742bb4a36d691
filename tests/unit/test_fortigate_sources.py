"""Denies above ours by country, host name and address: what is sure is said for sure."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.plan.fortigate.comparison import Comparison
from labvpn.plan.fortigate.impact import closings, openings
from labvpn.plan.fortigate.other_policies import shadows
from tests.unit.fortigate_rows import LAST, case, decided, names, rule, tables

OBJECTS: list[dict[str, Any]] = [
    {"name": "CN", "type": "geography", "country": "CN"},
    {"name": "Japan", "type": "geography", "country": "JP"},
    {"name": "bad", "type": "fqdn", "fqdn": "bad.example"},
    {"name": "multicast", "subnet": "224.0.0.0 240.0.0.0"},
    {"name": "reserved", "subnet": "240.0.0.0 240.0.0.0"},
    {"name": "ten", "subnet": "10.0.0.0 255.0.0.0"},
    {"name": "low", "subnet": "0.0.0.0 128.0.0.0"},
    {"name": "middle", "subnet": "128.0.0.0 192.0.0.0"},
    {"name": "high", "subnet": "192.0.0.0 224.0.0.0"},
]
GROUPS = [
    {"name": "Bogons", "member": names("multicast reserved ten")},
    {"name": "unicast", "member": names("low middle high")},
]


def denied(sources: list[str], **fields: Any) -> Comparison:
    rows = tables(rule(1, "deny", **fields), LAST, firewall__address=OBJECTS, firewall__addrgrp=GROUPS)
    return case(rows, sources=sources)


def test_a_deny_of_our_only_country_is_said_to_deny_every_source() -> None:
    (said,) = shadows(denied(["CN"], srcaddr="CN"))
    assert said.startswith("rule 1 'r1' above ours (vpn-allow) already denies every source of it")


def test_a_deny_of_one_of_our_countries_is_said_to_deny_that_one() -> None:
    (said,) = shadows(denied(["CN", "JP"], srcaddr="CN"))
    assert said.startswith("rule 1 'r1' above ours (vpn-allow) already denies this source: vpn-from-CN;")


def test_a_deny_of_another_country_says_nothing_and_one_at_some_hours_is_uncertain() -> None:
    assert shadows(denied(["CN"], srcaddr="Japan")) == []
    (said,) = shadows(denied(["CN"], srcaddr="CN", groups=names("students")))
    assert "cannot be determined because of groups students" in said


def test_a_host_name_may_be_in_a_country_of_ours() -> None:
    (said,) = shadows(denied(["CN"], srcaddr="bad"))
    assert "cannot be determined because of bad: bad.example" in said


def test_a_deny_of_a_part_of_the_ports_of_a_source_does_not_deny_the_source() -> None:
    (said,) = shadows(denied(["192.0.2.0/24", "198.51.100.0/24"], srcaddr="office", service="HTTPS"))
    assert "already denies a part of what ours allows" in said
    (said,) = shadows(denied(["192.0.2.0/24", "198.51.100.0/24"], srcaddr="office"))
    assert "already denies this source: vpn-from-192.0.2.0-24;" in said


@pytest.mark.parametrize("source", ["multicast", "reserved", "multicast reserved", "Bogons"])
def test_a_deny_of_addresses_that_no_client_has_leaves_no_doubt(source: str) -> None:
    made = denied(["all"], srcaddr=source)
    assert closings(made) == []
    assert any("open for everyone outside" in one for one in openings(made))
    assert not any("cannot be determined" in one for one in openings(made))


def test_what_holds_every_client_is_everyone_and_a_half_of_them_is_not() -> None:
    more: dict[str, Any] = {"firewall__address": OBJECTS, "firewall__addrgrp": GROUPS}
    wide = [{"name": "wide", "type": "iprange", "start-ip": str(IPv4Address(0)), "end-ip": "223.255.255.255"}]
    assert decided(tables(rule(1, "deny", srcaddr="low"), rule(2, "accept"), **more)).passes is None
    held = more | {"firewall__address": [*OBJECTS, *wide]}
    assert decided(tables(rule(1, "deny", srcaddr="wide"), rule(2, "accept"), **held)).passes is False
