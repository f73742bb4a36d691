"""The dial's own tunnel and link with a login method of choice, inside IPsec or without it.

`python -m tests.rehearsal.l2tp_client SERVER USER mschapv2|pap`; the password by stdin, and the pre-shared key on a
second line: without one L2TP goes raw, over UDP 1701. It prints one JSON object: `address` where it got in and whether
a question to the resolver was answered; `stage` and `why` where it did not.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from ipaddress import IPv4Address

from labvpn.dial.dialer import Dialer
from labvpn.dial.inside import Questions
from labvpn.dial.link import Link
from labvpn.dial.login import LinkLogin
from labvpn.dial.outcome import DialEndedError, StepLog
from labvpn.dial.session import DialSession
from labvpn.dial.systems import SYSTEMS
from labvpn.dial.transport import UdpWire
from labvpn.dial.tunnel import Tunnel

PORT = 1701


class RawChannel:
    """L2TP messages in UDP alone; it is over when something says that the port is closed."""

    def __init__(self, server: str) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((server, PORT))
        self.is_over = False

    def now(self) -> float:
        return time.monotonic()

    def send(self, content: bytes) -> None:
        try:
            self.socket.send(content)
        except OSError:
            self.is_over = True

    def receive(self, seconds: float) -> bytes | None:
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(65535)
        except TimeoutError:
            return None
        except OSError:
            self.is_over = True
            return None

    def keep(self) -> None: ...

    def close(self) -> None:
        self.socket.close()


def opened(server: str, key: str, login: LinkLogin) -> DialSession:
    log = StepLog(time.monotonic, lambda seconds, text: None)
    if key:
        wire = UdpWire(server)
        addresses = (IPv4Address(wire.own_address), IPv4Address(server))
        return Dialer(wire, SYSTEMS["mac"], addresses, log).dial(key, login)
    session = DialSession(RawChannel(server), Tunnel("phone"), Link(login))
    session.open(log)
    return session


def dial(server: str, key: str, login: LinkLogin) -> dict[str, object]:
    """Dial, look whether packets pass, and hang up."""
    try:
        session = opened(server, key, login)
    except DialEndedError as error:
        return {"stage": str(error.stage), "why": error.because.id}
    passes = Questions(session).resolves("vpn.lab.example")[0]
    session.close()
    return {"address": str(session.link.address), "resolver": str(session.link.resolver), "passes": passes}


if __name__ == "__main__":
    password, _, secret = sys.stdin.read().partition("\n")
    print(json.dumps(dial(sys.argv[1], secret.strip(), LinkLogin(sys.argv[2], password, (sys.argv[3],)))))
