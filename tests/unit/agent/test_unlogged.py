"""Who crashed the server before it wrote of the connection, by the kernel's flows."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.firewalld.flows import Flow
from labvpn.agent.softether import crashes, unlogged
from labvpn.agent.softether.crashes import Crash, CrashWatch, crashes_of
from tests.unit.agent.crash_cases import START, Host, began

ATTACKER, NEIGHBOUR = "203.0.113.140", "203.0.113.150"


def flow(source: str, port: int = 443, protocol: str = "tcp", client: int = 7, assured: bool = True) -> Flow:
    return Flow(protocol, source, client, "203.0.113.20", port, 2, b"", assured)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.serving(tmp_path)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[Flow]:
    """The kernel's flows."""
    flows: list[Flow] = []
    monkeypatch.setattr(crashes, "flows_of", lambda machine: flows)
    monkeypatch.setattr(crashes, "ports_of", lambda machine: [443, 992])
    return flows


def crashed(host: Host, watch: CrashWatch, *late: str) -> list[Crash]:
    """What the watch finds where the server ends and starts again, with these lines in its log before that."""
    host.log(*late)
    host.end(758)
    assert watch.poll(1001) == []
    host.process(1362, 757, 300)
    host.log(*START, at="00:39:50.000")
    return watch.poll(1002)


def test_whoever_crashed_the_server_before_it_wrote_of_the_connection_is_found_in_the_kernel(
    host: Host, kernel: list[Flow]
) -> None:
    watch = CrashWatch(host)
    host.log(*START, began(NEIGHBOUR, 1), at="00:30:00.000")
    watch.poll(1000)
    kernel += [flow(NEIGHBOUR, client=5), flow(ATTACKER)]
    assert crashed(host, watch, "a word") == [Crash(1002, [ATTACKER], certain=True)]


def test_a_crash_between_two_polls_is_laid_to_the_same(host: Host, kernel: list[Flow]) -> None:
    watch = CrashWatch(host)
    host.log(*START, began(NEIGHBOUR, 1), at="00:30:00.000")
    watch.poll(1000)
    kernel += [flow(NEIGHBOUR, client=5), flow(ATTACKER), flow("203.0.113.9", client=5)]
    host.process(1362, 757, 300)
    host.end(758)
    host.log("a word", *START, began("203.0.113.9", 2), at="00:39:50.000")
    assert watch.poll(1002) == [Crash(1002, [ATTACKER], certain=True)]


@pytest.mark.parametrize(
    "other",
    [
        flow(ATTACKER, assured=False),
        flow(ATTACKER, port=22),
        flow(ATTACKER, protocol="udp"),
        flow("127.0.0.1"),
        flow("203.0.113.20"),
        flow(NEIGHBOUR, client=5),
        flow(f"::ffff:{NEIGHBOUR}", client=5),
    ],
)
def test_other_flows_are_no_evidence(host: Host, kernel: list[Flow], other: Flow) -> None:
    watch = CrashWatch(host)
    host.log(*START, began(NEIGHBOUR, 1), at="00:30:00.000")
    watch.poll(1000)
    kernel.append(other)
    assert crashed(host, watch, "a word") == [Crash(1002, [NEIGHBOUR])]


def test_where_the_log_has_gaps_the_kernel_accuses_nobody(
    host: Host, kernel: list[Flow], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = CrashWatch(host)
    host.log(began(NEIGHBOUR, 1), at="00:30:00.000")
    watch.poll(1000)
    kernel.append(flow(ATTACKER))
    assert crashed(host, watch, "a word") == [Crash(1002, [NEIGHBOUR])]
    monkeypatch.setattr(unlogged, "MOST_LOGGED", 1)
    logged = unlogged.LoggedConnections()
    logged.begin()
    logged.add(NEIGHBOUR, 5)
    assert logged.missing(kernel, [443], started=False) == [ATTACKER]
    logged.add(NEIGHBOUR, 6)
    assert logged.missing(kernel, [443], started=False) == []


def test_one_who_is_in_the_log_and_one_who_is_not_are_both_no_more_than_suspects(
    host: Host, kernel: list[Flow]
) -> None:
    watch = CrashWatch(host)
    host.log(*START, at="00:30:00.000")
    watch.poll(1000)
    kernel.append(flow(ATTACKER))
    assert crashed(host, watch, began(NEIGHBOUR, 1)) == [Crash(1002, [ATTACKER, NEIGHBOUR])]


@pytest.mark.parametrize("seen", [([flow(ATTACKER)], []), ([], [flow(ATTACKER)])])
def test_of_two_accounts_of_a_crash_the_certain_one_is_remembered(
    host: Host, kernel: list[Flow], seen: tuple[list[Flow], ...]
) -> None:
    watches = [CrashWatch(host), CrashWatch(host)]
    host.log(*START, began(NEIGHBOUR, 1), at="00:30:00.000")
    for watch in watches:
        watch.poll(1000)
    host.log("a word")
    host.end(758)
    host.process(1362, 757, 300)
    # One that looks late asks a kernel that has forgotten.
    for watch, flows in zip(watches, seen, strict=True):
        kernel[:] = flows
        watch.poll(1001)
    assert [one.sources for one in crashes_of(host)] == [[ATTACKER]]
