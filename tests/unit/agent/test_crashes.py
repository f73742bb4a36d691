"""The watch for the server's crashes, on the log and the processes of a real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.core.paths import CRASHES
from labvpn.agent.softether.crashes import (
    Crash,
    CrashWatch,
    Process,
    crash_warnings,
    crashes_of,
    split_at_start,
    suspects,
    suspicions,
)
from labvpn.agent.softether.login_reader import FORGERY, GUESS
from labvpn.agent.softether.security_log import SecurityLog
from tests.unit.agent.crash_cases import RULER, START, Host, began, lines

BEFORE = [
    '00:39:41.560 HTTPS API client "127.0.0.1:37204" (localhost): The client called a JSON-API. Method: "EnumSession"',
    f"00:39:43.100 {began('203.0.113.150', 25)}",
    f"00:39:43.366 {began('203.0.113.141', 26)}",
    '00:39:43.900 Connection "CID-26" has been terminated.',
    '00:39:44.366 On the TCP Listener (Port 443), a Client (IP address 203.0.113.140, Host name "c", Port number 3) '
    "has connected.",
    f"00:39:44.366 {began('203.0.113.140', 27)}",
]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.serving(tmp_path)


def test_a_crash_is_counted_and_laid_to_whoever_was_connecting(host: Host) -> None:
    watch = CrashWatch(host)
    host.log(*BEFORE[:1])
    assert watch.poll(1000) == []
    host.log(*BEFORE[1:])
    host.end(758)
    assert watch.poll(1001) == []
    host.process(1362, 757, 300)
    host.log(*START)
    assert watch.poll(1002) == [Crash(1002, ["203.0.113.140"], certain=True)]
    assert watch.poll(1003) == []
    assert crashes_of(host) == [Crash(1002, ["203.0.113.140"])]


def test_two_watches_count_a_crash_once(host: Host) -> None:
    watches = [CrashWatch(host), CrashWatch(host)]
    for watch in watches:
        watch.poll(1000)
    host.end(758)
    host.process(1362, 757, 300)
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
    host.answers["systemctl show -p NRestarts"] = "NRestarts=1\n"
    assert len(watch.poll(1002)) == 1


def test_a_full_disk_and_a_damaged_memory_do_not_stop_the_watch(host: Host) -> None:
    watch = CrashWatch(host)
    watch.poll(1000)
    host.path(CRASHES).parent.mkdir(parents=True)
    host.path(CRASHES).write_bytes(b"\xff")
    host.path(CRASHES + ".new").mkdir()
    host.end(758)
    host.process(1362, 757, 300)
    assert len(watch.poll(1001)) == 1
    assert len(crashes_of(host)) == 1


OTHERS = {
    "japanese": (
        'クライアント (IP アドレス {}, ホスト名 "h", ポート番号 5) に対応するコネクション "CID-3" が作成されました。'
    ),
    "chinese": '客户端 (IP 地址：{}，主机名："h"，端口号：5) 的连接 "CID-3" 已建立。',
    "korean": '클라이언트 (IP 주소 {} 호스트 이름 "h"포트 번호 5)에 대응하는 연결 "CID-3"가 작성되었습니다.',
    "openvpn over udp": "[OpenVPN] {}:36944 -> 203.0.113.20:1194 (UDP): Session created.",
    "ipsec": "IPsec Client 3 ({}:500 -> 203.0.113.20:500): A new IPsec client is created.",
    "a host's name with another's address": began("{}", 3, began("203.0.113.9", 9)),
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("source", ["198.51.100.7", "2001:db8::7"])
def test_a_source_is_read_from_the_servers_own_field_in_every_language(kind: str, source: str) -> None:
    past, orderly = split_at_start(lines(OTHERS[kind].format(source), *START))
    assert not orderly
    assert suspects(past) == ([source], True)


def test_who_crashes_a_server_that_others_dial_at_does_not_have_them_barred() -> None:
    both = [began("203.0.113.140", 1), began("203.0.113.150", 2)]
    crash = Crash(1000, *suspects(split_at_start(lines(*both, *START))[0]))
    assert [(one.source, one.kind) for one in suspicions(crash)] == [(f"203.0.113.1{n}0", GUESS) for n in (4, 5)]
    early = [*lines(began("203.0.113.140", 1), at="00:39:30.000"), *lines("a word", *START)]
    assert suspects(split_at_start(early)[0]) == (["203.0.113.140"], False)
    alone = Crash(1000, *suspects(split_at_start(lines(both[0], began("127.0.0.1", 2), *START))[0]))
    assert [(one.source, one.kind) for one in suspicions(alone)] == [("203.0.113.140", FORGERY)]


def test_crashes_of_late_are_a_warning(host: Host) -> None:
    assert crash_warnings(host, 1000) == []
    CrashWatch(host).note(Process(1, 1, 1), Crash(1000, ["203.0.113.140"]))
    assert "crashed once within the last seven days; connecting then: 203.0.113.140." in crash_warnings(host, 1001)[0]
    CrashWatch(host).note(Process(1, 1, 2), Crash(1001, []))
    assert "crashed 2 times" in crash_warnings(host, 1001)[0]
    assert crash_warnings(host, 1000 + 8 * 24 * 3600) == []


def test_a_log_that_cannot_be_read_leaves_the_count(host: Host) -> None:
    watch = CrashWatch(host)
    assert isinstance(watch.log, SecurityLog)
    host.delete("/var/log/softether/server_log")
    watch.poll(1000)
    host.end(758)
    host.process(1362, 757, 300)
    assert watch.poll(1001) == [Crash(1001, [])]
