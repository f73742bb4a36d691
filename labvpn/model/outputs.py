"""The stack's outputs, in one shape for the writer and for every reader.

The engine prints it by `pulumi stack output --json`; a secret is `[secret]` there without `--show-secrets`.
"""

from __future__ import annotations

import json
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from labvpn.model.base import Value
from labvpn.model.ports import Protocols
from labvpn.model.problems import problems_of

HTTP, HTTPS = (80, 3000, 5000, 8000, 8080, 8787, 8888), (443, 8443)
"""Ports of web pages: the registered ones, and what JupyterHub, RStudio and their like listen to by default."""
MASK = "[secret]"
"""What the engine prints in a secret's place."""


class OutputsError(ValueError):
    """The text is not the outputs of this stack; the message says what is wrong and what to do."""


def _unmasked(value: object) -> object:
    return None if value == MASK else value


Secret = Annotated[SecretStr | None, BeforeValidator(_unmasked)]
"""A secret, None where the engine kept it back."""


class OutputsValue(Value):
    """A part of the outputs; what a later stack adds is ignored."""

    model_config = ConfigDict(extra="ignore")


class Account(OutputsValue):
    """One user: the password (None for a login by certificate, or where it was kept back) and the rules."""

    password: Secret = None
    kept: bool = Field(default=False, description="the password is the one that the user had before this stack")
    radius: bool = Field(default=False, description="the password is kept at a RADIUS server")
    second_factor: bool = Field(default=False, description="a code of an app goes behind the password at each login")
    code: Secret = Field(default=None, description="the secret of these codes, in base32")
    real_name: str = ""
    expires: datetime | None = Field(default=None, description="with its time zone; None: never")
    hub: str | None = Field(default=None, description="None: the stack's own hub, which needs no mention at login")
    auto_disconnect: int = Field(default=0, alias="AutoDisconnect", description="seconds; 0: no limit")

    reach: str | None = Field(default=None, description="services or free; None: written before it was an output")

    @property
    def has_his_own(self) -> bool:
        """Whether the password is one that the user has from elsewhere, and it is not known here."""
        return self.kept or self.radius

    @property
    def by_mschap(self) -> bool:
        """Whether this login passes MS-CHAPv2 (L2TP, SSTP); of a password elsewhere nobody knows both it and a code."""
        return not (self.radius and self.second_factor)

    def is_expired(self, now: datetime) -> bool:
        """Whether the account has ended at `now`."""
        return self.expires is not None and self.expires.astimezone() <= now


class Reachable(OutputsValue):
    """A service that the users of a hub reach: its name, its address inside, its port."""

    name: str
    to: IPv4Network
    port: int | None = None
    protocol: str = "tcp"

    @property
    def target(self) -> str:
        """Where it is: the address alone, or the network."""
        return str(self.to.network_address) if self.to.prefixlen == 32 else str(self.to)

    @property
    def link(self) -> str | None:
        """What a browser opens; None where its port is not one of web pages."""
        if self.to.prefixlen != 32 or self.protocol != "tcp" or self.port not in {*HTTP, *HTTPS}:
            return None
        scheme, usual = ("https", 443) if self.port in HTTPS else ("http", 80)
        return f"{scheme}://{self.target}/" if self.port == usual else f"{scheme}://{self.target}:{self.port}/"


class HubNetwork(OutputsValue):
    """The network inside the hub: its router, the host's own address there, and what a split tunnel reaches."""

    router: IPv4Address | None = Field(default=None, description="None: the hub has no SecureNAT of the stack's")
    host_address: IPv4Address | None = None
    routes: tuple[IPv4Network, ...] = ()
    services: tuple[Reachable, ...] = ()


class Login(OutputsValue):
    """How the VPN host is reached by SSH, and the key by which it is known."""

    host: str
    port: int = 22
    user: str = "root"
    host_key: str


class ServerOutputs(OutputsValue):
    """One server: its label (None: it needs none), its address, what reaches it alone, and its login."""

    name: str | None = None
    address: IPv4Address
    dialled: str
    ssh: Login
    accept_known_holes: bool | tuple[str, ...] = False


class ExpectedPackets(OutputsValue):
    """Packets that prove an expectation: where they are sent, by which users, and where to.

    `place` is outside, campus or vpn; for other senders their kind (interface, country, network), and `origin` the
    sender's name. `partly` says that of a network not every part is tried.
    """

    place: str
    origin: str = ""
    partly: bool = False
    address: IPv4Address
    ports: tuple[str, ...]
    reach: bool
    sentence: str
    users: tuple[str, ...] = ()


class Outputs(OutputsValue):
    """The outputs of one stack; `certificate` is the PEM of the authority that signs the server's certificates."""

    name: str
    address: IPv4Address
    ports: dict[str, tuple[int, ...]]
    generation: int = Field(default=5, description="of SoftEther: a split tunnel is pushed in two ways")
    hub: str
    protocols: Protocols
    network: HubNetwork
    networks: dict[str, HubNetwork] = Field(default_factory=dict, description="of every hub that has one")
    ssh: Login
    servers: tuple[ServerOutputs, ...] = Field(
        default=(), description="every server; `address` and `ssh` are the first one's"
    )
    users: dict[str, Account]
    radius_hubs: tuple[str, ...] = Field(
        default=(), alias="everybody", description="hubs that let in whom RADIUS knows, without a line"
    )
    preshared_key: Secret = None
    certificate: str | None = None
    acme: Literal["public", "private"] | None = Field(
        default=None, description="whether devices know the ACME authority by themselves; None: it is no such authority"
    )
    expected: tuple[ExpectedPackets, ...] = Field(default=(), alias="expect")
    translated: bool = Field(default=False, description="whether the server is behind an address translation (VIP)")

    @property
    def every(self) -> tuple[ServerOutputs, ...]:
        """Every server, also where the outputs were written before there could be several."""
        return self.servers or (ServerOutputs(address=self.address, dialled=self.name, ssh=self.ssh),)

    def of(self, user: str) -> Outputs:
        """The outputs as a user meets them: the hub and its network are the user's own."""
        hub = self.users[user].hub
        return self.model_copy(update={"hub": hub, "network": self.networks.get(hub, HubNetwork())}) if hub else self


def read(text: str) -> Outputs:
    """The outputs in the engine's JSON. Raises OutputsError."""
    try:
        data: Any = json.loads(text)
        if not isinstance(data, dict):
            raise OutputsError("This is JSON of something else; give what `pulumi stack output --json` prints")
        return Outputs.model_validate(data)
    except ValidationError as error:
        first, *more = problems_of(error, "", Outputs)
        others = f" (and {len(more)} more)" if more else ""
        raise OutputsError(f"The stack's outputs lack {str(first).lstrip('.')}{others}; run `pulumi up` once") from None
    except OutputsError:
        raise
    except ValueError:
        raise OutputsError("This is not JSON; give what `pulumi stack output --json` prints") from None
