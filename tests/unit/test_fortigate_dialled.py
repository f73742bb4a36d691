"""By which interfaces users dial: VIPs at members of a zone, at several interfaces, and at one of two."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.plan.fortigate.comparison import Comparison
from labvpn.plan.fortigate.impact import closings, openings, unanswered
from labvpn.plan.fortigate.other_policies import holes
from labvpn.plan.fortigate.vips import problems
from labvpn.reach.explain import explanations
from labvpn.reach.model import ReachModel
from tests.unit.fortigate_rows import LAST, Rows, case, rule, tables
from tests.unit.reach.labs import states

ZONE = "virtual-wan-link"
WAN1, WAN2 = {"wan1": "203.0.113.20"}, {"wan2": "192.0.2.77"}


def sdwan(*members: str, rules: tuple[dict[str, Any], ...] = ()) -> Rows:
    listed = [{"seq-num": at, "interface": name, "zone": ZONE} for at, name in enumerate(members)]
    zone = [{"status": "enable", "zone": [{"name": ZONE}], "members": listed}]
    return tables(*rules, {**LAST, "srcintf": [{"name": ZONE}]}, system__sdwan=zone)


def dialled_at(rows: Rows, addresses: dict[str, str], *outside: str) -> Comparison:
    return case(rows, outside=list(outside) or [ZONE], vip={"mapped": "10.0.0.2", "addresses": addresses})


def reached(compared: Comparison) -> list[bool | None]:
    host = states()
    model = ReachModel.after(compared.lab, [{}], [host], compared)
    return [one.route.hops[0].passes for one in explanations(model, "internet", "vpn-host:443/tcp")]


@pytest.mark.parametrize("members", [("wan1",), ("wan1", "wan2")])
def test_a_vip_at_a_member_of_a_zone_is_dialled_there(members: tuple[str, ...]) -> None:
    compared = dialled_at(sdwan(*members), WAN1)
    assert list(problems(compared)) == []
    (opens,) = openings(compared)
    assert "open for everyone outside" in opens
    assert "cannot be determined" not in opens
    assert [*closings(compared), *unanswered(compared)] == []
    assert reached(compared) == [True]


def test_each_member_of_a_zone_may_have_its_own_vip() -> None:
    compared = dialled_at(sdwan("wan1", "wan2"), WAN1 | WAN2)
    assert [one.interface for one in compared.desired.objects.vips] == ["wan1", "wan2"]
    (opens,) = openings(compared)
    assert "open for everyone at wan1, everyone at wan2" in opens
    assert reached(compared) == [True, True]


def test_a_vip_at_a_zone_is_refused_with_the_interface_to_name() -> None:
    (problem,) = problems(case(sdwan("wan1"), outside=[ZONE], vip={"mapped": "10.0.0.2"}))
    assert "'virtual-wan-link' is a zone, and a VIP is at an interface or at any" in str(problem)
    assert "fortigate.vip.addresses, such as {wan1: 203.0.113.20}" in str(problem)
    assert list(problems(dialled_at(sdwan("wan1"), {"any": "203.0.113.20"}))) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [("dmz", "it is not among outside; add it there"), ("nowhere", "has no such interface; it has wan1, wan2, dmz")],
)
def test_a_vip_at_an_interface_that_is_none_or_not_outside_is_refused(name: str, said: str) -> None:
    (problem,) = problems(dialled_at(sdwan("wan1"), {name: "203.0.113.20"}))
    assert f"fortigate.vip.addresses.{name}" in str(problem)
    assert said in str(problem)
    unknown = case(tables(LAST), outside=["nowhere"], vip={"mapped": "10.0.0.2"})
    assert list(problems(unknown)) == [], "that is outside's, and said there"


def test_an_interface_without_a_vip_where_another_has_one_is_not_said_to_be_closed() -> None:
    compared = dialled_at(tables(LAST), WAN1, "wan1", "wan2")
    assert unanswered(compared) == []
    (opens,) = openings(compared)
    assert "open for everyone outside" in opens
    assert reached(compared) == [True]


def test_what_others_open_at_a_member_of_a_zone_is_named_there() -> None:
    theirs = rule(3, "accept", srcintf=ZONE, dstaddr="all", match_vip="disable")
    compared = dialled_at(sdwan("wan1", "wan2", rules=(theirs,)), WAN1)
    assert not any("cannot be determined" in sentence for sentence in holes(compared))
    assert any("rule 3 'r3' lets everyone at wan2 reach any port" in sentence for sentence in holes(compared))
