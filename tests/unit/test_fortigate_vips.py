"""VIPs of others with the address that users dial: which of two counts, what a preview refuses, and what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from labvpn.model.lab import Lab
from labvpn.parse.fortigate import tables as fortigate
from labvpn.parse.fortigate.tables import FortiGateSnapshot
from labvpn.plan.fortigate.comparison import Comparison
from labvpn.plan.fortigate.impact import openings
from labvpn.plan.fortigate.other_policies import holes
from labvpn.plan.fortigate.plan import FortiGatePlan
from labvpn.plan.fortigate.vips import problems, warnings
from labvpn.reach.explain import explanations
from labvpn.reach.model import ReachModel
from labvpn.render.fortigate import wanted
from tests.unit.fortigate_rows import LAST, NOW, Rows, case, decided, rule, tables
from tests.unit.reach.labs import states
from tests.unit.samples import lab

OURS = {"mapped": "10.0.0.2"}
FORWARD = {"portforward": "enable", "protocol": "tcp", "extport": "443", "mappedport": "443"}
MADE = {"name": "vpn-vip", "comment": "Managed by Pulumi (labvpn)"}
PLACES = {"wan1": "203.0.113.20", "wan2": "192.0.2.77"}
ALLOWED = rule(4, "accept", dstaddr="web")


def vip(name: str = "web", inner: str = "10.0.0.9", **fields: Any) -> dict[str, Any]:
    row = {"name": name, "extintf": "wan1", "extip": "203.0.113.20", "mappedip": [{"range": inner}]}
    return row | {key.replace("_", "-"): value for key, value in fields.items()}


def beside(*vips: dict[str, Any]) -> Rows:
    return tables(ALLOWED, LAST, firewall__vip=list(vips))


def planned(made: Lab, rows: Rows) -> FortiGatePlan:
    assert made.fortigate
    snapshot = FortiGateSnapshot(fortigate.inventory(rows, now=NOW))
    return FortiGatePlan.of(made, made.fortigate, wanted(made, made.fortigate), snapshot)


@pytest.mark.parametrize("at", ["wan1", "any"])
def test_a_second_vip_for_an_address_is_refused_before_anything_is_made(at: str) -> None:
    compared = case(beside(vip(extintf=at)), vip=OURS)
    (problem,) = planned(compared.lab, beside(vip(extintf=at))).problems()
    said = f"the FortiGate has the VIP 'web' of 203.0.113.20 at {at} already, which leads to 10.0.0.9"
    assert said in str(problem)
    assert openings(compared) == [], "what reaches another machine opens nothing for the VPN"


def test_a_vip_that_leads_to_the_vpn_host_already_is_to_be_adopted_and_then_is_no_second_one() -> None:
    rows = beside(vip(inner="10.0.0.2"))
    (problem,) = problems(case(rows, vip=OURS))
    assert "adopt it (fortigate.adopt.vips.vpn-vip)" in str(problem)
    assert list(problems(case(rows, vip=OURS, adopt={"vips": {"vpn-vip": "web"}}))) == []


@pytest.mark.parametrize("fields", [{"extintf": "wan2"}, {"extip": "203.0.113.21"}], ids=str)
def test_a_vip_of_another_address_or_interface_is_nothing_to_ours(fields: dict[str, Any]) -> None:
    compared = case(beside(vip(**fields)), vip=OURS)
    assert [*problems(compared), *warnings(compared)] == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (FORWARD | {"extport": "8443"}, "has that address too (tcp 8443 443) and comes before vpn-vip"),
        ({"src_filter": [{"range": "192.0.2.0/24"}]}, "has that address too (src-filter"),
        ({"extip": "203.0.113.18-203.0.113.30"}, "has that address too (from 203.0.113.18-203.0.113.30"),
    ],
)
def test_a_vip_that_takes_a_part_of_our_address_or_may_do_so_is_named(fields: dict[str, Any], said: str) -> None:
    compared = case(beside(vip(**fields)), vip=OURS)
    assert list(problems(compared)) == []
    (warning,) = warnings(compared)
    assert said in warning


def test_of_two_vips_for_an_address_the_first_in_the_list_translates() -> None:
    ways = [
        (vip(), vip("other"), True),
        (vip("other"), vip(), False),
        (vip("other", **FORWARD), vip(), False),
        (vip("other", **FORWARD | {"extport": "444"}), vip(), True),
        (vip("other", type="load-balance"), vip(), None),
        (vip(), vip("other", type="load-balance"), True),
        (vip("other", extintf="wan2"), vip(), True),
    ]
    assert [decided(beside(first, second)).passes for first, second, _ in ways] == [passes for *_, passes in ways]


def test_a_new_vip_of_ours_comes_after_those_that_are_there() -> None:
    compared = case(beside(vip(**FORWARD)), vip=OURS)
    assert [*compared.after.table.vips] == ["web", "vpn-vip"]
    first = case(beside(vip(**MADE, inner="10.0.0.2"), vip(**FORWARD)), vip=OURS)
    assert [*first.after.table.vips] == ["vpn-vip", "web"]


def test_a_vip_of_ours_that_the_run_renames_is_none_of_another() -> None:
    own = case(beside(vip(**MADE, inner="10.0.0.2")), vip={**OURS, "addresses": PLACES}, outside=["wan1", "wan2"])
    assert [*problems(own), *warnings(own)] == []


def of_own_address(**section: Any) -> Comparison:
    made = lab(
        fortigate={"host": "203.0.113.129", "outside": ["wan1"], "inside": "dmz", "before": "r9", "vip": OURS}
        | section,
        server={"address": "198.51.100.1"},
        vpn={"listeners": [443]},
    )
    return planned(made, tables({**LAST, "name": "r9"})).compared


def test_a_vip_of_an_address_of_the_fortigate_itself_is_said_to_end_what_it_serves_there() -> None:
    (warning,) = warnings(of_own_address())
    assert "198.51.100.1 is the FortiGate's own at wan1, and vpn-vip takes all its ports" in warning
    assert list(problems(of_own_address())) == []
    there = of_own_address()
    made = replace(there, actual=replace(there.actual, vips=there.desired.objects.vips))
    assert list(warnings(made)) == [], "it is so already"


@pytest.mark.parametrize("host", ["198.51.100.1", "198.51.100.1:8443"])
def test_a_vip_of_the_address_by_which_the_run_reaches_the_fortigate_is_refused(host: str) -> None:
    (problem,) = problems(of_own_address(host=host))
    assert "would end the administration there, by which this run reaches the FortiGate" in str(problem)


REDIRECTED = tables(
    rule(4, "accept", dstaddr="web", service="HTTP"),
    rule(5, "accept", dstaddr="pc", service="HTTPS"),
    LAST,
    firewall__vip=[vip(inner="203.0.113.25", **FORWARD | {"extport": "80", "mappedport": "80"})],
    firewall_dot_service__custom=[{"name": "HTTP", "tcp-portrange": "80"}],
)


def reached(compared: Comparison, port: str) -> str:
    host = states()
    model = ReachModel.before(compared.lab, [host], compared)
    (one,) = explanations(model, "internet", f"vpn-host:{port}/tcp")
    return str(one)


def test_a_port_that_a_vip_leads_to_another_machine_is_none_of_the_servers() -> None:
    compared = case(REDIRECTED)
    assert not any("80/tcp" in sentence for sentence in holes(compared))
    assert "is stopped (a VIP leads it to 203.0.113.25, which is not the VPN host)" in reached(compared, "80")
    assert "FortiGate: passes (policy 5 'r5')" in reached(compared, "443"), "it has the other ports itself"
    same = case(tables(ALLOWED, LAST, firewall__vip=[vip(inner="203.0.113.20", extip="198.51.100.9")]))
    assert any("of server (203.0.113.20)" in sentence for sentence in holes(same)), "that VIP leads to it"


def test_a_vip_that_leads_elsewhere_is_no_way_to_the_vpn_host() -> None:
    compared = case(beside(vip()), vip=OURS)
    assert "is stopped (a VIP leads it to 10.0.0.9, which is not the VPN host)" in reached(compared, "443")
    unknown = ReachModel.before(compared.lab, [{}], compared)
    (one,) = explanations(unknown, "internet", "vpn-host:443/tcp")
    assert "of which it is not known whether that is the VPN host" in str(one)
