"""SSTP dialled: what SoftEther 5.01.9674 does with it, a server that speaks it, and every way that is closed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rehearsal import network
from rehearsal.places import PROJECT
from tests.rehearsal.dial_host import DialHost, Report
from tests.rehearsal.test_dial import cause

BOTH = {"EnableOpenVPN_bool": True, "EnableSSTP_bool": True, "OpenVPNPortList_str": "1194"}
PORT = 4443
SSTP = ("--protocol", "sstp")
CERTIFICATE = "import ssl; print(ssl.get_server_certificate(('127.0.0.1', 443)))"


@pytest.fixture(scope="module")
def host() -> Iterator[DialHost]:
    host = DialHost("dialsstp")
    host.begin_dialled()
    host.rpc(("SetOpenVpnSstpConfig", BOTH))
    yield host
    host.stop()


@contextmanager
def speaking(host: DialHost, folder: Path) -> Iterator[None]:
    """A server on the internet that speaks SSTP, and checks that each login is bound to its call."""
    words = [sys.executable, "-m", "tests.rehearsal.sstp_program", str(folder), str(PORT)]
    line = host.line("exec", "internet", "--", "env", "-C", str(PROJECT), *words)
    server = subprocess.Popen(line, env=host.environment, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    try:
        yield
    finally:
        server.terminate()
        server.wait(10)


def dialled(host: DialHost, outputs: dict[str, Any], *more: str, machine: str = "phone") -> Report:
    words = [*host.words("guest1", *more, outputs=True), *SSTP]
    (one,) = host.dials(machine, words, json.dumps(outputs))
    return one


def other(host: DialHost, folder: Path, password: str = "word", authority: bool = True) -> dict[str, Any]:  # noqa: S107
    """A stack's outputs of that server."""
    known = {"certificate": (folder / "ca.pem").read_text()} if authority else {}
    ports = {"tcp": [PORT], "udp": []}
    return {**host.outputs("guest1", password=password), "name": network.WHOAMI, "ports": ports, **known}


def test_a_right_and_a_wrong_password_an_untrusted_certificate_and_a_closed_port_are_told_apart(
    host: DialHost, tmp_path: Path
) -> None:
    with speaking(host, tmp_path):
        report = dialled(host, other(host, tmp_path))
        assert (report["connected"], report["address"]) == (True, "192.168.30.10"), report
        wrong = dialled(host, other(host, tmp_path, password="wrong"))
        assert (cause(wrong), wrong["because"]) == (("wrong-credentials", "authentication"), "login-refused")
        untrusted = dialled(host, other(host, tmp_path, authority=False))
        assert (cause(untrusted), untrusted["because"]) == (("certificate", "tls"), "untrusted")
        with host.closed_in("carrier", "forward priority -10", f"tcp dport {PORT}"):
            closed = dialled(host, other(host, tmp_path))
        assert (cause(closed), closed["because"]) == (("tcp-443-blocked", "transport"), "tcp-silent")


def test_softethers_own_certificate_is_not_trusted_and_its_silence_is_told(host: DialHost) -> None:
    untrusted = dialled(host, host.outputs("guest1"))
    assert (cause(untrusted), untrusted["because"]) == (("certificate", "tls"), "untrusted")
    silent = dialled(host, host.outputs("guest1"), "--trust-shown")
    assert (cause(silent), silent["because"]) == (("sstp-no-reply", "tls"), "sstp-silent")
    # It is the protocol that is not spoken: the server is there as before.
    assert host.dial(machine="phone")["connected"]


def test_a_port_that_firewalld_rejects_is_told(host: DialHost) -> None:
    with host.closed_by_firewalld("443/tcp"):
        report = dialled(host, host.outputs("guest1"))
    assert (cause(report), report["because"]) == (("tcp-443-blocked", "transport"), "tcp-rejected")


def test_every_way_is_tried_from_another_machine_as_well(host: DialHost) -> None:
    phone = " ".join([*host.line("exec", "phone", "--"), sys.executable, "-m", "labvpn"])
    outputs = {**host.outputs("guest1"), "protocols": {"sstp": True}}
    outputs["certificate"] = host.output("server", "python3", "-c", CERTIFICATE) + "\n"
    words = host.words("guest1", "--here", "none", "--vantage", f"phone={phone}", "--protocol", "all", outputs=True)
    done = subprocess.run(
        words, env=host.environment, input=json.dumps(outputs), capture_output=True, text=True, timeout=400, check=False
    )
    reports = json.loads(done.stdout)["dials"]
    assert done.returncode == 0
    assert [(one["from"], one["protocol"], one.get("way", ""), one["connected"]) for one in reports] == [
        ("phone", "l2tp", "", True),
        ("phone", "openvpn", "tcp-443", True),
        ("phone", "openvpn", "tcp-1194", True),
        ("phone", "openvpn", "udp-1194", True),
        ("phone", "sstp", "", False),
    ]
    assert reports[-1]["cause"] == "sstp-no-reply"
