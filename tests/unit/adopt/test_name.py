"""The name of a lab made by hand, as its zone really has it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from labvpn.adopt.cli import _dns
from labvpn.adopt.found import Found
from labvpn.adopt.name import dns
from labvpn.connect.dns import inspect
from labvpn.state.dns import ServerAnswer
from tests.unit.dns.samples import PRIMARY, server_answer, sets, snapshot

THERE = "vpn.lab.example 300 A 203.0.113.20"


def adopted(
    monkeypatch: pytest.MonkeyPatch, *servers: ServerAnswer, name: str = "vpn.lab.example"
) -> tuple[Any, list[str]]:
    """The section and the remarks; without a key the servers that the world asks are read."""
    monkeypatch.setattr(inspect, "inspect", lambda *_given: snapshot(*servers))
    found = Found()
    dns(found, _dns(name, None, None, None, None), None, "203.0.113.20")
    return found.sections["dns"], found.remarks


def test_a_record_is_adopted_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    section, remarks = adopted(monkeypatch, server_answer(PRIMARY, THERE))
    assert (section["zone"], section["host"], section["ttl"], remarks) == ("lab.example", "vpn", 300, [])
    section, _ = adopted(
        monkeypatch, server_answer(PRIMARY, "vpn.lab.example 0 A 203.0.113.9"), name="vpn.lab.example."
    )
    assert (section["zone"], section["host"], section["ttl"]) == ("lab.example", "vpn", 0)


def test_an_answer_of_a_wildcard_is_not_a_record_to_adopt(monkeypatch: pytest.MonkeyPatch) -> None:
    section, remarks = adopted(
        monkeypatch, replace(server_answer(PRIMARY), answered=sets("vpn.lab.example 60 A 203.0.113.9"))
    )
    assert "addresses" not in section and "ttl" not in section
    assert remarks == [
        "vpn.lab.example has no A record of its own (a wildcard or the like answers 203.0.113.9); the first "
        "`pulumi up` creates it, or asks you to"
    ]


def test_an_alias_is_named_before_the_first_up_meets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _, remarks = adopted(monkeypatch, server_answer(PRIMARY, "vpn.lab.example 60 CNAME web.example."))
    (remark,) = remarks
    assert "has no A record but CNAME web.example., beside which none can exist; remove that" in remark


def test_the_server_that_has_the_record_is_read_where_another_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    section, remarks = adopted(monkeypatch, server_answer("198.51.100.54"), server_answer(PRIMARY, THERE))
    assert (section["ttl"], remarks) == (300, [])
