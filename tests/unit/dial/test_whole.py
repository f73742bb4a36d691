"""Whole dials against a server in memory: every cause that the exchange decides, sessions that stay, and goodbyes."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.dial import run
from labvpn.dial.channel import PEER, RENEWAL
from labvpn.dial.dialer import Dialer
from labvpn.dial.login import LinkLogin
from labvpn.dial.outcome import DialEndedError, StepLog
from labvpn.dial.session import DialSession
from labvpn.dial.systems import SYSTEMS
from tests.unit.dial.server import FakeServer

RIGHT = FakeServer.password
OWN, SERVER = IPv4Address("192.0.2.1"), IPv4Address("203.0.113.20")


def dialled(server: FakeServer, system: str = "mac", password: str = RIGHT) -> DialSession:
    log = StepLog(server.now, lambda seconds, text: None)
    dialer = Dialer(server, SYSTEMS[system], (OWN, SERVER), log)
    return dialer.dial("key", LinkLogin("guest1", password, SYSTEMS[system].logins))


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_gets_an_address_and_leaves_by_closing_every_layer(system: str) -> None:
    server = FakeServer()
    session = dialled(server, system)
    assert (str(session.link.address), str(session.link.router)) == ("192.168.30.10", "192.168.30.1")
    assert session.link.server_knows_password
    session.close()
    assert server.events[-2:] == ["CDN", "StopCCN"]
    assert server.deleted == [3, 1]


@pytest.mark.parametrize(
    ("wrong", "password", "cause", "stage"),
    [
        ({"deaf": {500}}, "word", "ipsec-ports-blocked", "phase-1"),
        ({"deaf": {4500}}, "word", "esp-or-4500-blocked", "phase-1"),
        ({"key": "another"}, "word", "wrong-psk", "phase-1"),
        ({"silent": {"phase 2"}}, "word", "proposal-mismatch", "phase-2"),
        ({"silent": {"l2tp"}}, "word", "l2tp-no-reply", "l2tp"),
        ({"silent": {"ppp"}}, "word", "l2tp-no-reply", "l2tp"),
        ({}, "wrong", "wrong-credentials", "authentication"),
        ({"has_address": False}, "word", "no-address", "address"),
    ],
)
def test_each_cause_is_the_one_that_was_made(wrong: dict[str, Any], password: str, cause: str, stage: str) -> None:
    server = FakeServer(**wrong)
    with pytest.raises(DialEndedError) as ended:
        dialled(server, password=password)
    assert (str(ended.value.cause), str(ended.value.stage)) == (cause, stage)
    # What was half open is deleted at the server, as far as it came.
    assert server.deleted == ([3, 1] if server.associations else [])


def test_a_session_stays_gets_new_keys_and_goes_on() -> None:
    server = FakeServer()
    session = dialled(server)
    assert run.stay(session, RENEWAL + 100) == ""
    assert len(server.associations) == 2
    session.link.echo(b"12345678")
    assert session.pump(2.0, lambda: b"12345678" in session.link.echoes)


def test_the_servers_deletion_of_the_old_keys_ends_nothing_and_of_the_new_ones_everything() -> None:
    server = FakeServer()
    session = dialled(server)
    run.stay(session, RENEWAL + 100)
    server.delete(3, server.associations[0][0].spi)
    session.pump(2.0)
    assert not session.is_over
    server.delete(3, server.associations[1][0].spi)
    session.pump(2.0)
    assert (session.is_over, session.ended_by) == (True, "ipsec-deleted")


def test_a_server_that_falls_silent_is_noticed() -> None:
    server = FakeServer()
    session = dialled(server)
    server.deaf = {4500}
    began = server.clock
    assert run.stay(session, 600) == "server-gone"
    assert server.clock - began < 2 * PEER
