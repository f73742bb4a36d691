"""How the server speaks TLS, and where it sends its logs."""

from __future__ import annotations

import ssl
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from labvpn.model.base import Value
from labvpn.model.server import PortNumber

HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,253}$")]


def _cipher(name: str) -> str:
    try:
        # SoftEther takes any word and then speaks no TLS 1.2 at all.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).set_ciphers(name)
    except ssl.SSLError:
        raise ValueError(f"'{name}' is not a cipher of OpenSSL; take a name of `openssl ciphers`") from None
    return name


Cipher = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{3,64}$"), AfterValidator(_cipher)]


class Tls(Value):
    """The oldest version that the server speaks, and the cipher that it insists on."""

    minimum: Literal["1.0", "1.1", "1.2"] = "1.2"
    cipher: Cipher | None = Field(
        default=None, description="by OpenSSL's name, such as ECDHE-RSA-AES256-GCM-SHA384; left out: the server's own"
    )


class Syslog(Value):
    """Where the server sends its logs by syslog; each kind takes in the one before it."""

    host: HostName
    port: PortNumber = 514
    send: Literal["none", "server", "security", "packet"] = "security"
