"""The guard when its disk, its log, its clock or firewalld is not as it should be."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.paths import BAN_LIST, BAN_LIST_NOW, BAN_ORDERS, GUARD_HEALTH
from labvpn.agent.daemons.login_guard import LoginGuard
from labvpn.agent.daemons.login_guard_service import HINDERED, LoginGuardService
from labvpn.agent.firewalld.ban_list import bans_of, guard_state, read_object
from labvpn.agent.firewalld.ban_policy import BanPolicy, Bounds
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.softether.login_reader import WITHDRAWN, Failure
from tests.unit.agent.test_bans import (
    BOUNDS,
    GUESSER,
    LINE,
    LOG,
    NEIGHBOUR,
    NOW,
    Host,
    appended,
    furnished,
    guesses,
    set_up,
)


class Watched(Host):
    """A host that keeps who was banned after each change, and whose disk may be full."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.moments: list[set[str]] = []
        self.full: tuple[str, ...] = ()

    def nft(self, commands: str) -> None:
        super().nft(commands)
        self.moments.append(set(self.banned))

    def write(self, name: str, text: Any, mode: int = 0o644) -> None:
        if name.startswith(self.full or ("no such",)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
        super().write(name, text, mode)


@pytest.fixture
def host(tmp_path: Path) -> Watched:
    host = Watched(tmp_path)
    furnished(host)
    return host


def test_no_moment_is_open_while_a_bar_becomes_a_longer_one(host: Watched) -> None:
    guard = set_up(host)
    appended(host, guesses(5))
    guard.round(NOW + 5)
    host.moments.clear()
    appended(host, guesses(5, since=NOW + 5))
    guard.round(NOW + 10)
    assert host.moments == [{GUESSER}]
    assert host.banned == {GUESSER: 599}


def test_a_kernel_that_refuses_is_drift_and_is_asked_again(host: Watched) -> None:
    guard, (line,) = set_up(host), parse(LINE)
    host.refuses = "ipv4_addr"
    appended(host, guesses(10) + guesses(10, NEIGHBOUR))
    with pytest.raises(AgentError, match="refused rules"):
        guard.round(NOW + 10)
    assert f"banned {GUESSER} for 599 s: 10 failed logins" in guard.messages
    assert (LoginGuardService(Firewalld(host)).read(line) or {})["active"] == HINDERED
    host.refuses = ""
    assert guard.round(NOW + 12) == []
    guard.round(NOW + 16)
    assert set(host.banned) == {GUESSER, NEIGHBOUR}
    assert guard_said(host) == ""


def test_a_kernel_that_refuses_everything_is_known_before_anybody_guesses(host: Watched) -> None:
    guard = set_up(host)
    host.refuses = "delete"
    with pytest.raises(AgentError):
        guard.round(NOW)
    assert "refused rules" in guard_said(host)


def guard_said(host: Host) -> str:
    return str(read_object(host, GUARD_HEALTH).get("trouble"))


@pytest.mark.parametrize("full", [("/var/",), ("/var/", "/run/")])
def test_a_disk_that_takes_nothing_keeps_nobody_from_being_barred(host: Watched, full: tuple[str, ...]) -> None:
    guard = set_up(host)
    host.full = full
    appended(host, guesses(10))
    guard.round(NOW + 10)
    assert set(host.banned) == {GUESSER}
    assert "cannot be written" in guard.troubles[BAN_LIST]
    host.banned.clear()
    guard.round(NOW + 20)
    assert set(host.banned) == {GUESSER}
    host.full = ()
    guard.round(NOW + 30)
    assert set(bans_of(host)) == {GUESSER}


def test_what_a_boot_leaves_on_the_disk_is_barred_again(host: Watched) -> None:
    guard = set_up(host)
    appended(host, guesses(10))
    guard.round(NOW + 10)
    host.delete(BAN_LIST_NOW)
    host.write(LOG, "")
    host.banned.clear()
    LoginGuard(host).round(NOW + 100)
    assert set(host.banned) == {GUESSER}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"192.0.2.1": 1}',
        '{"192.0.2.1": [1, "x"]}',
        '{"192.0.2.1": [1e999, 1]}',
        '{"192.0.2.0/24": [9e9, 5]}',
        '{"192.0.2.1 timeout 1s }; flush ruleset; {": [9e9, 5]}',
        '{"fe80::1%eth0": [9e9, 5], "2001:db8::/48": [9e9, 5], "::ffff:192.0.2.1": [9e9, 5]}',
        "\x00\xff",
    ],
)
def test_a_damaged_memory_bars_nobody_and_stops_nothing(host: Watched, text: str) -> None:
    guard = set_up(host)
    for name in (BAN_LIST, BAN_LIST_NOW):
        host.write(name, text)
    assert bans_of(host) == {}
    appended(host, guesses(10))
    guard.round(NOW + 10)
    assert set(host.banned) == {GUESSER}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_damaged_orders_are_named_with_their_remedy_and_are_drift(host: Watched, text: str) -> None:
    set_up(host)
    host.write(BAN_ORDERS, text)
    with pytest.raises(AgentError, match="pulumi up"):
        LoginGuard(host)
    (line,) = parse(LINE)
    assert LoginGuardService(Firewalld(host)).read(line) != line.values


