"""Guessed passwords on a real server behind a real firewalld, with real clients.

Guesses come by a program, so that a count is never a matter of the machine's speed; what has to happen is waited for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import network
from tests.rehearsal.guarded_host import WRONG_PASSWORD, GuardedHost, eventually
from tests.rehearsal.openvpn_client import IN, REFUSED, dialling

LONG = {"slow": 2, "pause": 3000, "most": 4, "seconds": 3600}
"""Bounds whose bars outlast every test, however slow the machine is."""

SHORT = {"slow": 2, "pause": 5, "most": 50, "seconds": 60}
"""Bounds whose pause ends soon."""

LEFT = ("/etc/systemd/system/labvpn-bans.service", "/var/lib/labvpn/bans.json", "/var/lib/labvpn/barred.json")
LEFT_IN_MEMORY = ("/run/labvpn/barred.json", "/run/labvpn/guard.json")


@pytest.fixture(scope="module")
def host() -> Iterator[GuardedHost]:
    host = GuardedHost("bans")
    host.begin_guarded(**LONG)
    yield host
    host.stop()


def guess(host: GuardedHost, folder: Path) -> None:
    with dialling(host, folder, password="a guess") as client:
        assert client.reads(REFUSED), client.log


def sessions(host: GuardedHost) -> set[str]:
    return {one["name"] for one in json.loads(host.agent("status"))["sessions"]}


def test_a_guesser_is_barred_while_sessions_ssh_and_the_neighbours_go_on(host: GuardedHost, tmp_path: Path) -> None:
    admin = str(network.ADMIN)
    with dialling(host, tmp_path / "live") as live:
        assert live.reads(IN), live.log
        before = sessions(host)
        for _ in range(LONG["slow"]):
            guess(host, tmp_path)
        assert host.bars(admin) == LONG["slow"]
        with dialling(host, tmp_path) as client:
            assert not client.reads(IN, 6), client.log
        with dialling(host, tmp_path / "other", user="owner", machine="campus") as client:
            assert client.reads(IN), client.log
        assert host.ssh("true").returncode == 0
        assert sessions(host) >= before
        assert live.client.poll() is None
    assert re.search(rf"banned {admin} for \d+ s: {LONG['slow']} failed logins", host.journal())


def test_no_reload_and_no_up_takes_a_bar_away_or_makes_it_stay_for_good(host: GuardedHost) -> None:
    source = host.source()
    assert host.guess(source, LONG["most"]) == [WRONG_PASSWORD] * LONG["most"]
    assert host.bars(source) == LONG["most"]
    assert host.shuts_out(source)
    host.output("server", "firewall-cmd", "-q", "--reload")
    assert host.shuts_out(source)
    (said,) = host.converge("firewall", host.guarded(**LONG).replace("5555/tcp", "5555/tcp,8443/tcp"))
    assert said.startswith("~ service vpnserver: ports")
    host.confirm()
    assert source in host.rules()
    assert not host.reaches(source)
    assert host.reaches(host.source())


def test_a_source_that_is_exempt_from_now_on_is_let_in(host: GuardedHost) -> None:
    source = host.source()
    host.guess(source, LONG["most"])
    assert host.shuts_out(source)
    host.guard(**{**LONG, "exempt": source})
    assert eventually(lambda: source not in host.rules())
    assert host.reaches(source)


def test_a_pause_ends_by_itself_even_if_the_guard_does_not_live_to_end_it(host: GuardedHost) -> None:
    host.guard(**SHORT)
    source, other = host.source(), host.source()
    host.guess(source, SHORT["slow"])
    assert eventually(lambda: re.search(rf"banned {source} for", host.journal()))
    assert eventually(lambda: f"{source} may dial again" in host.journal())
    assert host.reaches(source)
    host.guess(other, SHORT["slow"])
    assert eventually(lambda: re.search(rf"banned {other} for", host.journal()))
    host.output("server", "systemctl", "stop", "labvpn-bans")
    assert eventually(lambda: other not in host.rules())
    assert eventually(lambda: host.reaches(other))
    host.output("server", "systemctl", "start", "labvpn-bans")


def test_nothing_of_the_guard_stays_when_it_goes(host: GuardedHost) -> None:
    host.guard(**LONG)
    source = host.source()
    host.guess(source, LONG["slow"])
    assert host.shuts_out(source)
    without = "".join(f"{line}\n" for line in host.guarded().splitlines() if not line.startswith("bans"))
    assert "- bans" in host.converge("firewall", without)
    host.confirm()
    assert host.rules() == ""
    left = (*LEFT, *LEFT_IN_MEMORY)
    assert [name for name in left if host.run("server", "test", "-e", name).returncode == 0] == []
    assert host.output("server", "systemctl", "is-system-running") == "running"
