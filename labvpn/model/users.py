"""The lab's accounts: a CSV file named by the configuration, one user a line."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from labvpn.model.base import shortened
from labvpn.model.hub import GroupName, HubName, Text, UserName
from labvpn.model.moments import Moment
from labvpn.model.pem import Certificate
from labvpn.model.policies import Policies

RESERVED = re.compile(r"administrator|securenat|cascade|link|l3sw_.*", re.IGNORECASE)
"""Names of SoftEther's own, which it refuses as a user's (error 38, measured)."""


def _free(name: str) -> str:
    if RESERVED.fullmatch(name):
        raise ValueError(f"'{name}' is a name of SoftEther's own, which it refuses; choose another")
    return name


WILDCARD = "*"
"""SoftEther's name for everyone whom the hub's RADIUS server knows and who has no line of their own."""

AccountName = Annotated[UserName, AfterValidator(_free)]

NEW = re.compile(r"[A-Za-z0-9._@-]{1,64}|\*")
"""What a name has to be where the stack makes the user: it then works in every client, path and access rule."""


class Auth(StrEnum):
    """How users prove who they are."""

    PASSWORD = "password"  # noqa: S105 -- the name of the way
    CERTIFICATE = "certificate"
    SIGNED = "signed"
    RADIUS = "radius"
    KEPT = "kept"
    """The password that the server has of the user from before this stack: it is not known here."""


class Client(StrEnum):
    """With what a user connects."""

    SOFTETHER = "softether"
    OPENVPN = "openvpn"
    L2TP = "l2tp"
    OLD_ANDROID = "old-android"
    SSTP = "sstp"


def _words(given: object) -> object:
    return tuple(given.replace(",", " ").split()) if isinstance(given, str) else given


def _hardware(given: str) -> str:
    digits = re.sub(r"[:.-]", "", given)
    if not re.fullmatch(r"[0-9A-Fa-f]{12}", digits):
        raise ValueError(f"'{shortened(given)}' is not a MAC address; write it as 00-AC-11-22-33-44")
    if int(digits[:2], 16) & 1:
        raise ValueError(f"'{given}' is a group address, which no network card has; read the card's own again")
    return "-".join(digits[at : at + 2] for at in range(0, 12, 2)).upper()


def _serial(given: str) -> str:
    digits = given.replace(":", "").lower()
    if not re.fullmatch(r"([0-9a-f]{2})+", digits):
        raise ValueError(
            f"'{shortened(given)}' is not a serial number; write it in pairs of hexadecimal digits, as openssl shows it"
        )
    return digits


SETS_AN_ADDRESS = re.compile("ipv4:|mac:", re.IGNORECASE)
"""What SoftEther 5.02 takes for a setting in a user's note; to others it is text."""

Mac = Annotated[str, AfterValidator(_hardware)]
LIMIT = 10_000
"""Users of one hub: the server's own limit (MAX_USERS in its source)."""


class User(Policies):
    """One account; security policies have SoftEther's own names."""

    auth: Auth = Auth.PASSWORD
    name: AccountName
    real_name: Text = ""
    note: Text = ""
    hub: HubName | None = Field(default=None, description="left out: the stack's own hub, `vpn.hub`")
    group: GroupName | None = Field(default=None, description="one of the hub's groups")
    policies: Literal["own", "inherited"] = Field(
        default="own",
        description="own: what is set here, then the group's, then the lab's; inherited: none of their own, so that "
        "SoftEther takes the group's alone",
    )
    reach: Literal["services", "free"] = Field(
        default="services", description="services: what the hub lists and nothing else; free: everything"
    )
    certificate: Certificate | None = Field(default=None, description="the PEM file of `auth: certificate`")
    common_name: Text = Field(default="", description="of `auth: signed`; left out: any that a trusted CA signed")
    serial: Annotated[str, AfterValidator(_serial)] | None = Field(default=None, description="of `auth: signed`")
    radius_name: Text = Field(default="", description="the name at the RADIUS server; left out: the user's own")
    devices: Annotated[tuple[Mac, ...], BeforeValidator(_words)] = Field(
        default=(), description="MAC addresses of the only devices allowed; for SoftEther's own client"
    )
    clients: Annotated[tuple[Client, ...], BeforeValidator(_words)] = Field(
        default=(), description="with what the user connects; left out: with anything"
    )
    address: IPv4Address | None = Field(
        default=None, description="the user's fixed address in the VPN; SoftEther 5.02 alone can give one"
    )
    expires: Moment | None = Field(
        default=None, description="the account's end: a day, to its end in UTC, or a time with its zone; empty: never"
    )
    rotation: int = Field(default=0, ge=0, description="raise it to give the user a new derived password")
    reset_code: int = Field(
        default=0, ge=0, description="raise it to renew the secret of the user's codes (`labvpn reset-code NAME`)"
    )

    @field_validator("name")
    @classmethod
    def _new_names_are_plain(cls, name: str, info: ValidationInfo) -> str:
        if info.data.get("auth", Auth.PASSWORD) is Auth.PASSWORD and not NEW.fullmatch(name):
            raise ValueError(
                f"'{shortened(name)}' is not a name for a new user; take up to 64 letters, digits and . _ @ - of ASCII"
            )
        return name

    @field_validator("note")
    @classmethod
    def _new_notes_set_nothing(cls, note: str, info: ValidationInfo) -> str:
        if info.data.get("auth", Auth.PASSWORD) is Auth.PASSWORD and SETS_AN_ADDRESS.search(note):
            raise ValueError(
                "holds IPv4: or MAC:, by which SoftEther 5.02 sets a user's address; "
                "write a fixed address into the column `address`, or other words here"
            )
        return note

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if self.address and SETS_AN_ADDRESS.search(self.note):
            raise ValueError("the note holds IPv4: or MAC:, and address is given too; keep one of them")
        return self

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if (self.auth is Auth.CERTIFICATE) != (self.certificate is not None):
            raise ValueError("auth certificate and a certificate belong together; give both or neither")
        if self.auth is not Auth.SIGNED and (self.common_name or self.serial):
            raise ValueError("commonName and serial belong to auth signed; set that or leave them out")
        if self.auth is not Auth.RADIUS and self.radius_name:
            raise ValueError("radiusName belongs to auth radius; set that or leave it out")
        return self

    @model_validator(mode="after")
    def _inherits_whole(self) -> Self:
        if self.policies == "inherited" and (own := self.stated()):
            raise ValueError(f"policies is inherited, but {', '.join(own)} is given; leave one of them out")
        return self

    @model_validator(mode="after")
    def _wildcard_is_radius(self) -> Self:
        wrong = {
            f"auth must be radius, not {self.auth}": self.auth is not Auth.RADIUS,
            "leave radiusName out, since each user is looked up by the name that they dial with": self.radius_name,
            "leave rotation out, since the passwords are kept at RADIUS": self.rotation,
            "leave resetCode out, since * has no codes": self.reset_code,
            "leave reach out, since a rule knows one name alone; list in the hub's services what they reach": (
                self.reach == "free"
            ),
            "leave devices out, since a rule knows one name alone": self.devices,
            "leave address out, since one address is for one user": self.address,
        }
        found = [sentence for sentence, is_so in wrong.items() if is_so]
        if self.is_wildcard and found:
            raise ValueError(f"* is everyone whom the hub's RADIUS server knows: {'; '.join(found)}")
        return self

    @property
    def is_wildcard(self) -> bool:
        """Whether this is not an account but the line for everyone whom RADIUS knows."""
        return self.name == WILDCARD
