"""Passwords of users and hubs, derived from one secret of the stack, so that thousands need not be stored."""

from __future__ import annotations

import base64
import hashlib
import hmac

LENGTH = 20
"""Characters of a derived password: 100 bits in base32's alphabet, which has no 0, 1 or 8 to be misread."""


def derive(secret: str, user: str, rotation: int) -> str:
    """The password of a user: HMAC-SHA256 (RFC 2104) of name and rotation number, in lower-case base32."""
    # SoftEther folds the case of names, and so must the password of one.
    return _derived(secret, f"labvpn/user/{user.upper()}/{rotation}")


def derive_for_hub(secret: str, hub: str) -> str:
    """The password of a hub's administrator, made in the same way of another message, so that none tells another."""
    return _derived(secret, f"labvpn/hub/{hub.upper()}")


def _derived(secret: str, message: str) -> str:
    digest = hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:LENGTH]
