"""firewalld as a hop: the zone of a source, the order of its rules, and what is not understood."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.model.expect import port_range
from labvpn.model.ports import Port
from labvpn.parse.fortigate.extent import Anyone
from labvpn.reach.firewalld import HostRules
from labvpn.reach.hops import Flow, HopVerdict
from labvpn.reach.host_changes import with_lab
from labvpn.state.document import read
from tests.unit.reach.labs import SERVER, facts

CAMPUS = "203.0.113.140"


def flow(port: str = "8000/tcp", source: str = CAMPUS) -> Flow:
    one = port_range(port)
    known: Anyone = IPv4Address(source) if source[0].isdigit() else source
    return Flow(known, IPv4Address(SERVER), Port(one.first, one.transport))


def arriving(zones: Any = None, port: str = "8000/tcp", source: str = CAMPUS, **more: Any) -> HopVerdict:
    rules = HostRules.of(facts(zones, **more))
    assert rules
    return rules.arriving(flow(port, source))


def public(*rules: str, **parts: Any) -> dict[str, Any]:
    return {"public": {**parts, "rich rules": list(rules)}}


AWAY = "proto=tcp:toport=443:toaddr=10.0.0.5"
RICH_AWAY = "port=8000 protocol=tcp to-port=443 to-addr=10.0.0.5"
OPENS: list[Any] = [["8000/tcp"], [], [], [], {}]
FROM = "rule family=ipv4 source address=203.0.113.128/25"


@pytest.mark.parametrize(
    ("zones", "passes"),
    [
        (public(), False),
        (public(ports=["8000/tcp"]), True),
        (public(ports=["7000-8000/tcp"]), True),
        (public(ports=["8000/udp"]), False),
        (public(protocols=["tcp"]), True),
        (public(services=["unheard-of"]), None),
        (public(target=["ACCEPT"]), True),
        (public(f"{FROM} accept"), True),
        (public(f"{FROM} port port=8000 protocol=tcp accept"), True),
        (public(f"{FROM} port port=8001 protocol=tcp accept"), False),
        (public(f"{FROM} reject", ports=["8000/tcp"]), False),
        (public(f"{FROM.replace('address', 'NOT address')} drop", ports=["8000/tcp"]), True),
        (public("rule priority=5 drop", ports=["8000/tcp"]), True),
        (public("rule priority=-5 drop", ports=["8000/tcp"]), False),
        (public("rule family=ipv6 drop", ports=["8000/tcp"]), True),
        (public("rule source ipset=friends accept"), None),
        (public("rule source mac=00:11:22:33:44:55 accept"), None),
        (public(f"{FROM} port port=8000 protocol=tcp accept limit value=1/m"), None),
        (public("forward-port-is-nothing"), None),
        (public(**{"forward-ports": ["port=8000:proto=tcp:toport=80:toaddr="]}), None),
        (public(ports=["8000/tcp"], **{"forward-ports": [f"port=8000:{AWAY}"]}), None),
        (public(f"rule family=ipv4 forward-port {RICH_AWAY}", ports=["8000/tcp"]), None),
        (public(f"rule family=ipv6 forward-port {RICH_AWAY}", ports=["8000/tcp"]), True),
        (public(f"{FROM} forward-port {RICH_AWAY}", ports=["8000/tcp"]), None),
        (public(f"rule family=ipv4 source address=192.0.2.7 forward-port {RICH_AWAY}", ports=["8000/tcp"]), True),
        (public(**{"forward-ports": ["port=9000:proto=tcp:toport=8000:toaddr="]}), False),
        (public(services=["unheard-of"], ports=["8000/tcp"]), True),
        (public(services=["bound"]), None),
        (public(services=["six"]), False),
        (public(**{"ingress-priority": ["0"], "ports": ["8000/tcp"]}), True),
        (public(**{"ingress-priority": ["-5"], "ports": ["8000/tcp"]}), None),
        (public(**{"a-part-of-a-later-version": ["yes"]}), None),
        ({"work": {"sources": ["203.0.113.128/25"], "ports": ["8000/tcp"]}}, True),
        ({"work": {"sources": ["203.0.113.128/25"]}, **public(ports=["8000/tcp"])}, False),
        ({"work": {"sources": ["ipset:friends"], "ports": ["8000/tcp"]}}, None),
        (
            {"work": {"sources": ["203.0.113.140"], "ports": ["8000/tcp"]}, "home": {"sources": ["203.0.113.0/24"]}},
            None,
        ),
        ({"drop": {"sources": ["203.0.113.140"], "target": ["DROP"]}}, False),
    ],
    ids=str,
)
def test_what_becomes_of_a_packet_from_the_campus(zones: Any, passes: bool | None) -> None:
    services = {"ssh": [[["22/tcp"], *OPENS[1:]]], "bound": [[*OPENS[:4], {"ipv4": "203.0.113.99"}]]}
    services["six"] = [[*OPENS[:4], {"ipv6": "2001:db8::7"}]]
    assert arriving(zones, services=services).passes is passes


@pytest.mark.parametrize("egress", ["HOST", "ANY"])
def test_a_policy_that_leads_a_port_away_leaves_it_in_doubt(egress: str) -> None:
    inward = {"ingress-zones": ["ANY"], "egress-zones": [egress], "forward-ports": [f"port=8000:{AWAY}"]}
    for disabled, passes in (("no", None), ("yes", True)):
        policies = {"inward": {**inward, "disable": [disabled], "target": ["CONTINUE"]}}
        assert arriving(public(ports=["8000/tcp"]), policies=policies).passes is passes


def test_the_rule_that_decides_is_named() -> None:
    assert arriving(public(ports=["8000/tcp"])).rule == "zone public, port 8000/tcp"
    assert arriving().rule == "zone public, its target default"


def test_a_policy_comes_before_or_after_the_zones_by_its_priority() -> None:
    inward = {"ingress-zones": ["ANY"], "egress-zones": ["HOST"], "rich rules": ["rule drop"], "target": ["CONTINUE"]}
    for priority, passes in (("-1", False), ("1", True)):
        policies = {"inward": {**inward, "priority": [priority]}}
        assert arriving(public(ports=["8000/tcp"]), policies=policies).passes is passes


def test_a_stranger_is_in_no_network_that_a_rule_names() -> None:
    for rule, passes in ((f"{FROM} accept", False), ("rule source address=0.0.0.0/0 accept", True)):
        assert arriving(public(rule), source="all").passes is passes
    assert arriving(public("rule source address=128.0.0.0/2 accept"), source="all").passes is None


def test_what_filters_beside_firewalld_leaves_an_open_port_in_doubt_and_a_closed_one_closed() -> None:
    beside = ["table inet f2b of nft"]
    assert arriving(public(ports=["8000/tcp"]), beside=beside).passes is None
    assert arriving(beside=beside).passes is False


def test_a_zone_of_sources_that_drifts_to_the_next_one_is_in_doubt() -> None:
    zones = {"work": {"sources": [CAMPUS]}, **public(ports=["8000/tcp"])}
    assert arriving(zones, drifting=True).passes is None


def test_the_zone_of_the_interface_behind_which_the_sender_is_decides() -> None:
    interfaces = {"eth0": ["203.0.113.20/28"], "eth1": ["203.0.113.129/25"]}
    zones = {"internal": {"interfaces": ["eth1"], "ports": ["8000/tcp"]}}
    assert arriving(zones, interfaces=interfaces).passes is True
    assert arriving(zones, interfaces=interfaces, source="198.51.100.7").passes is False
    assert (
        arriving(zones, interfaces=interfaces, source="198.51.100.7", gateway="", outside=["eth0", "eth1"]).passes
        is None
    )


def test_what_the_host_sends_passes_unless_a_policy_from_the_host_stops_it() -> None:
    outward = {"ingress-zones": ["HOST"], "egress-zones": ["ANY"], "target": ["CONTINUE"]}
    for rules, passes in (
        ([], True),
        (["rule port port=8000 protocol=tcp drop"], False),
        (["rule port port=22 protocol=tcp drop"], True),
    ):
        held = HostRules.of(facts(policies={"outward": {**outward, "rich rules": rules}}))
        assert held
        assert held.leaving(flow(source=SERVER)).passes is passes


DOCUMENT = """\
service vpnserver ports=443/tcp
zone public services=vpnserver
source 203.0.113.128/25 zone=work
rich work/1 rule="rule family=ipv4 source address=203.0.113.140 port port=8000 protocol=tcp accept"
closed public/9000/tcp only=203.0.113.20
"""


def test_an_up_puts_in_what_is_declared_and_takes_out_what_was_applied() -> None:
    held = HostRules.of(facts(public(f"{FROM} port port=9999 protocol=tcp accept", ports=["80/tcp", "81/tcp"])))
    assert held
    applied = read(
        'zone public ports=80/tcp\nrich public/2 rule="' + f"{FROM} port port=9999 protocol=tcp accept" + '"\n'
    )
    later = with_lab(held, read(DOCUMENT), applied)
    assert (later.arriving(flow("443/tcp", "all")).passes, later.arriving(flow("443/tcp", "all")).ours) == (True, True)
    assert later.arriving(flow("8000/tcp")).passes is True
    assert later.arriving(flow("8000/tcp", "203.0.113.150")).passes is False
    assert later.arriving(flow("80/tcp", "all")).passes is False
    assert later.arriving(flow("81/tcp", "all")).passes is True
    assert later.arriving(flow("9000/tcp", "203.0.113.20")).passes is True
    assert held.arriving(flow("80/tcp", "all")).passes is True


def test_a_host_without_firewalld_has_no_rules() -> None:
    assert HostRules.of({}) is None
