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
    assert not host.reaches(source)
    host.output("server", "nft", "delete", "table", "inet", "labvpn_bans")
    assert host.shuts_out(source)
    (said,) = host.converge("firewall", host.guarded(**LONG).replace("5555/tcp", "5555/tcp,8443/tcp"))
    assert said.startswith("~ service vpnserver: ports")
    host.confirm()
    assert source in host.bans()
    assert not host.reaches(source)
    assert host.reaches(host.source())


def test_a_source_that_is_exempt_from_now_on_is_let_in(host: GuardedHost) -> None:
    source = host.source()
    host.guess(source, LONG["most"])
    assert host.shuts_out(source)
    host.guard(**{**LONG, "exempt": source})
    assert eventually(lambda: source not in host.bans())
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
    assert eventually(lambda: other not in host.bans())
    assert eventually(lambda: host.reaches(other))
    host.output("server", "systemctl", "start", "labvpn-bans")


def test_bans_of_an_earlier_agent_are_taken_over(host: GuardedHost) -> None:
    host.guard(**LONG)
    source, by_hand = host.source(), host.source()
    rule = "rule family=ipv4 source address={} service name=vpnserver reject"
    script = f"""
set -e
systemctl stop labvpn-bans
nft delete table inet labvpn_bans 2>/dev/null || true
firewall-cmd -q --zone=public --timeout=3000 --add-rich-rule='{rule.format(source)}'
firewall-cmd -q --zone=public --add-rich-rule='{rule.format(by_hand)}'
echo "{{\\"{source}\\": [$(($(date +%s) + 3000)), 5]}}" >/run/labvpn/barred.json
systemctl start labvpn-bans
"""
    host.output("server", "sh", "-c", script)
    assert host.shuts_out(source)
    assert eventually(lambda: source not in host.output("server", "firewall-cmd", "--list-rich-rules"))
    assert not host.reaches(source)
    assert by_hand in host.output("server", "firewall-cmd", "--list-rich-rules")
    host.output("server", "firewall-cmd", "-q", f"--remove-rich-rule={rule.format(by_hand)}")


def connects_by_ipv6(host: GuardedHost, source: str, server: str) -> bool:
    """Whether the FortiGate, next to the host, reaches its server from an IPv6 address."""
    script = f"import socket; socket.create_connection(('{server}', 443), 5, ('{source}', 0))"
    return host.run("fortigate", "python3", "-c", script).returncode == 0


def test_an_ipv6_source_is_barred_with_its_network_and_no_other(host: GuardedHost) -> None:
    host.guard(**LONG)
    networks = "2001:db8:7:7", "2001:db8:7:8"
    for prefix in networks:
        for machine, device, ends in (("server", "eth0", ("20",)), ("fortigate", "dmz", ("7", "8"))):
            for end in ends:
                host.output(machine, "ip", "-6", "address", "replace", f"{prefix}::{end}/64", "dev", device, "nodad")
    assert eventually(lambda: all(connects_by_ipv6(host, f"{prefix}::7", f"{prefix}::20") for prefix in networks))
    until = int(host.output("server", "date", "+%s")) + 3000
    text = json.dumps({f"{networks[0]}::/64": [until, 9], f"{networks[1]}::8": [until, 9]})
    command = "systemctl stop labvpn-bans; cat >/run/labvpn/barred.json; systemctl start labvpn-bans"
    host.output("server", "sh", "-c", command, input=text)
    assert host.shuts_out(f"{networks[1]}::8")
    reached = [
        f"{prefix}::{end}"
        for prefix in networks
        for end in (7, 8)
        if connects_by_ipv6(host, f"{prefix}::{end}", f"{prefix}::20")
    ]
    assert reached == [f"{networks[1]}::7"]


def test_nothing_of_the_guard_stays_when_it_goes(host: GuardedHost) -> None:
    host.guard(**LONG)
    source = host.source()
    host.guess(source, LONG["slow"])
    assert host.shuts_out(source)
    without = "".join(f"{line}\n" for line in host.guarded().splitlines() if not line.startswith("bans"))
    assert "- bans" in host.converge("firewall", without)
    host.confirm()
    assert host.bans() == ""
    left = (*LEFT, *LEFT_IN_MEMORY)
    assert [name for name in left if host.run("server", "test", "-e", name).returncode == 0] == []
    assert host.output("server", "systemctl", "is-system-running") == "running"
