"""The campus's RADIUS in the code verifier's files, what differs from them, and what is said where it is silent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.codes.accounts import ACCOUNTS, CodeAccounts
from labvpn.agent.codes.health import CONFIG, SILENT, TROUBLE, CodesHealth
from labvpn.agent.codes.service import CodeVerifier
from labvpn.agent.codes.settings import Campus, campus_of, quoted, setting, settings_text
from labvpn.agent.core.document import Change, parse_line
from labvpn.agent.core.secret_digests import Secrets, secret_words
from tests.unit.agent.codes_cases import KEY, LINE, applied, host_with_verifier, known, values
from tests.unit.agent.fakes import FakeMachine

SECRET = "canary ${x} \"'#%{User-Name}' Ω"
ASKING = f"{LINE} radius=198.51.100.9,2001:db8::9 radius-port=1645"
COVERED, EXEMPT = "code LAB/aki radius=a.tanaka secret=current", "code LAB/dean radius=dean"
SENT = {"LAB/aki": {"radius": "a.tanaka", "secret": KEY}, "LAB/dean": {"radius": "dean"}}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    found = host_with_verifier(tmp_path, monkeypatch)
    applied(found)
    asking(found)
    return found


def secrets(**changes: Any) -> Secrets:
    return known(codes=SENT, campus=SECRET, **changes)


def asking(machine: FakeMachine) -> None:
    CodeVerifier(machine, secrets()).apply([Change(parse_line(ASKING), None)])
    CodeAccounts(machine, secrets()).apply([Change(parse_line(line), None) for line in (COVERED, EXEMPT)])


def seen(machine: FakeMachine, line: str = ASKING, by: Secrets | None = None) -> dict[str, str] | None:
    kind = CodeVerifier if line.startswith("verifier") else CodeAccounts
    return kind(machine, by or secrets()).read(parse_line(line))


def test_what_was_applied_reads_back_as_desired(machine: FakeMachine) -> None:
    for line in (ASKING, COVERED, EXEMPT):
        assert seen(machine, line) == values(line)


def test_a_secret_is_in_the_settings_alone_and_not_in_a_command(machine: FakeMachine) -> None:
    assert SECRET not in "\n".join(machine.ran)
    assert campus_of(machine.read(CONFIG) or "") == Campus("198.51.100.9,2001:db8::9", "1645", SECRET)
    assert SECRET not in (machine.read(ACCOUNTS) or "")
    assert (machine.path(CONFIG).stat().st_mode & 0o777) == 0o640


@pytest.mark.parametrize(
    "text", ["", "plain", "it's", "'", "a''b'", '"', "${x}", "$ENV{HOME}", "#", " a ", "日本 Ω", "}"]
)
def test_a_text_comes_back_from_the_settings_as_it_is_on_one_line(text: str) -> None:
    config = settings_text("11812", "v", Campus("192.0.2.1", "1812", text))
    assert f"    secret = {quoted(text)}\n" in config
    assert campus_of(config) == Campus("192.0.2.1", "1812", text)
    assert (setting(config, "secret"), setting(config, "port")) == ("v", "11812")


@pytest.mark.parametrize(
    ("pattern", "by", "field", "now"),
    [
        ("198.51.100.9", "198.51.100.77", "radius", "198.51.100.77,2001:db8::9"),
        ("port = 1645", "port = 1812", "radius-port", "1812"),
        ("canary", "other", "secret", "differs"),
        ("status_check = none", "status_check = request", "files", "differs"),
        ("proxy_requests = yes", "proxy_requests = no", "files", "differs"),
    ],
)
def test_each_change_by_hand_is_seen_in_its_own_field(
    machine: FakeMachine, pattern: str, by: str, field: str, now: str
) -> None:
    machine.write(CONFIG, (machine.read(CONFIG) or "").replace(pattern, by), 0o640)
    found = seen(machine)
    assert found is not None and found[field] == now
    if field != "files":
        assert {**found, field: ""} == {**values(ASKING), field: "", "files": found["files"]}
    asking(machine)
    assert seen(machine) == values(ASKING)


def test_another_secret_of_the_campus_is_seen_and_planned_by_its_digest(machine: FakeMachine) -> None:
    other = known(codes=SENT, campus="other")
    found = seen(machine, by=other)
    assert found == {**values(ASKING), "secret": "differs"}
    words = [secret_words([parse_line(ASKING)], one) for one in (secrets(), other)]
    assert [place for place in words[0] if words[0][place] != words[1][place]] == ["verifier secret"]
    assert secret_words([parse_line(LINE)], known()) == {"verifier secret": "of-the-verifier"}


def test_a_campus_that_is_not_to_be_asked_any_more_is_seen_and_goes(machine: FakeMachine) -> None:
    found = seen(machine, LINE)
    assert found is not None and found["radius"] == "198.51.100.9,2001:db8::9"
    CodeVerifier(machine, known()).apply([Change(parse_line(LINE), None)])
    assert seen(machine, LINE, known()) == values(LINE)
    config = machine.read(CONFIG) or ""
    assert not re.search("^home_server |canary", config, re.MULTILINE)
    assert "proxy_requests = no\n" in config, "FreeRADIUS opens no port to ask from"


def test_who_gives_a_code_from_now_on_or_no_more_is_a_difference_of_the_account(machine: FakeMachine) -> None:
    sent = known(codes={"LAB/aki": {"radius": "a.tanaka"}, "LAB/dean": {"radius": "dean", "secret": KEY}})
    assert seen(machine, "code LAB/aki radius=a.tanaka", sent) == {"radius": "a.tanaka", "secret": "differs"}
    assert seen(machine, "code LAB/dean radius=dean secret=current", sent) == {"radius": "dean", "secret": "differs"}
    assert seen(machine, "code LAB/aki secret=current") == {"radius": "a.tanaka", "secret": "current"}


def test_a_campus_that_is_silent_is_told_as_what_it_is_and_is_no_drift(machine: FakeMachine) -> None:
    health = CodesHealth(machine)
    assert health.status() == {"users": 2, "trouble": "", "campus": ""}
    machine.write(SILENT, "2001:db8::9 2027-01-31 10:00 UTC")
    (said,) = health.warnings()
    assert said.startswith("nobody with a password at the campus's RADIUS gets in: 2001:db8::9, UDP port ")
    assert " 1645, has not answered since 2027-01-31 10:00 UTC; " in said
    assert health.status() == {"users": 2, "trouble": "", "campus": said.partition("in: ")[2]}
    assert seen(machine) == values(ASKING), "nothing that a run could put right"
    machine.write(TROUBLE, "no room")
    assert [said.partition(":")[0] for said in health.warnings()] == [
        "nobody with a second factor gets in",
        "nobody with a password at the campus's RADIUS gets in",
    ]


def test_where_no_campus_is_asked_nothing_is_said_of_one(machine: FakeMachine) -> None:
    applied(machine)
    machine.write(SILENT, "2001:db8::9 2027-01-31 10:00 UTC")
    assert CodesHealth(machine).warnings() == []
    assert (CodesHealth(machine).status() or {})["campus"] is None
