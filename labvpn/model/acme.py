"""The server's certificate from an ACME authority (RFC 8555), which the VPN host fetches and renews by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from labvpn.model.base import Value
from labvpn.model.dns import DnsName, Ipv4Text, TsigKey, ZoneName
from labvpn.model.pem import Certificate
from labvpn.model.ports import Port, Transport
from labvpn.model.problems import Problem

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"

HTTP = Port(80, Transport.TCP)
"""Where the authority asks with HTTP-01 (RFC 8555, section 8.3); no other port will do."""

Directory = Annotated[
    str, StringConstraints(pattern=r"^https://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9/._~%?=&+:@-]*)?$", max_length=500)
]
Contact = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$", max_length=254)
]


class Acme(Value):
    """The authority, and how it is convinced that the name is ours. Whoever orders accepts its terms of use."""

    directory: Directory = Field(default=LETS_ENCRYPT, description="the authority's directory")
    contact: Contact | None = Field(default=None, description="an address that the authority may write to")
    challenge: Literal["dns-01", "http-01"] = Field(
        default="dns-01", description="dns-01: a TXT record below the name; http-01: the host answers on port 80"
    )
    key: TsigKey | None = Field(
        default=None,
        description="the challenge's own TSIG key, which may change its TXT record and nothing else; its secret is "
        "`acmeKey`",
    )
    server: Ipv4Text | None = Field(
        default=None, description="the primary that takes the challenge's record; left out: `dns.server`, else by SOA"
    )
    port: Annotated[int, Field(ge=1, le=65535)] = 53
    zone: ZoneName | None = Field(default=None, description="the zone of that record; left out: found by its SOA")
    wait: int = Field(default=60, ge=0, le=600, description="seconds until every server of the zone shows the record")
    root: Certificate | None = Field(
        default=None, description="PEM file of the root of an authority that devices do not trust by themselves"
    )

    @property
    def by_dns(self) -> bool:
        """Whether a record convinces the authority."""
        return self.challenge == "dns-01"

    @model_validator(mode="after")
    def _convinced(self) -> Self:
        if self.by_dns and self.key is None:
            raise ValueError("key is missing, which writes the challenge's record; add it, or set challenge: http-01")
        ours = ("key", "server", "port", "zone", "wait")
        of_dns = [name for name in ours if name in self.model_fields_set and getattr(self, name) is not None]
        if not self.by_dns and of_dns:
            raise ValueError(f"{of_dns[0]} is for dns-01, and challenge is http-01; take one of the two out")
        return self

    @model_validator(mode="after")
    def _trusted(self) -> Self:
        if self.root is None and self.directory != LETS_ENCRYPT:
            raise ValueError(
                f"root is missing, by which OpenVPN's profiles trust {self.directory}; give the PEM file of its root"
            )
        return self


class CertificateSource(Value):
    """Where the server's certificate comes from, beside the stack's own authority and an own certificate."""

    acme: Acme | None = None


INSTEAD = "use challenge: dns-01"
OWN_KEY = "give the challenge a key of its own, since that is kept on the VPN host"


def mistakes(acme: Acme | None, dns: DnsName | None) -> Iterator[str]:
    """What the authority and the lab's name are to each other."""
    if acme and dns is None:
        yield "certificate.acme is for a name; add `dns` (mode: manual for a name that is kept elsewhere)"
    if acme and acme.key and dns and dns.key and acme.key.name.lower() == dns.key.name.lower():
        yield f"certificate.acme.key is the key of dns.key, which may change the name itself; {OWN_KEY}"


def hop_mistakes(acme: Acme | None, listeners: tuple[int, ...], servers: int, anybody: bool) -> Iterator[str]:
    """What keeps the authority from asking on port 80; `anybody` says that the FortiGate lets all sources in."""
    if acme is None or acme.by_dns:
        return
    if HTTP.number in listeners:
        yield f"vpn.listeners names port {HTTP.number}, where certificate.acme.challenge http-01 is answered; {INSTEAD}"
    if servers > 1:
        yield f"certificate.acme.challenge http-01 is asked at any one of the {servers} servers of the name; {INSTEAD}"
    if not anybody:
        yield f"fortigate.sources keeps out the authority, which asks from anywhere with http-01; {INSTEAD}"


def problems(acme: Acme | None, key: SecretStr | None, others: Mapping[str, object]) -> Iterator[Problem]:
    """What is given beside the authority, by its key in the configuration."""
    if acme is None:
        return
    if key is not None and key == others.get("dnsKey"):
        yield Problem("acmeKey", f"is dnsKey, which may change the name itself; {OWN_KEY}")
    for name in ("authority", "serverCertificate"):
        if others.get(name):
            yield Problem(name, "is given beside certificate.acme; keep one of the two")
