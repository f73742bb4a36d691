"""SoftEther's password hashes: base64 of SHA-0, which no library has any more."""

import base64
import struct

MASK = 0xFFFFFFFF
ROUNDS = ((0x5A827999, 0), (0x6ED9EBA1, 1), (0x8F1BBCDC, 2), (0xCA62C1D6, 1))


def sha0(data: bytes) -> bytes:
    """SHA-0 (FIPS 180 of 1993): SHA-1 without the rotation in the message schedule."""
    padded = data + b"\x80" + b"\x00" * ((55 - len(data)) % 64) + struct.pack(">Q", 8 * len(data))
    state = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
    for start in range(0, len(padded), 64):
        mixed = block(state, padded[start : start + 64])
        state = tuple((old + new) & MASK for old, new in zip(state, mixed))  # type: ignore[assignment]  # noqa: B905
    return struct.pack(">5I", *state)


def block(state: "tuple[int, int, int, int, int]", data: bytes) -> "tuple[int, int, int, int, int]":
    """The eighty rounds over one block of 64 bytes."""
    words = list(struct.unpack(">16I", data))
    for i in range(16, 80):
        words.append(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16])
    a, b, c, d, e = state
    for i in range(80):
        constant, choice = ROUNDS[i // 20]
        mixed = d ^ (b & (c ^ d)) if choice == 0 else b ^ c ^ d if choice == 1 else (b & c) | (d & (b | c))
        rotated = ((a << 5) | (a >> 27)) + mixed + e + constant + words[i]
        a, b, c, d, e = rotated & MASK, a, ((b << 30) | (b >> 2)) & MASK, c, d
    return a, b, c, d, e


def password_hash(password: str) -> str:
    """How the administrator's and a hub's password are stored (`HashedPassword`)."""
    return base64.b64encode(sha0(password.encode("utf-8"))).decode("ascii")


def user_hash(password: str, name: str) -> str:
    """How a user's password is stored (`AuthPassword`, `HashedKey`): with the name in capitals behind it."""
    return password_hash(password + name.upper())
