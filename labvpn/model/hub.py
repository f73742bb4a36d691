"""A virtual hub: what its users may reach, how it knows them, what it writes down."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from labvpn.model.base import Mistakes, Value, duplicates, shortened
from labvpn.model.hosts import WithoutPort
from labvpn.model.hub_options import LARGEST, known_option, unfit
from labvpn.model.pem import Certificate
from labvpn.model.policies import Policies
from labvpn.model.securenat import SecureNat
from labvpn.model.server import PortNumber

SAFE = r"A-Za-z0-9()\-_#%&."
"""The characters of the names of hubs, groups and users beside the blank (IsSafeChar in SoftEther's source)."""


NAME = re.compile(rf"(?=.{{1,255}}\Z)(?!\.)[{SAFE}]([{SAFE} ]*[{SAFE}])?(?<!\.)")
"""The name of a hub, as SoftEther itself takes it."""


def _of_form(pattern: re.Pattern[str], form: str) -> AfterValidator:
    """A name of the form that SoftEther itself demands."""

    def check(name: str) -> str:
        if not pattern.fullmatch(name):
            raise ValueError(f"SoftEther takes no such name as '{shortened(name)}'; {form}")
        return name

    return AfterValidator(check)


ALLOWED = "take letters, digits and ( ) - _ # % & . of ASCII, and blanks in between"
HubName = Annotated[str, _of_form(NAME, f"{ALLOWED}, with no dot at either end")]
GroupName = Annotated[str, _of_form(re.compile(rf"(?=.{{1,255}}\Z)[{SAFE}]([{SAFE} ]*[{SAFE}])?"), ALLOWED)]
UserName = Annotated[
    str, _of_form(re.compile(rf"(?=.{{1,255}}\Z)[{SAFE}@]([{SAFE}@ ]*[{SAFE}@])?|\*"), f"{ALLOWED}, or @")
]
Text = Annotated[str, StringConstraints(max_length=511)]
"""Any text, as the server takes it; longer ones do not fit into its calls (MAX_SIZE in its source)."""
OptionName = Annotated[str, AfterValidator(known_option)]
OptionValue = Annotated[int, Field(ge=0, le=LARGEST)]


class UserGroup(Value):
    """Users who share policies; a user's own policy wins over the group's."""

    real_name: Text = ""
    note: Text = ""
    policies: Policies = Policies()


class HubService(Value):
    """Something in the lab that every guest may reach; the name is in the rule's memo."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,32}$")]
    to: IPv4Network = Field(description="an address, or a network")
    port: PortNumber | None = Field(default=None, description="left out: every port")
    protocol: Literal["tcp", "udp", "icmp", "any"] = "tcp"

    @model_validator(mode="after")
    def _port_of_a_transport(self) -> Self:
        if self.port is not None and self.protocol not in ("tcp", "udp"):
            raise ValueError(f"{self.protocol} has no ports; leave port out or choose tcp or udp")
        return self


class LogSwitch(StrEnum):
    """How often a log begins a new file."""

    NEVER = "never"
    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class Save(StrEnum):
    """What of a packet is written down."""

    NONE = "none"
    HEADER = "header"
    ALL = "all"


PacketKind = Literal["tcp-conn", "tcp", "dhcp", "udp", "icmp", "ip", "arp", "ethernet"]


class Log(Value):
    """What the hub writes down.

    A packet log says whom each user talked to, and with `all` what they sent, so there is none unless it is asked for.
    """

    security: bool = True
    security_switch: LogSwitch = LogSwitch.DAY
    packet: bool = False
    packet_switch: LogSwitch = LogSwitch.DAY
    packets: dict[PacketKind, Save] = Field(
        default={"tcp-conn": Save.HEADER, "dhcp": Save.HEADER},
        description="of `packet: true`, by kind; a kind that is left out: none",
    )


class Radius(Value):
    """The RADIUS server that users of `auth: radius` are asked of; its secret is `radiusSecrets` of the hub's name."""

    server: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]+([,; ]+[A-Za-z0-9._:-]+)*$", max_length=255), WithoutPort
    ] = Field(description="its name or address; several with a comma between, asked in turn")
    port: PortNumber = 1812
    retry: int = Field(default=1000, ge=1, le=4_294_967_295, description="milliseconds")

    @property
    def servers(self) -> tuple[str, ...]:
        """Each server, in the order in which they are asked."""
        return tuple(re.split("[,; ]+", self.server))


class SecondFactor(Value):
    """Who of a hub gives a code of an authenticator app (RFC 6238) behind the password; SoftEther folds names' case."""

    groups: tuple[GroupName, ...] = Field(default=(), description="every user of these groups of the hub")
    users: tuple[UserName, ...] = Field(default=(), description="single users of the hub")
    exempt: tuple[UserName, ...] = Field(
        default=(), description="users of those groups who log in by the password alone; every preview names them"
    )

    def covers(self, name: str, group: str | None) -> bool:
        """Whether a user of this name and group needs a code."""
        if name.lower() in _folded(self.exempt):
            return False
        return name.lower() in _folded(self.users) or (group or "").lower() in _folded(self.groups)

    @model_validator(mode="after")
    def _names_some(self) -> Self:
        if not self.groups and not self.users:
            raise ValueError("names nobody; list groups or users, or leave it out")
        for twice in sorted(_folded(self.users) & _folded(self.exempt)):
            raise ValueError(f"names '{twice}' in users and in exempt; keep one")
        return self


def _folded(names: tuple[str, ...]) -> set[str]:
    return {name.lower() for name in names}


HubKept = Literal["authorities", "log", "radius", "securenat"]
"""What of a hub may stay as somebody made it, where the configuration cannot say it."""


class Hub(Value):
    """One virtual hub."""

    online: bool = True
    exclusive: bool = Field(default=False, description="true: accounts that others made by hand are removed")
    secure_nat: SecureNat | None = Field(default=None, description="left out: no SecureNAT in this hub")
    services: tuple[HubService, ...] = Field(
        default=(), description="all that guests reach; users of `reach: free` more"
    )
    groups: dict[GroupName, UserGroup] = Field(default_factory=dict)
    options: dict[OptionName, OptionValue] = Field(
        default_factory=dict, description="extended options by SoftEther's names"
    )
    log: Log = Log()
    authorities: tuple[Certificate, ...] = Field(default=(), description="trusted CAs: PEM files")
    radius: Radius | None = None
    second_factor: SecondFactor | None = Field(
        default=None, description="who gives a code behind the password; left out: nobody"
    )
    kept: tuple[HubKept, ...] = Field(
        default=(), description="what stays in this hub as somebody made it by hand; left out: nothing"
    )

    @property
    def routes(self) -> tuple[IPv4Network, ...]:
        """What the hub pushes as routes of a split tunnel; none where the whole traffic goes through it."""
        nat = self.secure_nat
        if nat is None:
            return ()
        stated = [service.to for service in self.services] if nat.routes is None else nat.routes
        host = [IPv4Network(nat.host_address)] if stated and nat.host_address else []
        return tuple(dict.fromkeys([*stated, *host]))

    @model_validator(mode="after")
    def _options_are_kept(self) -> Self:
        Mistakes.check(unfit(self.options))
        return self

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        for twice in duplicates([service.name.lower() for service in self.services]):
            raise ValueError(f"services names '{twice}' twice; give each a name of its own")
        for twice in duplicates([name.lower() for name in self.groups]):
            raise ValueError(f"groups names '{twice}' twice, since SoftEther folds case; keep one")
        return self
