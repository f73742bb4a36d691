"""The server's certificate: one of the administrator's own, or one that the stack's private authority signs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from labvpn.model.credentials import Credentials
from labvpn.model.lab import Lab
from labvpn.model.pem import CERTIFICATE, blocks
from labvpn.model.problems import ConfigurationError, Problem
from labvpn.render.name_limits import constraints, is_within, limits_of

TERM = timedelta(days=365)
"""A new certificate is signed once in this time; each is valid for two of them, so none ends between two runs."""

SERVERS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
"""In an authority it limits what is below it: OpenSSL and Windows take the purposes that every one above has too."""

AUTHORITY_TERM = timedelta(days=20 * 365)


class ServerCertificate(NamedTuple):
    """What the server shows and proves itself by, in PEM; `authority` is whom clients trust, None for an own one."""

    certificate: str
    key: str
    authority: str | None

    def __repr__(self) -> str:
        """Without the key."""
        return f"Served({self.fingerprint})"

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate as bytes."""
        return hashlib.sha256(_der(self.certificate)).hexdigest()

    @property
    def chain(self) -> str | None:
        """The SHA-256 of the certificates after the first, as bytes; None where there are none."""
        rest = [_der(text) for _, text in blocks(self.certificate)[1:]]
        return hashlib.sha256(b"".join(rest)).hexdigest() if rest else None


def server_certificate(lab: Lab, credentials: Credentials, now: datetime | None = None) -> ServerCertificate | None:
    """The server's certificate, None where the stack leaves the server its own. Raises ConfigurationError.

    The same lab gives the same certificate until its renewal is due: RSA with PKCS #1 v1.5 is deterministic.
    """
    own, secret = credentials.server_certificate, credentials.server_key
    try:
        if own and secret:
            return _own(own, secret.get_secret_value())
        if credentials.authority:
            return _signed(lab, credentials.authority.get_secret_value(), now or datetime.now(UTC))
    except (ValueError, TypeError) as error:
        place = "serverCertificate" if own else "authority"
        # What the library says may repeat what it could not read.
        reason = str(error) if isinstance(error, _Mismatch) else "cannot be read; give it again as a whole"
        raise ConfigurationError([Problem(place, reason)]) from None
    return None


def create_authority(name: str, now: datetime, limits: Sequence[str] = ()) -> str:
    """A new private authority and a key for its server, in PEM: certificate, the authority's key, the server's key.

    `limits` are the names, addresses and networks for which alone it may sign (RFC 5280, 4.2.1.10), and only servers:
    programs and logins have no name to limit, so their purposes are left out. Without any it may sign for all.
    Raises ValueError for what is not a name.
    """
    authority, server = (generate_private_key(65537, 2048) for _ in range(2))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"labvpn authority of {name}"[:64])])
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = x509.CertificateBuilder(subject, subject, authority.public_key(), x509.random_serial_number())
    if limits:
        builder = builder.add_extension(constraints(limits), critical=True).add_extension(SERVERS, critical=False)
    certificate = (
        builder.not_valid_before(_midnight(now))
        .not_valid_after(_midnight(now) + AUTHORITY_TERM)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False)
        .sign(authority, hashes.SHA256())
    )
    return _pem(certificate) + _private(authority) + _private(server)


def problems(lab: Lab, credentials: Credentials) -> list[Problem]:
    """What is wrong with the parts of the certificate of any server, each mistake once."""
    found: dict[Problem, None] = {}
    for server in lab.servers:
        try:
            server_certificate(lab.at(server), credentials)
        except ConfigurationError as error:
            found |= dict.fromkeys(error.problems)
    return list(found)


def notes(lab: Lab, credentials: Credentials) -> list[str]:
    """What to say of an authority that was made before they were limited; it goes on working."""
    if credentials.authority is None:
        return []
    authority = _authority_of(credentials.authority.get_secret_value())
    if limits_of(authority) is None:
        beyond = "for any name in the world"
    elif not any(isinstance(each.value, x509.ExtendedKeyUsage) for each in authority.extensions):
        beyond = "programs, mail and logins of anyone"
    else:
        return []
    return [
        f"authority may sign {beyond}, as those made before did; one that is limited to this lab's servers is "
        f"made by `{_command(lab)}`, and needs new kits"
    ]


