"""The FortiGate as a hop: which way a packet takes, what a VIP makes of it, and whom the next hop sees."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.model.expect import port_range
from labvpn.model.ports import Port
from labvpn.reach.gate import Gate
from labvpn.reach.hops import Flow
from labvpn.reach.model import Origin
from labvpn.state.fortigate import Inventory
from tests.unit.boxes import box, policy
from tests.unit.reach import labs

OUTER, STRANGER, CAMPUS = "198.51.100.70", "198.51.100.10", "203.0.113.140"


def gate(actual: Inventory) -> Gate:
    made = labs.before(labs.declared(), actual).gate
    assert made
    return made


def flow(target: str, port: str = "80", source: str = STRANGER) -> Flow:
    one = port_range(port)
    return Flow(IPv4Address(source), IPv4Address(target), Port(one.first, one.transport))


def vip(**fields: Any) -> tuple[str, dict[str, Any]]:
    mapped = [{"range": labs.SERVER}]
    return "firewall/vip", {"name": "web", "extip": OUTER, "extintf": "wan1", "mappedip": mapped, **fields}


FORWARD = {"portforward": "enable", "protocol": "tcp", "extport": "80", "mappedport": "8080"}


def passes(made: Gate, one: Flow) -> bool | None:
    (way,) = made.ways(one)
    return made.decide(one, way).passes


def test_a_vip_leads_to_its_inner_address_and_port_by_the_policies_that_name_it() -> None:
    # The box's last policy denies everything from wan1, also what is translated.
    made = gate(box(vip(**FORWARD), policy("named", "wan1", "dmz", "accept", dstaddr="web")))
    assert list(made.ways(flow(OUTER))) == [("wan1", "dmz")]
    assert passes(made, flow(OUTER)) is False
    alone = [one for one in made.inventory.policies if one.name != "deny-outside"]
    free = gate(replace(made.inventory, policies=tuple(alone)))
    assert passes(free, flow(OUTER)) is True
    assert free.translated(flow(OUTER), ("wan1", "dmz")) == flow(labs.SERVER, "8080")
    verdict = free.decide(flow(OUTER, "81"), ("wan1", "dmz"))
    assert (verdict.passes, verdict.rule) == (False, "VIP web has that address, and translates no such packet")
    assert passes(free, flow(labs.SERVER)) is False, "the inner address is not the VIP"


def test_a_policy_with_nat_shows_the_fortigates_own_address_to_the_next_hop() -> None:
    one, way = flow(labs.SERVER, source=CAMPUS), ("campus", "dmz")
    plain = box()
    assert gate(plain).source_behind(one, way) == IPv4Address(CAMPUS)
    masked = replace(plain, policies=tuple(replace(each, nat=True) for each in plain.policies))
    assert gate(masked).source_behind(one, way) == IPv4Address("203.0.113.17")
    pooled = tuple(replace(each, nat=True, extras=(("ippool", "enable"),)) for each in plain.policies)
    assert gate(replace(plain, policies=pooled)).source_behind(one, way) is None


@pytest.mark.parametrize(
    ("source", "target", "ways"),
    [
        (STRANGER, labs.SERVER, [("wan1", "dmz")]),
        (CAMPUS, labs.SERVER, [("campus", "dmz")]),
        (labs.SERVER, "8.8.8.8", [("dmz", "wan1")]),
        (labs.SERVER, labs.WORKSTATION, []),
        (CAMPUS, "203.0.113.150", []),
    ],
)
def test_the_way_of_a_packet_is_between_the_interfaces_of_its_ends(
    source: str, target: str, ways: list[tuple[str, str]]
) -> None:
    assert list(gate(box()).ways(flow(target, source=source))) == ways


def test_where_the_way_of_an_address_that_no_interface_has_makes_a_difference_it_cannot_be_told() -> None:
    one = labs.declared()
    origin = Origin("10.1.2.3", source=IPv4Address("10.1.2.3"))
    (route,) = labs.before(one).routes(origin, IPv4Address(labs.WORKSTATION), flow("8.8.8.8").port)
    assert route.passes is None
    assert "which interface leads to 10.1.2.3" in route.deciding.rule


def test_the_fortigates_own_address_is_in_doubt() -> None:
    made = gate(box())
    assert made.decide(flow("203.0.113.17"), ("wan1", "dmz")).passes is None


def test_the_implicit_deny_is_named_with_both_interfaces() -> None:
    verdict = gate(box()).decide(flow(CAMPUS, source=labs.SERVER), ("dmz", "campus"))
    assert verdict.rule == "the implicit deny, since no policy from dmz to campus accepts it"
