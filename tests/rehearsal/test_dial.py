"""Whole L2TP/IPsec dials as the clients of systems make them, and each refusal told as what it is, on a real server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import network
from rehearsal.dial import Login, dialled
from tests.rehearsal.agent_host import SECRETS
from tests.rehearsal.dial_host import KEY, LAB, POOL, PROGRAM, DialHost, Report

USER = {**LAB, "Realname_utf": "", "Note_utf": "", "AuthType_u32": 1, "Auth_Password_str": "word"}
ONE_SESSION = {"UsePolicy_bool": True, "policy:Access_bool": True, "policy:MultiLogins_u32": 1}
WEB, SSH, PAGE = "203.0.113.21:8000", "203.0.113.21:22", "http://198.51.100.10/"


@pytest.fixture(scope="module")
def host() -> Iterator[DialHost]:
    host = DialHost("dial")
    host.begin_dialled()
    host.rpc(
        ("CreateUser", {**USER, "Name_str": "expired", "ExpireTime_dt": "2020-01-01T00:00:00.000Z"}),
        ("CreateUser", {**USER, "Name_str": "single", **ONE_SESSION}),
    )
    yield host
    host.stop()


def cause(report: Report) -> tuple[str, str]:
    return report["cause"], report["stage"]


def notes(report: Report) -> set[str]:
    return {note["id"] for note in report["notes"]}


@pytest.mark.parametrize(
    ("system", "suite"),
    [
        ("iphone", "AES-256/SHA256/modp2048"),
        ("mac", "AES-256/SHA256/modp2048"),
        ("windows", "AES-256/SHA1/modp2048"),
        ("android", "AES-256/SHA384/modp1024"),
    ],
)
def test_every_system_gets_an_address_through_the_carriers_nat_and_its_choice_is_named(
    host: DialHost, system: str, suite: str
) -> None:
    report = host.dial("owner", "--as", system, machine="phone")
    assert report["address"].startswith("192.168.30."), report
    assert (report["cause"], report["phase1"], report["login"]) == ("connected", suite, "mschapv2")
    assert notes(report) == ({"fails-there"} if system == "android" else set())


def test_what_passes_inside_is_told(host: DialHost) -> None:
    report = host.dial("owner", "--service", WEB, "--closed", SSH, "--page", PAGE)
    assert (report["resolverAnswers"], report["routes"], report["outside"]) == (True, [], str(network.SERVER))
    assert report["packets"] == {"up": 1452, "down": 1452, "whole": 1500}
    assert {one["target"]: one["state"] for one in report["services"]} == {WEB: "open", SSH: "silent"}
    assert report["notes"] == []


def test_a_service_that_does_not_open_and_a_port_that_should_not_are_told(host: DialHost) -> None:
    report = host.dial("owner", "--service", "203.0.113.21:9", "--closed", WEB)
    assert notes(report) & {"service-closed", "service-silent"}
    assert "unlisted-reached" in notes(report)
    assert "service-silent" in notes(host.dial("guest1", "--service", WEB))


def test_routes_that_the_server_pushes_are_told(host: DialHost) -> None:
    pushed = {"DhcpPushRoutes_str": "203.0.113.16/255.255.255.240/192.168.30.1", "ApplyDhcpPushRoutes_bool": True}
    whole = {**POOL, "DhcpLeaseIPEnd_ip": "192.168.30.200"}
    host.rpc(("SetSecureNATOption", {**whole, **pushed}))
    try:
        assert host.dial()["routes"] == ["203.0.113.16/28 via 192.168.30.1"]
    finally:
        host.rpc(("SetSecureNATOption", {**whole, "DhcpPushRoutes_str": "", "ApplyDhcpPushRoutes_bool": True}))


def test_a_dial_leaves_no_session_behind(host: DialHost) -> None:
    assert host.dial("single")["connected"]
    assert host.dial("single")["connected"]


@pytest.mark.parametrize(
    ("user", "password", "key", "expected"),
    [
        ("owner", None, "another-key-0123456789", ("wrong-psk", "phase-1")),
        ("owner", "wrong", KEY, ("wrong-credentials", "authentication")),
        ("nobody", "wrong", KEY, ("wrong-credentials", "authentication")),
        ("expired", None, KEY, ("account-expired", "authentication")),
        ("owner@NOHUB", "word", KEY, ("wrong-credentials", "authentication")),
    ],
)
def test_a_wrong_key_name_or_password_and_an_expired_account_are_told_apart(
    host: DialHost, user: str, password: str | None, key: str, expected: tuple[str, str]
) -> None:
    report = host.dial(user, password=password, key=key)
    assert cause(report) == expected
    assert ("no hub NOHUB" in report["detail"]) is ("NOHUB" in user)


def test_a_refusal_is_told_in_japanese_too(host: DialHost) -> None:
    assert "仮想 HUB NOHUB" in host.dial("owner@NOHUB", "--lang", "ja", password="word")["detail"]


def test_a_second_login_is_told_as_one(host: DialHost) -> None:
    with host.staying("single", 12):
        assert cause(host.dial("single", machine="admin")) == ("second-login", "authentication")


def test_a_hub_that_is_offline_is_told_as_such(host: DialHost) -> None:
    host.rpc(("SetHubOnline", {**LAB, "Online_bool": False}))
    try:
        assert cause(host.dial()) == ("hub-offline", "authentication")
    finally:
        host.rpc(("SetHubOnline", {**LAB, "Online_bool": True}))
    assert host.dial()["connected"]


def test_without_secure_nat_the_login_succeeds_and_no_address_comes(host: DialHost) -> None:
    # The field report's message on a Mac: "PPP server connection could not be established".
    host.rpc(("DisableSecureNAT", LAB))
    try:
        assert cause(host.dial()) == ("no-address", "address")
    finally:
        host.rpc(("EnableSecureNAT", LAB))
    assert host.dial()["connected"]


def test_an_empty_pool_gives_no_address_either_and_openvpn_calls_it_a_wrong_password(
    host: DialHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABVPN_REHEARSAL", host.name)
    single = Login(network.SERVER, "single@LAB", "word")
    first = {"DhcpLeaseIPStart_ip": "192.168.30.240", "DhcpLeaseIPEnd_ip": "192.168.30.240"}
    host.rpc(("SetSecureNATOption", {**POOL, **first}))
    try:
        with host.staying("owner", 25):
            report = host.dial("single", machine="admin")
            assert cause(report) == ("no-address", "address")
            assert "pool" in report["detail"]
            with dialled("campus", single) as client:
                assert (client.address, client.refused) == (None, True), client.log
    finally:
        host.rpc(("SetSecureNATOption", {**POOL, "DhcpLeaseIPEnd_ip": "192.168.30.200"}))


def test_a_session_that_the_server_ends_is_told(host: DialHost) -> None:
    with host.staying("owner", 40) as running:
        host.output("server", "systemctl", "restart", "softether-vpnserver")
        assert running.stdout is not None
        assert "session-ended" in running.stdout.read()
    assert running.returncode == 1


def test_a_sessions_limit_and_the_lockout_after_it_are_told(host: DialHost) -> None:
    document = host.documents()["hub"].replace("interval=5 hold=60", "interval=1 hold=30")
    host.converge("hub", document.replace("AutoDisconnect=1800 CheckIP", "AutoDisconnect=8 CheckIP"))
    try:
        report = host.dial("guest1", "--stay", "60")
        assert (cause(report), report["because"]) == (("session-time-over", "disconnected"), "cut-and-locked-out")
        report = host.dial_known("guest1")
        assert (cause(report), report["because"]) == (("session-time-over", "authentication"), "locked-out")
        # Without the outputs the server's code has two meanings, and both are named.
        assert host.dial("guest1")["because"] == "denied"
        report = host.dial_known("guest1", expires="2020-01-01T00:00:00+00:00")
        assert (cause(report), report["because"]) == (("account-expired", "authentication"), "account-ended")
    finally:
        host.converge("hub")


def test_new_keys_are_agreed_on_while_packets_pass(host: DialHost) -> None:
    code = """
