"""SoftEther's password hashes: base64 of SHA-0, which no library has any more."""

import base64
import struct
from typing import Dict, Iterable, List, Tuple

START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
BLOCK = 64
AT_ONCE = 1024


def sha0(data: bytes) -> bytes:
    """SHA-0 (FIPS 180 of 1993): SHA-1 without the rotation in the message schedule."""
    return sha0_each([data])[0]


def sha0_each(messages: Iterable[bytes]) -> List[bytes]:
    """The SHA-0 of several messages, many at once, as ten thousand users have to wait for it."""
    whole = [
        data + b"\x80" + b"\x00" * ((55 - len(data)) % BLOCK) + struct.pack(">Q", 8 * len(data)) for data in messages
    ]
    digests: Dict[bytes, bytes] = {}
    for length in {len(data) for data in whole}:
        alike = [data for data in whole if len(data) == length]
        for first in range(0, len(alike), AT_ONCE):
            some = alike[first : first + AT_ONCE]
            digests.update(zip(some, side_by_side(some)))  # noqa: B905
    return [digests[data] for data in whole]


def side_by_side(messages: List[bytes]) -> List[bytes]:
    """The digests of padded messages of one length. Each has 64 bits of every number, 32 in use."""
    ones = int.from_bytes(b"\0\0\0\0\0\0\0\1" * len(messages), "big")
    state = [ones * word for word in START]
    for start in range(0, len(messages[0]), BLOCK):
        blocks = [message[start : start + BLOCK] for message in messages]
        columns = zip(*(struct.unpack(">16I", one) for one in blocks))  # noqa: B905
        words = [int.from_bytes(struct.pack(">{}Q".format(len(column)), *column), "big") for column in columns]
        mixed = rounds(state, words, ones)
        state = [(old + new) & 0xFFFFFFFF * ones for old, new in zip(state, mixed)]  # noqa: B905
    size = 8 * len(messages)
    columns = zip(*(struct.unpack(">{}Q".format(len(messages)), word.to_bytes(size, "big")) for word in state))  # noqa: B905
    return [struct.pack(">5I", *column) for column in columns]


def rounds(state: List[int], words: List[int], ones: int) -> Tuple[int, int, int, int, int]:
    """The eighty rounds over one block, for every message at once; no sum needs more than 64 bits."""
    mask = 0xFFFFFFFF * ones
    for i in range(16, 80):
        words.append(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16])
    a, b, c, d, e = state
    for i, word in enumerate(words):
        if i < 20:
            mixed = (d ^ (b & (c ^ d))) + 0x5A827999 * ones
        elif i < 40:
            mixed = (b ^ c ^ d) + 0x6ED9EBA1 * ones
        elif i < 60:
            mixed = ((b & c) | (d & (b | c))) + 0x8F1BBCDC * ones
        else:
            mixed = (b ^ c ^ d) + 0xCA62C1D6 * ones
        turned = ((a << 5) | (a >> 27)) & mask
        a, b, c, d, e = (turned + mixed + e + word) & mask, a, ((b << 30) | (b >> 2)) & mask, c, d
    return a, b, c, d, e


def password_hash(password: str) -> str:
    """How the administrator's and a hub's password are stored (`HashedPassword`)."""
    return base64.b64encode(sha0(password.encode("utf-8"))).decode("ascii")


def user_hash(password: str, name: str) -> str:
    """How a user's password is stored (`AuthPassword`, `HashedKey`): with the name in capitals behind it."""
    return password_hash(password + name.upper())


def user_hashes(passwords: Dict[str, str]) -> Dict[str, str]:
    """The same for many users, by `HUB/USER`."""
    words = [(password + name.partition("/")[2].upper()).encode("utf-8") for name, password in passwords.items()]
    hashes = [base64.b64encode(digest).decode("ascii") for digest in sha0_each(words)]
    return dict(zip(passwords, hashes))  # noqa: B905
