"""SoftEther's own protocol up to the login, with whatever text in its fields; run on a machine of the rehearsal.

    python3 raw_login.py SERVER PORT [SOURCE]    {"logins": [{"username": "x"}, ...]} on stdin, the answers on stdout

What is sent are packs (Cedar/Protocol.c, Mayaqua/Pack.c): names with numbers, texts or bytes, over HTTP in TLS.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
import sys
from typing import Any

NUMBER, DATA, TEXT = 0, 1, 2
PASSWORD, UNKNOWN = 1, 77


def pack(values: dict[str, int | str | bytes]) -> bytes:
    """A pack of single values."""
    body = struct.pack(">I", len(values))
    for name, value in values.items():
        kind = NUMBER if isinstance(value, int) else TEXT if isinstance(value, str) else DATA
        body += struct.pack(">I", len(name) + 1) + name.encode() + struct.pack(">II", kind, 1)
        if isinstance(value, int):
            body += struct.pack(">I", value)
        else:
            # What is no UTF-8 travels as it is.
            data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
            body += struct.pack(">I", len(data)) + data
    return body


def post(wire: ssl.SSLSocket, target: str, body: bytes) -> bytes:
    """Send one request and return the body of the answer."""
    head = f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
    wire.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    data = b""
    while b"\r\n\r\n" not in data:
        data += received(wire)
    begun, _, rest = data.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in begun.decode().split("\r\n") if line.lower().startswith("content-length:"))
    while len(rest) < length:
        rest += received(wire)
    return rest


def received(wire: ssl.SSLSocket) -> bytes:
    data = wire.recv(65536)
    if not data:
        raise ConnectionError("closed")
    return data


def log_in(server: str, port: int, source: str, fields: dict[str, Any]) -> str:
    """One connection and one login or change of password; the error number that the server gives, or how it ended.

    `source` among the fields is the address from which to come.
    """
    source = fields.pop("source", source)
    values: dict[str, int | str | bytes] = {
        "method": "login",
        "hubname": "LAB",
        "username": "guest1",
        "authtype": PASSWORD,
        "secure_password": os.urandom(20),
        "secure_old_password": os.urandom(20),
        "new_password": os.urandom(20),
        "hello": "SoftEther VPN Client",
        "client_str": "SoftEther VPN Client",
        "client_ver": 501,
        "client_build": 9674,
        "protocol": 0,
        "max_connection": 1,
        "use_encrypt": 1,
        "half_connection": 0,
        "unique_id": os.urandom(20),
        **fields,
    }
    context = ssl._create_unverified_context()  # noqa: S323 -- an attacker trusts anybody
    try:
        with socket.create_connection((server, port), 5, (source, 0)) as plain, context.wrap_socket(plain) as wire:
            wire.settimeout(8)
            post(wire, "/vpnsvc/connect.cgi", b"VPNCONNECT")
            answer = post(wire, "/vpnsvc/vpn.cgi", pack(values))
    except (OSError, ConnectionError) as error:
        return f"{type(error).__name__}: {error}"
    at = answer.find(b"\0\0\0\x06error")
    return str(struct.unpack_from(">I", answer, at + 17)[0]) if at >= 0 else "in"


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    server, port, source = sys.argv[1], int(sys.argv[2]), (sys.argv[3:] or [""])[0]
    print(json.dumps([log_in(server, port, source, one) for one in asked["logins"]]))
