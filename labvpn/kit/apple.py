"""The profile of macOS, iOS and iPadOS for L2TP/IPsec, by the keys that Apple documents for device management.

https://developer.apple.com/documentation/devicemanagement/vpn
"""

from __future__ import annotations

import plistlib
from datetime import UTC
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from labvpn.kit.request import KitRequest


def profile(request: KitRequest) -> bytes:
    """The .mobileconfig, unsigned. The same order gives the same identifiers, so that a newer profile replaces it."""
    identity = f"{request.user}.{request.stack.name}"
    content: dict[str, Any] = {
        **_payload(f"{_reversed(request.stack.name)}.labvpn.{request.user}", "Configuration", identity),
        "PayloadDisplayName": request.title,
        "PayloadDescription": f"VPN of the lab by L2TP/IPsec, for {request.user}",
        "PayloadContent": [_vpn(request, identity)],
    }
    if request.expires is not None:
        content["RemovalDate"] = request.expires.astimezone(UTC).replace(tzinfo=None)
    return plistlib.dumps(content)


def signed(unsigned: bytes, certificates: bytes, key: bytes) -> bytes:
    """The profile within a CMS signature (RFC 5652, DER), which devices show as verified if they trust the signer.

    `certificates` is a PEM chain, the signer's first. Raises ValueError if they or the key cannot be read.
    """
    signer, *chain = x509.load_pem_x509_certificates(certificates)
    private = load_pem_private_key(key, None)
    if not isinstance(private, RSAPrivateKey | EllipticCurvePrivateKey):
        raise ValueError("the key that signs profiles must be RSA or ECDSA")
    builder = PKCS7SignatureBuilder().set_data(unsigned).add_signer(signer, private, hashes.SHA256())
    for certificate in chain:
        builder = builder.add_certificate(certificate)
    return builder.sign(Encoding.DER, [PKCS7Options.Binary])


def _vpn(request: KitRequest, identity: str) -> dict[str, Any]:
    ppp = {"AuthName": request.login, "CommRemoteAddress": request.stack.name}
    # A device that has the password would send it without a code; it asks at each dial where it has none.
    if request.password is not None and not request.needs_code:
        ppp["AuthPassword"] = request.password
    ipsec: dict[str, Any] = {"AuthenticationMethod": "SharedSecret"}
    if request.preshared_key is not None:
        ipsec["SharedSecret"] = request.preshared_key.encode()
    return {
        **_payload(
            f"{_reversed(request.stack.name)}.labvpn.{request.user}.l2tp", "com.apple.vpn.managed", f"l2tp.{identity}"
        ),
        "PayloadDisplayName": request.title,
        "UserDefinedName": request.title,
        "VPNType": "L2TP",
        "PPP": ppp,
        "IPSec": ipsec,
        "IPv4": {"OverridePrimary": 0 if request.splits else 1},
    }


def _payload(identifier: str, kind: str, identity: str) -> dict[str, Any]:
    number: UUID = uuid5(NAMESPACE_DNS, identity)
    return {
        "PayloadIdentifier": identifier,
        "PayloadType": kind,
        "PayloadUUID": str(number).upper(),
        "PayloadVersion": 1,
    }


def _reversed(name: str) -> str:
    return ".".join(reversed(name.split(".")))
