"""Certificates in a configuration: PEM text, or the name of a file whose text the reader of the settings supplies."""

from __future__ import annotations

import base64
import hashlib
import ssl
from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo

BEGIN = "-----BEGIN CERTIFICATE-----"


def _pem(given: object, info: ValidationInfo) -> object:
    if not isinstance(given, str):
        return given
    text = given
    if BEGIN not in given:
        files = (info.context or {}).get("files")
        if files is None:
            raise ValueError("is no certificate in PEM; give the text from -----BEGIN CERTIFICATE----- on")
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
