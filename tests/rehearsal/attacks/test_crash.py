"""A stranger without an account crashes the packaged SoftEther: it is reported, and its source is banned."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import network
from tests.rehearsal.agent_host import AgentHost
from tests.rehearsal.guarded_host import eventually
from tests.rehearsal.kit_lab import running
from tests.rehearsal.openvpn_client import IN, dialling

SECONDS = 60
"""Of a ban: longer than the questions in between take on a busy machine."""
ATTACKER = network.CAMPUS

# OpenVPN over TCP: a packet that begins a session, then one whose length field is greater than any packet's. The 5.01
# of 2020 computes the size with 16 bits and reads beyond its buffer (CVE-2023-22308 by its symptom).
CRASH = """
import socket, sys
peer = socket.create_connection((sys.argv[1], 443), 4)
peer.sendall(bytes.fromhex("000e38aabbccddeeff11220000000000" + "ffff41"))
peer.settimeout(4)
sys.exit(0 if peer.recv(100) == b"" else 1)
"""
IDLE = """
import socket, sys, time
peer = socket.create_connection((sys.argv[1], 443), 4)
print("open", flush=True)
time.sleep(60)
"""
NOTED = "cat /var/lib/labvpn/crashes.json; journalctl -u labvpn-bans -o cat --no-pager | tail -20"
REAPER_JOURNAL = ("journalctl", "-u", "labvpn-reaper", "-o", "cat", "--no-pager")
PROCESSES = "pgrep -f 'vpnserver execsvc' | sort"


@pytest.fixture(scope="module")
def host() -> Iterator[AgentHost]:
    """A server with its reaper and its guard."""
    host = AgentHost("crash")
    host.begin_with_server()
    host.converge("hub")
    host.converge("firewall", host.documents()["firewall"].replace("seconds=600", f"seconds={SECONDS}"))
    host.confirm()
    yield host
    host.stop()


def crash(host: AgentHost) -> bool:
    """Whether one anonymous connection ended the server, often before it wrote of that in its log."""
    before = host.output("server", "sh", "-c", PROCESSES)
    done = host.run("campus", "python3", "-c", CRASH, str(network.SERVER))
    until = time.monotonic() + 20
    while done.returncode == 0 and time.monotonic() < until:
        if host.output("server", "sh", "-c", PROCESSES) != before:
            return True
        time.sleep(0.2)
    return False


def unbanned(host: AgentHost) -> bool:
    """Whether nobody is banned any more, as soon as the last ban has ended."""
    return bool(eventually(lambda: host.bans() == "", SECONDS + 30))


def test_a_crash_by_a_stranger_is_counted_told_and_has_him_barred_and_nobody_else(
    host: AgentHost, tmp_path: Path
) -> None:
    assert json.loads(host.agent("status"))["crashes"] == []
    with dialling(host, tmp_path / "before") as client:
        assert client.reads(IN), client.log
    assert crash(host)
    assert eventually(lambda: ATTACKER in host.bans()), host.output("server", "sh", "-c", NOTED)
    # The reaper and the guard notice it each by themselves.
    assert eventually(lambda: "SoftEther crashed" in host.output("server", *REAPER_JOURNAL))
    (counted,) = json.loads(host.agent("status"))["crashes"]
    assert counted["sources"] == [ATTACKER]
    warned = host.observe()["server"]["warnings"]
    assert any("crashed once" in one and ATTACKER in one for one in warned), warned
    assert not crash(host)
    with dialling(host, tmp_path / "neighbour") as client:
        assert client.reads(IN), client.log
    assert str(network.ADMIN) not in host.bans()


def test_beside_a_user_who_is_connected_the_stranger_alone_is_banned(host: AgentHost, tmp_path: Path) -> None:
    assert unbanned(host)
    with dialling(host, tmp_path / "user", way=("443", "tcp-client")) as client:
        assert client.reads(IN), client.log
        # The guard reads the login within three seconds.
        time.sleep(6)
        assert crash(host)
        assert eventually(lambda: ATTACKER in host.bans()), host.output("server", "sh", "-c", NOTED)
        assert str(network.ADMIN) not in host.bans()


def test_of_two_strangers_nobody_is_banned_and_both_are_told(host: AgentHost) -> None:
    assert unbanned(host)
    known = json.loads(host.agent("status"))["crashes"]
    waiting = ["python3", "-c", IDLE, str(network.SERVER)]
    with running(host, host.line("exec", "workstation", "--", *waiting)) as other:
        assert other.reads("open"), other.log
        assert crash(host)
        assert eventually(lambda: len(json.loads(host.agent("status"))["crashes"]) > len(known))
    last = json.loads(host.agent("status"))["crashes"][-1]
    assert last["sources"] == sorted([ATTACKER, str(network.WORKSTATION)])
    time.sleep(3)
    assert host.bans() == ""


def test_a_restart_by_the_administrator_is_no_crash(host: AgentHost) -> None:
    assert unbanned(host)
    before = json.loads(host.agent("status"))["crashes"]
    host.output("server", "systemctl", "restart", "softether-vpnserver")
    time.sleep(8)
    assert json.loads(host.agent("status"))["crashes"] == before
    assert host.bans() == ""
