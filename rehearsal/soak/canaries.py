"""Every form in which a secret could leak: as it is, encoded, or hashed as SoftEther stores it."""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from labvpn.agent.softether.hashes import sha0

LONG_ENOUGH = 12
"""Shorter forms, in bytes, could occur by chance."""

PUBLIC = {"hostKey", "fortigateCa"}


def forms(secrets: Mapping[str, str], users: Mapping[str, str]) -> dict[bytes, str]:
    """Each form of each secret, with its name: secrets by their key in the configuration, users' passwords by user."""
    found: dict[bytes, str] = {}
    named = {key: text for key, text in secrets.items() if key not in PUBLIC}
    for name, text in (*named.items(), *((f"password of {user}", text) for user, text in users.items())):
        for part in _parts(text):
            found |= {form: f"{name} {kind}" for kind, form in _encoded(part)}
        if "\n" not in text.strip():
            found |= {form: f"{name} {kind}" for kind, form in _hashed(text)}
    for user, text in users.items():
        digest = sha0((text + user.upper()).encode())
        found |= {form: f"password of {user} as SoftEther's user hash, {kind}" for kind, form in _binary(digest)}
    return {form: name for form, name in found.items() if len(form) >= LONG_ENOUGH}


def occurring(needles: Iterable[bytes], text: bytes) -> set[bytes]:
    """Those that stand in a text; one by one, since an expression of them all took 15 s for a state of 1 MB."""
    return {each for each in needles if each in text}


def _parts(text: str) -> list[bytes]:
    """A text of one line unchanged; of a PEM key the lines that contain its private half."""
    lines = text.strip().splitlines()
    if len(lines) == 1:
        return [lines[0].encode()]
    # The first two lines of an OpenSSH key are its header and its public half.
    return [line.encode() for line in lines[3:-1]]


def _encoded(text: bytes) -> Iterator[tuple[str, bytes]]:
    yield "in clear", text
    yield "as JSON writes it", json.dumps(text.decode())[1:-1].encode()
    yield "URL-encoded", quote(text, safe="").encode()
    for kind, form in _binary(text):
        yield f"in {kind}", form
    if re.fullmatch(rb"[A-Za-z0-9+/]{40,}={0,2}", text) and len(text) % 4 == 0:
        raw = base64.b64decode(text)
        yield "decoded", raw
        yield "decoded, in hex", raw.hex().encode()


def _hashed(text: str) -> Iterator[tuple[str, bytes]]:
    for name, digest in (("SHA-0", sha0(text.encode())), ("NT hash", md4(text.encode("utf-16-le")))):
        for kind, form in _binary(digest):
            yield f"as {name}, {kind}", form


def _binary(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Hexadecimal in both cases, and base64 with the secret at any offset in the encoded data."""
    yield "hex", data.hex().encode()
    yield "hex", data.hex().upper().encode()
    for shift in range(3):
        inner = base64.b64encode(b"\0" * shift + data)
        # The outermost digits depend on the neighbours.
        kept = inner[4 if shift else 0 : -4]
        yield "base64", kept
        yield "base64 for URLs", kept.replace(b"+", b"-").replace(b"/", b"_")


def md4(data: bytes) -> bytes:
    """MD4 (RFC 1320), which OpenSSL no longer offers."""
    padded = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + struct.pack("<Q", 8 * len(data))
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    for start in range(0, len(padded), 64):
        mixed = _block(state, struct.unpack("<16I", padded[start : start + 64]))
        state = [(old + new) & 0xFFFFFFFF for old, new in zip(state, mixed, strict=True)]
    return struct.pack("<4I", *state)


_ORDERS = (
    range(16),
    [4 * (i % 4) + i // 4 for i in range(16)],
    [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
)
_SHIFTS = ((3, 7, 11, 19), (3, 5, 9, 13), (3, 9, 11, 15))
_CONSTANTS = (0, 0x5A827999, 0x6ED9EBA1)


def _block(state: list[int], words: tuple[int, ...]) -> tuple[int, int, int, int]:
    a, b, c, d = state
    for turn in range(3):
        for step, place in enumerate(_ORDERS[turn]):
            choice = ((b & c) | (~b & d), (b & c) | (b & d) | (c & d), b ^ c ^ d)[turn]
            total = (a + choice + words[place] + _CONSTANTS[turn]) & 0xFFFFFFFF
            shift = _SHIFTS[turn][step % 4]
            a, b, c, d = d, ((total << shift) | (total >> (32 - shift))) & 0xFFFFFFFF, b, c
    return a, b, c, d
