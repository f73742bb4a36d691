"""The name that users dial."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address
from typing import Annotated

from pydantic import Field, StringConstraints

from labvpn.model.base import Value

Label = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DomainName = Annotated[str, StringConstraints(pattern=rf"^({Label}\.)+{Label}\.?$", max_length=253)]
Host = Annotated[str, StringConstraints(pattern=rf"^{Label}(\.{Label})*$", max_length=190)]


class Algorithm(StrEnum):
    """TSIG algorithms that are current (RFC 8945, section 6)."""

    SHA224 = "hmac-sha224"
    SHA256 = "hmac-sha256"
    SHA384 = "hmac-sha384"
    SHA512 = "hmac-sha512"


class TsigKey(Value):
    """The key's name and algorithm; its secret is the stack's secret `dnsKey`."""

    name: DomainName | Host
    algorithm: Algorithm = Algorithm.SHA256


class Name(Value):
    """An A record that the stack keeps by dynamic update (RFC 2136) over TCP."""

    zone: DomainName
    host: Host = Field(default="vpn", description="the name within the zone")
    ttl: int = Field(default=300, ge=1, le=604_800, description="seconds")
    server: IPv4Address = Field(description="the primary name server that takes updates")
    port: Annotated[int, Field(ge=1, le=65535)] = 53
    key: TsigKey

    @property
    def fqdn(self) -> str:
        """The whole name, without the last dot."""
        return f"{self.host}.{self.zone.rstrip('.')}"
