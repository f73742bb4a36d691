"""An authority is limited to its lab: a device that trusts it trusts nothing else, and old ones go on working."""

from __future__ import annotations

import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from typer.testing import CliRunner

from labvpn.cli import app
from labvpn.kit.request import Trust
from labvpn.model.lab import Lab
from labvpn.model.pem import blocks
from labvpn.model.problems import ConfigurationError
from labvpn.render.certificate import ServerCertificate, create_authority, notes, server_certificate
from tests.unit.samples import credentials, lab

NOW = datetime.now(UTC) - timedelta(days=5)
NAMED = ("vpn.lab.example", "203.0.113.20")


@cache
def bundle(*limits: str) -> str:
    return create_authority("vpn.lab.example", NOW, limits)


def signed(one: Lab, *limits: str) -> ServerCertificate:
    made = server_certificate(one, credentials(authority=bundle(*limits)), NOW)
    assert made is not None
    return made


def refusal(one: Lab, *limits: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        signed(one, *limits)
    return str(error.value)


def forged(host: x509.GeneralName, *limits: str, usage: str = "SERVER_AUTH") -> tuple[str, str]:
    """A server's certificate for something else, signed by the stolen key of an authority; and its key."""
    texts = blocks(bundle(*limits))
    authority = x509.load_pem_x509_certificate(texts[0][1].encode())
    signing = serialization.load_pem_private_key(texts[1][1].encode(), None)
    assert isinstance(signing, RSAPrivateKey)
    key = generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vpn.lab.example")])
    builder = x509.CertificateBuilder(authority.subject, subject, key.public_key(), 5)
    made = (
        builder.not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=700))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([getattr(ExtendedKeyUsageOID, usage)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .sign(signing, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def dial(folder: Path, host: str, certificate: str, key: str, authority: str) -> None:
    """A whole handshake in memory with a client that trusts the authority; raises SSLError if it refuses."""
    (folder / "server.pem").write_text(certificate + key)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cadata=authority)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    back, forth = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(back, forth, server_hostname=host), server.wrap_bio(forth, back, server_side=True)]
    for end in ends * 3:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue


def test_clients_take_the_labs_own_server_from_a_limited_authority(tmp_path: Path) -> None:
    made = signed(lab(), *NAMED)
    for host in NAMED:
        dial(tmp_path, host, made.certificate, made.key, made.authority or "")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("www.bank.example", x509.DNSName("www.bank.example")),
        ("evilvpn.lab.example", x509.DNSName("evilvpn.lab.example")),
        ("lab.example", x509.DNSName("lab.example")),
    ],
)
def test_clients_refuse_what_a_stolen_authority_signs_for_others(
    tmp_path: Path, host: str, name: x509.GeneralName
) -> None:
    certificate, key = forged(name, *NAMED)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        dial(tmp_path, host, certificate, key, blocks(bundle(*NAMED))[0][1])


@pytest.mark.parametrize("limits", [NAMED, ("vpn.lab.example",)])
def test_an_authority_for_a_name_signs_for_no_other_address(tmp_path: Path, limits: tuple[str, ...]) -> None:
    from ipaddress import ip_address

    for address in ("198.51.100.7", "2001:db8::7"):
        certificate, key = forged(x509.IPAddress(ip_address(address)), *limits)
        with pytest.raises(ssl.SSLCertVerificationError, match="subtree violation"):
            dial(tmp_path, address, certificate, key, blocks(bundle(*limits))[0][1])


def test_an_authority_for_an_address_signs_for_no_name(tmp_path: Path) -> None:
    certificate, key = forged(x509.DNSName("www.bank.example"), "203.0.113.20")
    with pytest.raises(ssl.SSLCertVerificationError, match="subtree violation"):
        dial(tmp_path, "www.bank.example", certificate, key, blocks(bundle("203.0.113.20"))[0][1])
    alone = lab(dns=None)
    made = signed(alone, "203.0.113.20")
    dial(tmp_path, "203.0.113.20", made.certificate, made.key, made.authority or "")


def test_a_network_alone_is_refused_since_clients_verify_what_they_dial() -> None:
    with pytest.raises(ValueError, match="is a network alone; give the address that users dial"):
        create_authority("x", NOW, ["203.0.113.0/24"])


