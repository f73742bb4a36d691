"""What passes a tunnel that is up: the resolver, what the server pushes, the services, our address outside."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TypeVar
from urllib.parse import quote, urlsplit

from labvpn.dial import tcp
from labvpn.dial.outcome import Finding
from labvpn.dial.session import DialSession
from labvpn.dial.sizes import Sizes
from labvpn.dial.tcp import SECONDS, SILENT, TRIES, TcpCall
from labvpn.dial.wire import dhcp, dns, packets
from labvpn.dial.wire.dhcp import Route
from labvpn.dial.wire.packets import Packet
from labvpn.probe import services

BROADCAST = IPv4Address("255.255.255.255")
Answer = TypeVar("Answer")
_AS_WRITTEN = "/?:@!$&'()*+,;=%~"


@dataclass(frozen=True)
class Target:
    """A port to try from inside: its name, and whether it should open; None: only what is seen is told."""

    address: IPv4Address
    port: int
    name: str = ""
    should_open: bool | None = None
    transport: str = "tcp"

    def __str__(self) -> str:
        """As it is written: `192.0.2.1:8000`, `192.0.2.1:53/udp`."""
        return f"{self.address}:{self.port}{'/udp' if self.transport == 'udp' else ''}"


@dataclass
class Inside:
    """What was seen: None where it was not asked."""

    resolver_answers: bool | None = None
    resolved: str = ""
    routes: tuple[Route, ...] | None = None
    sizes: Sizes | None = None
    services: dict[Target, str] = field(default_factory=dict)
    """By target: open, closed (rejected on the way or there) or silent."""
    outside: str | None = None
    """Our address as the page outside sees it; empty where the page gave none."""
    has_resolver: bool = True

    @property
    def problems(self) -> list[Finding]:
        """What is wrong though the dial got in."""
        found = [Finding("resolver-silent")] if self.resolver_answers is False else []
        found += [] if self.has_resolver else [Finding("no-resolver")]
        found += [Finding("no-page")] if self.outside == "" else []
        for target, state in self.services.items():
            values: dict[str, str | int] = {"target": str(target), "name": target.name or f"TCP {target.port}"}
            if target.should_open and state != tcp.OPEN:
                found.append(Finding(f"service-{state}", values))
            # The access list drops in silence: a rejection came from beyond it.
            if target.should_open is False and state != SILENT:
                found.append(Finding("unlisted-reached", values))
        return found + (self.sizes.problems if self.sizes else [])


class Questions:
    """Asks through a session; every question ends after a few seconds."""

    def __init__(self, session: DialSession) -> None:
        self._session = session
        self._own_port = 49152 + int.from_bytes(os.urandom(2), "big") % 16000

    def resolves(self, name: str, size: int = 0, wait: float = SECONDS, tries: int = TRIES) -> tuple[bool, str]:
        """Whether the pushed resolver answers, and the first address that it gives for the name.

        The question's packet is of `size` bytes where it would be smaller; the rest of it is zeros, which are ignored.
        """
        resolver = self._session.link.resolver
        if not int(resolver):
            return False, ""
        number, own = int.from_bytes(os.urandom(2), "big"), self._port()
        question = dns.question(number, name).ljust(size - packets.UDP_HEADERS, b"\0")
        asked = packets.udp(self._session.link.address, own, resolver, 53, question)

        def answer(packet: Packet) -> bytes | None:
            parts = packets.datagram(packet)
            right = parts and parts[:2] == (53, own) and parts[2][:2] == number.to_bytes(2, "big")
            return parts[2] if parts and right else None

        found = self._ask(asked, answer, wait, tries)
        return found is not None, dns.first_address(found) if found else ""

    def routes(self) -> tuple[Route, ...] | None:
        """The routes that the server pushes to a client that asks as Apple's and Microsoft's do; None: no answer."""
        number, own = os.urandom(4), self._session.link.address
        question = dhcp.inform(own, number, os.urandom(6))
        asked = packets.udp(own, dhcp.CLIENT_PORT, BROADCAST, dhcp.SERVER_PORT, question)

        def answer(packet: Packet) -> dict[int, bytes] | None:
            parts = packets.datagram(packet)
            right = parts and parts[:2] == (dhcp.SERVER_PORT, dhcp.CLIENT_PORT)
            return dhcp.options(parts[2], number) if parts and right else None

        found = self._ask(asked, answer)
        return None if found is None else dhcp.routes(found)

    def opens(self, target: Target) -> str:
        """Whether a TCP port opens, by a handshake that is reset at once; whether a UDP port answers."""
        if target.transport == "udp":
            return self._answers(target)
        call = TcpCall(self._session, self._port(), target.address, target.port)
        state = call.opens()
        call.hang_up()
        return state

    def _answers(self, target: Target) -> str:
        """Whether a UDP port answers what is usually asked there, or rejects it itself."""
        own, question = self._port(), services.question(target.port)
        asked = packets.udp(self._session.link.address, own, target.address, target.port, question.packet)

        def answer(packet: Packet) -> str | None:
            if packets.is_rejection(packet, asked):
                return tcp.CLOSED
            parts = packets.datagram(packet)
            right = parts and packet.source == target.address and parts[:2] == (target.port, own)
            return tcp.OPEN if right else None

        return self._ask(asked, answer) or SILENT

    def seen_from(self, page: str) -> str:
        """Our address as a page tells it (`http://...`), asked through the tunnel; empty where it does not."""
        parts = urlsplit(page)
        host, port = parts.hostname or "", parts.port or 80
        try:
            address = IPv4Address(host)
        except ValueError:
            found = self.resolves(host)[1]
            if not found:
                return ""
            address = IPv4Address(found)
        call = TcpCall(self._session, self._port(), address, port)
        if call.opens() != tcp.OPEN:
            return ""
        path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_AS_WRITTEN)
        request = f"GET {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: curl\r\nConnection: close\r\n\r\n"
        content = call.fetch(request.encode())
        call.hang_up()
        return tcp.address_in(content)

    def _ask(
        self, packet: Packet, answer: Callable[[Packet], Answer | None], wait: float = SECONDS, tries: int = TRIES
    ) -> Answer | None:
        link = self._session.link
        found: list[Answer] = []

        def came() -> bool:
            for data in link.packets:
                decoded = packets.decoded(data)
                value = answer(decoded) if decoded else None
                if value is not None:
                    found.append(value)
            link.packets.clear()
            return bool(found)

        for _ in range(tries):
            link.send_packet(packet.encoded())
            if self._session.pump(wait, came):
                break
        return found[0] if found else None

    def _port(self) -> int:
        self._own_port += 1
        return self._own_port
