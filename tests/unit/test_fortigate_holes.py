"""What policies of others open or close beside ours, port by port, and for translated packets apart from others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from labvpn.model.firewall import Bans
from labvpn.plan.fortigate.impact import openings
from labvpn.plan.fortigate.other_policies import holes, masks, shadows
from tests.unit.fortigate_rows import LAST, Rows, case, rule, tables

SERVER_VIP = {"name": "theirs", "extintf": "wan1", "extip": "203.0.113.20", "mappedip": [{"range": "10.0.0.2"}]}


def service(**fields: str) -> Rows:
    return {
        "firewall_dot_service__custom": [{"name": "s", **{f"{kind}-portrange": text for kind, text in fields.items()}}]
    }


def forward(port: str, inner: str = "") -> Rows:
    row = {"name": "v", "extintf": "wan1", "extip": "198.51.100.99", "mappedip": [{"range": "203.0.113.20"}]}
    ports = {"portforward": "enable", "protocol": "tcp", "extport": port, "mappedport": inner or port}
    return {"firewall__vip": [{**row, **ports}]}


SERVES = [rule(1, "deny", service="s"), rule(2, "accept")]
TO_VIP = [rule(2, "accept", dstaddr="v")]
OPEN: list[tuple[list[dict[str, Any]], Rows, str]] = [
    (TO_VIP, forward("8000"), "reach 8000/tcp of server"),
    (TO_VIP, forward("8443"), "reach 8443/tcp of server"),
    (TO_VIP, forward("9000", "22"), "reach 22/tcp of server"),
    (TO_VIP, forward("9000-9010"), "reach 9000-9010/tcp of server"),
    (SERVES, service(tcp="22 80 3389"), "reach 1-21/tcp, 23-79/tcp, 81-442/tcp, 444-3388/tcp and "),
    (SERVES, service(tcp="22 80 3389 8000"), "reach 1-21/tcp, 23-79/tcp"),
    (SERVES, service(tcp="1-442 444-65535", udp="1-499 501-1193 1195-4499"), "reach 4501-65535/udp of server"),
    ([rule(2, "accept", service="s")], service(udp="1-65535"), "reach 1-499/udp, 501-1193/udp"),
    ([rule(2, "accept", service="s")], service(tcp="7000-7100"), "reach 7000-7100/tcp of server"),
    ([rule(2, "accept")], {}, "reach any port of server"),
]


@pytest.mark.parametrize(("rules", "more", "said"), OPEN, ids=[said for *_, said in OPEN])
def test_a_hole_is_named_by_the_very_ports_that_are_open(rules: list[dict[str, Any]], more: Rows, said: str) -> None:
    sentences = " / ".join(holes(case(tables(*rules, LAST, **more))))
    assert f"rule 2 'r2' lets everyone at wan1 {said}" in sentences
    assert ("any port" in sentences) is ("any port" in said)


def test_what_a_policy_above_closes_to_the_last_port_is_no_hole() -> None:
    whole = service(tcp="1-442 444-65535", udp="1-499 501-1193 1195-4499 4501-65535")
    assert holes(case(tables(*SERVES, LAST, **whole))) == []


def test_a_deny_that_does_not_see_translated_packets_denies_nothing_of_what_a_vip_leads_in() -> None:
    compared = case(tables(rule(1, "deny", match_vip="disable"), LAST), vip={"mapped": "10.0.0.2"})
    assert shadows(compared) == []
    assert openings(compared)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"match_vip": "enable"}, "already denies every source of it"),
        ({"match_vip": "enable", "dstaddr": "pc"}, "already denies a part"),
        ({"match_vip": "disable", "dstaddr": "mystery"}, "cannot be determined"),
    ],
)
def test_a_deny_that_sees_translated_packets_or_may_do_so_is_named(fields: dict[str, Any], said: str) -> None:
    compared = case(tables(rule(1, "deny", **fields), LAST), vip={"mapped": "10.0.0.2"})
    assert said in " / ".join(shadows(compared))


def test_a_deny_that_names_the_vip_is_named_whatever_it_sees() -> None:
    rows = tables(rule(1, "deny", match_vip="disable", dstaddr="theirs"), LAST, firewall__vip=[SERVER_VIP])
    adopt = {"vips": {"vpn-vip": "theirs"}}
    (sentence,) = shadows(case(rows, vip={"mapped": "10.0.0.2"}, adopt=adopt))
    assert "already denies every source of it" in sentence


def test_an_accept_of_plain_addresses_lets_nothing_through_that_a_vip_leads_to_a_closed_host() -> None:
    closed = {"from": ["wan2"], "before": "last", "hosts": {"workstation": "203.0.113.21"}}
    vip = {"name": "v", "extintf": "wan2", "extip": "198.51.100.9", "mappedip": [{"range": "203.0.113.21"}]}
    rows = tables(rule(1, "accept", srcintf="wan2", dstaddr="v"), LAST, firewall__vip=[vip])
    assert "lets through what ours should stop" in " / ".join(shadows(case(rows, behindVpn=closed)))
    rows = tables(rule(1, "accept", srcintf="wan2", dstaddr="office"), LAST, firewall__vip=[vip])
    assert shadows(case(rows, behindVpn=closed)) == []


@pytest.mark.parametrize(("nat", "bans", "warned"), [("enable", True, 1), ("disable", True, 0), ("enable", False, 0)])
def test_an_adopted_way_in_that_hides_who_dials_is_named_where_sources_are_banned(
    nat: str, bans: bool, warned: int
) -> None:
    compared = case(tables(rule(5, "accept", nat=nat), LAST), adopt={"policies": {"vpn-allow": 5}})
    assert compared.lab.firewall is not None
    firewall = compared.lab.firewall.model_copy(update={"bans": Bans(enabled=bans)})
    said = masks(replace(compared, lab=compared.lab.model_copy(update={"firewall": firewall})))
    assert len(said) == warned
    assert all("firewall.bans.exempt" in one and "r5" in one for one in said)
