"""SSTP's opening request, an HTTP request inside TLS, and the server's answer (MS-SSTP, 3.2.4.1 and 3.3.5.1)."""

from __future__ import annotations

_PATH = "/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/"
# The request has no end: its length is the largest number of 64 bits.
_ENDLESS = 2**64 - 1


def request(host: str, correlation: str) -> bytes:
    """The request to `host` (a name or an address); `correlation` is a UUID that the server may log."""
    lines = (
        f"SSTP_DUPLEX_POST {_PATH} HTTP/1.1",
        f"Host: {host}",
        f"SSTPCORRELATIONID: {{{correlation}}}",
        f"Content-Length: {_ENDLESS}",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii")


def is_answer(reply: bytes) -> bool:
    """Whether the server accepts to speak SSTP: status 200."""
    return reply.startswith(b"HTTP/1.1 200")
