"""The forms that secrets and keys of the configuration have to have; no message repeats one."""

from __future__ import annotations

import base64

from pydantic import SecretStr

from labvpn.model.pem import CERTIFICATE, kinds


def private_key(secret: SecretStr) -> SecretStr:
    """A private key in PEM; ValueError for any other text."""
    if "PRIVATE KEY-----" not in secret.get_secret_value():
        raise ValueError("is not a private key in PEM form; give the whole file, from -----BEGIN to the last line")
    return secret


def authority(secret: SecretStr) -> SecretStr:
    """What `labvpn authority` prints; ValueError for any other text."""
    if kinds(secret.get_secret_value()) != [CERTIFICATE, "KEY", "KEY"]:
        raise ValueError("is not what `labvpn authority` prints: a certificate and two keys in PEM; give it as a whole")
    return secret


def base64_text(secret: SecretStr) -> SecretStr:
    """A secret in base64; ValueError for any other text."""
    try:
        is_whole = bool(base64.b64decode(secret.get_secret_value(), validate=True))
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ValueError("is not base64; give the secret between the quotes of the name server's key")
    return secret


def certificate(text: str) -> str:
    """A certificate in PEM and its chain; ValueError for any other text."""
    if set(kinds(text)) != {CERTIFICATE}:
        raise ValueError("is not a certificate in PEM; give the server's own first, then those of its chain")
    return text
