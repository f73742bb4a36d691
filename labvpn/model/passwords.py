"""Secrets that are ours to choose, and passwords of users, derived from one of them, so that none need be stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from concurrent.futures import Future
from functools import lru_cache
from threading import Thread

LENGTH = 20
"""Characters of a derived password: 100 bits in base32's alphabet, which has no 0, 1 or 8 to be misread."""

CODE_BYTES = 20
"""Of the secret of codes: as many as SHA-1 has, which authenticator apps compute with."""

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are read for one another."""

GROUPS, SIZE = 7, 4
"""Of a new secret: 28 of 31 letters are 138 bits."""

STRONG = 80
"""Bits below which a secret of the stack counts as weak: whoever has one derived password may guess without end."""

COST = 2**17
"""scrypt's N (RFC 7914) with r 8 and p 1, OWASP's figure of 2023: 128 MiB and half a second for each guess."""

WORD = 13.0
"""Bits of a word that somebody chose, as of one drawn from a list of 7776 (the most that a row of letters counts)."""

RANDOM = re.compile(r"[0-9a-f]{24,}|[0-9A-F]{24,}")
AGAIN = re.compile(r"(.{5,}).*\1|01234|12345|abcde", re.IGNORECASE)
"""What hexadecimal digits of a random source look like, and what they do not have in them."""

ROWS = (
    *("abcdefghijklmnopqrstuvwxyz", "0123456789abcdef", "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"),
    *("1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm"),
)
"""In whose order people type and count: the alphabet, digits, the keyboard across and down."""

STRIDES = range(1, 5)
"""How far apart the characters of one row may stand: `1q2w3e` has two rows in turn, `1qaz2wsx` four."""

COUNTED = 1 / 3
"""The part of a secret from which on it counts as typed in order: of a random one, a twentieth is by chance."""

EXAMPLES = frozenset({"2b7e151628aed2a6abf7158809cf4f3c", "603deb1015ca71be2b73aef0857d7781"})
"""Keys of the examples in NIST SP 800-38A that are in no order."""


def new_secret() -> str:
    """A new secret such as `k7wd-...`, which every server and client of the lab takes as a password."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(SIZE)) for _ in range(GROUPS))


def strength(secret: str) -> float:
    """Bits of a secret as somebody would guess it: letters in a row count as a word, a word again counts nothing.

    Of one that was typed or counted in some order, only what is in no order counts.
    """
    if len(set(secret)) < SIZE * 2 or any(one in secret.lower() for one in EXAMPLES):
        return 0.0
    ordered = _in_order(secret.lower()) / len(secret)
    return _strength(secret) * (1 - ordered if ordered > COUNTED else 1)


def _in_order(secret: str) -> int:
    """How many characters go on by the same step, of at most one, as those before them, on one of the rows."""
    return sum(any(_goes_on(secret[at::-stride][:3]) for stride in STRIDES) for at in range(len(secret)))


def _goes_on(three: str) -> bool:
    """Whether three characters, the last one first, are at equal steps of at most one."""
    if len(three) < 3:
        return False
    if three[0] == three[1] == three[2]:
        return True
    return any(three in row or three[::-1] in row for row in ROWS)


def _strength(secret: str) -> float:
    if RANDOM.fullmatch(secret) and not AGAIN.search(secret):
        return 4.0 * len(secret)
    rows = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^A-Za-z0-9]+", secret)
    long = {row.lower() for row in rows if len(row) >= 3}
    short = [row for row in rows if len(row) < 3]
    of_signs = {row for row in short if not row.isalnum()}
    return (
        sum(min(WORD, _bits(row)) for row in long) + sum(_bits(row) for row in short if row.isalnum()) + len(of_signs)
    )


def _bits(row: str) -> float:
    return len(row) * (3.3 if row.isdigit() else 4.7)


def derive(secret: str, user: str, rotation: int, version: int = 1) -> str:
    """The password of a user: HMAC-SHA256 (RFC 2104) of name and rotation number, in lower-case base32.

    In version 2 the secret is stretched by scrypt first, so that nobody who has a password can guess at the secret.
    """
    # SoftEther folds the case of names, and so must the password of one.
    return _derived(secret, f"labvpn/user/{user.upper()}/{rotation}", version)


def derive_for_hub(secret: str, hub: str, version: int = 1) -> str:
    """The password of a hub's administrator, made in the same way of another message, so that none tells another."""
    return _derived(secret, f"labvpn/hub/{hub.upper()}", version)


def derive_for_codes(secret: str, user: str, rotation: int, reset: int, version: int = 1) -> str:
    """The secret of a user's codes in base32, as an authenticator app takes it: 160 bits (RFC 4226, 4, R6)."""
    digest = _digest(secret, f"labvpn/code/{user.upper()}/{rotation}/{reset}", version)
    return base64.b32encode(digest[:CODE_BYTES]).decode()


def derive_for_verifier(secret: str, version: int = 1) -> str:
    """What SoftEther and the code verifier beside it know each other by."""
    return _derived(secret, "labvpn/verifier", version)


def _derived(secret: str, message: str, version: int) -> str:
    return base64.b32encode(_digest(secret, message, version)).decode().lower()[:LENGTH]


def _digest(secret: str, message: str, version: int) -> bytes:
    key = secret.encode() if version == 1 else stretched(secret).result()
    return hmac.new(key, message.encode(), hashlib.sha256).digest()


@lru_cache(8)
def stretched(secret: str) -> Future[bytes]:
    """The key of all users of a stack, begun once in a run: half a second in which the caller may do something else."""
    key: Future[bytes] = Future()
    Thread(target=_stretch, args=(secret, key), name="passwords", daemon=True).start()
    return key


def _stretch(secret: str, key: Future[bytes]) -> None:
    try:
        made = hashlib.scrypt(secret.encode(), salt=b"labvpn/users/2", n=COST, r=8, p=1, maxmem=2**28, dklen=32)
    except BaseException as error:
        key.set_exception(error)
    else:
        key.set_result(made)
