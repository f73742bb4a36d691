"""Record sets as they are declared, kept and taken away."""

from __future__ import annotations

import dns.rdatatype
import pytest
from pydantic import ValidationError

from components.dns_records import was_there
from labvpn.plan.dns_diff import after_removal, drifted, occupant, resolvers_follow
from labvpn.render.dns import by_hand, records, update
from labvpn.state.records import read, write
from tests.unit.dns.samples import name, sets, soa

OURS, THEIRS = "vpn.lab.example 300 A 203.0.113.20", "vpn.lab.example 60 A 203.0.113.9"
OUR_MARK = '_labvpn.vpn.lab.example 300 TXT "heritage=labvpn,owner=a/b"'


def test_every_part_of_a_name_is_a_line() -> None:
    whole = name(aliases=["ras"], marker=True, addresses=["203.0.113.21", "203.0.113.20"])
    assert write(records(whole, map(str, whole.addresses), "a/b")) == [
        OURS,
        "vpn.lab.example 300 A 203.0.113.21",
        OUR_MARK,
        "ras.lab.example 300 CNAME vpn.lab.example.",
    ]


def test_ipv6_stands_in_a_name_only_where_it_is_said_to_be_open() -> None:
    with pytest.raises(ValidationError, match="no hop lets IPv6 in"):
        name(addresses=["2001:db8::20"])
    opened = name(addresses=["2001:db8::20"], ipv6="open")
    assert write(records(opened, map(str, opened.addresses), "")) == ["vpn.lab.example 300 AAAA 2001:db8::20"]


def test_windows_is_named_as_out_of_scope() -> None:
    with pytest.raises(ValidationError, match=r"Windows DNS takes updates by GSS-TSIG \(Kerberos\) alone"):
        name(key={"name": "labvpn", "algorithm": "gss-tsig"})


def test_an_update_holds_only_where_everything_stands_as_it_was_read() -> None:
    message = update("lab.example", sets(THEIRS), sets(OURS, OUR_MARK))
    assert message is not None
    required = {(rrset.name.to_text(), dns.rdatatype.to_text(rrset.rdtype)) for rrset in message.prerequisite}
    assert {("vpn.lab.example.", "A"), ("_labvpn.vpn.lab.example.", "TXT")} <= required
    assert [str(rrset[0]) for rrset in message.prerequisite if len(rrset)] == ["203.0.113.9"]


def test_what_stands_as_declared_needs_no_update() -> None:
    assert update("lab.example", sets(OURS), sets(OURS)) is None


def test_what_others_put_beside_ours_stays_when_we_go() -> None:
    beside = sets(OURS, "vpn.lab.example 300 A 203.0.113.9")
    assert write(after_removal(beside, sets(OURS), {})) == ["vpn.lab.example 300 A 203.0.113.9"]


def test_what_was_adopted_comes_back_when_we_go() -> None:
    assert write(after_removal(sets(OURS), sets(OURS), sets(THEIRS))) == [THEIRS]


def test_what_others_put_in_the_place_of_ours_stays_when_we_go() -> None:
    assert write(after_removal(sets(THEIRS), sets(OURS), {})) == [THEIRS]


def test_a_foreign_record_stands_in_the_way_unless_it_is_adopted_or_our_mark_is_there() -> None:
    found = occupant(sets(THEIRS), {}, sets(OURS), adopt=False)
    assert found is not None and found.values == ("203.0.113.9",)
    assert occupant(sets(THEIRS), {}, sets(OURS), adopt=True) is None
    assert occupant(sets(THEIRS, OUR_MARK), {}, sets(OURS, OUR_MARK), adopt=False) is None


def test_the_mark_of_another_stack_is_never_adopted() -> None:
    other = OUR_MARK.replace("a/b", "c/d")
    found = occupant(sets(OURS, other), {}, sets(OURS, OUR_MARK), adopt=True)
    assert found is not None and found.key.kind == "TXT"


def test_resolvers_follow_after_the_old_ttl_or_the_negative_answers_time() -> None:
    assert resolvers_follow(sets(THEIRS), sets(OURS), soa()) == 60
    assert resolvers_follow({}, sets(OURS), soa()) == 5
    assert resolvers_follow(sets(OURS), sets(OURS), soa()) == 0


def test_a_changed_ttl_is_drift() -> None:
    assert drifted(sets(OURS.replace("300", "60")), sets(OURS)) == [
        "vpn.lab.example: A with TTL 60 at the name server, 300 here"
    ]


def test_a_person_is_told_every_field_of_a_control_panel() -> None:
    assert by_hand(name(), sets(OURS)) == ["name vpn, type A, value 203.0.113.20, TTL 300"]


def test_lines_read_back_to_the_same_sets() -> None:
    assert write(read([OURS, OUR_MARK])) == [OURS, OUR_MARK]


def test_adopted_records_that_are_just_as_wanted_come_back_too_unless_our_mark_says_that_we_made_them() -> None:
    equal = sets(OURS)
    assert was_there(equal, equal, adopt=True) == equal
    assert was_there(equal, equal, adopt=False) == {}
    marked = sets(OURS, OUR_MARK)
    assert was_there(marked, marked, adopt=True) == {}
