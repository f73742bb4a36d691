"""Why SoftEther refuses a login: its own protocol answers with a code where PPP says only "refused".

The exchange is that of the published source (Protocol.c), on any TLS port: a greeting, the server's random
number, the hash of the password with it. An accepted login is left at once, before its session carries anything.
"""

from __future__ import annotations

import http.client
import os
import ssl

from labvpn.agent.softether.hashes import sha0
from labvpn.dial.wire import pack

SECONDS = 5.0
PORTS = (443, 992, 5555)
"""SoftEther's usual ports, where the stack's are not known."""
ACCEPTED = 0
_LARGEST = 1 << 20
_CLIENT: dict[str, pack.Value] = {
    "client_str": "labvpn dial",
    "client_ver": 502,
    "client_build": 5180,
    "hello": "labvpn dial",
}


def login_code(server: str, ports: tuple[int, ...], hub: str, user: str, password: str) -> int | None:
    """The code by which the server answers a login, 0 where it accepts; None where no port speaks the protocol."""
    for port in ports:
        try:
            return _asked(server, port, hub, user, password)
        except (OSError, http.client.HTTPException, KeyError, TypeError):
            continue
    return None


def _asked(server: str, port: int, hub: str, user: str, password: str) -> int:
    # The certificate is not what is asked about, and no password is sent that could be used again.
    context = ssl._create_unverified_context()  # noqa: S323
    connection = http.client.HTTPSConnection(server, port, timeout=SECONDS, context=context)
    try:
        hello = _post(connection, "/vpnsvc/connect.cgi", "image/jpeg", b"VPNCONNECT")
        challenge = hello["random"]
        if not isinstance(challenge, bytes):
            raise TypeError("no random number in the greeting")
        proof = sha0(sha0(password.encode() + user.upper().encode()) + challenge)
        login: dict[str, pack.Value] = {"method": "login", "hubname": hub, "username": user, "authtype": 1}
        numbers: dict[str, pack.Value] = {
            "protocol": 0,
            "max_connection": 1,
            "use_encrypt": 1,
            "use_compress": 0,
            "half_connection": 0,
        }
        whole: dict[str, pack.Value] = {
            **login,
            "secure_password": proof,
            **_CLIENT,
            **numbers,
            "unique_id": os.urandom(20),
        }
        answer = _post(connection, "/vpnsvc/vpn.cgi", "application/octet-stream", pack.encoded(whole))
        # SoftEther welcomes a user by a session's values, without an error; an empty answer is not SoftEther's.
        code = answer.get("error", ACCEPTED if answer else None)
        if not isinstance(code, int):
            raise TypeError("no code in the answer")
        return code
    finally:
        connection.close()


def _post(connection: http.client.HTTPSConnection, path: str, kind: str, body: bytes) -> dict[str, pack.Value]:
    connection.request("POST", path, body, {"Content-Type": kind, "Connection": "Keep-Alive"})
    return pack.decoded(connection.getresponse().read(_LARGEST))


def split(name: str, hub: str) -> tuple[str, str]:
    """User and hub of a name as it is dialled (`user@HUB`, `HUB\\user`); `hub` is the default one."""
    if "\\" in name:
        other, _, user = name.partition("\\")
        return user, other
    user, at, other = name.rpartition("@")
    return (user, other) if at else (name, hub)
