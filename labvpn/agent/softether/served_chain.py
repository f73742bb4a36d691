"""The certificates that the server shows: no call gives its chain back, so it is read from a handshake of TLS 1.2."""

import hashlib
import socket
import ssl
from typing import Iterator, List

HANDSHAKE, CERTIFICATE = 22, 11
"""A record's type and a message's (RFC 5246, 6.2.1 and 7.4); until both sides change their ciphers all is in clear."""

SECONDS = 5.0
BLOCK = 1 << 14
MOST = 1 << 20


def certificates_at(port: int) -> List[bytes]:
    """The DER of each certificate that a port of this host shows, its own first; OSError without a handshake."""
    context = ssl._create_unverified_context()  # noqa: S323 -- only what is shown is read, and nothing is sent
    if hasattr(ssl, "TLSVersion"):
        # TLS 1.3 encrypts the certificates; Python 3.6 speaks it nowhere that has this server.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing)
    heard = b""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        while len(heard) < MOST:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
            data = connection.recv(BLOCK)
            if not data:
                raise OSError("the connection was closed within the handshake")
            heard += data
            incoming.write(data)
    return list(certificates_in(heard))


def certificates_in(heard: bytes) -> Iterator[bytes]:
    """The certificates in what a server sent at the beginning of a handshake."""
    messages = b"".join(records(heard))
    while len(messages) >= 4:
        kind, size = messages[0], int.from_bytes(messages[1:4], "big")
        if kind == CERTIFICATE:
            yield from parts(messages[7 : 4 + size])
            return
        messages = messages[4 + size :]


def records(heard: bytes) -> Iterator[bytes]:
    """The bodies of the first records, as long as they are of the handshake."""
    while len(heard) >= 5 and heard[0] == HANDSHAKE:
        size = int.from_bytes(heard[3:5], "big")
        yield heard[5 : 5 + size]
        heard = heard[5 + size :]


def parts(listed: bytes) -> Iterator[bytes]:
    """The parts of a list, each with its length in three bytes before it."""
    while len(listed) >= 3:
        size = int.from_bytes(listed[:3], "big")
        yield listed[3 : 3 + size]
        listed = listed[3 + size :]


def chain_digest(chain: List[bytes]) -> str:
    """The SHA-256 of the certificates after the server's own, `none` where there are none."""
    return hashlib.sha256(b"".join(chain)).hexdigest() if chain else "none"
