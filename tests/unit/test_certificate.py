"""The server's certificate: signed by the stack's authority, the same at every run, renewed in time; or an own one."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from labvpn.agent.softether.presented_certificate import body, fingerprint
from labvpn.kit.request import Trust
from labvpn.model.outputs import read
from labvpn.model.problems import ConfigurationError
from labvpn.render import agent_request, outputs
from labvpn.render.certificate import ServerCertificate, create_authority, server_certificate
from labvpn.render.documents import Concern, documents
from tests.unit.kit.orders import identity
from tests.unit.samples import credentials, lab

BEGAN = datetime(2026, 11, 25, tzinfo=UTC)


@cache
def bundle() -> str:
    return create_authority("vpn.lab.example", BEGAN)


def signed(days: int = 0, **changes: object) -> ServerCertificate:
    made = server_certificate(lab(**changes), credentials(authority=bundle()), BEGAN + timedelta(days=days))
    assert made is not None
    return made


def test_the_same_lab_shows_the_same_certificate_until_its_renewal() -> None:
    assert signed(0) == signed(364)
    assert signed(364).fingerprint != signed(366).fingerprint
    assert signed(0).authority == signed(366).authority
    assert signed(0).key == signed(366).key


def test_a_certificate_is_valid_long_after_its_renewal_is_due() -> None:
    first = x509.load_pem_x509_certificate(signed(0).certificate.encode())
    assert first.not_valid_after_utc == BEGAN + timedelta(days=730)


def test_clients_find_the_name_the_address_and_the_right_uses_in_it() -> None:
    made = x509.load_pem_x509_certificate(signed().certificate.encode())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["vpn.lab.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["203.0.113.20"]
    uses = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.SERVER_AUTH]
    key = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (key.digital_signature, key.key_encipherment, key.key_cert_sign) == (True, True, False)
    made.verify_directly_issued_by(x509.load_pem_x509_certificate((signed().authority or "").encode()))


def test_another_name_is_another_certificate() -> None:
    assert signed().fingerprint != signed(dns=None).fingerprint


def test_an_authority_at_its_end_is_named() -> None:
    with pytest.raises(ConfigurationError, match="authority: has ended"):
        signed(21 * 365)


def test_an_own_certificate_is_shown_as_it_is_and_has_no_authority() -> None:
    own = identity("vpn.lab.example")
    made = server_certificate(lab(), credentials(serverCertificate=own.certificate, serverKey=own.key))
    assert made is not None
    assert (made.certificate, made.authority) == (own.certificate, None)


def test_a_key_of_another_certificate_is_refused_without_repeating_it() -> None:
    mine, other = identity("vpn.lab.example"), identity("another")
    with pytest.raises(ConfigurationError, match="serverCertificate: is of another key") as caught:
        server_certificate(lab(), credentials(serverCertificate=mine.certificate, serverKey=other.key))
    assert "PRIVATE" not in str(caught.value)


def test_a_broken_authority_is_named_without_repeating_it() -> None:
    broken = bundle().replace("MII", "!!!")
    with pytest.raises(ConfigurationError, match="authority: cannot be read"):
        server_certificate(lab(), credentials(authority=broken))


def test_what_is_no_authority_is_refused_before_anything_is_signed() -> None:
    with pytest.raises(ValueError, match="is not what `labvpn authority` prints"):
        credentials(authority=identity("x").certificate)


def test_the_parts_of_an_own_certificate_go_together_and_not_with_an_authority() -> None:
    own = identity("vpn.lab.example")
    alone = credentials(serverCertificate=own.certificate)
    assert any("serverKey: is missing" in str(problem) for problem in alone.problems(lab()))
    both = credentials(serverCertificate=own.certificate, serverKey=own.key, authority=bundle())
    assert any("keep one of the two" in str(problem) for problem in both.problems(lab()))


def test_the_kits_trust_the_authority() -> None:
    exported = outputs.stack_outputs(lab(), credentials(authority=bundle()), str)
    assert exported["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert Trust(exported["certificate"]).is_authority
    assert "PRIVATE" not in str({**exported, "users": {}})
    assert read(json.dumps(exported)).certificate == exported["certificate"]


def test_the_document_has_the_fingerprint_and_the_key_goes_with_the_secrets_alone() -> None:
    made = signed()
    text = documents(lab(), "the agent", made.fingerprint)[Concern.SERVER]
    assert f"certificate sha256={made.fingerprint}\n" in text
    assert agent_request.secrets(lab(), credentials(authority=bundle()))["certificate"]["key"].startswith(
        "-----BEGIN RSA"
    )
    assert "PRIVATE" not in repr(made)


def test_the_agent_tells_the_certificate_by_the_same_fingerprint() -> None:
    made = signed()
    assert fingerprint(body(made.certificate)) == made.fingerprint
    assert fingerprint("") == fingerprint("no base64!") == "none"


def test_the_command_prints_an_authority_that_the_configuration_takes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "labvpn", "authority", "vpn.lab.example"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert server_certificate(lab(), credentials(authority=done.stdout))