def _command(lab: Lab) -> str:
    """The line that makes an authority for everything that the lab's certificates name."""
    named = dict.fromkeys(str(name.value) for server in lab.servers for name in _names(lab.at(server)))
    return f"labvpn authority {' '.join(named)} | pulumi config set --secret authority"


class _Mismatch(ValueError):
    """Parts that do not belong together."""


def _own(certificate: str, key: str) -> ServerCertificate:
    private = _load(key)
    if x509.load_pem_x509_certificate(certificate.encode()).public_key() != private.public_key():
        raise _Mismatch("is of another key than serverKey; give the two that belong together")
    return ServerCertificate(certificate.strip() + "\n", _private(private), None)


def _signed(lab: Lab, bundle: str, now: datetime) -> ServerCertificate:
    authority = _authority_of(bundle)
    signing, key = (_load(text) for kind, text in blocks(bundle) if kind == "KEY")
    if authority.public_key() != signing.public_key():
        raise _Mismatch("is a certificate of another key; take what `labvpn authority` prints as a whole")
    limits = limits_of(authority)
    if beyond := [str(name.value) for name in _names(lab) if not is_within(name, limits) and _is_dialled(lab, name)]:
        raise _Mismatch(f"may not sign for {', '.join(beyond)}; make another, and new kits: `{_command(lab)}`")
    begin = authority.not_valid_before_utc + TERM * ((now - authority.not_valid_before_utc) // TERM)
    if begin >= authority.not_valid_after_utc:
        raise _Mismatch("has ended; make a new one by `labvpn authority`, and new kits")
    return ServerCertificate(_pem(_sign(lab, authority, signing, key, begin)), _private(key), _pem(authority))


def _sign(
    lab: Lab, authority: x509.Certificate, signing: RSAPrivateKey, key: RSAPrivateKey, begin: datetime
) -> x509.Certificate:
    limits = limits_of(authority)
    names = [name for name in _names(lab) if is_within(name, limits)]
    serial = hashlib.sha256(f"{begin.isoformat()} {names}".encode() + _spki(key)).digest()[:16]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, lab.dialled[:64])])
    builder = x509.CertificateBuilder(authority.subject, subject, key.public_key(), int.from_bytes(serial) >> 1)
    public = signing.public_key()
    return (
        builder.not_valid_before(begin)
        .not_valid_after(min(begin + 2 * TERM, authority.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True, key_encipherment=True), critical=True)
        .add_extension(SERVERS, critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(signing, hashes.SHA256())
    )


def _names(lab: Lab) -> list[x509.GeneralName]:
    """By what clients know the lab's first server: the name of all, its own, its address."""
    own = lab.own_name(lab.server)
    dialled = (lab.dialled, own.fqdn if own else "") if lab.dns else ()
    return [*(x509.DNSName(name) for name in dialled if name), x509.IPAddress(lab.server.address)]


def _is_dialled(lab: Lab, name: x509.GeneralName) -> bool:
    """Whether clients verify the server by this: its address only where the lab has no name."""
    return isinstance(name, x509.DNSName) or lab.dns is None


def _authority_of(bundle: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(next(text for kind, text in blocks(bundle) if kind == CERTIFICATE).encode())


def _usage(**given: bool) -> x509.KeyUsage:
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{**dict.fromkeys(every.split(), False), **given})


@lru_cache(4)
def _load(text: str) -> RSAPrivateKey:
    key = serialization.load_pem_private_key(text.encode(), None)
    if not isinstance(key, RSAPrivateKey):
        raise _Mismatch("needs an RSA key; SoftEther and all its clients take those")
    return key


def _private(key: RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _spki(key: RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _der(pem: str) -> bytes:
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(serialization.Encoding.DER)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
