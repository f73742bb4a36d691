"""A kit with its secrets as one page that any browser opens by its passphrase, without a network.

The page has the files, encrypted by AES-256-GCM with a key that PBKDF2 makes of the passphrase, and the few lines of
script that open them by the browser's own Web Cryptography. The decision on encrypted kits says why not an archive.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from labvpn.kit.sheet import environment

ITERATIONS = 600_000
"""OWASP's figure of 2023 for PBKDF2 with SHA-256; the passphrase alone has 99 bits."""

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are read for one another."""

GROUPS, LENGTH = 5, 4


def passphrase() -> str:
    """A new passphrase of five groups, `k7wd-...`."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(GROUPS))


def encrypt(title: str, files: Mapping[str, bytes], phrase: str) -> str:
    """The page with the files."""
    salt, nonce = os.urandom(16), os.urandom(12)
    plain = json.dumps({name: _text(content) for name, content in files.items()}).encode()
    box = {
        "salt": _text(salt),
        "nonce": _text(nonce),
        "iterations": ITERATIONS,
        "text": _text(AESGCM(_key(phrase, salt)).encrypt(nonce, plain, None)),
    }
    return environment().get_template("encrypted_page.html.j2").render(title=title, box=box)


def _key(phrase: str, salt: bytes) -> bytes:
    letters = "".join(letter for letter in phrase.lower() if letter.isascii() and letter.isalnum())
    return PBKDF2HMAC(SHA256(), 32, salt, ITERATIONS).derive(letters.encode())


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