@pytest.mark.parametrize("until", [NOW + 10_000, NOW + 1e12])
def test_a_bar_that_lasts_longer_than_its_rule_allows_is_over(host: Watched, until: float) -> None:
    set_up(host)
    host.write(BAN_LIST_NOW, json.dumps({GUESSER: [until, 10]}))
    host.banned[GUESSER] = 9999
    LoginGuard(host).round(NOW)
    assert host.banned == {}


def test_a_clock_that_is_set_back_ends_the_bars_that_it_made(host: Watched) -> None:
    guard = set_up(host)
    appended(host, guesses(10))
    guard.round(NOW + 10)
    guard.round(NOW - 86_400)
    assert host.banned == {}


def test_an_ipv6_source_is_barred_with_the_network_of_its_subscriber() -> None:
    watch = BanPolicy(BOUNDS)
    for number in range(10):
        watch.count(Failure(NOW, f"2001:db8:1:2:{number:x}::66", "guest1"))
    assert list(watch.banned(NOW)) == ["2001:db8:1:2::/64"]


def test_an_exempt_ipv6_address_is_not_barred_with_its_neighbours() -> None:
    watch = BanPolicy(Bounds(5, 15.0, 10, 600.0, ["2001:db8:1:2::7/128"]))
    for _ in range(10):
        watch.count(Failure(NOW, "2001:db8:1:2::7", "guest1"))
        watch.count(Failure(NOW, "2001:db8:1:2::8", "guest1"))
    assert list(watch.banned(NOW)) == ["2001:db8:1:2::8"]


@pytest.mark.parametrize("source", ["::ffff:198.51.100.66", "198.51.100.66"])
def test_an_ipv4_source_is_one_source_however_it_is_written(source: str) -> None:
    watch = BanPolicy(BOUNDS)
    for _ in range(10):
        watch.count(Failure(NOW, source, "guest1"))
    assert list(watch.banned(NOW)) == [GUESSER]


@pytest.mark.parametrize(
    "source",
    ["0.0.0.0", "::", "224.0.0.1", "::1%lo", "::ffff:127.0.0.1", "198.51.100.0/24", "::ffff:198.51.100.200"],  # noqa: S104
)
def test_what_is_no_single_source_is_never_barred(source: str) -> None:
    watch = BanPolicy(BOUNDS)
    for _ in range(10):
        watch.count(Failure(NOW, source, "guest1"))
    assert watch.banned(NOW) == {}


def test_a_failure_that_is_taken_back_bars_nobody(host: Watched) -> None:
    watch = BanPolicy(BOUNDS)
    for _ in range(10):
        watch.count(Failure(NOW, GUESSER, "guest1"))
    for _ in range(10):
        watch.count(Failure(NOW, GUESSER, "guest1", WITHDRAWN))
    assert watch.banned(NOW) == {}


def test_a_guard_that_cannot_read_the_log_is_drift_with_a_warning(host: Watched) -> None:
    guard, (line,) = set_up(host), parse(LINE)
    handler = LoginGuardService(Firewalld(host))
    host.delete(LOG)
    guard.round(time.time())
    assert "no log file" in guard_said(host)
    assert (handler.read(line) or {})["active"] == HINDERED
    assert "no log file" in handler.warnings()[0]
    assert "no log file" in str(guard_state(host, time.time()))


def test_a_guard_that_was_not_ordered_is_in_no_state(host: Watched) -> None:
    assert guard_state(host, NOW) is None
    set_up(host)
    assert guard_state(host, NOW) == "the login guard has not read the log since the host started"
    host.write(GUARD_HEALTH, json.dumps({"trouble": ""}))
    assert guard_state(host, time.time()) == ""
    assert "has not read" in str(guard_state(host, time.time() + 600))
