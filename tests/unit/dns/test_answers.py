"""An answer is not a record: what servers make of wildcards, aliases and translations is none of ours."""

from __future__ import annotations

from dataclasses import replace

import dns.message
import dns.name
import pytest

from components.dns_keeper import OccupiedError
from labvpn.connect.dns import primary, query
from labvpn.connect.dns.propagation import watch
from labvpn.connect.dns.query import NameServer
from labvpn.connect.dns.tsig import Signer
from labvpn.connect.errors import HopError
from labvpn.plan.dns_checks import find_problems
from labvpn.state.records import Key, write
from tests.unit.dns.samples import PRIMARY, by_hand, name, server_answer, sets, snapshot, soa
from tests.unit.dns.zone import NODE, Served, kept

OURS = sets("vpn.lab.example 300 A 203.0.113.20")
MARKED = sets("vpn.lab.example 300 A 203.0.113.20", '_labvpn.vpn.lab.example 300 TXT "heritage=labvpn,owner=a/b"')
KEYS = name(marker=True).keys

WILDCARDS = {
    "another address": ["* 60 A 203.0.113.9"],
    "our own address": ["* 300 A 203.0.113.20"],
    "our own address with another TTL": ["* 60 A 203.0.113.20"],
    "an alias": ["* 60 CNAME web.else.example."],
    "mail and text": ["* 300 MX 10 mail", '* 300 TXT "v=spf1 -all"'],
    "everything": ["* 60 A 203.0.113.9", "* 60 AAAA 2001:db8::9", '* 60 TXT "x"', "www 60 CNAME ns1"],
}


UNSAID = [words for words in WILDCARDS if words != "our own address"]
"""Told apart from ours also where the server says nothing to bare prerequisites."""


@pytest.mark.parametrize(
    ("wildcard", "prerequisites"),
    [*((each, True) for each in WILDCARDS.values()), *((WILDCARDS[words], False) for words in UNSAID)],
    ids=[*WILDCARDS, *(f"{words}, by a name that nobody made" for words in UNSAID)],
)
def test_beside_a_wildcard_the_name_is_written_repeated_and_taken_away(
    monkeypatch: pytest.MonkeyPatch, wildcard: list[str], prerequisites: bool
) -> None:
    zone = Served(*wildcard, "ns1 60 A 198.51.100.53")
    zone.takes_prerequisites = prerequisites
    keeper, before = zone.place(monkeypatch), zone.lines
    assert keeper.bring({}, MARKED) == {}
    assert "vpn.lab.example. 300 A 203.0.113.20" in zone.lines
    assert kept(before, zone.lines, MARKED)
    assert keeper.read(MARKED) == MARKED
    changes = zone.updates
    keeper.bring(MARKED, MARKED)
    assert zone.updates == changes
    keeper.leave(MARKED, {})
    assert zone.lines == before


def test_what_a_stack_believes_its_own_because_a_wildcard_answers_so_does_not_stop_destroy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    zone = Served("* 300 A 203.0.113.20")
    keeper, before = zone.place(monkeypatch), zone.lines
    keeper.leave(OURS, {})
    assert zone.lines == before


def test_a_record_of_somebody_else_beside_a_wildcard_is_still_somebody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    zone = Served("* 60 A 203.0.113.9", "vpn 60 A 203.0.113.9")
    keeper, before = zone.place(monkeypatch), zone.lines
    with pytest.raises(OccupiedError, match=r"shows A 203\.0\.113\.9 for vpn"):
        keeper.bring({}, OURS)
    assert zone.lines == before


def test_a_preview_sees_the_records_and_apart_from_them_what_is_only_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    Served("* 60 A 203.0.113.9", "* 60 AAAA 2001:db8::9").place(monkeypatch)
    seen = primary.answer(NODE, KEYS)
    assert seen.records == {}
    assert {key.kind for key in seen.answered} == {"A", "AAAA"}
    assert find_problems(name(), snapshot(replace(seen), primary=seen)) == []


