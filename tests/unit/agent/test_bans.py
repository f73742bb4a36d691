"""Guessed passwords: who is slowed, who is barred, for how long, and what stands on the host for it."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import Change, parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine, Outcome
from labvpn.agent.core.paths import BAN_LIST, BAN_ORDERS, UNIT_FILE
from labvpn.agent.daemons.login_guard import LoginGuard
from labvpn.agent.daemons.login_guard_service import LOGIN_GUARD_UNIT, LoginGuardService
from labvpn.agent.firewalld.ban_list import guard_file
from labvpn.agent.firewalld.ban_policy import Bounds
from labvpn.agent.firewalld.ban_table import GONE
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.softether.crashes import Asked, Crash
from labvpn.agent.softether.login_reader import LoginReader
from labvpn.agent.softether.login_records import Grammars
from labvpn.agent.softether.message_tables import SHIPPED_MESSAGES
from labvpn.agent.softether.security_log import SecurityLog
from tests.unit.agent import log_lines

GUESSER, NEIGHBOUR = "198.51.100.66", "198.51.100.67"
BOUNDS = Bounds(5, 15.0, 10, 600.0, ["198.51.100.128/25"])
LINE = (
    "bans slow=5 pause=15 most=10 seconds=600 exempt=198.51.100.128/25 hubs=LAB zones=public from=vpnserver active=yes"
)
SERVICE = '<service><port port="443" protocol="tcp"/><port port="1194" protocol="udp"/></service>'
LOG = "/var/log/softether/security_log/LAB/sec_20261127.log"
NOW = time.mktime(time.strptime("2026-11-27 12:00:00", "%Y-%m-%d %H:%M:%S"))


class Host(Machine):
    """A host whose kernel has the guard's table alone, and whose firewalld has one zone with these rich rules now."""

    def __init__(self, root: Path) -> None:
        super().__init__(str(root))
        self.rules: set[str] = set()
        self.services: set[str] = set()
        self.banned: dict[str, int] = {}
        self.table = ""
        self.refuses = ""
        self.changes = 0
        self.down = False
        self.asked: list[str] = []

    def nft(self, commands: str) -> None:
        if self.refuses and self.refuses in commands:
            raise AgentError(f"the kernel of the VPN host refused rules: {self.refuses}")
        assert commands.startswith(GONE)
        self.changes += 1
        self.table = commands[len(GONE) :]
        self.banned = {source: int(end) for source, end in re.findall(r"(\S+) timeout (\d+)s", self.table)}

    def run(self, command: Sequence[str], seconds: float = 60, environment: Any = None) -> Outcome:
        words = list(command)
        if words[0] == "systemctl":
            return self.systemctl(words[1:])
        self.asked.append(" ".join(words))
        if "--list-all-zones" in words and "--permanent" in words:
            return Outcome(0, "public\n  rich rules: \n")
        if "--list-all-zones" in words:
            return Outcome(0, "public\n  rich rules: \n" + "".join(f"\t{rule}\n" for rule in sorted(self.rules)))
        gone = {word.partition("=")[2] for word in words if word.startswith("--remove-rich-rule=")}
        self.rules = {rule for rule in self.rules if rule.replace('"', "") not in gone}
        return Outcome(0)

    def systemctl(self, words: list[str]) -> Outcome:
        if "restart" in words:
            self.services.add(words[-1])
        if "stop" in words:
            self.services.discard(words[-1])
        asked = words[0] in ("is-active", "is-enabled")
        running = self.services if self.down else {*self.services, "firewalld"}
        return Outcome(0 if not asked or words[-1] in running else 3)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return furnished(Host(tmp_path))


def furnished(host: Host) -> Host:
    """The same with firewalld, the VPN's service and an empty log."""
    host.write("/usr/bin/firewall-cmd", "")
    host.write("/etc/firewalld/services/vpnserver.xml", SERVICE)
    host.write(LOG, "\ufeff")
    return host


def guesses(count: int, source: str = GUESSER, since: float = NOW) -> str:
    """The lines of a log where a source tries passwords, one a second."""
    name = "CID-" + source.rpartition(".")[2]
    return "".join(log_lines.guess(f"{name}{number}", source, "guest1", since + number) for number in range(count))


def appended(host: Host, text: str) -> None:
    with host.path(LOG).open("a") as file:
        file.write(text)


def set_up(host: Host) -> LoginGuard:
    handler = LoginGuardService(Firewalld(host))
    handler.apply([Change(parse(LINE)[0], None)])
    return LoginGuard(host)


def test_the_source_of_a_failed_login_is_found_by_its_connection_and_others_are_not_counted(host: Host) -> None:
    appended(host, guesses(2))
    text = '2026-11-27 12:00:05.000 Connection "CID-660": Successfully authenticated as user "guest1".\n'
    appended(host, text + '2026-11-27 12:00:06.000 Connection "CID-660": Access has been refused to user "guest1".\n')
    found = LoginReader(Grammars(SHIPPED_MESSAGES)).events(SecurityLog(host, "LAB").lines(), NOW + 10)
    assert [(one.source, one.user) for one in found] == [(GUESSER, "guest1")] * 2


