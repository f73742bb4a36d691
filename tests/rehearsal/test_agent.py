"""The host agent on a bare VPN host with the real SoftEther and firewalld."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from rehearsal import network
from tests.rehearsal.agent_host import AGENT, SECRETS, AgentHost

KNOCK = f"""
import collections, http.client, ssl, sys, time
seen, end, context = collections.Counter(), time.time() + float(sys.argv[1]), ssl._create_unverified_context()
body = '{{"jsonrpc": "2.0", "id": "1", "method": "GetServerInfo", "params": {{}}}}'
while time.time() < end:
    for port in (443, 992, 1194, 5555):
        connection = http.client.HTTPSConnection("{network.SERVER}", port, context=context, timeout=1)
        try:
            connection.request("POST", "/api/", body, {{"X-VPNADMIN-PASSWORD": "whatever"}})
            seen[str(connection.getresponse().status)] += 1
        except OSError:
            seen["closed"] += 1
    time.sleep(0.02)
print(*seen)
"""
"""Tries to administer the server from another machine, without its password, and prints what it was answered."""

KNOCKING_SECONDS = 22


@pytest.fixture(scope="module")
def bare() -> Iterator[AgentHost]:
    """A bare host with the agent's file on it and nothing else of ours."""
    host = AgentHost("agent")
    host.stop()
    host.start()
    yield host
    host.stop()


@pytest.fixture(scope="module")
def before(bare: AgentHost) -> list[str]:
    """What the host had before us."""
    bare.output("server", "apt-get", "update", "-q")
    return bare.listing()


@pytest.fixture(scope="module")
def host(bare: AgentHost, before: list[str]) -> AgentHost:
    """The host, brought to the documents of the worked example; the way there was cut off twice and watched."""
    assert before
    bare.install()
    answers: list[str] = []
    knocking = threading.Thread(target=lambda: answers.extend(knock(bare)))
    knocking.start()
    for seconds in ("1.5", "3"):
        bare.ssh(f"timeout -s KILL {seconds} {AGENT} converge host", bare.request("host"))
    bare.converge_all()
    knocking.join()
    assert set(answers) == {"closed", "401"}, "somebody could administer the fresh server, or never met it"
    return bare


def knock(bare: AgentHost) -> list[str]:
    return bare.output("admin", "python3", "-c", KNOCK, str(KNOCKING_SECONDS)).split()


def test_a_host_with_nothing_on_it_shows_missing_lines(before: list[str], bare: AgentHost) -> None:
    assert before
    if bare.run("server", "test", "-e", AGENT).returncode == 0:
        pytest.skip("another test has already put the agent on this host")
    assert {name: one["observed"] for name, one in bare.observe().items()} == dict.fromkeys(bare.documents(), "")


def test_the_host_shows_what_is_desired_and_a_second_run_changes_nothing(host: AgentHost) -> None:
    assert host.drift() == {}
    assert {name: one["applied"] for name, one in host.observe().items()} == host.documents()
    assert host.converge_all() == ["nothing to change"] * 5


def test_nothing_but_the_wanted_ports_listens(host: AgentHost) -> None:
    sockets = host.output("server", "sh", "-c", "ss -Hlnt | awk '{print $4}' | sed 's/.*://' | sort -un").split()
    assert sockets == ["22", "443", "992", "1194", "5555", "8000"]


def test_no_secret_is_in_a_command_line_or_in_what_the_agent_left_readable(host: AgentHost) -> None:
    assert "canary" not in host.output("server", "ps", "axww", "-o", "args")
    found = host.run("server", "grep", "-rlE", "canary", "/var/lib/labvpn", "/var/log", "/etc").stdout.split()
    assert sorted(found) == ["/var/lib/labvpn/administrator", "/var/lib/labvpn/reaper.json"]
    assert host.output("server", "stat", "-c", "%a", *found, "/var/lib/labvpn") == "600\n600\n700"


def test_changes_made_by_hand_are_shown_and_repaired(host: AgentHost) -> None:
    guest = {"HubName_str": "LAB", "Name_str": "guest1"}
    host.rpc(
        ("CreateListener", {"Port_u32": 8443, "Enable_bool": True}),
        ("SetUser", {**guest, "AuthType_u32": 1, "Auth_Password_str": "by hand"}),
        ("CreateUser", {"HubName_str": "LAB", "Name_str": "bob", "AuthType_u32": 1, "Auth_Password_str": "x"}),
        ("DisableSecureNAT", {"HubName_str": "LAB"}),
    )
    host.output("server", "firewall-cmd", "-q", "--zone=public", "--remove-service=vpnserver")
    host.output("server", "firewall-cmd", "-q", "--zone=public", "--add-port=4711/tcp")
    drift = host.drift()
    assert drift["server"] == {"listener 8443 enabled=yes"}
    assert any("user LAB/guest1 password=differs" in line for line in drift["hub"])
    assert any("securenat LAB enabled=no" in line for line in drift["hub"])
    assert 'zone public services="vpnserver(permanent)"' in drift["firewall"]
    assert "users made by hand in LAB: bob" in host.observe()["hub"]["notes"]
    host.converge_all()
    assert host.drift() == {}
    # What others put there stays.
    assert host.output("server", "firewall-cmd", "--query-port=4711/tcp") == "yes"
    host.rpc(("GetUser", {"HubName_str": "LAB", "Name_str": "bob"}))


