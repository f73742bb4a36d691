"""Runs on a machine of the rehearsal: answers at ports, sends packets, and does what the test asks, line by line.

Standard library alone, and on the VPN host its firewalld's own; a request and its answer are one line of JSON each.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import selectors
import socket
import ssl
import subprocess
import sys
import threading
import time
from typing import Any

BIND_TO_DEVICE = 25
TOKEN = b"reached"


def answer_at(ports: list[str]) -> None:
    """Answer whoever reaches these ports, by both transports; ports that are another program's are left out."""
    for text in ports:
        for kind, serve in ((socket.SOCK_STREAM, _serve_tcp), (socket.SOCK_DGRAM, _serve_udp)):
            ear = socket.socket(socket.AF_INET, kind)
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                ear.bind(("", int(text)))
            except OSError:
                continue
            threading.Thread(target=serve, args=(ear,), daemon=True).start()


def _serve_tcp(ear: socket.socket) -> None:
    ear.listen(64)
    while True:
        one, _ = ear.accept()
        with contextlib.suppress(OSError):
            one.sendall(TOKEN)
        one.close()


def _serve_udp(ear: socket.socket) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, whom = ear.recvfrom(64)
            ear.sendto(TOKEN, whom)


def send(packets: list[list[Any]], wait: float) -> list[bool]:
    """Which packets (transport, source, target, port, device) arrive within `wait` seconds.

    A connection that is made, or an answer to a datagram; a refusal may be a firewall's own.
    """
    got, waiting = [False] * len(packets), selectors.DefaultSelector()
    for place, (transport, source, target, port, device) in enumerate(packets):
        is_tcp = transport == "tcp"
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM if is_tcp else socket.SOCK_DGRAM)
        one.setblocking(False)
        if device:
            one.setsockopt(socket.SOL_SOCKET, BIND_TO_DEVICE, device.encode())
        if source:
            one.bind((source, 0))
        if one.connect_ex((target, port)) in (0, errno.EINPROGRESS):
            waiting.register(one, selectors.EVENT_WRITE if is_tcp else selectors.EVENT_READ, place)
            _ask(one, transport)
    again, end = time.monotonic() + wait / 2, time.monotonic() + wait
    while time.monotonic() < end and waiting.get_map():
        for key, _ in waiting.select(0.05):
            got[key.data] = _arrived(key.fileobj, packets[key.data][0])
            waiting.unregister(key.fileobj)
        if time.monotonic() > again:
            again = end
            for key in list(waiting.get_map().values()):
                _ask(key.fileobj, packets[key.data][0])
    waiting.close()
    return got


def _ask(one: Any, transport: str) -> None:
    with contextlib.suppress(OSError):
        if transport == "udp":
            one.send(b"?")


def _arrived(one: Any, transport: str) -> bool:
    if transport == "tcp":
        return bool(one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0)
    try:
        return bool(one.recv(64))
    except OSError:
        return False


class Host:
    """What the VPN host's worker does beside: firewalld's settings, the agent's facts, and SoftEther's calls."""

    def __init__(self, source: str) -> None:
        import dbus  # type: ignore[import-not-found]
        from firewall.client import FirewallClient  # type: ignore[import-not-found]

        self.bus = dbus
        self.firewalld = FirewallClient()
        space: dict[str, Any] = {"__name__": "agent"}
        exec(source, space)  # noqa: S102  (the agent's own bundle)

    def settle(self, zones: dict[str, Any], policies: dict[str, Any]) -> Any:
        """Give zones and policies these settings for now, and return the facts that the agent finds."""
        # A source has to leave its zone before it can belong to another one.
        for name in zones:
            self.firewalld.fw_zone.setZoneSettings2(name, self._known({"sources": []}))
        for name, parts in zones.items():
            self.firewalld.fw_zone.setZoneSettings2(name, self._known(parts))
        for name, parts in policies.items():
            self.firewalld.fw_policy.setPolicySettings(name, self._known(parts))
        from labvpn.agent.core.machine import Machine
        from labvpn.agent.firewalld.firewalld import Firewalld
        from labvpn.agent.firewalld.packet_facts import PacketFacts

        return PacketFacts(Firewalld(Machine())).all()

    def _known(self, parts: dict[str, Any]) -> dict[str, Any]:
        """Lists as the bus takes them, also those without an entry."""
        return {
            key: self.bus.Array(
                [self.bus.Struct(one) if isinstance(one, list) else one for one in held],
                signature="(ss)" if key == "ports" else "s",
            )
            for key, held in parts.items()
        }

    def call(self, password: str, method: str, parameters: dict[str, Any]) -> Any:
        """One call of SoftEther's JSON-RPC."""
        context = ssl._create_unverified_context()  # noqa: S323  (it is this machine's own server)
        connection = http.client.HTTPSConnection("127.0.0.1", 5555, context=context, timeout=20)
        body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": method, "params": parameters})
        connection.request("POST", "/api/", body, {"X-VPNADMIN-PASSWORD": password.encode()})
        return json.loads(connection.getresponse().read())


def main() -> None:
    """Answer requests until the input ends."""
    host: Host | None = None
    answer_at(sys.argv[1:])
    for line in sys.stdin:
        request = json.loads(line)
        what = request.pop("do")
        if what == "send":
            answer: Any = send(**request)
        elif what == "run":
            done = subprocess.run(request["command"], input=request.get("text", ""), capture_output=True, text=True)
            answer = [done.returncode, done.stdout + done.stderr]
        else:
            host = host or Host(request.pop("source", ""))
            answer = getattr(host, what)(**request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
