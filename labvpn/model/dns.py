"""The name that users dial."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator, model_validator

from labvpn.model.base import Value, duplicates
from labvpn.model.hosts import of_any_host
from labvpn.state.records import Key


def _in_ascii(given: object) -> object:
    """A name as a zone has it: labels of other scripts by their `xn--` form (RFC 3490)."""
    if not isinstance(given, str) or given.isascii():
        return given
    # IDNA2008 keeps what the older one replaces (RFC 5894, section 7.2), so each would be another name.
    if set(given) & set("\u00df\u03c2\u200c\u200d"):
        raise ValueError(f"'{given}' is another name by the older rules of IDNA than by the newer; write it as xn--...")
    try:
        return ".".join(label.encode("idna").decode() for label in given.split("."))
    except UnicodeError:
        raise ValueError(f"'{given}' is not a name that a zone can have; write it as xn--...") from None


Label = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
ZoneName = Annotated[
    str, BeforeValidator(_in_ascii), StringConstraints(pattern=rf"^({Label}\.)*{Label}\.?$", max_length=254)
]
HostLabel = Annotated[
    str, BeforeValidator(_in_ascii), StringConstraints(pattern=rf"^(@|{Label}(\.{Label})*\.?)$", max_length=254)
]
KeyLabel = r"[!#-'*-\-/-:<-?A-\[\]-~]{1,63}"
KeyName = Annotated[
    str, StringConstraints(pattern=rf"^{KeyLabel}(\.{KeyLabel})*\.?$", max_length=254, strip_whitespace=True)
]
"""The name of a TSIG key is a domain name of any characters; these need no escape in a server's configuration."""

Ipv4Text = IPv4Address | IPv6Address

TOP_LEVEL = ("com", "edu", "net", "org")
"""How a full name most often ends, beside the way that the zone's own does."""

LONGEST_NAME = 245
"""Characters of a name: 253 at most (RFC 1035, section 2.3.4), less those of the marker before it."""

MARKER = "_labvpn"
"""The label before the name that holds the marker: no other TXT record of the name is mixed with it."""


class Algorithm(StrEnum):
    """TSIG algorithms that are current (RFC 8945, section 6) and that name servers speak."""

    SHA224 = "hmac-sha224"
    SHA256 = "hmac-sha256"
    SHA384 = "hmac-sha384"
    SHA512 = "hmac-sha512"


WEAK = ("hmac-md5", "hmac-md5.sig-alg.reg.int", "hmac-sha1")
"""Algorithms that name servers still speak, and that nobody should sign by any more."""


class DnsMode(StrEnum):
    """Who sets the records: the stack by dynamic update, or a person in a control panel."""

    UPDATE = "rfc2136"
    MANUAL = "manual"


class TsigKey(Value):
    """The key's name and algorithm; its secret is the stack's secret `dnsKey`."""

    name: KeyName
    algorithm: Algorithm = Algorithm.SHA256

    @field_validator("algorithm", mode="before")
    @classmethod
    def _signs_by_a_shared_secret(cls, given: object) -> object:
        # The name of an algorithm is a domain name (RFC 8945, section 4.2).
        named = str(given).lower().removesuffix(".")
        if named in WEAK:
            raise ValueError(f"{given} is too weak (RFC 8945, section 6); make a key by tsig-keygen -a hmac-sha256")
        if named.startswith("gss"):
            raise ValueError(
                "Windows DNS takes updates by GSS-TSIG (Kerberos) alone, which this stack does not speak; "
                "set mode: manual, or have the name delegated to a server that knows TSIG"
            )
        return named if isinstance(given, str) else given


