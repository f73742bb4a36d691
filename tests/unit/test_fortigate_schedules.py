"""Policies at some hours: ours are in force as the configuration means it, a copy of ours is somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.plan.fortigate.comparison import Comparison
from labvpn.plan.fortigate.impact import asleep, closings, openings, unanswered
from labvpn.plan.fortigate.other_policies import holes, shadows
from labvpn.state.fortigate import COMMENT
from tests.unit.fortigate_rows import LAST, case, rule, tables

HOURS: dict[str, list[dict[str, Any]]] = {
    "firewall_dot_schedule__recurring": [
        {"name": "work", "day": "monday tuesday", "start": "08:00", "end": "18:00"},
        {"name": "none", "day": "none"},
    ],
    "firewall_dot_schedule__onetime": [
        {"name": "past", "start": "00:00 2025/10/01", "end": "23:59 2026/03/31"},
        {"name": "soon", "start": "00:00 2027/10/01", "end": "23:59 2028/03/31"},
    ],
}
SERVER = {"name": "vpn-server", "subnet": "203.0.113.20 255.255.255.255", "comment": COMMENT}
SERVICES = [
    {"name": "SoftEther", "tcp-portrange": "443", "comment": COMMENT},
    {"name": "vpn-udp", "udp-portrange": "500 1194 4500", "comment": COMMENT},
]


def compared(*rules: dict[str, Any], **changes: Any) -> Comparison:
    rows = tables(*rules, LAST, **HOURS, firewall__address=[SERVER], firewall_dot_service__custom=SERVICES)
    return case(rows, **changes)


def allow(number: int = 5, name: str = "vpn-allow", action: str = "accept", **fields: Any) -> dict[str, Any]:
    ends = {"dstaddr": "vpn-server", "service": "SoftEther vpn-udp", **fields}
    return {**rule(number, action, comments=COMMENT, **ends), "name": name}


def said_of(of: Comparison) -> list[str]:
    return [*asleep(of), *closings(of), *openings(of), *unanswered(of), *shadows(of), *holes(of)]


@pytest.mark.parametrize("schedule", ["past", "none"])
def test_where_the_schedule_of_ours_is_over_nothing_opens_and_it_is_said(schedule: str) -> None:
    made = compared(schedule=schedule)
    assert openings(made) == []
    (said,) = asleep(made)
    assert said.startswith(f"FortiGate: vpn-allow has the schedule '{schedule}', which is over or never in force")
    assert any("stay closed at wan1 for everyone" in one for one in unanswered(made))
    (closes,) = closings(compared(allow(), schedule=schedule))
    assert closes.startswith("ports 443/tcp") and "close" in closes


@pytest.mark.parametrize("schedule", ["always", "work", "soon"])
def test_the_hours_of_ours_are_meant_and_change_nothing_in_the_next_preview(schedule: str) -> None:
    assert said_of(compared(allow(schedule=schedule), schedule=schedule)) == []
    assert openings(compared(schedule=schedule)) != []


@pytest.mark.parametrize("comment", ["by hand", COMMENT])
def test_a_policy_that_is_adopted_at_its_hours_opens_nothing(comment: str) -> None:
    made = {**allow(schedule="work", name="theirs"), "comments": comment}
    assert said_of(compared(made, schedule="work", adopt={"policies": {"vpn-allow": "theirs"}})) == []


def test_an_adopted_policy_that_ended_by_its_own_date_lets_nobody_in_after_the_run_either() -> None:
    ended: dict[str, Any] = {"policy_expiry": "enable", "policy_expiry_date": "2026-11-01 00:00:00"}
    made = compared(allow(name="theirs", **ended), adopt={"policies": {"vpn-allow": "theirs"}})
    assert openings(made) == []
    assert asleep(made)[0].startswith("FortiGate: theirs has ended by its own date, so nobody can dial by it")


def test_hours_that_somebody_else_gave_to_ours_are_uncertain_until_the_run() -> None:
    made = compared(allow(schedule="work"))
    (said,) = openings(made)
    assert "whether they are open now cannot be determined because of rule 5 'vpn-allow' (schedule work)" in said


def test_a_copy_of_a_policy_of_ours_with_a_schedule_is_in_force_at_its_hours_alone() -> None:
    copy = allow(6, "vpn-allow-night", service="HTTPS", srcaddr="office", schedule="work")
    made = compared(allow(), copy | {"dstaddr": [{"name": "vpn-server"}]}, sources=["198.51.100.0/24"])
    assert not any("rule 6" in one and "cannot be determined" not in one for one in said_of(made))
    deny = allow(4, "Copy of vpn-allow", "deny", service="ALL", schedule="work")
    (said,) = shadows(compared(deny, allow()))
    assert said.startswith("whether rule 4 'Copy of vpn-allow' above ours (vpn-allow) denies what ours allows")
    assert "cannot be determined because of schedule work" in said
    assert unanswered(compared(deny, allow())) == []
