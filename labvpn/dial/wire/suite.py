"""The algorithms of IKEv1 by their numbers: groups, hashes, ciphers (RFC 2409, 3526, 4868, 5903)."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

CIPHER, DIGEST, AUTHENTICATION, GROUP, LIFE_TYPE, LIFE, KEY_LENGTH = 1, 2, 3, 4, 11, 12, 14
"""Attributes of phase 1 (RFC 2409, appendix A)."""

TRIPLE_DES, AES_CBC = 5, 7
MD5, SHA1, SHA256, SHA384, SHA512 = 1, 2, 4, 5, 6
HASHES = {MD5: "md5", SHA1: "sha1", SHA256: "sha256", SHA384: "sha384", SHA512: "sha512"}
CURVES: dict[int, ec.EllipticCurve] = {19: ec.SECP256R1(), 20: ec.SECP384R1()}
GROUP_BITS = {2: 1024, 5: 1536, 14: 2048}

_PI_OFFSETS = {1024: 129093, 1536: 741804, 2048: 124476}
"""RFC 2409, 6.2 and RFC 3526: p = 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + offset)."""


def _pi(bits: int) -> int:
    """floor(pi * 2^bits), by Machin's formula with sixteen guard bits."""
    one = 1 << (bits + 16)

    def arctangent(inverse: int) -> int:
        term = total = one // inverse
        divisor, sign = 3, -1
        while term:
            term //= inverse * inverse
            total += sign * (term // divisor)
            divisor, sign = divisor + 2, -sign
        return total

    return 4 * (4 * arctangent(5) - arctangent(239)) >> 16


def prime(bits: int) -> int:
    """The prime of a modp group."""
    return (1 << bits) - (1 << (bits - 64)) - 1 + (1 << 64) * (_pi(bits - 130) + _PI_OFFSETS[bits])


class KeyExchange:
    """One side of a Diffie-Hellman exchange in a group that IKEv1 numbers."""

    def __init__(self, group: int) -> None:
        self.group = group
        if group in CURVES:
            self._key = ec.generate_private_key(CURVES[group])
            numbers = self._key.public_key().public_numbers()
            self.public = b"".join(number.to_bytes(self._size, "big") for number in (numbers.x, numbers.y))
        else:
            self._secret = int.from_bytes(os.urandom(40), "big")
            self.public = pow(2, self._secret, self._prime).to_bytes(self._size, "big")

    @cached_property
    def _prime(self) -> int:
        return prime(GROUP_BITS[self.group])

    @property
    def _size(self) -> int:
        return CURVES[self.group].key_size // 8 if self.group in CURVES else GROUP_BITS[self.group] // 8

    def shared(self, public: bytes) -> bytes:
        """The shared secret with the other side's public value. ValueError if that is not one of the group."""
        if self.group in CURVES:
            half = self._size
            if len(public) != 2 * half:
                raise ValueError("the public value has another length than its group's")
            x, y = (int.from_bytes(part, "big") for part in (public[:half], public[half:]))
            other = ec.EllipticCurvePublicNumbers(x, y, CURVES[self.group]).public_key()
            return self._key.exchange(ec.ECDH(), other)
        value = int.from_bytes(public, "big")
        if not 1 < value < self._prime - 1:
            raise ValueError("the public value is not one of the group")
        return pow(value, self._secret, self._prime).to_bytes(self._size, "big")


@dataclass(frozen=True)
class Suite:
    """A cipher with its key's length in bits (0 for 3DES), a hash and a group, by the numbers of phase 1."""

    cipher: int
    bits: int
    digest: int
    group: int

    @property
    def attributes(self) -> list[tuple[int, int]]:
        """As a transform's attributes: pre-shared key, a life of eight hours."""
        length = [(KEY_LENGTH, self.bits)] if self.bits else []
        rest = [(DIGEST, self.digest), (AUTHENTICATION, 1), (GROUP, self.group), (LIFE_TYPE, 1), (LIFE, 28800)]
        return [(CIPHER, self.cipher), *length, *rest]

    @property
    def name(self) -> str:
        """As logs write it: `AES-256/SHA256/modp2048`."""
        cipher = f"AES-{self.bits}" if self.cipher == AES_CBC else "3DES"
        group = f"ecp{CURVES[self.group].key_size}" if self.group in CURVES else f"modp{GROUP_BITS[self.group]}"
        return f"{cipher}/{HASHES[self.digest].upper()}/{group}"

    @property
    def block(self) -> int:
        """Bytes of a block of the cipher."""
        return 16 if self.cipher == AES_CBC else 8

    @property
    def key_size(self) -> int:
        """Bytes of the cipher's key."""
        return self.bits // 8 if self.cipher == AES_CBC else 24

    def hash(self, data: bytes) -> bytes:
        """The digest of some bytes."""
        return hashlib.new(HASHES[self.digest], data, usedforsecurity=False).digest()

    def prf(self, key: bytes, data: bytes) -> bytes:
        """The keyed digest by which IKEv1 makes keys (RFC 2409, 4)."""
        return hmac.new(key, data, HASHES[self.digest]).digest()

    def encrypt(self, key: bytes, iv: bytes, data: bytes) -> bytes:
        """Encrypt whole blocks."""
        encryptor = self._cipher(key, iv).encryptor()
        return encryptor.update(data) + encryptor.finalize()

    def decrypt(self, key: bytes, iv: bytes, data: bytes) -> bytes | None:
        """Decrypt; None where the data is not whole blocks."""
        if not data or len(data) % self.block:
            return None
        decryptor = self._cipher(key, iv).decryptor()
        return decryptor.update(data) + decryptor.finalize()

    def _cipher(self, key: bytes, iv: bytes) -> Cipher[CBC]:
        return Cipher(AES(key) if self.cipher == AES_CBC else TripleDES(key), CBC(iv))


def chosen(attributes: dict[int, int]) -> Suite | None:
    """The suite of a transform's attributes; None for one that is not known here."""
    cipher, bits = attributes.get(CIPHER, 0), attributes.get(KEY_LENGTH, 0)
    digest, group = attributes.get(DIGEST, 0), attributes.get(GROUP, 0)
    known = digest in HASHES and (group in CURVES or group in GROUP_BITS)
    if not known or cipher not in (AES_CBC, TRIPLE_DES) or (cipher == AES_CBC and bits not in (128, 192, 256)):
        return None
    return Suite(cipher, bits if cipher == AES_CBC else 0, digest, group)
