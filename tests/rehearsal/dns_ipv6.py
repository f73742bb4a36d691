"""The cases in which an IPv6 address is tried before it is written; the machine that runs them holds it."""

from __future__ import annotations

import fcntl
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labvpn.connect.dns import primary
from labvpn.state.records import Sets, read
from tests.rehearsal.dns_server import Server, said

ADDRESS, PORT = "2001:db8::20", 443


def ipv6_closed(server: Server) -> str:
    with _held():
        return said(lambda: server.keeper(ports=(PORT,)).bring({}, _wanted(server))) + _published(server)


def ipv6_open(server: Server) -> str:
    with _held(), socket.create_server((ADDRESS, PORT), family=socket.AF_INET6):
        server.keeper(ports=(PORT,)).bring({}, _wanted(server))
    written = _published(server)
    server.keeper().leave(_wanted(server), {})
    return f"{written}, then {_published(server)}"


def ipv6_unchecked(server: Server) -> str:
    server.keeper().bring({}, _wanted(server))
    written = _published(server)
    server.keeper().leave(_wanted(server), {})
    return written


def _wanted(server: Server) -> Sets:
    return read([f"{server.name} 60 AAAA {ADDRESS}"])


def _published(server: Server) -> str:
    found = primary.read(server.zone, _wanted(server))
    return ", ".join(each.text for each in found.values()) or "nothing there"


@contextmanager
def _held() -> Iterator[None]:
    place = [f"{ADDRESS}/128", "dev", "lo"]
    # The cases of both servers run beside each other, in one process each, and share the address.
    with Path(__file__).open() as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        subprocess.run(["ip", "address", "replace", *place, "nodad"], check=True)
        yield
        subprocess.run(["ip", "address", "delete", *place], check=True)
