"""What one kit is made from: the stack's outputs, one user, and whom the user's device should trust."""

from __future__ import annotations

import ssl
import warnings
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.utils import CryptographyDeprecationWarning

from labvpn.model.outputs import Account, Outputs

Kind = TypeVar("Kind", bound=x509.ExtensionType)

TCP_443 = 443
"""The port that nearly every network lets out."""


@dataclass(frozen=True)
class Trust:
    """A certificate in PEM: an authority's, or the server's own, by which it is then pinned."""

    pem: str
    acme: str | None = None
    """`public` or `private`: an ACME authority's roots, which devices know by themselves or not."""

    @property
    def is_known(self) -> bool:
        """Whether devices trust it by themselves."""
        return self.acme == "public"

    @property
    def is_authority(self) -> bool:
        """Whether it signs servers' certificates, so that a renewed one is trusted too; if not, it is one itself."""
        if self.acme:
            return True
        constraints = self._extension(x509.BasicConstraints)
        usage = self._extension(x509.ExtendedKeyUsage)
        # SoftEther's own self-signed certificate calls itself an authority and lists a server's uses as well.
        is_limited = self._extension(x509.NameConstraints) is not None
        return constraints is not None and constraints.ca and (usage is None or is_limited)

    @property
    def der(self) -> bytes:
        """The certificate as bytes."""
        return ssl.PEM_cert_to_DER_cert(self.pem)

    @property
    def expires(self) -> datetime:
        """When the certificate ends, in UTC."""
        return self._certificate.not_valid_after_utc

    def names(self, host: str) -> bool:
        """Whether a client that verifies the server's name would find `host`; an authority vouches for its server."""
        if self.is_authority:
            return True
        names = self._extension(x509.SubjectAlternativeName)
        return names is not None and host in names.get_values_for_type(x509.DNSName)

    @property
    def _certificate(self) -> x509.Certificate:
        """The certificate itself; ValueError for a text that is none."""
        with warnings.catch_warnings():
            # SoftEther numbers its own certificate 0, which RFC 5280 does not allow.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return x509.load_pem_x509_certificate(self.pem.encode())

    def _extension(self, kind: type[Kind]) -> Kind | None:
        try:
            return self._certificate.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None


@dataclass(frozen=True)
class Identity:
    """A user's certificate and its private key, both in PEM."""

    certificate: str
    key: str

    def __repr__(self) -> str:
        """Without the key."""
        return "Identity(...)"

    def require_usable(self, locked: bool) -> None:
        """Raises ValueError for what logs nobody in; a key that is `locked` by a passphrase may be fine."""
        try:
            certificate = x509.load_pem_x509_certificate(self.certificate.encode())
        except ValueError:
            raise ValueError("the first is not a certificate in PEM") from None
        try:
            key = load_pem_private_key(self.key.encode(), None)
        except TypeError:
            if locked:
                return
            raise ValueError("the key is locked by a passphrase; give one without") from None
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("the second is not a private key in PEM") from None
        if certificate.public_key() != key.public_key():
            raise ValueError("the two do not belong together")


@dataclass(frozen=True)
class KitRequest:
    """One user's kit: `secrets` says whether the password goes into it, `identity` is there for a certificate login."""

    stack: Outputs
    user: str
    trust: Trust | None
    identity: Identity | None = None
    secrets: bool = False

    @property
    def account(self) -> Account:
        """The user's account."""
        return self.stack.users[self.user]

    @property
    def login(self) -> str:
        """The name to log in by, with the hub where it is not the stack's own."""
        return f"{self.user}@{self.account.hub}" if self.account.hub else self.user

    @property
    def password(self) -> str | None:
        """The password, where it goes into the kit."""
        known = self.account.password
        return known.get_secret_value() if self.secrets and known is not None and self.identity is None else None

    @property
    def needs_code(self) -> bool:
        """Whether a code of an authenticator app goes behind the password."""
        return self.account.second_factor and self.by_password

    @property
    def code_key(self) -> str | None:
        """The key of these codes in base32, where it goes into the kit."""
        known = self.account.code
        return known.get_secret_value() if self.secrets and known is not None and self.needs_code else None

    @property
    def preshared_key(self) -> str | None:
        """The key of IPsec, where the outputs hold it."""
        known = self.stack.preshared_key
        return known.get_secret_value() if known is not None else None

    @property
    def expires(self) -> datetime | None:
        """When the account ends, with its time zone."""
        end = self.account.expires
        return end.astimezone() if end and end.tzinfo is None else end

    @property
    def splits(self) -> bool:
        """Whether only the lab's networks go through the VPN."""
        return bool(self.stack.network.routes)

    @property
    def around(self) -> tuple[IPv4Address, ...]:
        """The servers' addresses that a pushed network contains: the tunnel's own packets have to go around it."""
        routes = self.stack.network.routes
        return tuple(each.address for each in self.stack.every if any(each.address in route for route in routes))

    @property
    def hosts(self) -> tuple[str, ...]:
        """What is dialled: the name of all, or every server's address where the lab has no name."""
        unnamed = self.redials and self.stack.name == str(self.stack.address)
        return tuple(str(server.address) for server in self.stack.servers) if unnamed else (self.stack.name,)

    @property
    def redials(self) -> bool:
        """Whether a device dials again by itself: only where another server may answer it."""
        return len(self.stack.servers) > 1

    @property
    def limit(self) -> int:
        """Seconds after which the server ends a session; 0: never."""
        return self.account.auto_disconnect

    @property
    def title(self) -> str:
        """What the connection is called on the user's devices."""
        return f"Lab VPN ({self.stack.name})"

    @property
    def tcp(self) -> tuple[int, ...]:
        """The server's TCP ports, the one that most networks let out first."""
        return tuple(sorted(self.stack.ports.get("tcp", ()), key=lambda port: (port != TCP_443, port)))

    @property
    def by_password(self) -> bool:
        """Whether the user logs in by name and password."""
        return self.identity is None

    @property
    def by_ppp(self) -> bool:
        """Whether L2TP and SSTP carry this login: by MS-CHAPv2, for which one server knows password and code."""
        return self.by_password and self.account.by_mschap
