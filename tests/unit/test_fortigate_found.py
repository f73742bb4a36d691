"""A preview for a FortiGate that others configured: holes, shadows and lockouts are reported, uncertain ones too."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.model.ports import Port, port
from labvpn.parse.fortigate.tables import Path
from labvpn.plan.fortigate.checks import cut, problems
from labvpn.plan.fortigate.impact import closings, openings, unanswered
from labvpn.plan.fortigate.other_policies import holes, leaks, shadows
from tests.unit.fortigate_rows import LAST, case, names, rule, tables

CLOSED = {"from": ["wan2"], "before": "last", "hosts": {"workstation": "203.0.113.21"}}
HARD: list[dict[str, Any]] = [
    {"srcaddr_negate": "enable", "srcaddr": "office"},
    {"groups": names("students")},
    {"schedule": "nights"},
    {"a_new_condition": "enable"},
]


@pytest.mark.parametrize("fields", HARD[1:], ids=str)
def test_a_deny_above_ours_with_a_condition_is_never_reported_to_deny_everyone(fields: dict[str, Any]) -> None:
    compared = case(tables(rule(1, "deny", **fields), LAST))
    (sentence,) = shadows(compared)
    assert sentence.startswith(
        "whether rule 1 'r1' above ours (vpn-allow) denies what ours allows cannot be determined"
    )
    assert unanswered(compared) == []
    assert any("cannot be determined because of rule 1 'r1'" in one for one in closings(compared))
    assert openings(compared) == []


def test_a_deny_of_all_but_a_network_closes_for_everyone_else() -> None:
    compared = case(tables(rule(1, "deny", **HARD[0]), LAST), sources=["all"])
    assert openings(compared) == []
    assert any("stay closed at wan1 for everyone" in one for one in unanswered(compared))
    assert "cannot be determined because of negated sources" in shadows(compared)[0]


HOLES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"service": "ALL"}, {}, "rule 1 'r1' lets everyone at wan1 reach any port of server (203.0.113.20) beside ours"),
    ({"srcintf": "any"}, {}, "rule 1 'r1' lets everyone at wan1 reach any port of server"),
    (
        {"srcintf": "outer"},
        {"system__zone": [{"name": "outer", "interface": [{"interface-name": "wan1"}]}]},
        "rule 1 'r1' lets everyone",
    ),
    (
        {"srcintf": "virtual-wan-link"},
        {"system__sdwan": [{"members": [{"interface": "wan1"}]}]},
        "rule 1 'r1' lets everyone",
    ),
    (
        {"service": "hub"},
        {"firewall_dot_service__custom": [{"name": "hub", "tcp-portrange": "8000"}]},
        "reach 8000/tcp of server",
    ),
    (
        {"service": "all tcp"},
        {"firewall_dot_service__custom": [{"name": "all", "protocol": "IP", "protocol-number": 6}, {"name": "tcp"}]},
        "of server",
    ),
    (
        {"srcaddr": "half"},
        {"firewall__address": [{"name": "half", "subnet": "0.0.0.0 128.0.0.0"}]},
        "whether rule 1 'r1' lets everyone at wan1",
    ),
    (
        {"groups": names("students")},
        {},
        "reach server (203.0.113.20) cannot be determined because of rule 1 'r1' (groups students)",
    ),
    (
        {"dstaddr": "v"},
        {
            "firewall__vip": [
                {"name": "v", "extintf": "wan1", "extip": "198.51.100.9", "mappedip": [{"range": "203.0.113.20"}]}
            ]
        },
        "of server",
    ),
]


@pytest.mark.parametrize(("fields", "more", "said"), HOLES, ids=[str(fields) for fields, *_ in HOLES])
def test_a_policy_that_lets_everyone_reach_the_labs_machines_is_reported(
    fields: dict[str, Any], more: dict[str, Any], said: str
) -> None:
    compared = case(tables(rule(1, "accept", **fields), LAST, **more))
    sentences = " / ".join(holes(compared))
    assert said in sentences, sentences


def test_a_policy_that_lets_nobody_new_in_is_not_a_hole() -> None:
    for rows in (
        tables(LAST, rule(1, "accept")),
        tables(rule(1, "accept", srcintf="wan2"), LAST),
        tables(rule(1, "accept", srcaddr="office"), LAST),
        tables(rule(1, "accept", service="HTTPS", dstaddr="pc"), LAST),
        tables(rule(1, "accept", dstaddr="office"), LAST),
    ):
        assert holes(case(rows)) == []


def test_a_policy_beside_an_allow_list_of_ours_is_a_hole_even_for_the_vpns_own_ports() -> None:
    rows = tables(rule(1, "accept", service="HTTPS", dstaddr="pc"), LAST)
    (sentence,) = holes(case(rows, sources=["192.0.2.0/24"]))
    assert "reach 443/tcp of server" in sentence


def test_a_zone_that_lets_its_members_reach_each_other_leaks_what_is_behind_the_vpn() -> None:
    inside = [{"interface-name": name} for name in ("wan2", "dmz")]
    zones: dict[str, Any] = {"system__zone": [{"name": "flat", "intrazone": "allow", "interface": inside}]}
    compared = case(tables(LAST, **zones), behindVpn={**CLOSED, "from": ["wan1"]})
    sentences = " / ".join(leaks(compared))
    assert "cannot be determined because of zone 'flat' lets its members reach each other" in sentences


@pytest.mark.parametrize("kind", ["zone", "sdwan", "any"])
def test_a_deny_from_the_zone_that_this_run_comes_from_is_refused(kind: str) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "zone": {"system__zone": [{"name": "campus", "interface": [{"interface-name": "lan"}]}]},
        "sdwan": {"system__sdwan": [{"zone": names("campus"), "members": [{"interface": "lan", "zone": "campus"}]}]},
        "any": {},
    }
    more = kinds[kind]
    rows = tables(LAST, system__interface=[{"name": "lan", "ip": "192.0.2.1 255.255.255.0"}], **more)
    closed = {**CLOSED, "from": ["any" if kind == "any" else "campus"], "hosts": {"server": "203.0.113.20"}}
    compared = case(rows, behindVpn=closed)
    way = Path("SSH to the VPN host", IPv4Address("192.0.2.7"), IPv4Address("203.0.113.20"), Port(*port("22/tcp")))
    (found,) = cut(compared, [way])
    assert "would close SSH to the VPN host" in str(found)


def test_an_interface_that_is_in_a_zone_is_refused_with_the_zones_name() -> None:
    zones = [{"name": "外", "interface": [{"interface-name": "wan1"}]}]
    compared = case(tables(LAST, system__zone=zones))
    (problem,) = problems(compared.settings, compared.actual)
    assert str(problem).startswith(
        "fortigate.outside[0]: 'wan1' is in the zone '外', and FortiOS accepts only the zone"
    )


def test_a_policy_above_that_may_let_this_run_in_does_not_excuse_locking_it_out() -> None:
    rows = tables(rule(1, "accept", groups=names("admins")), LAST)
    closed = {**CLOSED, "from": ["wan1"], "hosts": {"server": "203.0.113.20"}}
    compared = case(rows, outside=["wan2"], behindVpn=closed)
    way = Path("SSH", IPv4Address("198.51.100.7"), IPv4Address("203.0.113.20"), Port(*port("22/tcp")))
    assert len(cut(compared, [way])) == 1


def test_a_member_of_an_aggregate_is_refused_with_the_aggregates_name() -> None:
    members = [{"interface-name": "wan1"}, {"interface-name": "wan3"}]
    compared = case(tables(LAST, system__interface=[{"name": "bond", "type": "aggregate", "member": members}]))
    (problem,) = problems(compared.settings, compared.actual)
    assert str(problem).startswith("fortigate.outside[0]: 'wan1' is a member of 'bond', which alone FortiOS accepts")
    odd = tables(LAST, system__interface=[{"name": "bond", "type": "aggregate", "member": 5}])
    assert problems(case(odd).settings, case(odd).actual) == []
