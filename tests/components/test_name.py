"""What is said of a name that a person sets, and when `up` goes on; what a preview says of IPv6."""

from __future__ import annotations

import errno
from typing import Any

import pulumi
import pytest

from components.dns import Name, NameArgs
from labvpn.state.dns import DelegationTrace, DnsSnapshot
from tests.components.engine import run
from tests.unit.dns.samples import PRIMARY, by_hand, name, shown, sight

THERE = "vpn.lab.example 300 A 203.0.113.20"
ENTER = "enter in the control panel of lab.example: name vpn, type A, value 203.0.113.20, TTL 300"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    words: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda sentence, *_more: words.append(sentence))
    return words


def build(seen: DnsSnapshot, **wanted: Any) -> None:
    run(lambda: _name(seen, wanted))


def _name(seen: DnsSnapshot, wanted: dict[str, Any]) -> None:
    Name("name", NameArgs(by_hand(**wanted), ["203.0.113.20"], sight=seen))


def test_a_record_that_is_there_is_no_word(told: list[str]) -> None:
    build(sight(shown(PRIMARY, THERE)))
    assert told == []


def test_a_record_that_is_missing_is_said_with_what_to_enter_where(told: list[str]) -> None:
    build(sight(shown(PRIMARY)))
    assert told == [
        f"vpn.lab.example: no A at {PRIMARY}, 203.0.113.20 here",
        f"vpn.lab.example is not there as yet: {ENTER}",
    ]


def test_a_record_that_is_missing_stops_up_where_that_is_configured(told: list[str]) -> None:
    with pytest.raises(pulumi.RunError, match="then run this again"):
        build(sight(shown(PRIMARY)), missing="fail")


def test_a_record_that_cannot_be_looked_for_is_said_and_stops_nothing(told: list[str]) -> None:
    build(DnsSnapshot(DelegationTrace("unseen", ".", ("192.0.2.1",))), missing="fail")
    assert told[-1] == f"vpn.lab.example could not be looked for (not verified): {ENTER}"


def test_a_zone_that_nobody_delegates_stops_up_where_that_is_configured(told: list[str]) -> None:
    with pytest.raises(pulumi.RunError, match="is not there as yet"):
        build(DnsSnapshot(DelegationTrace("absent", "example", ("192.0.2.1",))), missing="fail")
    assert "is not delegated" in told[0]


def test_a_name_that_is_set_by_hand_is_no_resource_of_the_name_server(told: list[str]) -> None:
    seen = run(lambda: _name(sight(shown(PRIMARY, THERE)), {}))
    assert [resource.name for resource in seen.resources] == ["name"]


@pytest.mark.parametrize(("ipv6", "words"), [("open", ["is not open by TCP 1 "]), ("unchecked", [])])
def test_an_ipv6_address_that_is_not_open_is_warned_of_in_a_preview(
    told: list[str], monkeypatch: pytest.MonkeyPatch, ipv6: str, words: list[str]
) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr("labvpn.connect.dns.ipv6._connect", lambda *_pair: errno.ECONNREFUSED)
    wanted = name(addresses=["2001:db8::20"], ipv6=ipv6)
    run(lambda: _updated(NameArgs(wanted, sight=DnsSnapshot(DelegationTrace("unasked")), ports=[1])))
    assert [part in sentence for part, sentence in zip(words, told, strict=True)] == [True] * len(words)


def _updated(args: NameArgs) -> None:
    Name("name", args)
