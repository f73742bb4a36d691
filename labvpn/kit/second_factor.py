"""What an authenticator app reads from a QR code, and how the sheet shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

import segno

from labvpn.kit.request import KitRequest

GROUP = 4
"""Characters of the key that are read at a time where it is typed."""


def address(request: KitRequest) -> str:
    """The key as apps read it, '' where it does not go into the kit.

    Its form is https://github.com/google/google-authenticator/wiki/Key-Uri-Format; the values are RFC 6238's defaults.
    """
    if request.code_key is None:
        return ""
    issuer = quote(request.title.replace(":", ""))
    rules = "algorithm=SHA1&digits=6&period=30"
    return f"otpauth://totp/{issuer}:{quote(request.login)}?secret={request.code_key}&issuer={issuer}&{rules}"


def picture(request: KitRequest) -> str:
    """The QR code as SVG, '' where it does not go into the kit."""
    text = address(request)
    return segno.make(text, micro=False).svg_inline(scale=3, border=2, omitsize=True) if text else ""


def facts(request: KitRequest, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The line of the key, for whoever has no camera at hand."""
    if request.needs_code:
        key = request.code_key
        typed = " ".join(key[at : at + GROUP] for at in range(0, len(key), GROUP)) if key else words["code_apart"]
        yield words["code"], typed


def steps(request: KitRequest, words: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """How the app gets the key once, and how a code is typed each time."""
    if request.needs_code:
        yield words["code_heading"], [words["code_app"], words["code_typed"], words["code_once"]]
