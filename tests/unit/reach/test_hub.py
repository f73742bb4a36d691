"""A hub as a hop: its access list rule by rule, both ways, and what its SecureNAT reaches."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.model.expect import port_range
from labvpn.model.ports import Port
from labvpn.reach.hops import HopVerdict
from labvpn.reach.model import Origin
from tests.unit.reach import labs
from tests.unit.reach.labs import INNER, WORKSTATION


def verdicts(
    target: str = WORKSTATION, port: str = "8000/tcp", user: str | None = "guest1", rules: Any = (), **changes: Any
) -> list[HopVerdict]:
    """The hub's and SecureNAT's verdicts on a user's packet."""
    one = labs.declared(**changes)
    model = labs.after(one, state=labs.states(rules=list(rules)))
    who = next((each for each in one.users if each.name == user), None)
    ports = port_range(port)
    packet = (IPv4Address(target), Port(ports.first, ports.transport))
    (route,) = model.routes(Origin(user or "anyone", "LAB", who), *packet)
    return [hop for hop in route.hops if hop.hop not in ("FortiGate", "firewalld")]


def hand(**fields: str) -> dict[str, str]:
    return {"title": "by-hand", "priority": "100", "action": "discard", **fields}


def test_a_guest_reaches_the_services_of_the_hub_and_nothing_else() -> None:
    assert [hop.passes for hop in verdicts()] == [True, True]
    assert str(verdicts(port="22/tcp")[0]) == "hub LAB: is stopped (access rule 'labvpn:rest', priority 900000)"
    assert verdicts(port="8000/udp")[0].passes is False
    assert verdicts("203.0.113.22")[0].passes is False


def test_whoever_is_free_reaches_everything_and_an_account_that_no_rule_names_what_guests_do() -> None:
    assert [hop.passes for hop in verdicts(port="22/tcp", user="owner")] == [True, True]
    assert verdicts(user=None)[0].passes is True
    assert verdicts(port="22/tcp", user=None)[0].passes is False


@pytest.mark.parametrize(
    ("rule", "passes"),
    [
        (hand(), False),
        (hand(action="pass"), True),
        (hand(active="no"), True),
        (hand(family="ipv6"), True),
        (hand(protocol="udp"), True),
        (hand(protocol="6"), False),
        (hand(port="7000-8000"), False),
        (hand(port="8001-9000"), True),
        (hand(to="203.0.113.0/24"), False),
        (hand(to="203.0.113.22/32"), True),
        (hand(user="GUEST1@radius"), False),
        (hand(user="guest2"), True),
        (hand(**{"from": "192.168.30.0/24"}), False),
        (hand(**{"from": "10.0.0.0/8"}), True),
        (hand(**{"from": "192.168.30.0/25"}), None),
        (hand(**{"from-port": "500"}), None),
        (hand(**{"to-user": "guest2"}), None),
        (hand(mac="00-11-22-33-44-55"), None),
        (hand(**{"tcp-state": "checked"}), None),
        (hand(unread="Loss"), None),
        (hand(user="!guest1"), None),
        (hand(priority="950000"), True),
        (hand(to="not/a-network"), None),
    ],
    ids=str,
)
def test_a_rule_made_by_hand_decides_where_it_fits_and_comes_first(rule: dict[str, str], passes: bool | None) -> None:
    assert verdicts(rules=[rule])[0].passes is passes


def test_a_doubtful_rule_that_would_do_the_same_is_no_doubt() -> None:
    assert verdicts(rules=[hand(action="pass", mac="00-11-22-33-44-55")])[0].passes is True


def test_two_rules_of_one_priority_that_differ_leave_it_open() -> None:
    assert verdicts(rules=[hand(), hand(action="pass")])[0].passes is None
    assert verdicts(rules=[hand(), hand()])[0].passes is False


def test_an_answer_that_a_rule_stops_is_no_answer() -> None:
    answers = hand(user="SecureNAT", **{"from": "203.0.113.21/32"})
    assert str(verdicts(rules=[answers])[-1]) == "hub LAB: is stopped (the answer: access rule 'by-hand', priority 100)"
    assert verdicts(rules=[hand(user="SecureNAT", protocol="udp")])[-1].passes is True
    assert verdicts(rules=[hand(user="SecureNAT", **{"from-port": "8000"})])[-1].passes is False
    assert verdicts(rules=[hand(user="SecureNAT", port="8000")])[-1].passes is None


@pytest.mark.parametrize(
    ("changes", "target", "port", "passes"),
    [
        ({"vpn": {"secureNat": "off"}}, WORKSTATION, "8000/tcp", None),
        ({"vpn": {"secureNat": {"mode": "raw", "hostAddress": INNER}}}, WORKSTATION, "8000/tcp", None),
        ({"vpn": {"secureNat": {"kept": ["mode"]}}}, WORKSTATION, "8000/tcp", None),
        ({"vpn": {"secureNat": {"mode": "auto"}}}, WORKSTATION, "8000/tcp", True),
        ({}, "192.168.30.1", "53/udp", True),
        ({}, "192.168.30.1", "8000/tcp", False),
        ({}, "192.168.30.1", "53/tcp", None),
        ({}, "192.168.30.99", "22/tcp", None),
        ({}, "127.0.0.1", "22/tcp", None),
    ],
)
def test_what_secure_nat_reaches(changes: dict[str, Any], target: str, port: str, passes: bool | None) -> None:
    found = verdicts(target, port, "owner", **changes)
    assert next(hop.passes for hop in found if hop.hop.startswith("SecureNAT")) is passes


@pytest.mark.parametrize(
    ("users", "reason"),
    [
        ([{"name": "guest1", "expires": "2020-01-31"}], "the account of guest1 has expired"),
        ([{"name": "guest1", "Access": False}], "guest1 has the policy Access"),
        ([{"name": "guest1", "FilterIPv4": True}], "guest1 has the policy FilterIPv4"),
    ],
)
def test_a_user_who_cannot_send_reaches_nothing(users: list[dict[str, Any]], reason: str) -> None:
    (verdict,) = verdicts(users=users)
    assert (verdict.passes, verdict.rule) == (False, reason)


def test_a_hub_that_is_offline_or_not_there_yet_reaches_nothing() -> None:
    hubs = {"LAB": {"online": False, "services": labs.SERVICES}}
    assert verdicts(hubs=hubs)[0].rule == "it is offline"
    one = labs.declared()
    (route,) = labs.before(one, state=labs.states()).routes(
        Origin("x", "LAB"), IPv4Address(WORKSTATION), Port(80, port_range("80").transport)
    )
    assert route.deciding.rule == "the server has no such hub"


def test_what_the_host_serves_is_reached_at_its_inner_address_and_not_at_the_one_that_is_dialled() -> None:
    one = labs.declared()
    owner = Origin("owner", "LAB", one.users[0])
    port = Port(8000, port_range("8000").transport)
    inner, dialled = (next(labs.after(one).routes(owner, IPv4Address(at), port)) for at in (INNER, labs.SERVER))
    assert inner.passes is True
    assert dialled.passes is None
    assert "name secureNat.hostAddress" in dialled.deciding.rule
