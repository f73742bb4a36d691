"""IPv6 addresses tried before they are written."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

import pytest

from labvpn.connect.dns import ipv6
from tests.unit.dns.samples import sets

NAME = "vpn.lab.example 60 AAAA ::1"


@pytest.fixture
def port() -> Iterator[int]:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6, not even for itself")
    with server:
        yield server.getsockname()[1]


def test_an_address_that_is_open_is_no_finding(port: int) -> None:
    assert ipv6.tried(sets(NAME), [port]) == []


def test_an_address_that_is_closed_is_refused_with_its_ports(port: int) -> None:
    (finding,) = ipv6.tried(sets(NAME), [port, 1])
    assert finding.refuses
    assert "is not open by TCP 1 (connection refused); open IPv6 on every hop" in str(finding)


def test_without_ipv6_here_nothing_is_verified_and_nothing_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipv6, "_connect", lambda *_pair: errno.ENETUNREACH)
    (finding,) = ipv6.tried(sets(NAME), [443])
    assert not finding.refuses
    assert str(finding).startswith("Not verified: ")


def test_ipv4_addresses_and_no_ports_are_not_tried() -> None:
    assert ipv6.tried(sets("vpn.lab.example 60 A 203.0.113.20"), [1]) == []
    assert ipv6.tried(sets(NAME), []) == []
