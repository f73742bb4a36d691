"""The cases that a name server refuses, or in which it cannot be asked."""

from __future__ import annotations

import time
from dataclasses import replace
from unittest.mock import patch

import dns.query
import dns.rcode

from labvpn.connect.dns.tsig import Zone
from labvpn.render.dns import update
from labvpn.state.records import read
from rehearsal import zones
from tests.rehearsal.dns_server import OURS, Server, ask, wire

SECRET_OF_ANOTHER = "c29tZXRoaW5nIGVsc2UgYWx0b2dldGhlciEhISEhISE="


def not_granted(server: Server) -> str:
    zone = _narrow(server)
    return wire(zone, update(zone.name, {}, read([f"forbidden.{zone.name} 60 A {OURS}"])))


def type_not_granted(server: Server) -> str:
    zone = _narrow(server)
    return wire(zone, update(zone.name, {}, read([f"vpn.{zone.name} 60 MX 10 mail.{zone.name}."])))


def _narrow(server: Server) -> Zone:
    """The zone in which the key may change some records alone."""
    return replace(server.zone, name=zones.ZONE) if server.zone.name == zones.BIND_ZONE else server.zone


def unsigned(server: Server) -> str:
    server.publish()
    message = update(server.zone.name, {}, server.sets(OURS))
    assert message is not None
    code = dns.query.tcp(message, server.zone.server, timeout=5).rcode()
    return f"{dns.rcode.to_text(code)} {server.published()}"


def key_without_rights(server: Server) -> str:
    return wire(server.by(name="stranger"), update(server.zone.name, {}, server.sets("203.0.113.7")))


def unknown_key(server: Server) -> str:
    return ask(server.by(name="nobody"))


def wrong_algorithm(server: Server) -> str:
    return ask(server.by(algorithm="hmac-sha512"))


def wrong_secret(server: Server) -> str:
    return ask(server.by(secret=SECRET_OF_ANOTHER))


def no_base64(server: Server) -> str:
    return ask(server.by(secret="not base64!"))


def clock_ahead(server: Server) -> str:
    return _at(900, server)


def clock_behind(server: Server) -> str:
    return _at(-900, server)


def _at(seconds: int, server: Server) -> str:
    real = time.time
    with patch("time.time", lambda: real() + seconds):
        return ask(server.zone)


def update_not_served(server: Server) -> str:
    zone = replace(server.zone, name="nowhere.example")
    return wire(zone, update(zone.name, {}, read([f"vpn.nowhere.example 60 A {OURS}"])))


def journal_broken(server: Server) -> str:
    zone = replace(server.zone, name="absent.example")
    return wire(zone, update(zone.name, {}, read([f"vpn.absent.example 60 A {OURS}"])))


def zone_not_served(server: Server) -> str:
    return ask(replace(server.zone, name="nowhere.example"))


def no_apex(server: Server) -> str:
    return ask(replace(server.zone, name=f"below.{server.zone.name}"))


def zone_broken(server: Server) -> str:
    return ask(replace(server.zone, name="broken.example"))


def nothing_listens(server: Server) -> str:
    return ask(replace(server.zone, port=5353))


def a_resolver_answers(server: Server) -> str:
    return ask(replace(server.zone, server="198.51.100.52"))


def no_server(server: Server) -> str:
    return ask(replace(server.zone, server="198.51.100.99"))
