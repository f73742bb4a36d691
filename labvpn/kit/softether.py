"""The connection setting of SoftEther's own client, in the file format that it exports and imports.

The setting pins the server's own certificate. An authority has no place in it: the user adds that to the client's list,
and without it the client refuses the server.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Iterator, Mapping

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from labvpn.kit.request import Identity, KitRequest, Trust

Tree = Mapping[str, "str | int | bool | bytes | Tree"]

BY_PASSWORD, BY_RADIUS, BY_CERTIFICATE = 1, 2, 3
"""CLIENT_AUTHTYPE_PASSWORD, _PLAIN_PASSWORD and _CERT of SoftEther's source."""

_PLAIN = frozenset(string.ascii_letters + string.digits + ".-_")

NO_RETRY = 0
"""NumRetry: a session that was cut is not dialled again.

The client 5.01.9674 on Linux cannot: once it has dialled again by itself, no data passes until it is restarted.
"""


def setting(request: KitRequest, trust: Trust | None) -> str:
    """The .vpn file; the client asks for the password at the first dial."""
    root: Tree = {
        "CheckServerCert": trust is not None,
        "StartupAccount": False,
        "ClientAuth": _auth(request),
        "ClientOption": _option(request),
        # Since 5.02 the client then asks the system whom to trust; an older one skips the word.
        **({"AddDefaultCA": True} if trust and trust.is_known else {}),
        **({"ServerCert": trust.der} if trust and not trust.is_authority else {}),
    }
    # The reader skips the byte order mark with the comment; without a comment it takes the mark for a word.
    return "\ufeff" + "".join(f"{line}\r\n" for line in (f"# {request.title}", "declare root", *_block(root)))


def _auth(request: KitRequest) -> Tree:
    if request.identity is None and (request.account.radius or request.needs_code):
        # RADIUS knows no hash of SoftEther's, and checks codes as well: the client has to send the password itself.
        return {"AuthType": BY_RADIUS, "Username": request.user}
    if request.identity is None:
        return {"AuthType": BY_PASSWORD, "HashedPassword": bytes(20), "Username": request.user}
    if not request.secrets:
        return {"AuthType": BY_CERTIFICATE, "Username": request.user}
    return {"AuthType": BY_CERTIFICATE, "Username": request.user, **_identity(request.identity)}


def _identity(identity: Identity) -> Tree:
    certificate = x509.load_pem_x509_certificate(identity.certificate.encode())
    key = load_pem_private_key(identity.key.encode(), None)
    plain = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return {"ClientCert": certificate.public_bytes(Encoding.DER), "ClientKey": plain}


def _option(request: KitRequest) -> Tree:
    return {
        "AccountName": request.title,
        "AdditionalConnectionInterval": 1,
        "ConnectionDisconnectSpan": 0,
        "DeviceName": "VPN",
        "HideNicInfoWindow": False,
        "HideStatusWindow": False,
        "Hostname": request.stack.name,
        "HubName": request.stack.hub,
        "MaxConnection": 1,
        "NoUdpAcceleration": True,
        "NumRetry": NO_RETRY,
        "Port": request.tcp[0],
        "PortUDP": 0,
        "ProxyType": 0,
        "RequireBridgeRoutingMode": False,
        "RequireMonitorMode": False,
        "RetryInterval": 15,
        "UseCompress": False,
        "UseEncrypt": True,
    }


def _block(tree: Tree) -> Iterator[str]:
    yield "{"
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield f"\tdeclare {name}"
            yield from (f"\t{line}" for line in _block(value))
        else:
            yield f"\t{_value(name, value)}"
    yield "}"


def _value(name: str, value: str | int | bool | bytes) -> str:
    if isinstance(value, bool):
        return f"bool {name} {'true' if value else 'false'}"
    if isinstance(value, int):
        return f"uint {name} {value}"
    if isinstance(value, bytes):
        return f"byte {name} {base64.b64encode(value).decode()}"
    return f"string {name} {_string(value)}"


def _string(text: str) -> str:
    """The format's own escape: each byte that is not a letter, digit, dot or hyphen as `$` and its two digits."""
    return "".join(chr(byte) if chr(byte) in _PLAIN else f"${byte:02X}" for byte in text.encode()) or "$"
