"""What is said of a name that a person sets, and when `up` goes on; what a preview says of IPv6."""

from __future__ import annotations

import errno
from typing import Any

import pulumi
import pytest

from components.dns import Name, NameArgs
from labvpn.state.dns import DelegationTrace, DnsSnapshot
from tests.components.engine import run
from tests.unit.dns.samples import PRIMARY, by_hand, name, server_answer, snapshot

THERE = "vpn.lab.example 300 A 203.0.113.20"
ENTER = "enter in the control panel of lab.example: name vpn, type A, value 203.0.113.20, TTL 300"


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    words: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda sentence, *_more: words.append(sentence))
    return words


def build(seen: DnsSnapshot, **wanted: Any) -> None:
    run(lambda: _name(seen, wanted))


def _name(seen: DnsSnapshot, wanted: dict[str, Any]) -> None:
    Name("name", NameArgs(by_hand(**wanted), ["203.0.113.20"], snapshot=seen))


def test_a_record_that_is_there_is_no_word(warnings: list[str]) -> None:
    build(snapshot(server_answer(PRIMARY, THERE)))
    assert warnings == []


def test_a_record_that_is_missing_is_said_with_what_to_enter_where(warnings: list[str]) -> None:
    build(snapshot(server_answer(PRIMARY)))
    assert warnings == [
        f"vpn.lab.example: no A at {PRIMARY}, 203.0.113.20 here",
        f"vpn.lab.example is not there yet: {ENTER}",
    ]


def test_a_record_that_is_missing_stops_up_where_that_is_configured(warnings: list[str]) -> None:
    with pytest.raises(pulumi.RunError, match="then run this again"):
        build(snapshot(server_answer(PRIMARY)), missing="fail")


def test_a_record_that_cannot_be_looked_for_is_said_and_stops_nothing(warnings: list[str]) -> None:
    build(DnsSnapshot(DelegationTrace("unseen", ".", ("192.0.2.1",))), missing="fail")
    assert warnings[-1] == f"vpn.lab.example could not be looked up (not verified): {ENTER}"


def test_a_zone_that_nobody_delegates_stops_up_where_that_is_configured(warnings: list[str]) -> None:
    with pytest.raises(pulumi.RunError, match="is not there yet"):
        build(DnsSnapshot(DelegationTrace("absent", "example", ("192.0.2.1",))), missing="fail")
    assert "is not delegated" in warnings[0]


def test_a_name_that_is_set_by_hand_is_no_resource_of_the_name_server(warnings: list[str]) -> None:
    seen = run(lambda: _name(snapshot(server_answer(PRIMARY, THERE)), {}))
    assert [resource.name for resource in seen.resources] == ["name"]


@pytest.mark.parametrize(("ipv6", "words"), [("open", ["is not open by TCP 1 "]), ("unchecked", [])])
def test_an_ipv6_address_that_is_not_open_is_warned_of_in_a_preview(
    warnings: list[str], monkeypatch: pytest.MonkeyPatch, ipv6: str, words: list[str]
) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr("labvpn.connect.dns.ipv6._connect", lambda *_pair: errno.ECONNREFUSED)
    wanted = name(addresses=["2001:db8::20"], ipv6=ipv6)
    run(lambda: _updated(NameArgs(wanted, snapshot=DnsSnapshot(DelegationTrace("unasked")), ports=[1])))
    assert [part in sentence for part, sentence in zip(words, warnings, strict=True)] == [True] * len(words)


def _updated(args: NameArgs) -> None:
    Name("name", args)