def test_an_address_that_the_server_makes_of_an_alias_of_its_own_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    zone = Served('vpn 60 TXT "ALIAS elsewhere"', alias={"vpn.lab.example": "203.0.113.9"})
    keeper, before = zone.place(monkeypatch), zone.lines
    with pytest.raises(OccupiedError, match=r"answers 203\.0\.113\.9 for vpn.* has no such record .*ALIAS"):
        replace(keeper, adopt=True).bring({}, OURS)
    keeper.leave(OURS, {})
    assert zone.lines == before


def test_addresses_that_a_server_translates_from_ours_are_neither_records_nor_in_the_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    zone = Served(dns64=True)
    keeper, before = zone.place(monkeypatch), zone.lines
    keeper.bring({}, OURS)
    seen = primary.answer(NODE, KEYS)
    assert seen.records == OURS
    assert find_problems(name(), snapshot(seen, primary=seen)) == []
    keeper.leave(OURS, {})
    assert zone.lines == before


def test_a_name_below_a_redirection_is_refused_and_what_we_left_there_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    zone = Served("old 60 DNAME new.example.")
    keeper, before = zone.place(monkeypatch), zone.lines
    ours = sets("vpn.old.lab.example 300 A 203.0.113.20")
    with pytest.raises(OccupiedError, match=r"all names below old\.lab\.example are those of another"):
        keeper.bring({}, ours)
    seen = primary.answer(NODE, [Key("vpn.old.lab.example", "A")])
    (finding,) = find_problems(name(host="vpn.old"), snapshot(seen, primary=seen))
    assert finding.refuses and "lies below old.lab.example" in str(finding)
    later = Served("old 60 DNAME new.example.", "vpn.old 300 A 203.0.113.20")
    later.place(monkeypatch).leave(ours, {})
    assert later.lines == before


def test_a_name_in_a_zone_that_was_handed_on_is_refused_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = sets("vpn.deep.lab.example 300 A 203.0.113.20")
    zone = Served("deep 60 NS ns.else.example.", "vpn.deep 300 A 203.0.113.20")
    keeper = zone.place(monkeypatch)
    with pytest.raises(HopError, match=r"hands deep\.lab\.example on to another zone .*; set dns.zone to that one"):
        primary.answer(NODE, ours)
    keeper.leave(ours, {})
    assert not any("203.0.113.20" in line for line in zone.lines)


def test_the_zones_own_name_keeps_everything_else_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    zone = Served("@ 60 MX 10 mail", '@ 60 TXT "v=spf1"', "* 60 A 203.0.113.9")
    keeper, before = zone.place(monkeypatch), zone.lines
    ours = sets("lab.example 300 A 203.0.113.20")
    keeper.bring({}, ours)
    keeper.leave(ours, {})
    assert zone.lines == before


def test_a_wildcard_that_a_name_of_several_labels_silences_is_named() -> None:
    seen = replace(server_answer(PRIMARY), answered=sets("vpn.east.lab.example 60 A 203.0.113.9"))
    (finding,) = find_problems(name(host="vpn.east"), snapshot(seen, primary=seen))
    assert not finding.refuses
    assert "for east.lab.example and the names below it a wildcard answers now (A 203.0.113.9)" in str(finding)


def test_a_copy_that_is_signed_on_its_way_may_be_ahead_and_one_that_shows_our_records_is_ours() -> None:
    own = server_answer(PRIMARY, "vpn.lab.example 300 A 203.0.113.20")
    signed = server_answer("198.51.100.54", soa=replace(soa(900), signed=True))
    assert find_problems(name(), snapshot(signed, primary=server_answer(PRIMARY))) == []
    renamed = server_answer("198.51.100.54", "vpn.lab.example 300 A 203.0.113.20", soa=soa(9, "ns.provider.example"))
    assert find_problems(name(), snapshot(renamed, primary=own)) == []
    other = server_answer("198.51.100.54", soa=replace(soa(900, "ns.else.example"), signed=True))
    assert [finding.refuses for finding in find_problems(name(), snapshot(other, primary=own))] == [True]


def asked(monkeypatch: pytest.MonkeyPatch, zone: Served) -> NameServer:
    """The zone at a server that the world asks."""

    def ask(_address: str, name: str, kind: str, _deadline: float, signed: bool = False) -> dns.message.Message:
        return zone.exchange(NODE, dns.message.make_query(name, kind))

    monkeypatch.setattr(query, "ask", ask)
    return NameServer("", PRIMARY)


