"""The server's certificate from an ACME authority (RFC 8555), which the VPN host fetches and renews by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from labvpn.model.base import Value
from labvpn.model.dns import DnsName, Ipv4Text, TsigKey, ZoneName
from labvpn.model.pem import Certificate
from labvpn.model.problems import Problem

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"

Directory = Annotated[
    str, StringConstraints(pattern=r"^https://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9/._~%?=&+:@-]*)?$", max_length=500)
]
Contact = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$", max_length=254)
]


class Acme(Value):
    """The authority, and how it is convinced: by a TXT record below the name (DNS-01). It accepts the terms of use."""

    directory: Directory = Field(default=LETS_ENCRYPT, description="the authority's directory")
    contact: Contact | None = Field(default=None, description="an address that the authority may write to")
    key: TsigKey = Field(
        description="the challenge's own TSIG key, which may change its TXT record and nothing else; its secret is "
        "`acmeKey`"
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


OWN_KEY = "give the challenge a key of its own, since that is kept on the VPN host"


def mistakes(acme: Acme | None, dns: DnsName | None) -> Iterator[str]:
    """What the authority and the lab's name are to each other."""
    if acme and dns is None:
        yield "certificate.acme is for a name; add `dns` (mode: manual for a name that is kept elsewhere)"
    if acme and dns and dns.key and acme.key.name.lower() == dns.key.name.lower():
        yield f"certificate.acme.key is the key of dns.key, which may change the name itself; {OWN_KEY}"


def problems(acme: Acme | None, key: SecretStr | None, others: Mapping[str, object]) -> Iterator[Problem]:
    """What is given beside the authority, by its key in the configuration."""
    if acme is None:
        return
    if key is not None and key == others.get("dnsKey"):
        yield Problem("acmeKey", f"is dnsKey, which may change the name itself; {OWN_KEY}")
    for name in ("authority", "serverCertificate"):
        if others.get(name):
            yield Problem(name, "is given beside certificate.acme; keep one of the two")
