"""What a preview reports about a run on the FortiGate, before anything is changed."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.model.lab import Lab
from labvpn.model.ports import Port, Transport
from labvpn.parse.fortigate.tables import Path
from labvpn.plan import ipsec
from labvpn.plan.fortigate.checks import cut, problems
from labvpn.plan.fortigate.comparison import Comparison
from labvpn.plan.fortigate.impact import closings, openings, unanswered
from labvpn.plan.fortigate.other_policies import leaks, shadows
from labvpn.render import fortigate as render
from labvpn.state.fortigate import Inventory
from rehearsal.fortigate import box as boxes
from rehearsal.fortigate.initial import initial
from tests.unit.boxes import above, box, policy, read
from tests.unit.samples import FULL, lab

CAMPUS = {"from": ["campus"], "before": "campus-any", "hosts": {"workstation": "203.0.113.21"}}


def compare(made: Lab, actual: Inventory) -> Comparison:
    assert made.fortigate is not None
    return Comparison.of(made, made.fortigate, render.wanted(made, made.fortigate), actual)


def case(actual: Inventory, **changes: Any) -> Comparison:
    return compare(lab(fortigate={**FULL["fortigate"], **changes}), actual)


def above_all(name: str, source: str, action: str, **fields: Any) -> Inventory:
    """The initial FortiGate with one more policy above the deny of everything from outside."""
    stored, _ = boxes.create(initial(), *policy(name, source, "dmz", action, **fields))
    return read(above(stored, name, "deny-outside"))


def test_what_the_run_opens_is_reported_port_by_port() -> None:
    (sentence,) = openings(case(box()))
    assert sentence == (
        "ports 443/tcp, 500/udp, 992/tcp, 1194/tcp, 1194/udp, 4500/udp, 5555/tcp open for everyone outside"
    )


def test_a_port_that_closes_for_everyone_is_reported() -> None:
    fields = {"srcaddr": "all", "dstaddr": "all", "service": "HTTPS"}
    actual = above_all("vpn-allow", "wan1", "accept", **fields)
    without = compare(lab(vpn={"listeners": [992]}), actual)
    assert "port 443/tcp closes for everyone outside" in closings(without)
    assert closings(case(actual)) == []


def test_where_the_campus_loses_a_port_the_vpn_is_named_as_the_way_that_remains() -> None:
    (sentence,) = closings(case(box(), behindVpn={**CAMPUS, "ports": ["8000/tcp"]}))
    assert sentence == "the campus can no longer reach 8000/tcp of workstation (203.0.113.21) except through the VPN"


def test_a_policy_above_ours_that_denies_the_same_is_named_by_its_id() -> None:
    compared = case(above_all("no-vpn", "wan1", "deny"))
    (sentence,) = shadows(compared)
    assert sentence.startswith("rule 5 'no-vpn' above ours (vpn-allow) already denies every source of it")


def test_ipsec_that_another_policy_stops_is_reported_in_words() -> None:
    compared = case(above_all("no-ike", "wan1", "deny", service="IKE"))
    assert unanswered(compared) == [f"500/udp and 4500/udp stay closed at wan1 for everyone: {ipsec.SILENCE}"]
    assert unanswered(case(box())) == []


def test_an_allow_list_leaves_nobody_on_it_without_an_answer() -> None:
    assert unanswered(case(box(), sources=["198.51.100.0/24"])) == []


def test_l2tp_that_is_off_and_a_hop_that_is_not_managed_are_reported_in_words() -> None:
    (off,) = ipsec.warnings(lab(vpn={"protocols": {"l2tpIpsec": False}}))
    assert "phase 1 of IPsec is never answered" in off
    assert ipsec.warnings(lab()) == ipsec.notes(lab()) == []
    (note,) = ipsec.notes(lab(fortigate=None))
    assert "must let in UDP 500 and 4500" in note


def test_a_deny_that_would_close_this_runs_own_path_is_refused() -> None:
    compared = case(box(), behindVpn={**CAMPUS, "hosts": {"server": "203.0.113.20"}})
    ssh = Path(
        "SSH to the VPN host", IPv4Address("203.0.113.141"), IPv4Address("203.0.113.20"), Port(22, Transport.TCP)
    )
    (found,) = cut(compared, [ssh])
    assert "would close SSH to the VPN host (203.0.113.141 to 203.0.113.20, 22/tcp)" in str(found)
    assert "add an exception for 203.0.113.141" in str(found)


def test_another_policy_that_lets_a_closed_host_be_reached_is_found() -> None:
    stored, _ = boxes.create(initial(), *policy("guests", "wan2", "dmz", "accept"))
    compared = case(read(stored), behindVpn=CAMPUS)
    assert any("still lets wan2 reach workstation" in sentence for sentence in leaks(compared))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"outside": ["wan7"]}, "the FortiGate has no interface 'wan7'; it has wan1"),
        ({"before": "nowhere"}, "the FortiGate has no policy 'nowhere'; it has 'campus-any'"),
        ({"schedule": "nights"}, "the FortiGate has no schedule 'nights'"),
    ],
)
def test_what_the_fortigate_does_not_have_is_named_with_what_it_has(changes: dict[str, Any], part: str) -> None:
    compared = case(box(), **changes)
    assert part in "\n".join(map(str, problems(compared.settings, compared.actual)))
