"""The rehearsal FortiGate's certificates."""

from __future__ import annotations

import stat
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from rehearsal.fortigate import certificates


def verify(folder: Path, name: x509.IPAddress | x509.DNSName) -> None:
    """Check the certificate as a strict client does, against the CA in the folder."""
    ca = x509.load_pem_x509_certificate((folder / certificates.CA).read_bytes())
    certificate = x509.load_pem_x509_certificate((folder / certificates.CERTIFICATE).read_bytes())
    PolicyBuilder().store(Store([ca])).build_server_verifier(name).verify(certificate, [])


def test_the_certificate_is_good_for_the_boxs_address_and_name_and_no_other(tmp_path: Path) -> None:
    certificates.make(tmp_path)
    verify(tmp_path, x509.IPAddress(IPv4Address("203.0.113.129")))
    verify(tmp_path, x509.DNSName("fortigate.lab.example"))
    with pytest.raises(VerificationError):
        verify(tmp_path, x509.IPAddress(IPv4Address("203.0.113.130")))


def test_the_private_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    certificates.make(tmp_path)
    assert stat.S_IMODE((tmp_path / certificates.KEY).stat().st_mode) == 0o600


def test_good_certificates_are_kept_and_others_replaced(tmp_path: Path) -> None:
    first = certificates.make(tmp_path).read_bytes()
    assert certificates.make(tmp_path).read_bytes() == first
    assert certificates.make(tmp_path, ("203.0.113.1",)).read_bytes() != first
    (tmp_path / certificates.KEY).unlink()
    certificates.make(tmp_path)
    verify(tmp_path, x509.DNSName(certificates.COMMON_NAME))
