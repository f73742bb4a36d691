"""Files without a checksum, as earlier agents wrote them, whose values none of them can have written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from labvpn.agent.acme.report import RenewalReport
from labvpn.agent.core.packages import Packages
from labvpn.agent.core.paths import ACME_REPORT, BAN_LIST, BROUGHT, LOCKOUTS, REAPER_ORDERS
from labvpn.agent.daemons.session_reaper import orders_file
from labvpn.agent.firewalld.ban_list import bans_of
from labvpn.agent.softether.lockouts import Lockouts
from labvpn.agent.softether.session_ages import SessionAges, ages_file
from tests.unit.agent.fakes import FakeMachine

Reader = Callable[[FakeMachine], Any]
BARE: dict[str, tuple[str, Any, Reader, Any]] = {
    "a birth in words": (
        ages_file("LAB"),
        {"server": "x", "tick": 1.0, "births": {"S": "x"}},
        lambda machine: SessionAges(machine, "LAB").births,
        {},
    ),
    "an endless birth": (
        ages_file("LAB"),
        {"server": "x", "tick": 1.0, "births": {"S": float("nan")}},
        lambda machine: SessionAges(machine, "LAB").births,
        {},
    ),
    "a birth to come": (
        ages_file("LAB"),
        {"server": "x", "tick": 1.0, "births": {"S": 2.0}},
        lambda machine: SessionAges(machine, "LAB").births,
        {},
    ),
    "a lockout without an end": (
        LOCKOUTS,
        {"LAB": {"guest1": {"lifted": False}}},
        lambda machine: Lockouts(machine, "LAB").due(1e9),
        ["guest1"],
    ),
    "an endless lockout": (
        LOCKOUTS,
        {"LAB": {"guest1": {"since": float("nan"), "until": float("nan"), "lifted": False}}},
        lambda machine: bool(Lockouts(machine, "LAB").damage),
        True,
    ),
    "an endless ban": (
        BAN_LIST,
        {"192.0.2.1": [10**400, 5], "192.0.2.2": [1e9, 5]},
        lambda m: [*bans_of(m)],
        ["192.0.2.2"],
    ),
    "a renewal in words": (ACME_REPORT, {"failed": "x", "since": "x"}, lambda m: RenewalReport(m).warnings(0.0), []),
    "a renewal without an end": (
        ACME_REPORT,
        {"renewed": 1e300, "ends": float("inf")},
        lambda machine: RenewalReport(machine).notes(),
        [],
    ),
    "rules in words": (
        REAPER_ORDERS,
        {"hubs": {"LAB": "x"}, "interval": "x", "hold": "60", "grace": "30", "keep": "newest"},
        lambda machine: orders_file(machine).found()[0],
        None,
    ),
    "a hub without a password": (
        REAPER_ORDERS,
        {"hubs": {"LAB": None}, "interval": "5", "hold": "60", "grace": "30", "keep": "newest"},
        lambda machine: orders_file(machine).found()[0],
        None,
    ),
}


@pytest.mark.parametrize("what", BARE)
def test_what_an_older_version_cannot_have_written_is_damaged(acme_machine: FakeMachine, what: str) -> None:
    name, value, read, expected = BARE[what]
    acme_machine.write(name, json.dumps(value))
    assert read(acme_machine) == expected


def test_a_lockout_without_an_end_is_lifted(machine: FakeMachine) -> None:
    machine.write(LOCKOUTS, json.dumps({"LAB": {"guest1": {"lifted": False}}}))
    lockouts = Lockouts(machine, "LAB")
    record = {"Name_str": "guest1", "UsePolicy_bool": True, "policy:Access_bool": False}
    assert lockouts.lift(lambda method, **parameters: dict(record), 1e9) == ["guest1"]


@pytest.mark.parametrize("value", [{"packages": None}, {"packages": "curl"}, {"folders": [1]}])
def test_a_damaged_memory_of_packages_is_refused(machine: FakeMachine, value: Any) -> None:
    machine.write(BROUGHT, json.dumps(value))
    assert [what for what, _ in Packages(machine).refusals()] != []
