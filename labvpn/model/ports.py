"""Which ports each protocol needs: the one table from which every hop is derived."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from labvpn.model.base import Value, shortened


class Transport(StrEnum):
    """The transport protocols that a port can belong to."""

    TCP = "tcp"
    UDP = "udp"


class Port(NamedTuple):
    """A port of a transport; sorts by number, then transport."""

    number: int
    transport: Transport

    def __str__(self) -> str:
        """As firewalld writes it: `443/tcp`."""
        return f"{self.number}/{self.transport}"


def port(text: str) -> Port:
    """A port as it is written in a configuration: `443/tcp`."""
    found = re.fullmatch(r"(\d{1,5})/(tcp|udp)", text)
    if found is None or not 1 <= int(found[1]) <= 65535:
        remedy = f"; write {text}/tcp or {text}/udp" if re.fullmatch(r"\d{1,5}", text) else ""
        raise ValueError(f"'{shortened(text)}' is not a port such as 22/tcp or 500/udp{remedy}")
    return Port(int(found[1]), Transport(found[2]))


def _as_text(given: object) -> object:
    # YAML has a port without its transport as a number.
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


PortText = Annotated[str, BeforeValidator(_as_text), AfterValidator(lambda text: str(port(text)))]


class Protocols(Value):
    """Which of SoftEther's protocols the server offers beside its own."""

    l2tp_ipsec: bool = Field(default=True, description="the client built into macOS, iOS, Windows and Android")
    openvpn: bool = Field(default=True, description="OpenVPN over `openvpnPorts` and over every TCP listener")
    sstp: bool = Field(default=False, description="Microsoft's SSTP over every TCP listener")
    esp: bool = Field(
        default=False, description="IPsec also without UDP encapsulation (ESP): only where no NAT lies on the way"
    )


OPENVPN_UDP = 1194
"""The port that IANA gives OpenVPN, and SoftEther's own default."""

IKE, NAT_TRAVERSAL = 500, 4500
"""IKE (RFC 7296, section 2) and IPsec NAT traversal (RFC 3948); L2TP's own 1701 stays inside IPsec, closed outside."""

ESP = 50
"""The IP protocol of IPsec without UDP encapsulation (RFC 4303); it has no ports, so no NAT lets it pass."""


def needed(
    listeners: tuple[int, ...], protocols: Protocols, openvpn: tuple[int, ...] = (OPENVPN_UDP,)
) -> tuple[Port, ...]:
    """The ports that every hop must let in, sorted; all others stay closed. `openvpn` are OpenVPN's by UDP."""
    ports = {Port(number, Transport.TCP) for number in listeners}
    ports |= {Port(number, Transport.UDP) for number in openvpn_udp(protocols, openvpn)}
    if protocols.l2tp_ipsec:
        ports |= {Port(IKE, Transport.UDP), Port(NAT_TRAVERSAL, Transport.UDP)}
    return tuple(sorted(ports))


def openvpn_udp(protocols: Protocols, openvpn: tuple[int, ...] = (OPENVPN_UDP,)) -> tuple[int, ...]:
    """The UDP ports on which the server itself answers OpenVPN."""
    return openvpn if protocols.openvpn else ()


def of_transport(ports: tuple[Port, ...], transport: Transport) -> tuple[int, ...]:
    """The numbers of one transport's ports, in their order."""
    return tuple(port.number for port in ports if port.transport is transport)
