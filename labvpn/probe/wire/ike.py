"""The first packet of IKEv1 main mode, and the server's answer to it (RFC 2408, RFC 2409)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

# MD5 of "RFC 3947". SoftEther answers no initiator that does not send it.
NAT_T_VENDOR_ID = bytes.fromhex("4a131c81070358455c5728f20e95452f")
# On port 4500 IKE is distinguished from ESP by four zero bytes (RFC 3948, 2.2).
NON_ESP_MARKER = bytes(4)

_SA, _NOTIFICATION, _VENDOR_ID = 1, 11, 13
_MAIN_MODE, _INFORMATIONAL = 2, 5
_HEADER = struct.Struct(">8s8sBBBBII")
_PAYLOAD = struct.Struct(">BxH")

_AES, _TRIPLE_DES = 7, 5
_CIPHER, _HASH, _AUTHENTICATION, _GROUP, _LIFE_TYPE, _LIFE, _KEY_LENGTH = 1, 2, 3, 4, 11, 12, 14
# (cipher, key length in bits, hash, group): what Apple, Windows and Android offer for L2TP/IPsec, best first.
_OFFERS = ((_AES, 256, 4, 14), (_AES, 256, 2, 14), (_AES, 128, 2, 14), (_AES, 256, 2, 2), (_TRIPLE_DES, 0, 2, 2))
_NAMES = {
    _CIPHER: {_AES: "AES", _TRIPLE_DES: "3DES"},
    _HASH: {1: "MD5", 2: "SHA1", 4: "SHA256", 5: "SHA384", 6: "SHA512"},
    _GROUP: {1: "modp768", 2: "modp1024", 5: "modp1536", 14: "modp2048"},
}
# RFC 2408, 3.14.1: the notifications an answering but unwilling server sends.
_NOTICES = {14: "no proposal chosen", 16: "payload malformed", 24: "authentication failed"}


def request(cookie: bytes) -> bytes:
    """The first main mode packet for an initiator's `cookie` of eight bytes: the proposals and the NAT-T vendor ID."""
    body = _payload(_VENDOR_ID, _security_association()) + _payload(0, NAT_T_VENDOR_ID)
    return _HEADER.pack(cookie, bytes(8), _SA, 0x10, _MAIN_MODE, 0, 0, _HEADER.size + len(body)) + body


def read(reply: bytes, cookie: bytes) -> str | None:
    """What the server chose or why it declined, in words; None if this is not an answer to the packet with `cookie`."""
    if len(reply) < _HEADER.size:
        return None
    initiator, responder, first, _, exchange, _, _, length = _HEADER.unpack_from(reply)
    if length != len(reply):
        return None
    payloads = dict(_payloads(first, reply[_HEADER.size :]))
    if exchange == _MAIN_MODE and initiator == cookie and responder != bytes(8) and _SA in payloads:
        return "chooses " + _chosen(payloads[_SA])
    # SoftEther declines under a cookie of its own, and names ours inside the notification.
    notification = payloads.get(_NOTIFICATION, b"")
    if exchange == _INFORMATIONAL and (initiator == cookie or cookie in notification):
        return "answers: " + _notice(notification)
    return None


def _payload(following: int, body: bytes) -> bytes:
    return _PAYLOAD.pack(following, _PAYLOAD.size + len(body)) + body


def _security_association() -> bytes:
    transforms = b"".join(_transform(number) for number in range(len(_OFFERS)))
    # Proposal 1, protocol ISAKMP, no SPI; then DOI IPsec, situation "identity only" (RFC 2407, 4.2 and 4.6.1).
    proposal = _payload(0, struct.pack(">BBBB", 1, 1, 0, len(_OFFERS)) + transforms)
    return struct.pack(">II", 1, 1) + proposal


def _transform(number: int) -> bytes:
    cipher, bits, digest, group = _OFFERS[number]
    last = number == len(_OFFERS) - 1
    attributes = [
        (_CIPHER, cipher),
        (_HASH, digest),
        (_AUTHENTICATION, 1),
        (_GROUP, group),
        (_LIFE_TYPE, 1),
        (_LIFE, 28800),
    ]
    if bits:
        attributes.insert(1, (_KEY_LENGTH, bits))
    # The high bit says that the value itself follows, two bytes long (RFC 2408, 3.3).
    encoded = b"".join(struct.pack(">HH", 0x8000 | kind, value) for kind, value in attributes)
    return _payload(0 if last else 3, struct.pack(">BBxx", number + 1, 1) + encoded)


def _payloads(kind: int, rest: bytes) -> Iterator[tuple[int, bytes]]:
    """The payloads of a chain, each as (type, body); it ends at the first that does not fit."""
    while kind and len(rest) >= _PAYLOAD.size:
        following, length = _PAYLOAD.unpack_from(rest)
        if not _PAYLOAD.size <= length <= len(rest):
            return
        yield kind, rest[_PAYLOAD.size : length]
        kind, rest = following, rest[length:]


def _chosen(association: bytes) -> str:
    # DOI and situation 8 bytes, proposal header 8, transform header 8: then the attributes of the one chosen.
    found: dict[int, int] = {}
    for at in range(24, len(association) - 3, 4):
        kind, value = struct.unpack_from(">HH", association, at)
        if not kind & 0x8000:
            break
        found[kind & 0x7FFF] = value
    cipher = _name(found, _CIPHER) + (f"-{found[_KEY_LENGTH]}" if _KEY_LENGTH in found else "")
    return "/".join((cipher, _name(found, _HASH), _name(found, _GROUP)))


def _name(found: dict[int, int], kind: int) -> str:
    return _NAMES[kind].get(found.get(kind, 0), "?")


def _notice(body: bytes) -> str:
    code = struct.unpack_from(">H", body, 6)[0] if len(body) >= 8 else 0
    return _NOTICES.get(code, f"notification {code}")
