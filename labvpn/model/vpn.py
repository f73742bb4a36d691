"""What the SoftEther server offers: listeners, protocols, the hub and the network inside it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from labvpn.model import ports
from labvpn.model.base import Value, duplicates
from labvpn.model.hub import HubName
from labvpn.model.ports import Protocols
from labvpn.model.securenat import SecureNat
from labvpn.model.server import PortNumber
from labvpn.model.sessions import Sessions
from labvpn.model.transport import Syslog, Tls


def _each_once(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if not numbers:
        raise ValueError("names no port, so nobody could dial; name one, such as 443")
    for twice in duplicates([str(number) for number in numbers]):
        raise ValueError(f"port {twice} stands twice; keep one")
    return numbers


Listeners = Annotated[tuple[PortNumber, ...], AfterValidator(_each_once)]


Kept = Literal[
    "access",
    "administration",
    "aggressive-mode",
    "azure",
    "dynamic-dns",
    "hub-password",
    "keep-alive",
    "nat-traversal",
    "tls",
    "udp",
]
"""What may stay as somebody made it, by the kinds of a document's lines; `hub-password` is a part of the hub's."""


class Vpn(Value):
    """The SoftEther server's own settings, and its hub."""

    hub: HubName = "LAB"
    listeners: Listeners = (443, 992, 1194, 5555)
    protocols: Protocols = Protocols()
    secure_nat: SecureNat = SecureNat()
    sessions: Sessions = Sessions()
    tls: Tls = Tls()
    kept: tuple[Kept, ...] = Field(
        default=(), description="what stays on the server as somebody made it by hand; left out: nothing"
    )
    syslog: Syslog | None = Field(default=None, description="left out: the server's own setting is left alone")

    @property
    def ports(self) -> tuple[ports.Port, ...]:
        """Every port that the hops before the server must let in."""
        return ports.needed(self.listeners, self.protocols)
