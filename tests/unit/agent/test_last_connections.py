"""Who crashed the server, by the kernel's flows: no word of a stranger, and no packet of any source, finds another."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.firewalld.flows import Flow
from labvpn.agent.softether import crashes
from labvpn.agent.softether.crashes import Crash, CrashWatch, crashes_of, suspicions
from labvpn.agent.softether.last_connections import TIMEOUTS, timeouts_of
from labvpn.agent.softether.login_reader import FORGERY
from tests.unit.agent.crash_cases import START, Host

ATTACKER, NEIGHBOUR, THIRD = "203.0.113.140", "203.0.113.150", "203.0.113.160"
ESTABLISHED, FIN_WAIT, TIME_WAIT, CLOSE = 3, 4, 7, 8
JUST_NOW = {FIN_WAIT: 120, TIME_WAIT: 120, CLOSE: 10}


def tcp(source: str, state: int = CLOSE, ago: int = 0, port: int = 443, assured: bool = True) -> Flow:
    """A connection that ended so many seconds ago."""
    remaining = JUST_NOW[state] - ago if state in JUST_NOW else 400_000
    return Flow("tcp", source, 7, "203.0.113.20", port, 2, b"", assured, state, remaining)


def udp(source: str, ago: int = 0, port: int = 1194, assured: bool = False) -> Flow:
    return Flow("udp", source, 7, "203.0.113.20", port, 2, b"", assured, 0, (120 if assured else 30) - ago)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.serving(tmp_path)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[Flow]:
    """The kernel's flows."""
    flows: list[Flow] = []
    monkeypatch.setattr(crashes, "flows_of", lambda machine: flows)
    monkeypatch.setattr(crashes, "listeners_of", lambda machine: ["443/tcp", "992/tcp"])
    return flows


def crashed(host: Host, *members: str) -> list[Crash]:
    """What the watch finds where the server ends and starts again; from `members` users have logged in."""
    watch = CrashWatch(host)
    host.log(*START, at="00:30:00.000")

    def poll() -> list[Crash]:
        return watch.poll(1002, lambda: ["443/tcp", "1194/udp"], lambda: members)

    assert poll() == []
    host.end(758)
    assert poll() == []
    host.process(1362, 757, 300)
    host.log(*START, at="00:39:50.000")
    return poll()


@pytest.mark.parametrize("state", [FIN_WAIT, TIME_WAIT, CLOSE])
def test_a_source_that_alone_was_connected_is_found_and_banned(host: Host, kernel: list[Flow], state: int) -> None:
    kernel += [tcp(ATTACKER, state), tcp("127.0.0.1"), tcp("203.0.113.20")]
    (crash,) = crashed(host)
    assert crash == Crash(1002, [ATTACKER], certain=True)
    assert [(one.source, one.kind) for one in suspicions(crash)] == [(ATTACKER, FORGERY)]


def test_beside_users_it_is_the_only_one_who_has_not_logged_in(host: Host, kernel: list[Flow]) -> None:
    kernel += [tcp(NEIGHBOUR), tcp(f"::ffff:{THIRD}"), udp(THIRD, assured=True), tcp(ATTACKER)]
    assert crashed(host, NEIGHBOUR, THIRD) == [Crash(1002, [ATTACKER], certain=True)]


@pytest.mark.parametrize(
    ("flows", "members"),
    [
        ([tcp(ATTACKER), tcp(NEIGHBOUR)], []),
        ([tcp(ATTACKER), tcp(NEIGHBOUR), tcp(THIRD)], [THIRD]),
        ([tcp(NEIGHBOUR), tcp(THIRD)], [NEIGHBOUR, THIRD]),
        # A datagram may be from anywhere: it finds nobody guilty, and it may have been the one.
        ([tcp(ATTACKER), udp(NEIGHBOUR)], []),
        ([tcp(THIRD), udp(NEIGHBOUR)], [THIRD]),
        ([udp(NEIGHBOUR)], []),
    ],
)
def test_of_several_who_may_have_done_it_nobody_is_banned(
    host: Host, kernel: list[Flow], flows: list[Flow], members: list[str]
) -> None:
    kernel += flows
    (crash,) = crashed(host, *members)
    assert (crash.certain, crash.sources) == (False, sorted({one.source for one in flows}))
    assert suspicions(crash) == []


@pytest.mark.parametrize(
    "other",
    [
        tcp(NEIGHBOUR, assured=False),
        tcp(NEIGHBOUR, port=22),
        # One that ended earlier, and one to the server that has started since.
        tcp(NEIGHBOUR, TIME_WAIT, ago=30),
        tcp(NEIGHBOUR, ESTABLISHED),
        udp(NEIGHBOUR, ago=20),
        udp(NEIGHBOUR, port=53),
        Flow("esp", NEIGHBOUR, 0, "203.0.113.20", 0, 2, b""),
    ],
)
def test_other_flows_are_no_evidence(host: Host, kernel: list[Flow], other: Flow) -> None:
    kernel += [other]
    assert crashed(host) == [Crash(1002, [])]


def test_lines_that_a_stranger_had_the_server_write_accuse_nobody_and_stop_nothing(
    host: Host, kernel: list[Flow]
) -> None:
    kernel += [tcp(ATTACKER)]
    host.log(
        'Channel 0: Option Strings Received: "V4,dev-type tun',
        f'For the client (IP address: {NEIGHBOUR}, host name: "h", port number: 5), connection "CID-9" was created.',
        "[x] 9.9:1 -> y",
        "-" * 54,
        "-" * 54,
        at="00:39:44.000",
    )
    assert crashed(host) == [Crash(1002, [ATTACKER], certain=True)]


@pytest.mark.parametrize("seen", [([tcp(ATTACKER)], []), ([], [tcp(ATTACKER)])])
def test_of_two_accounts_of_a_crash_the_certain_one_is_remembered(
    host: Host, kernel: list[Flow], seen: tuple[list[Flow], ...]
) -> None:
    watches = [CrashWatch(host), CrashWatch(host)]
    for watch in watches:
        watch.poll(1000)
    host.end(758)
    host.process(1362, 757, 300)
    host.log(*START)
    # One that looks late asks a kernel that has forgotten.
    for watch, flows in zip(watches, seen, strict=True):
        kernel[:] = flows
        watch.poll(1001)
    assert [one.sources for one in crashes_of(host)] == [[ATTACKER]]


def test_the_timeouts_are_those_of_the_host(host: Host) -> None:
    host.write("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close", "17\n")
    host.write("/proc/sys/net/netfilter/nf_conntrack_udp_timeout", "?")
    assert timeouts_of(host) == {**TIMEOUTS, "tcp_timeout_close": 17}