def test_the_limits_are_critical_as_the_standard_wants_them() -> None:
    certificate = x509.load_pem_x509_certificate(blocks(bundle(*NAMED))[0][1].encode())
    found = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    assert found.critical
    assert [str(each.value) for each in found.value.permitted_subtrees or ()] == [
        *("vpn.lab.example", "203.0.113.20/32", "nobody.invalid", "nobody.invalid")
    ]
    assert Trust(blocks(bundle(*NAMED))[0][1]).is_authority


def test_a_zone_and_a_network_are_room_for_more_servers() -> None:
    servers = [{"address": "203.0.113.20"}, {"name": "two", "address": "203.0.113.22", "host": "two"}]
    one = lab(server=None, servers=servers, fortigate=None)
    for server in one.servers:
        made = signed(one.at(server), "lab.example", "203.0.113.0/24")
        names = x509.load_pem_x509_certificate(made.certificate.encode()).extensions
        assert len(list(names.get_extension_for_class(x509.SubjectAlternativeName).value)) >= 2


def test_a_lab_that_outgrew_its_authority_is_told_the_line_that_makes_another() -> None:
    said = refusal(lab(dns={"zone": "new.example", "mode": "manual"}), *NAMED)
    line = "labvpn authority vpn.new.example 203.0.113.20 | pulumi config set --secret authority"
    assert f"authority: may not sign for vpn.new.example; make another, and new kits: `{line}`" in said
    assert "may not sign for 203.0.113.20" in refusal(lab(dns=None), "vpn.lab.example")


def test_an_address_that_nobody_dials_needs_no_place_among_the_limits(tmp_path: Path) -> None:
    made = signed(lab(), "vpn.lab.example")
    dial(tmp_path, "vpn.lab.example", made.certificate, made.key, made.authority or "")


def test_an_old_authority_goes_on_and_is_told() -> None:
    (said,) = notes(lab(), credentials(authority=bundle()))
    assert "may sign for any name in the world" in said
    assert "`labvpn authority vpn.lab.example 203.0.113.20 | pulumi config set --secret authority`" in said
    assert signed(lab()).authority
    assert notes(lab(), credentials(authority=bundle(*NAMED))) == []
    assert notes(lab(), credentials()) == []


def labvpn(*words: str) -> tuple[int, str, str]:
    """The exit status of the command, what it printed, and what it complained of."""
    done = CliRunner().invoke(app, [*words])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize(
    "wrong", ["x", "https://vpn.lab.example", "203.0.113.256", "vpn..example", "*.lab.example", ""]
)
def test_what_is_no_name_and_no_address_is_refused(wrong: str) -> None:
    status, said, complaint = labvpn("authority", "vpn.lab.example", wrong)
    assert (status, said) == (1, "")
    assert f"'{wrong}' is not a name such as vpn.lab.example" in complaint


def test_the_command_limits_the_authority_and_names_none_twice() -> None:
    line = [sys.executable, "-m", "labvpn", "authority", *NAMED]
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = server_certificate(lab(), credentials(authority=done.stdout))
    assert made
    assert notes(lab(), credentials(authority=done.stdout)) == []
    assert labvpn("authority")[0] == 2


def test_openssl_itself_agrees(tmp_path: Path) -> None:
    certificate, _ = forged(x509.DNSName("www.bank.example"), *NAMED)
    good = signed(lab(), *NAMED).certificate
    (tmp_path / "ca.pem").write_text(blocks(bundle(*NAMED))[0][1])
    for text, rc in ((good, 0), (certificate, 2)):
        (tmp_path / "leaf.pem").write_text(text)
        line = ["openssl", "verify", "-x509_strict", "-no_check_time", "-CAfile", "ca.pem", "leaf.pem"]
        assert subprocess.run(line, cwd=tmp_path, capture_output=True).returncode == rc


def test_a_secret_is_strong_and_never_the_same() -> None:
    from labvpn.model.passwords import STRONG, strength

    made = [labvpn("secret")[1].strip() for _ in range(2)]
    assert made[0] != made[1]
    assert all(strength(text) >= STRONG for text in made)
    for text in made:
        credentials(**dict.fromkeys(("administratorPassword", "hubPassword", "presharedKey", "userSecret"), text))
