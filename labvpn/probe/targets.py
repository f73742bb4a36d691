"""What to probe: a name, its address, the ports that should be open and those that should be closed."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# The hops that a lab may do without.
OPTIONAL = ("fortigate", "firewalld")

# What DNS and every shell carry unquoted: the host is handed on to other machines' command lines.
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?\.?")


class TargetError(ValueError):
    """What was asked for cannot be probed; the text says what, where and what to write instead."""


@dataclass(frozen=True, order=True)
class ProbedPort:
    """One port of one protocol, written as firewalld writes it: 443/tcp."""

    protocol: str
    number: int

    def __str__(self) -> str:
        return f"{self.number}/{self.protocol}"


@dataclass(frozen=True)
class Targets:
    """The host to probe and what is expected of it.

    `fortigate` are the FortiGate's addresses, where they are known; `without` are hops that this lab does not have;
    `inner` is the server's address for clients of the VPN, whose systems send packets for `address` around the tunnel.
    `shared` is the name of several servers, where `host` leads to one of them alone.
    """

    host: str
    address: str | None
    opened: tuple[ProbedPort, ...]
    closed: tuple[ProbedPort, ...] = ()
    fortigate: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    inner: str | None = None
    shared: str | None = None

    @property
    def name(self) -> str | None:
        """The host's DNS name, None where only an address was given."""
        return None if is_address(self.host) else self.host

    @property
    def names(self) -> tuple[str, ...]:
        """Every name by which clients ask for this server, the one that users dial first."""
        return tuple(name for name in (self.shared, self.name) if name)


def targets(
    host: str | None,
    outputs: str | None = None,
    tcp: str | None = None,
    udp: str | None = None,
    closed: str | None = None,
    address: str | None = None,
    fortigate: str | None = None,
    without: str | None = None,
    inner: str | None = None,
) -> Targets:
    """The targets of one run: lists win over the stack's `outputs` (JSON text).

    Raises TargetError.
    """
    stack = _stack(outputs) if outputs is not None else Targets("", None, ())
    opened = stack.opened
    if tcp is not None or udp is not None:
        opened = numbers(tcp or "", "tcp", "--tcp") + numbers(udp or "", "udp", "--udp")
    asked_closed = ports(closed or "", "--closed")
    both = sorted(set(opened) & set(asked_closed))
    if both:
        raise TargetError(f"--closed: {both[0]} should be open as well; take it out of one of the two lists")
    name = host or stack.host
    if not name:
        raise TargetError("no host to probe; give its name or address, or the stack's outputs with --outputs FILE")
    gateways = tuple(checked_address(word, "--fortigate") for word in _words(fortigate or "")) or stack.fortigate
    given = address or (host if host and is_address(host) else stack.address)
    checked = checked_address(given, "--address" if address else "--outputs: address") if given else None
    lacking = stack.without if without is None else _absent(without)
    inside = checked_address(inner, "--inner") if inner else stack.inner
    return Targets(checked_host(name), checked, opened, asked_closed, gateways, lacking, inside)


def numbers(text: str, protocol: str, place: str) -> tuple[ProbedPort, ...]:
    """The ports of a list such as "443,992", each once and in its order; `place` names the list in errors."""
    return _once(_port(word, protocol, place) for word in _words(text))


def ports(text: str, place: str) -> tuple[ProbedPort, ...]:
    """The ports of a list such as "22,8000/tcp,1701/udp"; a bare number means TCP."""
    split = (word.partition("/") for word in _words(text))
    return _once(_port(number, protocol or "tcp", place) for number, _, protocol in split)


def is_address(text: str) -> bool:
    """Whether `text` is an IPv4 address."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _stack(text: str) -> Targets:
    try:
        outputs = json.loads(text)
    except ValueError as error:
        raise TargetError(f"--outputs: not JSON ({error}); write it with: pulumi stack output --json") from None
    if not isinstance(outputs, dict) or not isinstance(outputs.get("ports"), dict):
        raise TargetError("The stack's outputs lack its ports; run `pulumi up` once, and take the outputs then")
    found = [
        _port(str(number), protocol, f"--outputs: ports.{protocol}")
        for protocol in ("tcp", "udp")
        for number in outputs["ports"].get(protocol) or ()
    ]
    address = str(outputs.get("address") or "")
    lacking = ("fortigate",) if outputs.get("fortigate") is False else ()
    return Targets(
        str(outputs.get("name") or address), address or None, tuple(found), without=lacking, inner=_inner(outputs)
    )


def _inner(outputs: dict[str, Any]) -> str | None:
    network = outputs.get("network")
    address = network.get("hostAddress") if isinstance(network, dict) else None
    return checked_address(str(address), "--outputs: network.hostAddress") if address else None


def _port(word: str, protocol: str, place: str) -> ProbedPort:
    if protocol not in ("tcp", "udp"):
        raise TargetError(f"{place}: {protocol!r} is not a protocol; write 443/tcp or 500/udp")
    if not word.isascii() or not word.isdigit() or not 0 < int(word) < 65536:
        raise TargetError(f"{place}: {word!r} is not a port; ports are numbers from 1 to 65535")
    return ProbedPort(protocol, int(word))


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text) if word]


def _once(given: Iterable[ProbedPort]) -> tuple[ProbedPort, ...]:
    return tuple(dict.fromkeys(given))


def _absent(text: str) -> tuple[str, ...]:
    for word in _words(text):
        if word not in OPTIONAL:
            raise TargetError(f"--without: {word!r} is none of the hops that a lab may lack: {', '.join(OPTIONAL)}")
    return tuple(_words(text))


def checked_host(host: str) -> str:
    """A DNS name or IPv4 address without the dot at its end; raises TargetError."""
    if not _HOST.fullmatch(host):
        raise TargetError(f"{host!r} is neither a DNS name nor an IPv4 address")
    return host.rstrip(".")


def checked_address(address: str, place: str) -> str:
    """An IPv4 address; `place` names it in the TargetError that another text raises."""
    if not is_address(address):
        raise TargetError(f"{place}: {address!r} is not an IPv4 address")
    return address
