"""The answer says which fault it is, in the terms of the program that met it, and claims nothing that a line lacks."""

import json

import pytest

from labvpn.diagnose import codes, faults, words
from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.render import MOST_CAUSES, as_json, as_text
from tests.unit.diagnose.cases import ALL, diagnosed

CERTIFICATES = {
    "VERIFY ERROR: depth=0, error=certificate has expired: CN=vpn": "a certificate has expired",
    "VERIFY ERROR: depth=0, error=certificate is not yet valid: CN=vpn": "not valid yet",
    "VERIFY ERROR: depth=1, error=self-signed certificate in certificate chain: CN=ca": "is not trusted",
    "VERIFY X509NAME ERROR: CN=old, must be vpn.lab.example": "issued for another name",
    "VERIFY EKU ERROR": "made for another purpose",
    "VERIFY ERROR: depth=0, error=CA md too weak: CN=vpn": "too weak",
    "VERIFY ERROR: depth=0, error=certificate revoked: CN=taro": "has been revoked",
    "pluto[3]: certificate does not contain ID_IP subjectAltName=198.51.100.7": "issued for another name",
    "no private key found for 'vpn.lab.example'": "missing or cannot be read",
    "SSTP error 0x80092013": "could not check whether the certificate was revoked",
    "VPN error 0x800B0101": "a certificate has expired",
    "CERT_PATH: ERR_VERIFICATION_FAILED": "is not trusted",
}
OPENVPN_TIMEOUT = """2026-04-06 10:00:00 UDP link remote: [AF_INET]203.0.113.20:1194
2026-04-06 10:01:00 TLS Error: TLS key negotiation failed to occur within 60 seconds (check your network connectivity)
2026-04-06 10:01:00 TLS Error: TLS handshake failed
"""


@pytest.mark.parametrize("line", CERTIFICATES)
def test_the_fault_of_a_certificate_is_named(line: str) -> None:
    verdict = diagnose([line])
    assert str(verdict.causes[0]) == "certificate"
    assert CERTIFICATES[line] in as_text(verdict)


def test_openvpns_timeout_gets_openvpns_advice() -> None:
    answer = as_text(diagnose([OPENVPN_TIMEOUT]))
    for foreign in ("pre-shared key", "shared secret", "IKEEXT", "UDP 500", "WAN miniport"):
        assert foreign not in answer
    assert "tls-crypt" in answer
    assert "remote line" in answer


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_fault_has_advice_in_both_languages(language: str) -> None:
    details = words.of(language).details
    named = {faults.of_code(code, False) for code in codes.WINDOWS} | {faults.of_code(c, True) for c in codes.SOFTETHER}
    assert (faults.FAULTS | named) - {""} <= set(details)
    assert set(details) == set(words.of("en").details)


def test_a_sentence_is_not_explained_by_a_number_that_it_lacks() -> None:
    answer = as_json(
        diagnose(["The L2TP connection attempt failed because the security layer encountered a processing error"])
    )
    assert "789" not in answer
    assert "security layer encountered a processing error" in answer


def test_a_number_in_the_sentence_is_named() -> None:
    text = "Error 789: The L2TP connection attempt failed because the security layer encountered a processing error"
    assert "789" in as_json(diagnose([text]))


def test_text_and_json_list_the_same_causes() -> None:
    for case in ALL:
        verdict = diagnosed(case)
        listed = [cause["id"] for cause in json.loads(as_json(verdict))["causes"]]
        assert listed == [str(cause) for cause in verdict.causes[:MOST_CAUSES]]
        if verdict.known:
            assert [f"({cause})" in as_text(verdict) for cause in listed] == [True] * len(listed)