def test_the_log_is_read_on_where_it_was_left_by_whole_lines(host: Host) -> None:
    log = SecurityLog(host, "LAB")
    appended(host, "one\ntwo")
    assert list(log.lines()) == ["one"]
    appended(host, "\nthree\n")
    assert list(log.lines()) == ["two", "three"]
    host.write(LOG.replace("1127", "1128"), "four\n")
    assert list(log.lines()) == ["four"]
    assert list(log.lines()) == []


def test_a_ban_has_an_end_and_names_the_ports_of_the_vpn_alone(host: Host) -> None:
    guard = set_up(host)
    appended(host, guesses(10) + guesses(2, NEIGHBOUR))
    (said,) = guard.round(NOW + 10)
    assert said == f"banned {GUESSER} for 599 s: 10 failed logins"
    assert host.banned == {GUESSER: 599}
    assert re.findall(r"(.*) jump banned", host.table) == ["udp dport 1194", "tcp dport 443"]


def test_a_source_that_was_slowed_is_barred_for_longer(host: Host) -> None:
    guard = set_up(host)
    appended(host, guesses(5))
    guard.round(NOW + 5)
    assert host.banned == {GUESSER: 14}
    appended(host, guesses(5, since=NOW + 5))
    guard.round(NOW + 10)
    assert host.banned == {GUESSER: 599}


def test_a_ban_that_somebody_took_away_comes_back_for_the_time_that_is_left(host: Host) -> None:
    guard = set_up(host)
    appended(host, guesses(10))
    guard.round(NOW + 10)
    host.banned.clear()
    assert guard.round(NOW + 110) == []
    assert host.banned == {GUESSER: 499}


def test_a_port_that_is_opened_later_is_closed_to_who_is_banned_at_once(host: Host) -> None:
    guard = set_up(host)
    appended(host, guesses(10))
    guard.round(NOW + 10)
    host.write("/etc/firewalld/services/vpnserver.xml", SERVICE.replace("443", "8443"))
    assert guard.round(NOW + 11) == []
    assert "tcp dport 8443 jump banned" in host.table
    assert "443/" not in host.table.replace("8443", "")


def test_the_guard_that_starts_anew_keeps_its_bars_and_lifts_those_of_sources_that_are_exempt_now(host: Host) -> None:
    guard = set_up(host)
    appended(host, guesses(10) + guesses(10, NEIGHBOUR))
    guard.round(NOW + 10)
    orders = guard_file(host, BAN_ORDERS)
    orders.write({**orders.read(), "exempt": f"{NEIGHBOUR}/32"})
    again = LoginGuard(host)
    assert again.round(NOW + 20) == [f"{NEIGHBOUR} may dial again"]
    assert set(host.banned) == {GUESSER}
    assert again.round(NOW + 700) == [f"{GUESSER} may dial again"]
    assert (host.banned, host.table) == ({}, "")


def test_the_service_shows_what_it_was_told_and_leaves_nothing_when_it_goes(host: Host) -> None:
    handler, (line,) = LoginGuardService(Firewalld(host)), parse(LINE)
    assert handler.read(line) is None
    guard = set_up(host)
    assert handler.read(line) == line.values
    appended(host, guesses(10))
    guard.round(NOW + 10)
    host.write(UNIT_FILE.format(LOGIN_GUARD_UNIT), "by hand")
    assert (handler.read(line) or {})["active"] == "changed"
    handler.remove([line])
    assert host.table == ""
    assert not [name for name in (BAN_ORDERS, BAN_LIST, UNIT_FILE.format(LOGIN_GUARD_UNIT)) if host.path(name).exists()]
    assert host.services == set()


@pytest.mark.parametrize(("certain", "banned"), [(True, {GUESSER: 600}), (False, {})])
def test_who_surely_crashed_the_server_is_banned_at_once(
    host: Host, certain: bool, banned: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = set_up(host)
    asked: list[Collection[str]] = []

    def poll(now: float, served: Asked, members: Asked) -> list[Crash]:
        asked.extend((served(), members()))
        return [Crash(now, [GUESSER], certain)]

    appended(host, log_lines.begins("CID-7", NEIGHBOUR, "guest1", NOW) + log_lines.accepted("CID-7", "guest1", NOW))
    monkeypatch.setattr(guard.crashes, "poll", poll)
    guard.round(NOW)
    assert host.banned == banned
    assert asked == [{"443/tcp", "1194/udp"}, {NEIGHBOUR}]


@pytest.mark.parametrize("name", ["old.log", "sec_1-1.log"])
def test_a_log_that_somebody_renames_or_copies_lifts_no_ban_and_forgets_no_guess(host: Host, name: str) -> None:
    guard, log = set_up(host), host.path(LOG)
    appended(host, guesses(10))
    guard.round(NOW + 11)
    assert GUESSER in host.banned
    os.link(log, log.with_name("linked.log"))
    shutil.copy2(log, log.with_name("copied.log"))
    log.rename(log.with_name(name))
    assert guard.round(NOW + 14) == []
    assert GUESSER in host.banned
    assert guard.troubles["log of LAB"] == ""
