"""A small CA and the box's certificate, such that Go's and Python's TLS accept them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

COMMON_NAME = "fortigate.lab.example"
ADDRESS = "203.0.113.129"
CA, CERTIFICATE, KEY = "ca.pem", "certificate.pem", "key.pem"
_LIFE = timedelta(days=365)
_SLACK = timedelta(days=30)


def make(folder: Path, addresses: Sequence[str] = (ADDRESS,)) -> Path:
    """Write `ca.pem`, `certificate.pem` and `key.pem` (0600) unless valid ones exist; returns the CA's path.

    The CA's own key is never written: it signs this one certificate and is discarded.
    """
    if not _good(folder, addresses):
        ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        ca = _authority(ca_key)
        _write(folder / KEY, _private(key))
        _write(folder / CERTIFICATE, _pem(_certificate(ca, ca_key, key.public_key(), addresses)))
        _write(folder / CA, _pem(ca))
    return folder / CA


def _good(folder: Path, addresses: Sequence[str]) -> bool:
    if not all((folder / name).exists() for name in (CA, CERTIFICATE, KEY)):
        return False
    ca, certificate = (x509.load_pem_x509_certificate((folder / name).read_bytes()) for name in (CA, CERTIFICATE))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    held = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    fresh = certificate.not_valid_after_utc > datetime.now(UTC) + _SLACK
    return fresh and certificate.issuer == ca.subject and held == set(addresses) and _signed(certificate, ca)


def _signed(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + _LIFE)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name("Rehearsal FortiGate CA")
    builder = _builder(name, name, key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(_usage(authority=True), critical=True).sign(key, hashes.SHA256())


def _certificate(
    ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePublicKey, addresses: Sequence[str]
) -> x509.Certificate:
    names = [x509.DNSName(COMMON_NAME), *(x509.IPAddress(IPv4Address(address)) for address in addresses)]
    builder = _builder(_name(COMMON_NAME), ca.subject, key)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(authority=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    builder = builder.add_extension(issuer, critical=False)
    return builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(ca_key, hashes.SHA256())


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    kind, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, kind, plain)


def _write(file: Path, content: bytes) -> None:
    partial = file.with_suffix(".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(content)
    partial.rename(file)
