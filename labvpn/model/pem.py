"""Text in PEM form: blocks of certificates and keys, and certificates in a configuration.

A configuration has a certificate as text, or as the name of a file whose text the reader of the settings supplies.
"""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo

CERTIFICATE = "CERTIFICATE"
BEGIN = f"-----BEGIN {CERTIFICATE}-----"
_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----\n.+?\n-----END \1-----\n?", re.DOTALL)


def blocks(text: str) -> list[tuple[str, str]]:
    """The kind and the text of each block, in their order; the kind of any private key is `KEY`."""
    found = [(match[1], match[0].strip() + "\n") for match in _BLOCK.finditer(text)]
    return [("KEY" if kind.endswith("PRIVATE KEY") else kind, block) for kind, block in found]


def kinds(text: str) -> list[str]:
    """The kinds of a text's blocks, in their order: CERTIFICATE, KEY."""
    return [kind for kind, _ in blocks(text)]


def _pem(given: object, info: ValidationInfo) -> object:
    if not isinstance(given, str):
        return given
    text = given
    if BEGIN not in given:
        files = (info.context or {}).get("files")
        if files is None:
            raise ValueError("is not a certificate in PEM; give the text from -----BEGIN CERTIFICATE----- on")
        text = files(given)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise ValueError("holds no certificate in PEM; give a file that begins with -----BEGIN CERTIFICATE-----") from (
            None
        )
    return text[text.index(BEGIN) :].strip()


Certificate = Annotated[str, BeforeValidator(_pem)]
"""A certificate in PEM."""


def der(certificate: str) -> bytes:
    """The certificate as bytes."""
    return ssl.PEM_cert_to_DER_cert(certificate.partition("-----END")[0] + "-----END CERTIFICATE-----")


def encoded(certificate: str) -> str:
    """The certificate as bytes in base64."""
    return base64.b64encode(der(certificate)).decode()


def fingerprint(certificate: str) -> str:
    """SHA-256 of the certificate's bytes, by which a document names it."""
    return hashlib.sha256(der(certificate)).hexdigest()
