"""Every way in: each is judged by the server's address, and one that cannot be prepared stops no other."""

from __future__ import annotations

import socket

import pytest

from labvpn.dial import openvpn, requests, why
from labvpn.dial.openvpn import OpenVpnProfile
from labvpn.dial.requests import Options
from labvpn.dial.run import DialRequest
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