import sys, time
from ipaddress import IPv4Address
from labvpn.dial.dialer import Dialer
from labvpn.dial.inside import Questions
from labvpn.dial.login import LinkLogin
from labvpn.dial.outcome import StepLog
from labvpn.dial.systems import SYSTEMS
from labvpn.dial.transport import UdpWire
server, key, password = sys.stdin.read().split()
wire = UdpWire(server)
log = StepLog(time.monotonic, lambda seconds, text: None)
addresses = (IPv4Address(wire.own_address), IPv4Address(server))
session = Dialer(wire, SYSTEMS["mac"], addresses, log).dial(key, LinkLogin("owner", password))
for _ in range(2):
    session.channel.renew()
    session.pump(2)
    print(session.channel.renewals, Questions(session).resolves("vpn.lab.example")[0])
session.close()
"""
    secrets = f"{network.SERVER} {KEY} {SECRETS['users']['LAB/owner']}"
    assert host.output("campus", sys.executable, "-c", code, input=secrets).split() == ["1", "True", "2", "True"]


def test_a_monitor_replaces_its_metrics_as_a_whole(host: DialHost, tmp_path: Path) -> None:
    file = tmp_path / "labvpn.prom"
    host.dial("owner", "--prometheus", str(file), "--service", WEB)
    text = file.read_text()
    assert 'labvpn_dial_connected{as="iphone",from="",host="203.0.113.20"} 1.0' in text
    assert f'target="{WEB}"}} 1.0' in text
    assert [each.name for each in tmp_path.iterdir()] == ["labvpn.prom"]


def test_the_phone_is_a_vantage_point(host: DialHost) -> None:
    there = " ".join([*host.line("exec", "phone", "--"), *PROGRAM])
    words = host.words("owner", "--here", "none", "--vantage", f"phone={there}")
    done = subprocess.run(words, env=host.environment, input=host.stdin("owner"), capture_output=True, text=True)
    (phone,) = json.loads(done.stdout)["dials"]
    assert done.returncode == 0
    assert (phone["from"], phone["connected"], phone["cause"]) == ("phone", True, "connected"), phone
