"""One user's kit: which files it has, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from labvpn.kit import apple, openvpn, sheet, softether, windows
from labvpn.kit.request import KitRequest

SHEET = "sheet.html"
AUTHORITY = "authority.crt"

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Kit:
    """The files by name, and why one that a user may expect is not among them."""

    files: dict[str, bytes]
    notes: tuple[str, ...]


def kit(order: KitRequest, sign: Sign | None = None) -> Kit:
    """The kit of an order; `sign` wraps Apple's profile in a signature."""
    files = {name: content.encode() for name, content in _texts(order)}
    if order.stack.protocols.l2tp_ipsec and order.by_password:
        profile = apple.profile(order)
        files = {f"{order.user}.mobileconfig": sign(profile) if sign else profile, **files}
    files[SHEET] = sheet.sheet(order, list(files)).encode()
    return Kit(files, tuple(_notes(order)))


def _texts(order: KitRequest) -> Iterator[tuple[str, str]]:
    protocols = order.stack.protocols
    if protocols.l2tp_ipsec and order.by_password:
        yield "windows-l2tp.ps1", windows.l2tp(order)
    if order.trust is not None:
        for reader in openvpn.readers(order):
            for way in openvpn.ways(order):
                yield f"{reader}-{way}.ovpn", openvpn.profile(order, order.trust, way, reader)
        if protocols.sstp and order.by_password and order.trust.names(order.stack.name):
            yield "windows-sstp.ps1", windows.sstp(order, order.trust)
    yield "softether.vpn", softether.setting(order, order.trust)
    if order.trust is not None and order.trust.is_authority:
        yield AUTHORITY, order.trust.pem


def _notes(order: KitRequest) -> Iterator[str]:
    protocols = order.stack.protocols
    if protocols.l2tp_ipsec and order.by_password and order.preshared_key is None:
        yield "without the pre-shared key, which the outputs hold back: give them with --show-secrets"
    if order.account.has_his_own:
        yield "without the password, which stays the one that the user has"
    elif order.secrets and order.by_password and order.password is None:
        yield "without the password, which the outputs hold back: give them with --show-secrets"
    if order.trust and protocols.sstp and not order.trust.names(order.stack.name):
        yield f"without SSTP: the server's certificate does not name {order.stack.name}, so Windows would refuse it"
    if order.trust and not order.trust.is_authority:
        yield "with the server's present certificate pinned: a new one needs new kits"
