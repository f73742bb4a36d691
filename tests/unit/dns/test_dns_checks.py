"""What a preview says of a look at a name."""

from __future__ import annotations

import pytest

from labvpn.model.dns import DnsName
from labvpn.plan.dns_checks import find_problems
from labvpn.state.dns import DelegationTrace, DnsSnapshot, End, ServerAnswer
from tests.unit.dns.samples import PRIMARY, SECONDARY, by_hand, name, server_answer, snapshot, soa


def refusals(wanted: DnsName, seen: DnsSnapshot) -> list[str]:
    return [str(finding) for finding in find_problems(wanted, seen) if finding.refuses]


def warnings(wanted: DnsName, seen: DnsSnapshot) -> list[str]:
    return [str(finding) for finding in find_problems(wanted, seen) if not finding.refuses]


def test_a_secondary_behind_its_primary_is_a_hidden_primary_and_fine() -> None:
    assert find_problems(name(), snapshot(server_answer(SECONDARY, soa=soa(6)), primary=server_answer(PRIMARY))) == []


@pytest.mark.parametrize("other", [soa(8), soa(7, "ns.elsewhere.example")])
def test_a_delegated_server_with_a_zone_of_its_own_is_refused(other: object) -> None:
    (sentence,) = refusals(name(), snapshot(server_answer(SECONDARY, soa=other), primary=server_answer(PRIMARY)))
    assert f"is delegated to {SECONDARY}, but the updates would go to {PRIMARY}" in sentence


def test_a_serial_that_wrapped_is_not_ahead() -> None:
    assert (
        find_problems(
            name(), snapshot(server_answer(SECONDARY, soa=soa(2**32 - 1)), primary=server_answer(PRIMARY, soa=soa(3)))
        )
        == []
    )


@pytest.mark.parametrize("end", ["unseen", "intercepted"])
def test_what_cannot_be_seen_is_not_verified_and_refuses_nothing(end: End) -> None:
    seen = DnsSnapshot(DelegationTrace(end, ".", ("192.0.2.1",)), server_answer(PRIMARY))
    assert refusals(name(), seen) == []
    assert all(sentence.startswith("Not verified: ") for sentence in warnings(name(), seen))


def test_one_lame_server_among_good_ones_is_a_warning() -> None:
    lame = ServerAnswer("", SECONDARY, trouble="does not serve lab.example (REFUSED)")
    seen = snapshot(server_answer(PRIMARY), lame, primary=server_answer(PRIMARY))
    assert refusals(name(), seen) == []
    assert "a lame delegation" in warnings(name(), seen)[0]


def test_an_address_by_which_no_hop_lets_in_is_warned_of() -> None:
    there = server_answer(PRIMARY, "vpn.lab.example 60 AAAA 2001:db8::20")
    (sentence,) = warnings(name(), snapshot(there, primary=there))
    assert "also has AAAA 2001:db8::20" in sentence


def test_an_alias_in_the_place_of_a_name_that_is_set_by_hand_is_refused() -> None:
    (sentence,) = refusals(by_hand(), snapshot(server_answer(PRIMARY, "vpn.lab.example 60 CNAME else.example.")))
    assert "is an alias (CNAME else.example.)" in sentence


def test_a_server_that_no_delegation_leads_to_is_called_by_its_setting() -> None:
    other = ServerAnswer("", PRIMARY, trouble="does not serve lab.example (REFUSED)")
    (sentence,) = refusals(by_hand(), DnsSnapshot(DelegationTrace("unasked", servers=(other,))))
    assert "which does not serve lab.example (REFUSED); correct dns.server" in sentence
