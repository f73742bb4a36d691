"""For how long a source is banned, which sources never are, and how much of a network a ban covers."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from labvpn.agent.firewalld.ban_policy import BanPolicy, Bounds
from labvpn.agent.softether.crashes import Crash, suspicions
from labvpn.agent.softether.login_reader import Failure

GUESSER, NEIGHBOUR = "198.51.100.66", "198.51.100.67"
BOUNDS = Bounds(5, 15.0, 10, 600.0, ["198.51.100.128/25"])
NOW = time.mktime(time.strptime("2026-11-27 12:00:00", "%Y-%m-%d %H:%M:%S"))


@pytest.mark.parametrize(("count", "seconds"), [(4, None), (5, 15), (9, 15), (10, 600), (30, 600)])
def test_a_source_is_slowed_and_then_banned_by_the_number_of_its_failures(count: int, seconds: int | None) -> None:
    watch = BanPolicy(BOUNDS)
    for number in range(count):
        watch.count(Failure(NOW + number, GUESSER, "guest1"))
    ban = watch.banned(NOW + count - 1).get(GUESSER)
    assert (ban and ban.until - (NOW + count - 1)) == seconds


def test_failures_that_are_long_ago_count_no_more() -> None:
    watch = BanPolicy(BOUNDS)
    for number in range(20):
        watch.count(Failure(NOW + number * 200, GUESSER, "guest1"))
        assert watch.banned(NOW + number * 200) == {}


@pytest.mark.parametrize("source", ["198.51.100.200", "127.0.0.1", "::1", "", "no address"])
def test_exempt_sources_and_the_host_itself_are_never_banned(source: str) -> None:
    watch = BanPolicy(BOUNDS)
    for _ in range(50):
        watch.count(Failure(NOW, source, "guest1"))
    assert watch.banned(NOW) == {}


@pytest.mark.parametrize(
    ("source", "banned"),
    [
        ("2001:db8:1:2::8", "2001:db8:1:2::/64"),
        ("2002:c633:6442::8", "2002:c633:6442::/64"),
        ("fe80::1%eth0", "fe80::1"),
        ("64:ff9b::c633:6442", "64:ff9b::c633:6442"),
        ("64:ff9b:1::7", "64:ff9b:1::7"),
        ("2001:0:53aa:64c::1", "2001:0:53aa:64c::1"),
        ("::c633:6442", "::c633:6442"),
        ("::ffff:198.51.100.66", "198.51.100.66"),
    ],
)
def test_a_network_is_banned_where_it_is_one_subscriber_s_alone(source: str, banned: str) -> None:
    watch = BanPolicy(BOUNDS)
    for _ in range(10):
        watch.count(Failure(NOW, source, "guest1"))
    assert [*watch.banned(NOW)] == [banned]


def test_an_address_of_the_host_itself_is_never_banned(monkeypatch: pytest.MonkeyPatch) -> None:
    # As the kernel of a host with this address: what goes there comes from there.
    kernel = {"203.0.113.20": "203.0.113.20", "198.51.100.66": "203.0.113.20"}

    class Socket:
        def __init__(self, *_: Any) -> None:
            self.peer = ""

        def __enter__(self) -> Socket:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def connect(self, peer: tuple[str, int]) -> None:
            self.peer = peer[0]

        def getsockname(self) -> tuple[str, int]:
            return kernel[self.peer], 40000

    monkeypatch.setattr(socket, "socket", Socket)
    watch = BanPolicy(BOUNDS)
    for source in kernel:
        for _ in range(10):
            watch.count(Failure(NOW, source, "guest1"))
    assert [*watch.banned(NOW)] == ["198.51.100.66"]


def test_crashes_of_a_busy_server_ban_nobody_however_many_there_are() -> None:
    watch = BanPolicy(BOUNDS)
    for number in range(50):
        for failure in suspicions(Crash(NOW + number, [GUESSER, NEIGHBOUR])):
            watch.count(failure)
    assert watch.banned(NOW + 50) == {}
