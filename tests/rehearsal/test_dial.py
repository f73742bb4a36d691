"""Whole L2TP/IPsec dials as the clients of systems make them, and each cause told as what it is, on the real server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from rehearsal import network
from tests.rehearsal.agent_host import SECRETS, AgentHost

LAB = {"HubName_str": "LAB"}
KEY = SECRETS["ipsec"]
USER = {**LAB, "Realname_utf": "", "Note_utf": "", "AuthType_u32": 1, "Auth_Password_str": "word"}


class Host(AgentHost):
    """The VPN host, dialled from the campus."""

    def dial(
        self, user: str = "owner", password: str | None = None, key: str = KEY, machine: str = "campus", *more: str
    ) -> dict[str, Any]:
        word = SECRETS["users"].get(f"LAB/{user}", "word") if password is None else password
        words = [sys.executable, "-m", "labvpn", "dial", str(network.SERVER), "--user", user, "--hub", "LAB"]
        done = self.run(machine, *words, "--stdin", "--json", *(more or ("--as", "mac")), input=f"{word}\n{key}\n")
        assert done.returncode in (0, 1), done.stderr
        (one, *_) = json.loads(done.stdout)["dials"]
        assert (done.returncode == 0) is one["connected"] or "all" in more
        return dict(one)

    def start_dial(self, machine: str, words: list[str], stdin: str) -> subprocess.Popen[str]:
        """Begin a dial that stays, on a machine."""
        line = self.line("exec", machine, "--", *words)
        pipe = subprocess.PIPE
        running = subprocess.Popen(line, env=self.environment, stdin=pipe, stdout=pipe, text=True)
        assert running.stdin is not None
        running.stdin.write(stdin)
        running.stdin.flush()
        return running

    @contextmanager
    def dropped(self, chain: str, match: str) -> Iterator[None]:
        """Packets of the campus that match are dropped on the VPN host, before firewalld."""
        hook = f"{{ type filter hook {chain} priority -200; }}"
        self.output("server", "nft", f"add table ip t; add chain ip t c {hook}; add rule ip t c {match} drop")
        try:
            yield
        finally:
            self.output("server", "nft", "delete table ip t")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    host = Host("dial")
    host.begin()
    host.converge_all()
    host.rpc(
        ("CreateUser", {**USER, "Name_str": "expired", "ExpireTime_dt": "2020-01-01T00:00:00.000Z"}),
        (
            "CreateUser",
            {
                **USER,
                "Name_str": "single",
                "UsePolicy_bool": True,
                "policy:Access_bool": True,
                "policy:MultiLogins_u32": 1,
            },
        ),
    )
    yield host
    host.stop()


def cause(report: dict[str, Any]) -> tuple[str, str]:
    return report["cause"], report["stage"]


@pytest.mark.parametrize(
    ("system", "suite"),
    [
        ("iphone", "AES-256/SHA256/modp2048"),
        ("mac", "AES-256/SHA256/modp2048"),
        ("windows", "AES-256/SHA1/modp2048"),
        ("android", "AES-256/SHA384/modp1024"),
    ],
)
def test_every_system_gets_an_address_and_its_own_choice_is_named(host: Host, system: str, suite: str) -> None:
    report = host.dial("owner", None, KEY, "campus", "--as", system, "--service", "203.0.113.21:8000")
    assert report["address"].startswith("192.168.30."), report
    assert (report["cause"], report["phase1"], report["login"]) == ("connected", suite, "mschapv2")
    assert (report["resolverAnswers"], report["services"]) == (True, {"203.0.113.21:8000": "open"})
    assert report["largestPacket"] >= 1400
    assert bool(report["notes"]) is (system == "android")


def test_a_dial_leaves_no_session_behind(host: Host) -> None:
    assert host.dial("single")["connected"]
    assert host.dial("single")["connected"]


@pytest.mark.parametrize(
    ("user", "password", "key", "expected"),
    [
        ("owner", None, "another-key-0123456789", ("wrong-psk", "phase-1")),
        ("owner", "wrong", KEY, ("wrong-credentials", "authentication")),
        ("nobody", "wrong", KEY, ("wrong-credentials", "authentication")),
        ("expired", None, KEY, ("account-expired", "authentication")),
    ],
)
def test_a_wrong_key_name_or_password_and_an_expired_account_are_told_apart(
    host: Host, user: str, password: str | None, key: str, expected: tuple[str, str]
) -> None:
    assert cause(host.dial(user, password, key)) == expected


def test_a_hub_that_does_not_exist_is_named(host: Host) -> None:
    report = host.dial("owner@NOHUB", "word")
    assert cause(report) == ("wrong-credentials", "authentication")
    assert "no hub NOHUB" in report["detail"]


def test_a_second_login_is_told_as_one(host: Host) -> None:
    words = [sys.executable, "-m", "labvpn", "dial", str(network.SERVER), "--user", "single", "--stdin", "--stay", "12"]
    first = host.start_dial("campus", words, f"word\n{KEY}\n")
    time.sleep(6)
    try:
        assert cause(host.dial("single", None, KEY, "admin")) == ("second-login", "authentication")
    finally:
        assert first.wait(60) == 0


@pytest.mark.parametrize(
    ("match", "expected"), [("udp dport 500", "ipsec-ports-blocked"), ("udp dport 4500", "esp-or-4500-blocked")]
)
def test_a_closed_port_is_told_by_its_number(host: Host, match: str, expected: str) -> None:
    with host.dropped("prerouting", match):
        assert cause(host.dial()) == (expected, "phase-1")


def test_without_secure_nat_the_login_succeeds_and_no_address_comes(host: Host) -> None:
    # The field report's message on a Mac: "PPP server connection could not be established".
    host.rpc(("DisableSecureNAT", LAB))
    try:
        assert cause(host.dial()) == ("no-address", "address")
    finally:
        host.rpc(("EnableSecureNAT", LAB))
    assert host.dial()["connected"]


def test_a_way_with_a_small_mtu_is_measured(host: Host) -> None:
    with host.dropped("prerouting", "udp dport 4500 meta length > 1280"):
        report = host.dial()
    assert report["connected"]
    assert report["largestPacket"] < 1280


def test_a_session_that_the_server_ends_is_told(host: Host) -> None:
    words = [
        sys.executable,
        "-m",
        "labvpn",
        "dial",
        str(network.SERVER),
        "--user",
        "owner",
        "--stdin",
        "--stay",
        "60",
        "--json",
    ]
    running = host.start_dial("campus", words, f"{SECRETS['users']['LAB/owner']}\n{KEY}\n")
    time.sleep(8)
    host.rpc(("DisableSecureNAT", LAB), ("EnableSecureNAT", LAB))
    host.output("server", "systemctl", "restart", "softether-vpnserver")
    out, _ = running.communicate(timeout=90)
    assert json.loads(out)["dials"][0]["ended"]
