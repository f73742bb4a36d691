"""Every way in: each is judged by the server's address, and one that cannot be prepared stops no other."""

from __future__ import annotations

import json
import socket
import subprocess
from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import monitor, openvpn, report, requests, vantage, ways, why
from labvpn.dial.inside import Inside, Target
from labvpn.dial.monitor import DialPlan, Show
from labvpn.dial.openvpn import OpenVpnProfile
from labvpn.dial.outcome import DialOutcome, Finding
from labvpn.dial.requests import Options
from labvpn.dial.run import Dial, DialRequest
from labvpn.dial.sizes import Sizes
from labvpn.dial.ways import Way
from labvpn.probe.observation import Refusal
from labvpn.probe.sockets import Knock
from tests.unit.dial.outputs import SERVER, never, outputs

PROFILE = OpenVpnProfile("tcp-443", "client\nproto tcp\nremote vpn.lab.example 443\nremote vpn2.lab.example 443\n")
REJECTED = "2026-12-01 00:00:00 TCP: connect to [AF_INET]203.0.113.20:443 failed: Connection refused"


def guest() -> DialRequest:
    (request,) = requests.requests(Options("guest1"), outputs(), never)
    return request


def by_openvpn(monkeypatch: pytest.MonkeyPatch, names: dict[str, str]) -> str:
    """The cause of a dial by name to a server that bans this source."""

    def resolved(host: str) -> str:
        if host not in names:
            raise socket.gaierror(-2, "Name or service not known")
        return names[host]

    monkeypatch.setattr(socket, "gethostbyname", resolved)
    monkeypatch.setattr(openvpn, "_lines", lambda _words, _log: iter([REJECTED]))
    monkeypatch.setattr(why, "knock_tcp", lambda *_at: Knock(1, refusal=Refusal("ECONNREFUSED", 3, SERVER)))
    return str(openvpn.dial(guest(), PROFILE, lambda seconds, text: None).outcome.cause)


@pytest.mark.parametrize("name", ["vpn.lab.example", "vpn2.lab.example"])
def test_a_ban_is_recognised_by_openvpn_too_where_a_name_is_dialled(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert by_openvpn(monkeypatch, {name: SERVER}) == "source-banned"


def test_a_name_that_leads_nowhere_is_told_by_openvpn_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert by_openvpn(monkeypatch, {}) == "name-not-found"


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"cause": "brand-new"}, "cause"),
        ({"stage": "newstage"}, "stage"),
        ({"protocol": "wireguard"}, "protocol"),
        ({"address": None}, "address"),
        ({"connected": "yes"}, "connected"),
        ({"services": [{"target": "192.0.2.1:80", "name": "", "shouldOpen": None, "state": "half"}]}, "services"),
        ({"packets": {"up": 1}}, "packets"),
        ({"notes": ["text"]}, "notes"),
    ],
)
def test_a_report_of_another_version_is_said_to_be_so_and_the_others_stay(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], place: str
) -> None:
    way = Way(ways.L2TP, guest())
    good = way.failed(DialOutcome(Cause.PSK, Stage.PHASE_1, Finding("keys-differ")), "en")
    printed = {"new": {**good, **changed}, "same": good, "more": {**good, "later": 1}}

    def ran(command: list[str], **_how: Any) -> Any:
        return subprocess.CompletedProcess(command, 1, json.dumps({"dials": [printed[command[0]]]}), "")

    monkeypatch.setattr(subprocess, "run", ran)
    points = tuple(vantage.vantage(f"{name}={name}") for name in printed)
    found = list(monitor._round(DialPlan((way,), points, "x", False, False), Show("en", True, None, 0)))
    assert [each["cause"] for each in found] == ["unknown", "wrong-psk", "wrong-psk"]
    assert f"another version, whose {place} is not known" in found[0]["detail"]
    assert all(report.as_text(each, "x", language) for each in found for language in ("en", "ja"))
    assert "wrong-psk" in report.metrics(found, "x", 1.0)


def test_a_report_of_this_version_is_known_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    inside = Inside(True, SERVER, (), Sizes(1452, 1452, 1404), {Target(IPv4Address("192.0.2.1"), 80): "open"}, "")
    done = Dial(DialOutcome(Cause.CONNECTED, Stage.CONNECTED), inside, 2.0)
    for way in (Way(ways.L2TP, guest()), Way(ways.SSTP, guest()), Way(ways.OPENVPN, guest(), PROFILE)):
        said = json.dumps({"dials": [way.reported(done, "ja")]})
        monkeypatch.setattr(
            subprocess, "run", lambda *_words, said=said, **_how: subprocess.CompletedProcess([], 0, said)
        )
        assert vantage.dial(vantage.vantage("x=x"), way, "ja")["connected"]
