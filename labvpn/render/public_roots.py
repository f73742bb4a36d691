"""The roots of Let's Encrypt, by which OpenVPN's profiles trust its certificates: other clients have them already."""

from __future__ import annotations

import re
from pathlib import Path

import certifi

ROOT = re.compile(
    r"^# Issuer: [^\n]*O=Internet Security Research Group.*?"
    r"(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)",
    re.MULTILINE | re.DOTALL,
)
"""A root of the organisation behind Let's Encrypt, as Mozilla's list has it: a comment, and the certificate."""


def lets_encrypt() -> str:
    """All of its roots that browsers trust, in PEM: it may go over from one to another."""
    return "".join(found.strip() + "\n" for found in ROOT.findall(Path(certifi.where()).read_text("utf-8")))
