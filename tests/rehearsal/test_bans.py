"""Guessed passwords on a real server behind a real firewalld, with real clients."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labvpn.rehearsal import network
from tests.rehearsal.agent_host import AgentHost
from tests.rehearsal.openvpn_client import IN, REFUSED, dialling

SLOW, PAUSE, MOST, SECONDS = 2, 8, 4, 40
NOTICED = 3
"""Seconds within which the guard has seen a failed login for certain."""

BOUNDS = f"slow={SLOW} pause={PAUSE} most={MOST} seconds={SECONDS}"
LEFT = ("/etc/systemd/system/labvpn-bans.service", "/var/lib/labvpn/bans.json", "/var/lib/labvpn/barred.json")


@pytest.fixture(scope="module")
def host() -> Iterator[AgentHost]:
    """A server whose guard is quick to bar and quick to let in again; nothing else holds anybody off."""
    host = AgentHost("bans")
    host.begin_with_server()
    hub = host.documents()["hub"].splitlines()
    host.converge("hub", "".join(f"{line}\n" for line in hub if not line.startswith("reaper")))
    host.converge("firewall", document(host))
    host.confirm()
    yield host
    host.stop()


def document(host: AgentHost) -> str:
    return host.documents()["firewall"].replace("slow=5 pause=15 most=10 seconds=600", BOUNDS)


def guess(host: AgentHost, folder: Path, count: int) -> None:
    for _ in range(count):
        with dialling(host, folder, password="a guess") as client:
            assert client.reads(REFUSED), client.log
    time.sleep(NOTICED)


def gets_in(host: AgentHost, folder: Path, user: str = "guest1", machine: str = "admin") -> bool:
    with dialling(host, folder, user=user, machine=machine) as client:
        return client.reads(IN, 6)


def sessions(host: AgentHost) -> set[str]:
    return {one["name"] for one in json.loads(host.agent("status"))["sessions"]}


def journal(host: AgentHost) -> str:
    return host.output("server", "journalctl", "-u", "labvpn-bans", "--no-pager", "-o", "cat")


def rules(host: AgentHost) -> str:
    return host.output("server", "firewall-cmd", "--zone=public", "--list-rich-rules")


def test_a_guesser_is_slowed_while_sessions_ssh_and_the_neighbours_go_on(host: AgentHost, tmp_path: Path) -> None:
    with dialling(host, tmp_path / "live") as live:
        assert live.reads(IN), live.log
        before = sessions(host)
        guess(host, tmp_path, SLOW)
        assert not gets_in(host, tmp_path)
        assert gets_in(host, tmp_path, "owner", "campus")
        assert host.ssh("true").returncode == 0
        assert sessions(host) >= before
        assert live.client.poll() is None
    assert re.search(rf"barred {network.ADMIN} for \d s: {SLOW} failed logins", journal(host))
    time.sleep(PAUSE - NOTICED)
    assert gets_in(host, tmp_path)


def test_who_goes_on_guessing_is_barred_and_no_reload_shortens_or_lengthens_that(
    host: AgentHost, tmp_path: Path
) -> None:
    guess(host, tmp_path, 1)
    time.sleep(PAUSE)
    guess(host, tmp_path, 1)
    began = time.monotonic()
    assert f"{MOST} failed logins" in journal(host)
    host.output("server", "firewall-cmd", "-q", "--reload")
    time.sleep(6)
    assert str(network.ADMIN) in rules(host)
    (said,) = host.converge("firewall", document(host).replace("5555/tcp", "5555/tcp,8443/tcp"))
    assert said.startswith("~ service vpnserver: ports")
    host.confirm()
    assert not gets_in(host, tmp_path)
    time.sleep(max(0, began + SECONDS - time.monotonic()))
    assert rules(host) == ""
    assert gets_in(host, tmp_path)


def test_nothing_of_the_guard_stays_when_it_goes(host: AgentHost, tmp_path: Path) -> None:
    guess(host, tmp_path, SLOW)
    assert str(network.ADMIN) in rules(host)
    without = "".join(f"{line}\n" for line in document(host).splitlines() if not line.startswith("bans"))
    assert "- bans" in host.converge("firewall", without)
    host.confirm()
    assert rules(host) == ""
    assert [name for name in LEFT if host.run("server", "test", "-e", name).returncode == 0] == []
    assert host.output("server", "systemctl", "is-system-running") == "running"
