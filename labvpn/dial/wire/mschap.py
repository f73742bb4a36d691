"""MS-CHAPv2 as its client computes it (RFC 2759), on MD4 (RFC 1320), SHA-1 and DES."""

from __future__ import annotations

import hashlib
import struct

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB

_MAGIC = (b"Magic server to client signing constant", b"Pad to make it do more than one iteration")
_ROUNDS = (
    (tuple(range(16)), (3, 7, 11, 19), 0),
    (tuple(4 * (i % 4) + i // 4 for i in range(16)), (3, 5, 9, 13), 0x5A827999),
    (tuple(int(f"{i:04b}"[::-1], 2) for i in range(16)), (3, 9, 11, 15), 0x6ED9EBA1),
)


def md4(data: bytes) -> bytes:
    """MD4, which OpenSSL 3 no longer offers without its legacy provider."""
    state = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
    whole = data + b"\x80" + bytes(-(len(data) + 9) % 64) + struct.pack("<Q", 8 * len(data))
    for start in range(0, len(whole), 64):
        changed = _block(state, struct.unpack_from("<16I", whole, start))
        state = tuple((old + new) & 0xFFFFFFFF for old, new in zip(state, changed, strict=True))  # type: ignore[assignment]
    return struct.pack("<4I", *state)


def _block(state: tuple[int, int, int, int], words: tuple[int, ...]) -> tuple[int, int, int, int]:
    a, b, c, d = state
    for number, (request, turns, constant) in enumerate(_ROUNDS):
        for i, word in enumerate(request):
            mixed = ((b & c) | (~b & d), (b & c) | (b & d) | (c & d), b ^ c ^ d)[number]
            total, turn = (a + mixed + words[word] + constant) & 0xFFFFFFFF, turns[i % 4]
            a, b, c, d = d, (total << turn | total >> (32 - turn)) & 0xFFFFFFFF, b, c
    return a, b, c, d


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def des(block: bytes, seven: bytes) -> bytes:
    """DES with a key of 56 bits, whose parity bits do not count; three equal keys make 3DES of it."""
    spread = int.from_bytes(seven, "big")
    key = bytes((spread >> (49 - 7 * i) & 0x7F) << 1 for i in range(8))
    encryptor = Cipher(TripleDES(key * 3), ECB()).encryptor()  # noqa: S305  (what the protocol asks for)
    return encryptor.update(block) + encryptor.finalize()


def response(user: str, password: str, challenge: bytes, own: bytes) -> bytes:
    """NT-Response: the client's answer to a challenge; `own` is the challenge that it makes itself."""
    hashed = md4(password.encode("utf-16-le")) + bytes(5)
    eight = _sha1(own + challenge + user.encode())[:8]
    return b"".join(des(eight, hashed[i : i + 7]) for i in (0, 7, 14))


def proof(user: str, password: str, challenge: bytes, own: bytes) -> str:
    """What a server that knows the password sends with its success: `S=` and forty digits."""
    twice = md4(md4(password.encode("utf-16-le")))
    first = _sha1(twice + response(user, password, challenge, own) + _MAGIC[0])
    eight = _sha1(own + challenge + user.encode())[:8]
    return "S=" + _sha1(first + eight + _MAGIC[1]).hex().upper()
