"""firewalld of a lab made by hand: adopted as it is, or left to whoever set it up, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.adopt.firewalld import firewall
from labvpn.adopt.found import Found
from labvpn.model.vpn import Vpn
from tests.unit.adopt.samples import FIREWALLD, survey

PORTS = sorted(map(str, Vpn(listeners=(443,)).ports))


def ways(rule: str, place: str = "zone public", whom: str = "everyone", answer: str = "open") -> dict[str, Any]:
    return {port: [[answer, place, whom, rule.format(port)]] for port in PORTS}


def adopted(**changes: Any) -> Found:
    one = Found()
    zones = {"public": {"services": ["ssh"], "ports": []}}
    firewall(one, survey(firewalld={**FIREWALLD, "zones": zones, **changes}), Vpn(listeners=(443,)))
    return one


def test_single_ports_are_adopted_without_a_remark() -> None:
    one = adopted(ways=ways("port {}"))
    assert one.sections["firewall"] == {"zone": "public", "openBy": "ports", "bans": {"enabled": False}}
    assert one.remarks == []


def test_a_service_of_just_the_vpns_ports_becomes_the_stacks() -> None:
    zones = {"public": {"services": ["ssh", "lab"]}}
    one = adopted(zones=zones, services={"lab": PORTS}, ways=ways("service lab"))
    assert one.sections["firewall"]["service"] == "lab"
    assert one.remarks == []


@pytest.mark.parametrize(
    ("services", "zones", "shipped"),
    [
        ({"lab": [*PORTS, "8443/tcp"]}, {"public": {"services": ["lab"]}}, []),
        ({"ssh": ["2222/tcp"]}, {"public": {"services": ["ssh"]}}, ["ssh"]),
        ({"https": ["443/tcp"]}, {"public": {"services": ["https"]}}, ["https"]),
        ({"lab": ["443/tcp"]}, {"public": {"services": ["lab"]}, "work": {"services": ["lab"]}}, []),
    ],
)
def test_a_service_that_others_rely_on_is_never_made_the_stacks(
    services: dict[str, list[str]], zones: dict[str, Any], shipped: list[str]
) -> None:
    one = adopted(services=services, zones=zones, shipped=shipped, ways=ways("service lab"))
    assert one.sections["firewall"]["openBy"] == "ports"


@pytest.mark.parametrize("rule", ["service https", "port 400-500/tcp", "policy"])
def test_what_is_open_by_something_else_is_not_called_closed(rule: str) -> None:
    one = adopted(ways={**ways("port {}"), "443/tcp": [["open", "zone public", "everyone", rule]]})
    assert one.sections["firewall"]["zone"] == "public"
    assert one.remarks == [
        f"firewalld opens 443/tcp by {rule}, which stays; the first `pulumi up` adds the port beside it"
    ]


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (["open", "zone public", "203.0.113.128/25", "the rich rule"], "opens 443/tcp to 203.0.113.128/25 alone"),
        (["open", "zone campus", "203.0.113.128/25", "port 443/tcp"], "alone (zone campus: port 443/tcp)"),
        (["open", "zone public", "NOT 198.51.100.0/24", "the rich rule"], "opens 443/tcp to NOT 198.51.100.0/24 alone"),
        (["unclear", "policy odd", "everyone", "its kind x"], "cannot be determined whether it opens 443/tcp"),
        (["open", "zone public", "everyone over IPv4", "the rich rule"], "opens 443/tcp to everyone over IPv4 alone"),
        (["open", "zone public", "everyone over IPv6", "the rich rule"], "opens 443/tcp to everyone over IPv6 alone"),
        (["away", "zone public", "everyone", "forward-port x"], "leads 443/tcp elsewhere by forward-port x"),
        (["open", "zone outer", "everyone", "port 443/tcp"], "in zone outer and not in zone public"),
    ],
)
def test_what_only_some_may_reach_is_neither_called_closed_nor_opened_to_all(way: list[str], words: str) -> None:
    one = adopted(ways={**ways("port {}"), "443/tcp": [way]})
    assert "firewall" not in one.sections
    assert words in one.remarks[0]
    assert "closed" not in one.remarks[0]


@pytest.mark.parametrize(
    "uses", [["zone public", "a rich rule of zone work"], ["zone public", "policy out"], ["zone public", "service all"]]
)
def test_a_service_that_is_used_elsewhere_too_is_not_extended(uses: list[str]) -> None:
    zones = {"public": {"services": ["lab"]}}
    one = adopted(zones=zones, services={"lab": ["443/tcp"]}, uses={"lab": uses}, ways=ways("service lab"))
    assert one.sections["firewall"]["openBy"] == "ports"
    alone = {"lab": ["zone public"]}
    one = adopted(zones=zones, services={"lab": ["443/tcp"]}, uses=alone, ways=ways("service lab"))
    assert one.sections["firewall"]["service"] == "lab"


@pytest.mark.parametrize("zone", ["réseau", "研究室", "a/b", "a-name-of-more-than-17"])
def test_a_zone_whose_name_the_configuration_refuses_is_left_alone_with_the_reason(zone: str) -> None:
    one = adopted(zones={zone: {}}, default=zone, arriving={zone: ["everyone"]}, ways=ways("port {}", f"zone {zone}"))
    assert "firewall" not in one.sections
    assert one.remarks[0].startswith(f"The zone {zone} of firewalld cannot be named in the configuration (zone: ")


def test_a_service_whose_name_the_configuration_refuses_stays_as_it_is() -> None:
    zones = {"public": {"services": ["réseau"]}}
    one = adopted(zones=zones, services={"réseau": PORTS}, ways=ways("service réseau"))
    assert one.sections["firewall"]["openBy"] == "ports"
    assert "service réseau, which stays" in one.remarks[0]


def test_a_zone_of_all_sources_of_ipv4_is_where_users_arrive() -> None:
    one = adopted(arriving={"public": ["everyone over IPv4"]}, ways=ways("port {}", whom="everyone over IPv4"))
    assert one.sections["firewall"]["zone"] == "public"
    assert one.remarks == []


def test_a_zone_in_which_nothing_arrives_is_not_taken() -> None:
    zones = {"public": {}, "home": {"ports": PORTS}}
    one = adopted(zones=zones, ways={}, arriving={"public": ["everyone"]})
    assert one.sections["firewall"]["zone"] == "public"
    assert "the first `pulumi up` opens it" in one.remarks[0]


def test_the_zone_of_an_inner_network_that_lets_everything_in_is_not_taken_for_the_outside() -> None:
    zones = {"public": {}, "trusted": {"target": ["ACCEPT"]}}
    one = adopted(
        zones=zones, arriving={"trusted": ["everyone"], "public": ["everyone"]}, ways=ways("target", "zone trusted")
    )
    assert one.sections["firewall"]["zone"] == "public"


def test_a_zone_that_lets_everything_in_is_left_alone() -> None:
    one = adopted(zones={"public": {"target": ["ACCEPT"]}}, ways=ways("its target ACCEPT"))
    assert "firewall" not in one.sections
    assert "lets everything in" in one.remarks[0]


def test_without_a_zone_for_the_outside_firewalld_is_left_alone() -> None:
    one = adopted(arriving={"work": ["203.0.113.128/25"]})
    assert "firewall" not in one.sections
    assert "No zone of firewalld takes what arrives" in one.remarks[0]
