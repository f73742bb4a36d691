"""MS-CHAPv2 as its client computes it (RFC 2759), with the MD4 (RFC 1320) and DES (FIPS 46-3) that it is made of."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence

MAGIC = (
    b"Magic server to client signing constant",
    b"Pad to make it do more than one iteration",
)

FIRST = [57 - 8 * (i % 8) + 2 * (i // 8 % 4) - (1 if i >= 32 else 0) for i in range(64)]
LAST = [FIRST.index(i) for i in range(64)]
SPREAD = [(4 * i + j - 1) % 32 for i in range(8) for j in range(6)]
MIX = [
    *(15, 6, 19, 20, 28, 11, 27, 16, 0, 14, 22, 25, 4, 17, 30, 9),
    *(1, 7, 23, 13, 31, 26, 2, 8, 18, 12, 29, 5, 21, 10, 3, 24),
]
KEY = [56 - 8 * (i % 8) + i // 8 for i in range(28)]
KEY += [62 - 8 * (i % 8) - i // 8 for i in range(24)] + [27 - 8 * i for i in range(4)]
CHOICE = [
    *(13, 16, 10, 23, 0, 4, 2, 27, 14, 5, 20, 9, 22, 18, 11, 3, 25, 7, 15, 6, 26, 19, 12, 1),
    *(40, 51, 30, 36, 46, 54, 29, 39, 50, 44, 32, 47, 43, 48, 38, 55, 33, 52, 45, 41, 49, 35, 28, 31),
]
SHIFTS = (1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1)
BOXES = (
    "e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d",
    "f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9",
    "a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c",
    "7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e",
    "2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453",
    "c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d",
    "4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c",
    "d2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b",
)


def bits(data: bytes) -> list[int]:
    """The bits of some bytes, the highest first."""
    return [byte >> (7 - i) & 1 for byte in data for i in range(8)]


def packed(some: Sequence[int]) -> bytes:
    """Bytes of bits."""
    return bytes(int("".join(map(str, some[i : i + 8])), 2) for i in range(0, len(some), 8))


def round_keys(key: bytes) -> Iterator[list[int]]:
    """The sixteen keys of DES."""
    chosen = [bits(key)[i] for i in KEY]
    left, right = chosen[:28], chosen[28:]
    for shift in SHIFTS:
        left, right = left[shift:] + left[:shift], right[shift:] + right[:shift]
        yield [(left + right)[i] for i in CHOICE]


def substituted(half: list[int], key: list[int]) -> list[int]:
    """One round's function of half a block."""
    mixed = [half[i] ^ bit for i, bit in zip(SPREAD, key, strict=True)]
    out: list[int] = []
    for number, box in enumerate(BOXES):
        six = mixed[6 * number : 6 * number + 6]
        row, column = 2 * six[0] + six[5], int("".join(map(str, six[1:5])), 2)
        out += bits(bytes([int(box[16 * row + column], 16)]))[4:]
    return [out[i] for i in MIX]


def des(block: bytes, seven: bytes) -> bytes:
    """A block encrypted with a key of 56 bits, whose parity bits do not count."""
    spread = int.from_bytes(seven, "big")
    key = bytes((spread >> (49 - 7 * i) & 0x7F) << 1 for i in range(8))
    start = [bits(block)[i] for i in FIRST]
    left, right = start[:32], start[32:]
    for one in round_keys(key):
        left, right = right, [a ^ b for a, b in zip(left, substituted(right, one), strict=True)]
    return packed([(right + left)[i] for i in LAST])


def md4(data: bytes) -> bytes:
    """MD4, which Python's own library no longer offers everywhere."""
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    whole = data + b"\x80" + bytes(-(len(data) + 9) % 64) + struct.pack("<Q", 8 * len(data))
    for start in range(0, len(whole), 64):
        words = struct.unpack("<16I", whole[start : start + 64])
        state = [(old + new) & 0xFFFFFFFF for old, new in zip(state, md4_block(state, words), strict=True)]
    return struct.pack("<4I", *state)


def md4_block(state: list[int], words: tuple[int, ...]) -> list[int]:
    """The three rounds over one block."""
    a, b, c, d = state
    orders = (range(16), [4 * (i % 4) + i // 4 for i in range(16)], [int(f"{i:04b}"[::-1], 2) for i in range(16)])
    turns = ((3, 7, 11, 19), (3, 5, 9, 13), (3, 9, 11, 15))
    for number, (order, constant) in enumerate(zip(orders, (0, 0x5A827999, 0x6ED9EBA1), strict=True)):
        for i, word in enumerate(order):
            f = ((b & c) | (~b & d), (b & c) | (b & d) | (c & d), b ^ c ^ d)[number]
            total = (a + f + words[word] + constant) & 0xFFFFFFFF
            turn = turns[number][i % 4]
            a, b, c, d = d, (total << turn | total >> (32 - turn)) & 0xFFFFFFFF, b, c
    return [a, b, c, d]


def sha1(data: bytes) -> bytes:
    """SHA-1, which the protocol asks for."""
    return hashlib.sha1(data, usedforsecurity=False).digest()


def response(user: str, password: str, challenge: bytes, own: bytes) -> bytes:
    """NT-Response: what the client answers; `own` is the challenge that it makes itself."""
    hashed = md4(password.encode("utf-16-le")) + bytes(5)
    eight = sha1(own + challenge + user.encode())[:8]
    return b"".join(des(eight, hashed[i : i + 7]) for i in (0, 7, 14))


def expected(user: str, password: str, challenge: bytes, own: bytes) -> str:
    """What a server that knows the password says at its success: S= and forty digits."""
    twice = md4(md4(password.encode("utf-16-le")))
    first = sha1(twice + response(user, password, challenge, own) + MAGIC[0])
    eight = sha1(own + challenge + user.encode())[:8]
    return "S=" + sha1(first + eight + MAGIC[1]).hex().upper()
