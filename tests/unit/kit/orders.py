"""Requests for kits, as the sample stack would give them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from labvpn.kit.request import Identity, KitRequest, Trust
from labvpn.model.outputs import Outputs, read
from labvpn.render import outputs
from tests.unit.samples import credentials, lab

CASES = Path(__file__).parents[2] / "cases/kit"
AUTHORITY = Trust((CASES / "authority.pem").read_text())


def stack(**changes: Any) -> Outputs:
    """The sample's outputs with every secret in clear."""
    exported = outputs.stack_outputs(lab(), credentials(), str)
    return read(json.dumps({**exported, "presharedKey": "it's a preshared key", **changes}))


def order(user: str = "guest1", identity: Identity | None = None, secrets: bool = False, **changes: Any) -> KitRequest:
    return KitRequest(stack(**changes), user, AUTHORITY, identity, secrets)


def split(**changes: Any) -> KitRequest:
    """Everything that another server may have: a split tunnel, SSTP, and a translation before it."""
    return order(
        network={"router": "192.168.30.1", "routes": ["10.98.0.0/24", "10.50.0.0/16"]},
        protocols={"l2tpIpsec": True, "openvpn": True, "sstp": True},
        translated=True,
        **changes,
    )


def several(limit: int = 0, **changes: Any) -> KitRequest:
    """A stack of two servers, and a user whose sessions have this limit in seconds."""
    login = {"host": "203.0.113.20", "hostKey": "ssh-ed25519 AAAA"}
    first = {"address": "203.0.113.20", "dialled": "203.0.113.20", "ssh": login}
    second = {"name": "two", "address": "203.0.113.22", "dialled": "203.0.113.22", "ssh": login}
    return order(servers=[first, second], users={"guest1": {"AutoDisconnect": limit}}, **changes)


@cache
def identity(name: str = "guest1") -> Identity:
    """A certificate of its own for a user."""
    key = generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    certificate = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Identity(certificate.public_bytes(Encoding.PEM).decode(), private)
