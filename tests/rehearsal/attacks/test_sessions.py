"""The reaper under clocks that are wrong, disks that are full and clients that lose their line."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rehearsal.agent_host import AgentHost
from tests.rehearsal.openvpn_client import IN, REFUSED, dialling
from tests.rehearsal.test_reaper import HOLD, document, journal

LIMIT = 10
HELD = "/var/lib/labvpn/held.json"
# The service with a clock that is two days ahead, as it was seen when a host's clock jumped for some seconds.
AHEAD = """
mkdir -p /run/systemd/system/labvpn-reaper.service.d
cat >/run/systemd/system/labvpn-reaper.service.d/ahead.conf <<'END'
[Service]
ExecStart=
ExecStart=/usr/bin/python3 -c "import sys, time; real = time.time; time.time = lambda: real() + 172800; \
sys.argv = ['agent', 'reap']; exec(open('/usr/local/lib/labvpn/agent').read())"
END
systemctl daemon-reload && systemctl restart labvpn-reaper
"""
RIGHT = "rm -r /run/systemd/system/labvpn-reaper.service.d; systemctl daemon-reload; systemctl restart labvpn-reaper"
# The agent's folder on a file system of its own that has no room or no inodes left.
FULL = """
cp -a /var/lib/labvpn /var/lib/labvpn.kept
mount -t tmpfs -o mode=700,{option} tmpfs /var/lib/labvpn
cp -a /var/lib/labvpn.kept/. /var/lib/labvpn
{fill} 2>/dev/null
systemctl restart labvpn-reaper
"""
FILLS = {
    "room": ("size=1m", "dd if=/dev/zero of=/var/lib/labvpn/ballast bs=4k"),
    "inodes": ("nr_inodes=40", "for n in $(seq 100); do : >/var/lib/labvpn/ballast.$n || break; done"),
}
# A session whose client went without a word would be over the new limit, and its user locked out.
ALONE = "systemctl restart softether-vpnserver"
EMPTY = (
    "systemctl stop labvpn-reaper; umount /var/lib/labvpn; rm -rf /var/lib/labvpn.kept; systemctl start labvpn-reaper"
)


@pytest.fixture(scope="module")
def host() -> Iterator[AgentHost]:
    """A server and a reaper that holds for fifteen seconds."""
    host = AgentHost("sessions")
    host.begin_with_server()
    host.converge("hub", document(host, 1800))
    yield host
    host.stop()


def shell(host: AgentHost, text: str) -> None:
    """Lines in a login of the host, whose mounts its services see."""
    done = host.ssh(text)
    assert done.returncode == 0, done.stderr


def gets_in(host: AgentHost, folder: Path) -> bool:
    with dialling(host, folder) as client:
        return client.reads(IN, 8)


def test_a_redial_before_the_server_dropped_the_old_session_is_no_second_login(host: AgentHost, tmp_path: Path) -> None:
    for number in range(2):
        # Its end says nothing to the server, as where a line breaks.
        with dialling(host, tmp_path) as lost:
            assert lost.reads(IN), (number, lost.log)
    with dialling(host, tmp_path) as redial:
        assert redial.reads(IN), redial.log
        time.sleep(16)
        assert redial.client.poll() is None
    assert "sessions at once" not in journal(host)


def test_a_clock_that_runs_ahead_cuts_nobody_and_holds_nobody_off(host: AgentHost, tmp_path: Path) -> None:
    with dialling(host, tmp_path) as client:
        assert client.reads(IN), client.log
        shell(host, AHEAD)
        time.sleep(8)
        shell(host, RIGHT)
        time.sleep(3)
        assert client.client.poll() is None
    assert "the limit is 1800 s" not in journal(host)
    entry = {
        "since": time.time() + 172800,
        "until": time.time() + 172860,
        "policy": True,
        "made": False,
        "lifted": False,
    }
    host.rpc(("GetUser", {"HubName_str": "LAB", "Name_str": "guest1"}))
    shell(host, f"echo '{json.dumps({'LAB': {'guest1': entry}})}' >{HELD}; systemctl restart labvpn-reaper")
    time.sleep(3)
    assert gets_in(host, tmp_path)


@pytest.mark.parametrize("lacks", FILLS)
def test_a_full_disk_keeps_nobody_in_and_nobody_out(host: AgentHost, tmp_path: Path, lacks: str) -> None:
    option, fill = FILLS[lacks]
    shell(host, ALONE)
    host.converge("hub", document(host, LIMIT))
    shell(host, FULL.format(option=option, fill=fill))
    try:
        assert host.ssh("echo 1 >/var/lib/labvpn/one").returncode != 0
        with dialling(host, tmp_path) as client:
            assert client.reads(IN), client.log
            assert client.reads(REFUSED, LIMIT + 30), client.log
        assert f"{HELD} on the VPN host cannot be written" in journal(host)
        time.sleep(HOLD + 3)
        assert gets_in(host, tmp_path)
    finally:
        shell(host, EMPTY)
        host.converge("hub", document(host, 1800))
        time.sleep(HOLD)
