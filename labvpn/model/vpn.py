"""What the SoftEther server offers: listeners, protocols, TLS, session limits, the hub and the network inside it."""

from __future__ import annotations

import re
import ssl
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from labvpn.model import ports
from labvpn.model.base import Value, duplicates
from labvpn.model.hosts import WithoutPort
from labvpn.model.hub import HubName
from labvpn.model.policies import measured
from labvpn.model.ports import Protocols
from labvpn.model.securenat import SecureNat
from labvpn.model.server import PortNumber

IDLE_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600}


class Sessions(Value):
    """A service on the VPN host ends sessions that SoftEther lets go on: only its own client obeys AutoDisconnect."""

    enforced: bool = Field(default=True, description="false: only SoftEther's own client obeys AutoDisconnect")
    interval: int = Field(default=5, ge=1, le=60, description="seconds between two readings of the sessions")
    hold: int = Field(
        default=60,
        ge=15,
        le=900,
        description="seconds for which a user who was cut off is refused, renewed by attempts",
    )
    grace: int = Field(
        default=30, ge=5, le=300, description="seconds more for SoftEther's own client, which ends by itself"
    )
    keep: Literal["newest", "oldest"] = Field(default="newest", description="which of too many sessions stays")
    idle: Annotated[Annotated[int, Field(ge=60, le=86_400)] | None, measured(IDLE_UNITS)] = Field(
        default=None,
        description="after how long a session ends that carries nothing, such as 15m; left out: never",
    )

    @model_validator(mode="after")
    def _something_ends_idle_ones(self) -> Self:
        if self.idle is not None and not self.enforced:
            raise ValueError("idle is given, but enforced is false, so nothing ends a session; leave one of them out")
        return self


HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,253}$"), WithoutPort]


def _cipher(name: str) -> str:
    try:
        # SoftEther takes any word and then speaks no TLS 1.2 at all.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).set_ciphers(name)
    except ssl.SSLError:
        raise ValueError(f"'{name}' is not a cipher of OpenSSL; take a name of `openssl ciphers`") from None
    return name


Cipher = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{3,64}$"), AfterValidator(_cipher)]


class Tls(Value):
    """The oldest version that the server speaks, and the cipher that it insists on."""

    minimum: Literal["1.0", "1.1", "1.2"] = "1.2"
    cipher: Cipher | None = Field(
        default=None, description="by OpenSSL's name, such as ECDHE-RSA-AES256-GCM-SHA384; left out: the server's own"
    )


class Syslog(Value):
    """Where the server sends its logs by syslog; each kind takes in the one before it."""

    host: HostName
    port: PortNumber = 514
    send: Literal["none", "server", "security", "packet"] = "security"


class Logs(Value):
    """How long the VPN host keeps SoftEther's logs, which the server deletes only when the disk is nearly full."""

    days: int | None = Field(default=None, ge=1, le=3650, description="files older than that are deleted")
    megabytes: int | None = Field(
        default=None, ge=1, le=1_000_000, description="of all logs together; the oldest files are deleted first"
    )

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.days is None and self.megabytes is None:
            raise ValueError("limits nothing; give days, megabytes or both, or leave it out")
        return self


def _some(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if not numbers:
        raise ValueError("names no port, so nobody could dial; name one, such as 443")
    return numbers


def _each_once(numbers: tuple[int, ...]) -> tuple[int, ...]:
    for twice in duplicates([str(number) for number in numbers]):
        raise ValueError(f"port {twice} appears twice; keep one")
    return numbers


Listeners = Annotated[tuple[PortNumber, ...], AfterValidator(_some), AfterValidator(_each_once)]


Kept = Literal[
    "access",
    "administration",
    "administrator-password",
    "aggressive-mode",
    "azure",
    "dynamic-dns",
    "etherip",
    "hub-password",
    "keep-alive",
    "l2tp-hub",
    "l2tp-raw",
    "nat-traversal",
    "preshared-key",
    "tls",
    "udp",
    "wireguard",
]
"""What may stay as somebody made it, by the kinds of a document's lines; some are parts of the hub's or of IPsec's."""

OFF = ("off", "no", "none")
"""What says that a hub has no SecureNAT, beside YAML's own `null` and `false`."""

NEW_HUB = re.compile(r"[A-Za-z0-9_-]{1,32}")
"""The name of a hub that the stack makes: it then works in every client and path."""


def _off(given: object) -> object:
    return None if given is False or (isinstance(given, str) and given.lower() in OFF) else given


class Vpn(Value):
    """The SoftEther server's own settings, and its hub."""

    kept: tuple[Kept, ...] = Field(
        default=(), description="what stays on the server as somebody made it by hand; left out: nothing"
    )
    hub: HubName = "LAB"
    listeners: Listeners = (443, 992, 1194, 5555)
    kept_listeners: tuple[PortNumber, ...] = Field(
        default=(),
        description="listeners that stay on the server as they are, off or unable to listen; no hop opens them",
    )
    protocols: Protocols = Protocols()
    openvpn_ports: Annotated[tuple[PortNumber, ...], AfterValidator(_each_once)] = Field(
        default=(ports.OPENVPN_UDP,), description="UDP ports by which OpenVPN is dialled; `[]`: by TCP alone"
    )
    secure_nat: Annotated[SecureNat | None, BeforeValidator(_off)] = Field(
        default=SecureNat(), description="`off`: the hub has none, for addresses come by a local bridge or a cascade"
    )
    sessions: Sessions = Sessions()
    tls: Tls = Tls()
    logs: Logs | None = Field(default=None, description="left out: logs are kept forever")
    syslog: Syslog | None = Field(default=None, description="left out: the server's own setting is left alone")

    @field_validator("hub")
    @classmethod
    def _new_hubs_are_plain(cls, name: str, info: ValidationInfo) -> str:
        if "hub-password" not in info.data.get("kept", ()) and not NEW_HUB.fullmatch(name):
            raise ValueError(
                f"'{name}' is not a name for a new hub; take up to 32 letters, digits and _ - of ASCII, "
                "or keep the one that is there by hub-password in vpn.kept"
            )
        return name

    @model_validator(mode="after")
    def _listeners_are_ours_or_kept(self) -> Self:
        for port in sorted({*self.listeners} & {*self.kept_listeners}):
            raise ValueError(f"listeners and keptListeners both name port {port}; keep it in one of them")
        return self

    @property
    def ports(self) -> tuple[ports.Port, ...]:
        """Every port that the hops before the server must let in."""
        return ports.needed(self.listeners, self.protocols, self.openvpn_ports)
