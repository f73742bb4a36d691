"""One user's kit: which files it has, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

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


def kit(request: KitRequest, sign: Sign | None = None) -> Kit:
    """The kit of an order; `sign` wraps Apple's profile in a signature."""
    files = {name: content.encode() for name, content in _texts(request)}
    if request.stack.protocols.l2tp_ipsec and request.by_ppp:
        profile = apple.profile(request)
        files = {f"{request.user}.mobileconfig": sign(profile) if sign else profile, **files}
    files[SHEET] = sheet.sheet(request, list(files)).encode()
    return Kit(files, tuple(_notes(request)))


def _texts(request: KitRequest) -> Iterator[tuple[str, str]]:
    protocols = request.stack.protocols
    if protocols.l2tp_ipsec and request.by_ppp:
        yield "windows-l2tp.ps1", windows.l2tp(request)
    if request.trust is not None:
        for reader in openvpn.readers(request):
            for way in openvpn.ways(request):
                yield f"{reader}-{way}.ovpn", openvpn.profile(request, request.trust, way, reader)
        if protocols.sstp and request.tcp and request.by_ppp and request.trust.names(request.stack.name):
            yield "windows-sstp.ps1", windows.sstp(request, request.trust)
    if request.tcp:
        yield "softether.vpn", softether.setting(request, request.trust)
    if request.trust is not None and request.trust.is_authority and not request.trust.is_known:
        yield AUTHORITY, request.trust.pem


def _notes(request: KitRequest) -> Iterator[str]:
    protocols = request.stack.protocols
    if request.by_password and not request.by_ppp:
        yield "without L2TP and SSTP, which cannot hand on a code with a password that the campus's RADIUS has"
    if protocols.l2tp_ipsec and request.by_ppp and request.preshared_key is None:
        yield "without the pre-shared key, which the outputs hold back: give them with --show-secrets"
    if not request.tcp:
        yield "without SoftEther's own client and SSTP: the outputs name no TCP port"
    if request.account.has_his_own:
        yield "without the password, which remains the one that the user has"
    elif request.secrets and request.by_password and request.password is None:
        yield "without the password, which the outputs hold back: give them with --show-secrets"
    if request.needs_code and request.code_key is None:
        how = "the outputs hold it back: give them with --show-secrets" if request.secrets else "give --secrets"
        yield f"without the QR code for the authenticator app; {how}"
    if request.trust and protocols.sstp and request.by_ppp and not request.trust.names(request.stack.name):
        yield f"without SSTP: the server's certificate does not name {request.stack.name}, so Windows would refuse it"
    if request.trust and request.trust.is_known:
        yield "with no authority to install: devices know the one that signs the server's certificate"
    if request.trust and not request.trust.acme and request.trust.expires <= datetime.now(UTC):
        ended = f"with a certificate to trust that ended on {request.trust.expires:%Y-%m-%d}, so devices refuse the"
        yield f"{ended} server; renew it, run `pulumi up`, and make the kit again"
    if request.trust and not request.trust.is_authority:
        yield "with the server's current certificate pinned: a new one needs new kits"