def test_an_administrator_password_changed_by_hand_is_seen_and_set_back(host: AgentHost) -> None:
    host.rpc(("SetServerPassword", {"PlainTextPassword_str": "by hand"}))
    assert host.drift() == {"server": {"administrator password=current", "administrator password=differs"}}
    assert host.converge("server") == ["~ administrator: password set again"]
    assert host.drift() == {}


def test_the_administrator_password_is_rotated(host: AgentHost) -> None:
    old = SECRETS["administrator"]
    SECRETS["administrator"] = "another-canary"
    try:
        assert host.converge("server") == ["~ administrator: password set again"]
        host.rpc(("GetServerInfo", {}), password="another-canary")
    finally:
        SECRETS["administrator"] = old
    host.converge("server")
    assert host.drift() == {}


def test_what_was_applied_outlives_a_server_that_is_killed(host: AgentHost) -> None:
    desired = host.documents()["hub"].replace("AutoDisconnect=1800", "AutoDisconnect=900", 1)
    assert host.converge("hub", desired) == ["~ user LAB/owner: AutoDisconnect 1800 -> 900"]
    host.output("server", "sh", "-c", "kill -9 $(pidof vpnserver); systemctl restart softether-vpnserver")
    assert host.converge("host") == ["nothing to change"]
    assert host.converge("hub", desired) == ["nothing to change"]
    host.converge("hub")


def test_a_stopped_server_is_the_only_difference_and_is_started(host: AgentHost) -> None:
    host.output("server", "systemctl", "stop", "softether-vpnserver")
    assert {line for line in host.drift()["host"] if "active=no" in line}
    assert set(host.drift()) == {"host"}
    assert host.converge("host") == ["~ unit softether-vpnserver: active no -> yes"]


def test_an_unconfirmed_firewall_returns_within_a_minute(host: AgentHost) -> None:
    wider = host.documents()["firewall"].replace("5555/tcp", "5555/tcp,8443/tcp")
    host.converge("firewall", wider)
    began = time.monotonic()
    ports = ("firewall-cmd", "--info-service=vpnserver")
    assert "8443/tcp" in host.output("server", *ports)
    while "8443/tcp" in host.output("server", *ports) and time.monotonic() - began < 60:
        time.sleep(1)
    assert time.monotonic() - began < 60
    done = host.ssh(f"{AGENT} confirm firewall")
    assert (done.returncode, "returned to its old rules" in done.stderr) == (1, True)
    assert host.drift() == {}


def test_only_a_new_connection_confirms_a_firewall(host: AgentHost) -> None:
    wider = host.documents()["firewall"].replace("5555/tcp", "5555/tcp,8443/tcp")
    both = host.ssh(
        f"sudo {AGENT} converge firewall && sudo {AGENT} confirm firewall", host.request("firewall", wider), "labadmin"
    )
    assert both.returncode == 1
    assert "only over a new SSH connection" in both.stderr
    assert host.ssh(f"sudo {AGENT} confirm firewall", user="labadmin").stdout.startswith("confirmed")
    host.converge("firewall")
    host.confirm()


def test_two_runs_at_once_do_not_mix(host: AgentHost) -> None:
    results: list[subprocess.CompletedProcess[str]] = []
    desired = [
        host.documents()["hub"].replace("AutoDisconnect=1800", f"AutoDisconnect={limit}") for limit in (600, 700)
    ]
    runs = [
        threading.Thread(
            target=lambda text=text: results.append(host.ssh(f"{AGENT} converge hub", host.request("hub", text)))
        )
        for text in desired
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [done.returncode for done in results] == [0, 0]
    snapshot = host.observe()["hub"]
    assert snapshot["applied"] in desired
    assert snapshot["observed"].count("AutoDisconnect=600") in (0, 2)
    host.converge("hub")


def test_removing_returns_the_host_to_what_it_was(host: AgentHost, before: list[str]) -> None:
    for concern in ("firewall", "hub", "server", "host"):
        host.remove(concern)
    assert host.remove("host") == ["nothing to change"]
    host.output("server", "rm", "-rf", "/var/lib/labvpn", AGENT.rpartition("/")[0])
    assert host.listing() == before
    assert host.output("server", "systemctl", "is-system-running") == "running"
