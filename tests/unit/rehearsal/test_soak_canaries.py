"""The forms in which a leaked secret is recognised."""

from __future__ import annotations

import base64

import pytest

from labvpn.agent.softether.hashes import password_hash, user_hash
from rehearsal.soak.canaries import forms, md4, occurring

SECRET = "a-secret Ω/with+everything"


@pytest.mark.parametrize(
    "text",
    [
        SECRET.encode(),
        SECRET.encode().hex().encode(),
        base64.b64encode(SECRET.encode()),
        base64.b64encode(b"x" + SECRET.encode()),
        base64.b64encode(b"a sentence with " + SECRET.encode() + b" in it"),
        b"a-secret%20%CE%A9%2Fwith%2Beverything",
        b"a-secret \\u03a9/with+everything",
    ],
)
def test_a_secret_is_found_however_it_is_encoded(text: bytes) -> None:
    assert occurring(forms({"hubPassword": SECRET}, {}), b"before " + text + b" after")


def test_a_hash_that_softether_stores_is_found() -> None:
    needles = forms({"administratorPassword": "password"}, {"bob": "password"})
    assert occurring(needles, b"8846f7eaee8fb117ad06bdd830b7586c")
    assert occurring(needles, f"byte HashedPassword {password_hash('password')}".encode())
    assert occurring(needles, f"byte AuthPassword {user_hash('password', 'bob')}".encode())


def test_the_private_half_of_a_key_is_found_and_its_public_half_is_none() -> None:
    lines = ["-----BEGIN KEY-----", "header-and-more", "public-half-of-it", "private-half-of-it", "-----END KEY-----"]
    needles = forms({"sshKey": "\n".join(lines)}, {})
    assert occurring(needles, b"... private-half-of-it")
    assert not occurring(needles, b"... public-half-of-it")


def test_what_is_public_is_no_secret() -> None:
    assert forms({"hostKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"}, {}) == {}


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (b"", "31d6cfe0d16ae931b73c59d7e0c089c0"),
        (b"abc", "a448017aaf21d8525fc10ae87aa6729d"),
        (
            b"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "e33b4ddc9c38f2199c3e7b164fcc0536",
        ),
    ],
)
def test_md4_is_that_of_rfc_1320(text: bytes, digest: str) -> None:
    assert md4(text).hex() == digest
