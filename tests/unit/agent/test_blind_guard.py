"""A log that cannot be understood is said to be so: a guard that bans nobody in silence would seem to work."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.paths import UNIT_FILE
from labvpn.agent.core.state import State
from labvpn.agent.daemons.login_guard import LoginGuard
from labvpn.agent.daemons.login_guard_service import HINDERED, LOGIN_GUARD_UNIT, LoginGuardService
from labvpn.agent.firewalld.ban_list import guard_state
from labvpn.agent.firewalld.firewall import FirewallConcern
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.softether.login_reader import BLIND_LINES, LoginReader
from labvpn.agent.softether.login_records import Grammars
from labvpn.agent.softether.message_tables import SHIPPED_MESSAGES
from tests.unit.agent import log_lines
from tests.unit.agent.test_bans import GUESSER, LINE, LOG, NOW, Host, furnished, set_up

UNKNOWN = '{} La connexion "CID-{}": authentification refusée pour "guest1", de 198.51.100.66.\r\n'


def unknown(number: int) -> list[str]:
    return [UNKNOWN.format(log_lines.at(NOW), one) for one in range(number)]


def reader() -> LoginReader:
    return LoginReader(Grammars(SHIPPED_MESSAGES))


def test_many_lines_of_which_none_is_understood_are_a_trouble_that_is_reported(tmp_path: Path) -> None:
    host = furnished(Host(tmp_path))
    host.write(LOG, "".join(unknown(BLIND_LINES)))
    guard = set_up(host)
    guard.round(NOW)
    said = guard_state(host, time.time())
    assert said is not None
    assert said.startswith(f"LAB: none of the last {BLIND_LINES} lines about connections has a wording of this")


def test_a_line_that_is_understood_ends_the_trouble() -> None:
    one = reader()
    one.events(unknown(BLIND_LINES), NOW)
    assert one.trouble
    one.events([log_lines.begins("CID-99", GUESSER, "guest1", NOW)], NOW)
    assert one.trouble == ""


@pytest.mark.parametrize(
    "lines",
    [
        unknown(BLIND_LINES - 1),
        [f"{log_lines.at(NOW)} SecureNAT: something new\r\n"] * 99,
        [log_lines.begins("CID-1", GUESSER, "guest1", NOW), *unknown(BLIND_LINES - 1)],
        [],
    ],
)
def test_a_few_unknown_lines_or_others_than_of_connections_are_no_trouble(lines: list[str]) -> None:
    one = reader()
    one.events(lines, NOW)
    assert one.trouble == ""


def test_lines_that_wait_for_their_outcome_are_counted_once() -> None:
    one = reader()
    one.events([log_lines.begins("CID-1", GUESSER, "guest1", NOW), *unknown(BLIND_LINES - 1)], NOW)
    for _ in range(3):
        one.events([], NOW)
    assert one.trouble == ""


def test_what_hinders_the_guard_takes_no_rule_of_the_run_back_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = furnished(Host(tmp_path))
    host.delete(LOG)
    concern = FirewallConcern(State(host, "firewall"))
    guard = concern.login_guard

    def start() -> None:
        host.write(UNIT_FILE.format(LOGIN_GUARD_UNIT), guard.service.text)
        host.services.add(LOGIN_GUARD_UNIT)
        LoginGuard(host).round(time.time())

    monkeypatch.setattr(guard.service, "start", start)
    monkeypatch.setattr(concern, "prepare", lambda changes: False)
    monkeypatch.setattr(concern, "finish", lambda changes: None)
    said = concern.converge(LINE + "\n")
    assert "no log file" in said[-1]
    assert concern.state.applied == LINE + "\n"
    later = LoginGuardService(Firewalld(host)).read(parse(LINE)[0])
    assert later is not None and later["active"] == HINDERED