class DnsName(Value):
    """The name: kept by dynamic update (RFC 2136) over TCP, or by hand and then only checked."""

    zone: ZoneName
    host: HostLabel = Field(default="vpn", description="the name within the zone; @ is the zone's own name")
    ttl: int = Field(default=300, ge=0, le=2**31 - 1, description="seconds")
    mode: DnsMode = DnsMode.UPDATE
    addresses: tuple[Annotated[Ipv4Text, AfterValidator(of_any_host)], ...] = Field(
        default=(), description="left out: the address of the server"
    )
    aliases: tuple[HostLabel, ...] = Field(
        default=(), description="other names in the zone that point to this one (CNAME)"
    )
    marker: bool = Field(default=False, description="a TXT record at _labvpn.HOST says which stack keeps the name")
    server: Ipv4Text | None = Field(default=None, description="the primary name server that takes updates")
    port: Annotated[int, Field(ge=1, le=65535)] = 53
    key: TsigKey | None = None
    adopt: bool = Field(default=False, description="take over records that are there and that this stack did not make")
    roots: tuple[Ipv4Text, ...] = Field(default=(), description="where the delegation begins; left out: the internet's")
    delegation: Literal["public", "private"] = Field(
        default="public", description="private: only the server itself knows the zone, so no delegation is followed"
    )
    ipv6: Literal["closed", "open", "unchecked"] = Field(
        default="closed",
        description="open: every hop lets IPv6 in by other means than this stack, tried before AAAA is written; "
        "unchecked: the same, not tried",
    )
    missing: Literal["warn", "fail"] = Field(
        default="warn", description="manual: whether `up` goes on while the record is not there"
    )
    wait: int = Field(default=60, ge=0, le=3600, description="seconds to wait after a change until every server has it")

    @property
    def fqdn(self) -> str:
        """The whole name, without the last dot."""
        return self.within(self.host)

    @property
    def apex(self) -> str:
        """The zone's name, without the last dot."""
        return self.zone.rstrip(".")

    @property
    def marked(self) -> Key:
        """The marker's record set."""
        return Key(f"{MARKER}.{self.fqdn}", "TXT")

    @property
    def keys(self) -> tuple[Key, ...]:
        """Every record set that the name may have by this declaration."""
        marker = (self.marked,) if self.marker else ()
        aliases = (Key(self.within(alias), "CNAME") for alias in self.aliases)
        return (Key(self.fqdn, "A"), Key(self.fqdn, "AAAA"), *marker, *aliases)

    def within(self, host: str) -> str:
        """A whole name of the zone, without the last dot."""
        own = self.relative(host)
        return self.apex if own == "@" else f"{own}.{self.apex}"

    def relative(self, host: str) -> str:
        """A name of the zone relative to it, also where it was given in full.

        Raises ValueError for a full name that lies elsewhere: it ends with a dot, or as full names do.
        """
        whole = host.removesuffix(".")
        if whole.lower() in ("@", self.apex.lower()):
            return "@"
        if whole.lower().endswith(f".{self.apex.lower()}"):
            return whole[: -len(self.apex) - 1]
        if host.endswith("."):
            raise ValueError(f"the name {host} lies outside the zone {self.apex}; give a name of that zone, as vpn")
        _, _, last = whole.lower().rpartition(".")
        if "." in whole and last in {*TOP_LEVEL, self.apex.lower().rpartition(".")[2]}:
            raise ValueError(
                f"the name {host} looks like one outside the zone {self.apex}; give a name of that zone, as vpn, or "
                f"write {whole}.{self.apex} if that is meant"
            )
        return whole

    def points_to(self, server: Ipv4Text) -> tuple[Ipv4Text, ...]:
        """The addresses of the name, which are the server's own unless others are given."""
        return self.addresses or (server,)

    def closed(self, addresses: Iterable[Ipv4Text]) -> str | None:
        """Why the name may not have these addresses, if it may not: no hop lets IPv6 in."""
        sixth = next((address for address in addresses if address.version == 6), None)
        if sixth is None or self.ipv6 != "closed":
            return None
        return (
            f"{sixth} would be dialled first, and no hop lets IPv6 in: this stack opens firewalld and FortiGate for "
            "IPv4 alone; leave it out, or set ipv6: open if the hops are opened by other means"
        )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        lacking = [name for name in ("server", "key") if getattr(self, name) is None]
        if self.mode is DnsMode.UPDATE and lacking:
            raise ValueError(f"mode rfc2136 needs {' and '.join(lacking)}; add it, or set mode: manual")
        for twice in duplicates([str(address) for address in self.addresses]):
            raise ValueError(f"the address {twice} appears twice; keep one")
        names = [self.within(each).lower() for each in (self.host, *self.aliases)]
        for twice in duplicates(names):
            raise ValueError(f"the name {twice} appears twice among host and aliases; keep one")
        if self.apex.lower() in names[1:]:
            raise ValueError(f"{self.apex} cannot be an alias, since a zone has records of its own; make it the host")
        for name in names:
            if len(name) > LONGEST_NAME:
                raise ValueError(f"the name {name} has {len(name)} characters, and {LONGEST_NAME} are the most here")
        if (reason := self.closed(self.addresses)) is not None:
            raise ValueError(reason)
        return self
