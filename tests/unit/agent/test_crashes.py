"""The watch for the server's crashes, on the log and the processes of a real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.core.paths import CRASHES
from labvpn.agent.softether import crashes
from labvpn.agent.softether.crashes import MOST_LINES, Crash, CrashWatch, Process, crash_warnings, crashes_of
from labvpn.agent.softether.security_log import SecurityLog
from tests.unit.agent.crash_cases import RULER, START, Host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.serving(tmp_path)


def restarted(host: Host, *last: str) -> None:
    """The child of the watchdog ends and another one starts, with these lines in the log before that."""
    host.end(758)
    host.process(1362, 757, 300)
    host.log(*last, *START)


def test_a_crash_is_counted_once(host: Host) -> None:
    watch = CrashWatch(host)
    assert watch.poll(1000) == []
    host.end(758)
    assert watch.poll(1001) == []
    host.process(1362, 757, 300)
    host.log(*START)
    assert watch.poll(1002) == [Crash(1002, [])]
    assert watch.poll(1003) == []
    assert crashes_of(host) == [Crash(1002, [])]


def test_a_start_that_the_log_has_later_than_the_kernel_is_waited_for(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = CrashWatch(host)
    # An orderly end and a start of before.
    host.log("The server has been shut down.", RULER, *START, "a word")
    watch.poll(1000)
    host.end(758)
    host.process(1362, 757, 300)
    assert watch.poll(1001) == []
    host.log("another word")
    assert watch.poll(1002) == []
    host.log(*START)
    assert len(watch.poll(1003)) == 1
    host.end(1362)
    host.process(1400, 757, 400)
    assert watch.poll(1004) == []
    monkeypatch.setattr(crashes, "START_SECONDS", 0.0)
    assert len(watch.poll(1005)) == 1


def test_the_end_of_a_long_log_is_read_too(host: Host) -> None:
    watch = CrashWatch(host)
    host.log(*["a word"] * (MOST_LINES - 5))
    watch.poll(1000)
    host.end(758)
    host.log("the last", *["a word"] * 20, RULER)
    watch.poll(1001)
    host.process(1362, 757, 300)
    host.log(*START, *["another"] * 30)
    assert watch.poll(1002) == []


@pytest.mark.parametrize(
    "planted",
    [
        ['Option Strings Received: "V4,dev-type tun', RULER],
        ['Option Strings Received: "V4,dev-type tun', RULER, *START, RULER],
        ['The name "x" has a "line end', "The server has been shut down.", RULER],
    ],
)
def test_a_crash_after_words_that_imitate_an_orderly_end_is_one(host: Host, planted: list[str]) -> None:
    watch = CrashWatch(host)
    watch.poll(1000)
    restarted(host, *planted)
    assert len(watch.poll(1001)) == 1


def test_two_watches_count_a_crash_once(host: Host) -> None:
    watches = [CrashWatch(host), CrashWatch(host)]
    for watch in watches:
        watch.poll(1000)
    restarted(host)
    assert [len(watch.poll(1001 + number)) for number, watch in enumerate(watches)] == [1, 1]
    assert len(crashes_of(host)) == 1


@pytest.mark.parametrize("parent", [757, 900])
def test_a_restart_in_order_is_no_crash(host: Host, parent: int) -> None:
    watch = CrashWatch(host)
    watch.poll(1000)
    for pid in (757, 758):
        host.end(pid)
    host.process(parent, 1, 299)
    host.process(1362, parent, 300)
    if parent == 757:
        # As the server's own reboot does: its watchdog stays, and the log says that it ended in order.
        host.log("The SoftEther VPN Server Engine has been successfully shutdown.", RULER, *START)
    assert watch.poll(1001) == []
    assert crashes_of(host) == []


def test_a_server_that_systemd_started_again_by_itself_has_crashed(host: Host) -> None:
    watch = CrashWatch(host)
    watch.poll(1000)
    for pid in (757, 758):
        host.end(pid)
    assert watch.poll(1001) == []
    host.process(900, 1, 299)
    host.process(901, 900, 300)
    host.log(*START)
    host.answers["systemctl show -p NRestarts"] = "NRestarts=1\n"
    assert len(watch.poll(1002)) == 1


def test_a_full_disk_and_a_damaged_memory_do_not_stop_the_watch(host: Host) -> None:
    watch = CrashWatch(host)
    watch.poll(1000)
    host.path(CRASHES).parent.mkdir(parents=True)
    host.path(CRASHES).write_bytes(b"\xff")
    host.path(CRASHES + ".new").mkdir()
    restarted(host)
    assert len(watch.poll(1001)) == 1
    assert len(crashes_of(host)) == 1


@pytest.mark.parametrize("one", ["null", "[]", '["x", []]', "[1000]", "[1000, null]", "[1000, [7]]"])
def test_a_memory_of_another_form_is_none(host: Host, one: str) -> None:
    host.write(CRASHES, f'{{"count": 1, "crashes": {{"a": {one}}}}}')
    assert crashes_of(host) == []
    assert crash_warnings(host, 1001) == []


def test_crashes_of_late_are_a_warning(host: Host) -> None:
    assert crash_warnings(host, 1000) == []
    CrashWatch(host).note(Process(1, 1, 1), Crash(1000, ["203.0.113.140"]))
    assert "crashed once within the last seven days; connecting then: 203.0.113.140." in crash_warnings(host, 1001)[0]
    CrashWatch(host).note(Process(1, 1, 2), Crash(1001, []))
    assert "crashed 2 times" in crash_warnings(host, 1001)[0]
    assert crash_warnings(host, 1000 + 8 * 24 * 3600) == []


def test_a_log_that_cannot_be_read_leaves_the_count(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crashes, "START_SECONDS", 0.0)
    watch = CrashWatch(host)
    assert isinstance(watch.log, SecurityLog)
    host.delete("/var/log/softether/server_log")
    watch.poll(1000)
    host.end(758)
    host.process(1362, 757, 300)
    assert watch.poll(1001) == [Crash(1001, [])]
