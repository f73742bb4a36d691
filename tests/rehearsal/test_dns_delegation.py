"""What a preview says of a name before anything is written, on a tree with every kind of broken delegation."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from rehearsal import network, zones
from tests.rehearsal.conftest import Rehearsal

Inspections = dict[str, dict[str, Any]]


def declared(zone: str, server: str = network.PRIMARY, **more: Any) -> dict[str, Any]:
    return {"zone": zone, "server": server, "key": {"name": "labvpn"}, "roots": [network.ROOT], **more}


def by_hand(zone: str, **more: Any) -> dict[str, Any]:
    return {"zone": zone, "mode": "manual", "roots": [network.ROOT], **more}


NAMES = {
    "fine": declared(zones.BIND_ZONE),
    "fine on knot": declared(zones.KNOT_ZONE, network.KNOT),
    "mismatch": declared(zones.REGISTRAR_ZONE),
    "the right side of the mismatch": declared(zones.REGISTRAR_ZONE, network.KNOT),
    "hidden": declared(zones.HIDDEN_ZONE),
    "lame": declared(zones.LAME_ZONE),
    "circle": declared(zones.LOOP_ZONE),
    "silent": declared(zones.SILENT_ZONE),
    "absent": declared(zones.ABSENT_ZONE),
    "nowhere": declared("nowhere.test"),
    "private": declared(zones.ABSENT_ZONE, delegation="private"),
    "deeper": declared(zones.BIND_ZONE, host="vpn.deep"),
    "alias": by_hand(zones.BIND_ZONE, host="vpn-is-an-alias"),
    "by hand": by_hand(zones.HIDDEN_ZONE, host="ns1"),
    "by hand, lame": by_hand(zones.LAME_ZONE),
}


def looked(machines: Rehearsal, names: dict[str, Any], **more: Any) -> Inspections:
    secret = yaml.safe_load((machines.state / "values.yaml").read_text())["dnsKey"]
    line = [sys.executable, "-m", "tests.rehearsal.dns_inspections"]
    found: Inspections = json.loads(
        machines.output("admin", *line, input=json.dumps({"secret": secret, "names": names, **more}))
    )
    return found


@pytest.fixture(scope="module")
def inspections(machines: Rehearsal) -> Inspections:
    return looked(machines, NAMES)


@pytest.mark.parametrize("label", ["fine", "fine on knot", "the right side of the mismatch", "hidden", "private"])
def test_a_name_that_will_be_seen_is_let_through_without_a_word(inspections: Inspections, label: str) -> None:
    assert (inspections[label]["refuses"], inspections[label]["warns"]) == ([], [])


@pytest.mark.parametrize("label", NAMES)
def test_every_look_ends_soon(inspections: Inspections, label: str) -> None:
    assert inspections[label]["seconds"] < 12


def test_servers_of_two_companies_are_refused_with_both_sides_named(inspections: Inspections) -> None:
    (sentence,) = inspections["mismatch"]["refuses"]
    assert sentence == (
        f"The zone registrar.example is delegated to ns1.registrar.example ({network.KNOT}), but the updates would go "
        f"to {network.PRIMARY}, a server that nobody asks and that has another zone of that name: the record would "
        f"be written and never seen; have the registrar delegate registrar.example to {network.PRIMARY}, or set "
        "dns.server to the primary of those servers"
    )


def test_a_hidden_primary_is_known_by_its_secondaries(inspections: Inspections) -> None:
    assert sorted(inspections["hidden"]["servers"]) == [
        f"ns1.hidden.example ({network.KNOT})",
        f"ns2.hidden.example ({network.ROOT})",
    ]


def test_a_lame_delegation_is_named_for_each_server(inspections: Inspections) -> None:
    sentences = inspections["lame"]["refuses"]
    assert any("does not serve lame.example (REFUSED)" in each and network.KNOT in each for each in sentences)
    assert any("does not serve lame.example (REFUSED)" in each and network.PRIMARY in each for each in sentences)
    assert all("a lame delegation" in each for each in sentences if "delegated" in each)


def test_a_delegation_that_leads_back_is_lame_and_no_endless_loop(inspections: Inspections) -> None:
    sentences = inspections["circle"]["refuses"]
    assert any("delegated to a.nic.example" in each and "not authoritative" in each for each in sentences)
    assert inspections["circle"]["seconds"] < 3


def test_servers_that_do_not_answer_are_not_verified_and_refuse_nothing(inspections: Inspections) -> None:
    assert not any("delegat" in each for each in inspections["silent"]["refuses"])
    assert any(
        each.startswith("Not verified: ns1.silent.example (198.51.100.99)") for each in inspections["silent"]["warns"]
    )


@pytest.mark.parametrize(("label", "parent"), [("absent", "example"), ("nowhere", ".")])
def test_a_zone_that_nobody_delegates_is_refused_with_the_zone_above_it(
    inspections: Inspections, label: str, parent: str
) -> None:
    sentence = next(each for each in inspections[label]["refuses"] if "is not delegated" in each)
    assert f"the servers of {parent} (" in sentence
    assert network.ROOT in sentence


def test_a_name_in_a_zone_below_the_declared_one_is_refused(inspections: Inspections) -> None:
    assert any("set dns.zone to deep.wide.example" in each for each in inspections["deeper"]["refuses"])


def test_a_name_that_is_an_alias_is_refused(inspections: Inspections) -> None:
    (sentence,) = inspections["alias"]["refuses"]
    assert "is an alias (CNAME ns1.wide.example.)" in sentence
    assert "remove that alias there, or choose another dns.host" in sentence


def test_a_record_set_by_hand_is_looked_for_at_every_server(inspections: Inspections) -> None:
    assert sorted(inspections["by hand"]["missing"]) == [
        f"ns1.hidden.example: A {network.KNOT} at {server}, 203.0.113.20 here"
        for server in (f"ns1.hidden.example ({network.KNOT})", f"ns2.hidden.example ({network.ROOT})")
    ]


def test_a_clock_that_is_off_is_said_by_how_much(machines: Rehearsal) -> None:
    found = looked(machines, {"fine": NAMES["fine"]}, ahead=900)
    assert any("this machine's clock is 900 s ahead" in each for each in found["fine"]["refuses"])


@contextmanager
def filtered(machines: Rehearsal, machine: str, rules: str) -> Iterator[None]:
    machines.output(machine, "nft", "-f", "-", input=f"table ip disturbed {{\n{rules}\n}}\n")
    yield
    machines.output(machine, "nft", "delete", "table", "ip", "disturbed")


INPUT = "chain arriving { type filter hook input priority 0; iifname eth0 "


def test_closed_udp_is_answered_over_tcp(machines: Rehearsal) -> None:
    with filtered(machines, "names", INPUT + "udp dport 53 drop; }"):
        found = looked(machines, {"fine": NAMES["fine"]})["fine"]
    assert (found["end"], found["refuses"], found["warns"]) == ("delegated", [], [])
    assert found["seconds"] < 12


def test_a_closed_port_53_is_not_verified_and_refuses_nothing(machines: Rehearsal) -> None:
    with filtered(machines, "names", INPUT + "meta l4proto { tcp, udp } th dport 53 drop; }"):
        found = looked(machines, {"fine": NAMES["fine"]})["fine"]
    assert found["refuses"] == []
    assert len(found["warns"]) == 2
    assert all(each.startswith("Not verified: ") for each in found["warns"])
    assert found["seconds"] < 12


def test_an_intercepted_port_53_is_not_verified_and_refuses_nothing(machines: Rehearsal) -> None:
    catch = f"iifname eth0 ip saddr {network.ADMIN} meta l4proto {{ tcp, udp }} th dport 53 dnat to {network.RESOLVER}"
    rules = f"chain caught {{ type nat hook prerouting priority dstnat; {catch}; }}"
    with filtered(machines, "names", rules):
        found = looked(machines, {"fine": NAMES["fine"]})["fine"]
    assert (found["end"], found["refuses"]) == ("intercepted", [])
    assert any("intercepts port 53" in each for each in found["warns"])
