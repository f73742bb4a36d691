"""Passwords of users, derived from one secret of the stack, so that thousands need not be stored."""

from __future__ import annotations

import base64
import hashlib
import hmac

LENGTH = 20
"""Characters of a derived password: 100 bits in base32's alphabet, which has no 0, 1 or 8 to be misread."""


def derive(secret: str, user: str, rotation: int) -> str:
    """The password of a user: HMAC-SHA256 (RFC 2104) of name and rotation number, in lower-case base32."""
    # SoftEther folds the case of names, and so must the password of one.
    message = f"labvpn/user/{user.upper()}/{rotation}".encode()
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:LENGTH]
