"""What the L2TP/IPsec clients of operating systems offer, best first, as servers' logs of real devices show it.

macOS and iOS: fourteen transforms, from AES-256/SHA-256/modp2048 down to 3DES/MD5/modp1024 (charon's logs of macOS
10.12 and later). Windows 10 and 11: five, with elliptic curves first (pluto's and charon's logs). Android up to 11, the
last with L2TP: modp1024 alone, SHA-384 first (pluto's logs of Android 9).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from labvpn.dial.wire import esp
from labvpn.dial.wire.esp import Protection
from labvpn.dial.wire.suite import AES_CBC, MD5, SHA1, SHA256, SHA384, SHA512, TRIPLE_DES, Suite


def _suites(group: int, *pairs: tuple[int, int]) -> Iterator[Suite]:
    for bits, digest in pairs:
        yield Suite(AES_CBC if bits else TRIPLE_DES, bits, digest, group)


def _protections(*pairs: tuple[int, int]) -> tuple[Protection, ...]:
    return tuple(Protection(esp.AES if bits else esp.TRIPLE, bits, integrity) for bits, integrity in pairs)


@dataclass(frozen=True)
class System:
    """A system's client: its offers for both phases, how it logs in, and the name that it gives its L2TP host.

    `refuses_translated` says that it dials no server behind an address translation unless its registry allows that
    (Windows: AssumeUDPEncapsulationContextOnSendRule, Microsoft's article 926179).
    `fails_with` are hashes that it offers and then cannot use: Android up to 11 with SHA-384 (SoftEther's issue 1002).
    """

    name: str
    title: str
    suites: tuple[Suite, ...]
    protections: tuple[Protection, ...]
    vendor_ids: tuple[bytes, ...] = ()
    logins: tuple[str, ...] = ("mschapv2",)
    host: str = ""
    fails_with: tuple[int, ...] = ()
    refuses_translated: bool = False


_APPLE = (
    *_suites(14, (256, SHA256), (256, SHA1), (256, MD5), (256, SHA512)),
    *_suites(5, (256, SHA256), (256, SHA1), (256, MD5)),
    *_suites(2, (256, SHA256), (256, SHA1), (256, MD5), (128, SHA1), (128, MD5), (0, SHA1), (0, MD5)),
)
_APPLE_ESP = _protections((256, esp.HMAC_SHA1), (128, esp.HMAC_SHA1), (0, esp.HMAC_SHA1))

_WINDOWS = (
    *_suites(20, (256, SHA1)),
    *_suites(19, (128, SHA1)),
    *_suites(14, (256, SHA1), (0, SHA1)),
    *_suites(2, (0, SHA1)),
)
_ANDROID = (
    *_suites(2, (256, SHA384), (256, SHA256), (256, SHA512), (256, SHA1), (256, MD5)),
    *_suites(2, (128, SHA256), (128, SHA1), (128, MD5), (0, SHA256), (0, SHA1), (0, MD5)),
)
# MD5 of "FRAGMENTATION" and what racoon and Windows add, by their published sources and specifications (MS-IKEE, 2.2).
_FRAGMENTATION = bytes.fromhex("4048b7d56ebce88525e7de7f00d6c2d380000000")
_MS_NT5 = bytes.fromhex("01528bbbc00696121849ab9a1c5b2a5100000001")
_DRAFTS = tuple(
    bytes.fromhex(text)
    for text in (
        "4df37928e9fc4fd1b3262170d515c662",
        "8f8d83826d246b6fc7a8a6a428c11de8",
        "439b59f8ba676c4c7737ae22eab8f582",
        "4d1e0e136deafa34c4f3ea9f02ec7285",
        "80d0bb3def54565ee84645d4c85ce3ee",
        "9909b64eed937c6573de52ace952fa6b",
        "7d9419a65310ca6f2c179d9215529d56",
        "cd60464335df21f87cfdb2fc68b6a448",
        "90cb80913ebb696e086381b5ec427b1f",
    )
)

SYSTEMS = {
    system.name: system
    for system in (
        System("iphone", "iPhone or iPad", _APPLE, _APPLE_ESP, (*_DRAFTS, _FRAGMENTATION), host="iPhone"),
        System("mac", "Mac", _APPLE, _APPLE_ESP, (*_DRAFTS, _FRAGMENTATION), host="Mac"),
        System(
            "windows",
            "Windows 10 or 11",
            _WINDOWS,
            _protections((256, esp.HMAC_SHA1), (128, esp.HMAC_SHA1), (0, esp.HMAC_SHA1)),
            (_MS_NT5, _DRAFTS[-1], _FRAGMENTATION),
            host="windows",
            refuses_translated=True,
        ),
        System(
            "android",
            "Android up to 11",
            _ANDROID,
            _protections((256, esp.HMAC_SHA256), (256, esp.HMAC_SHA1), (128, esp.HMAC_SHA1), (0, esp.HMAC_SHA1)),
            (*_DRAFTS[-3:], _FRAGMENTATION),
            logins=("mschapv2", "pap"),
            host="anonymous",
            fails_with=(SHA384,),
        ),
    )
}
"""By the names of `--as`."""