@pytest.mark.parametrize("wildcard", WILDCARDS.values(), ids=WILDCARDS)
def test_a_server_that_the_world_asks_shows_the_change_beside_a_wildcard_and_after_it(
    monkeypatch: pytest.MonkeyPatch, wildcard: list[str]
) -> None:
    server = asked(monkeypatch, Served(*wildcard, "vpn 300 A 203.0.113.20"))
    shows = query.answer(server, "lab.example", KEYS, 1e9)
    assert watch([shows], OURS, {}, "lab.example", 0, lambda _words: None) == []
    gone = asked(monkeypatch, Served(*wildcard))
    assert watch([query.answer(gone, "lab.example", KEYS, 1e9)], {}, OURS, "lab.example", 0, lambda _words: None) == []


def test_by_hand_a_wildcards_answer_is_no_entry_unless_it_is_the_wanted_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from labvpn.plan.dns_checks import by_hand as entries

    for address, missing in (("203.0.113.9", ["vpn.lab.example: no A at"]), ("203.0.113.20", [])):
        server = asked(monkeypatch, Served(f"* 300 A {address}", "* 60 AAAA 2001:db8::9"))
        seen = snapshot(query.answer(server, "lab.example", KEYS, 1e9))
        assert [words[: len("vpn.lab.example: no A at")] for words in entries(seen, OURS)] == missing
        assert find_problems(by_hand(), seen) == []


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ({"host": "vpn.lab.example"}, "vpn.lab.example"),
        ({"host": "VPN.Lab.Example."}, "VPN.lab.example"),
        ({"host": "vpn.east.lab.example."}, "vpn.east.lab.example"),
        ({"host": "vpn", "zone": "lab.example."}, "vpn.lab.example"),
        ({"host": "vpn."}, None),
        ({"host": "vpn.else.example."}, None),
        ({"host": "@"}, "lab.example"),
        ({"host": "lab.example"}, "lab.example"),
        ({"host": "vpn_1"}, "vpn_1.lab.example"),
        ({"host": "研究室"}, "xn--wbtr57dkub.lab.example"),
        ({"host": "straße"}, None),
        ({"host": "*"}, None),
        ({"host": "vpn", "zone": "corp"}, "vpn.corp"),
        ({"host": "vpn", "aliases": ["vpn.lab.example."]}, None),
        ({"host": "vpn", "aliases": ["@"]}, None),
        ({"host": "a" * 64}, None),
        ({"host": ".".join(["a" * 60] * 4)}, None),
    ],
)
def test_a_name_is_understood_in_full_or_refused_and_never_doubled(given: dict[str, object], whole: str | None) -> None:
    if whole is None:
        with pytest.raises(ValueError):
            name(**given)
    else:
        assert name(**given).fqdn == whole


@pytest.mark.parametrize("key", ["lab_vpn", "labvpn.", "Lab-VPN.Key.", "ddns/update", "a.b.c.", "_key"])
def test_a_key_is_called_as_its_server_calls_it(key: str) -> None:
    wanted = name(key={"name": key})
    assert wanted.key is not None and wanted.key.name == key
    assert Signer(key, "hmac-sha256", "c2VjcmV0").key.name == dns.name.from_text(key)


@pytest.mark.parametrize("key", ["", ".", "a..b", "a" * 64, "a b", 'a"b', "a;b", "a\\b", "a.b " + "c" * 254])
def test_a_key_name_that_no_server_can_have_is_refused_before_anything_is_asked(key: str) -> None:
    with pytest.raises(ValueError):
        name(key={"name": key})


def test_records_of_several_labels_read_back_as_they_were_written(monkeypatch: pytest.MonkeyPatch) -> None:
    zone = Served("* 60 A 203.0.113.9")
    keeper = zone.place(monkeypatch)
    ours = sets("vpn.east.lab.example 300 A 203.0.113.20", "ras.lab.example 300 CNAME vpn.east.lab.example.")
    keeper.bring({}, ours)
    assert write(keeper.read(ours)) == write(ours)
