"""An authority is for servers alone: not for programs, mail and logins, which have no name of a lab."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from labvpn.model.pem import blocks
from labvpn.render import certificate as certificate_module
from labvpn.render.certificate import create_authority, notes, server_certificate
from tests.unit.samples import credentials, lab
from tests.unit.test_authority import NAMED, NOW, bundle, dial, forged, signed


@pytest.mark.parametrize(
    ("purpose", "usage", "name"),
    [
        ("smimesign", "EMAIL_PROTECTION", x509.RFC822Name("ceo@bank.example")),
        ("sslclient", "CLIENT_AUTH", x509.DNSName("vpn.lab.example")),
        ("sslclient", "CLIENT_AUTH", x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x01a")),
        ("any", "EMAIL_PROTECTION", x509.RFC822Name("ceo@vpn.lab.example")),
        ("any", "SERVER_AUTH", x509.UniformResourceIdentifier("sip:ceo@bank.example")),
    ],
)
def test_a_stolen_authority_signs_no_mail_and_no_login(
    tmp_path: Path, purpose: str, usage: str, name: x509.GeneralName
) -> None:
    certificate, _ = forged(name, *NAMED, usage=usage)
    assert verified(tmp_path, certificate, purpose) != 0


def test_a_stolen_authority_signs_no_program() -> None:
    """Windows takes the purposes that the authority has too; OpenSSL has no such check of an authority."""
    authority = x509.load_pem_x509_certificate(blocks(bundle(*NAMED))[0][1].encode())
    usages = authority.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_the_labs_own_server_is_taken_as_one(tmp_path: Path) -> None:
    assert verified(tmp_path, signed(lab(), *NAMED).certificate, "sslserver") == 0


def verified(folder: Path, certificate: str, purpose: str) -> int:
    """What OpenSSL says of a certificate for a purpose."""
    (folder / "ca.pem").write_text(blocks(bundle(*NAMED))[0][1])
    (folder / "leaf.pem").write_text(certificate)
    line = ["openssl", "verify", "-purpose", purpose, "-no_check_time", "-CAfile", "ca.pem", "leaf.pem"]
    return subprocess.run(line, cwd=folder, capture_output=True).returncode


def test_an_authority_without_a_purpose_goes_on_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(certificate_module, "SERVERS", x509.SubjectAlternativeName([x509.DNSName("vpn.lab.example")]))
        older = create_authority("vpn.lab.example", NOW, NAMED)
    (said,) = notes(lab(), credentials(authority=older))
    assert "may sign programs, mail and logins of anyone" in said
    made = server_certificate(lab(), credentials(authority=older), NOW)
    assert made is not None
    dial(tmp_path, "vpn.lab.example", made.certificate, made.key, made.authority or "")
