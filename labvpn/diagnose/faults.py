"""Which fault of its kind a line names: a certificate that is expired or for another name, a hub that does not exist.

The keys are `cause:fault`; `words` has advice for each. Pure.
"""

import re
from functools import cache

from labvpn.diagnose.event import Cause

OPENVPN = "openvpn"
"""The fault of causes that OpenVPN shares with IPsec by name only: its key is in the profile, its port is not 500."""

_PATTERNS: tuple[tuple[Cause, str, str], ...] = (
    (Cause.CREDENTIALS, "hub", r"Virtual Hub .*(?:does not exist|not exist on)|仮想 HUB .*存在しません"),
    (Cause.CERTIFICATE, "not-yet-valid", r"not yet valid|pre-?mature|notBefore|NOT_YET_VALID"),
    (Cause.CERTIFICATE, "expired", r"expired|CertificateExpired|validity period|有効期限|有効期間|만료|过期|過期"),
    (
        Cause.CERTIFICATE,
        "revocation-unchecked",
        r"unable to check revocation|失効(?:の)?サーバー|CRL .*(?:not|unable|fail)",
    ),
    (Cause.CERTIFICATE, "revoked", r"revoked|revocation list|無効な証明書一覧"),
    (
        Cause.CERTIFICATE,
        "wrong-name",
        r"(?:does|did) not (?:match|contain ID)|mismatch|X509NAME|hostname|(?:subject|peer).{0,3}alt.{0,3}name|"
        r"\bCN name|CN 名|constraint check failed: identity|principal name|No matching subjectAltName",
    ),
    (
        Cause.CERTIFICATE,
        "wrong-purpose",
        r"\bE?KU (?:ERROR|FAIL)|key usage|unsupported certificate|certificate purpose",
    ),
    (Cause.CERTIFICATE, "too-weak", r"too weak|too small|TOO_WEAK|TOO_SMALL|SIGALG_DISALLOWED"),
    (
        Cause.CERTIFICATE,
        "missing",
        r"no (?:user|valid|private|peer|client).{0,12}(?:certificate|key)\b.{0,12}(?:found|available|for)|"
        r"could not be found|did not return a certificate|certificate required|Cannot (?:load|open)|"
        r"failed to find (?:a )?valid|No such file|Options error|ありません|見つか|error parsing",
    ),
    (
        Cause.CERTIFICATE,
        "untrusted",
        r"self[- ]signed|issuer|trust|unknown ca|UNKNOWN_CA|CertPath|CERT_PATH|\bchain\b|verif|信頼",
    ),
)

_CODES = {
    "expired": (0x800B0101, 0x80072F05, 0x80090328),
    "wrong-name": (0x800B010F, 0x80090322, 0x80072F06),
    "untrusted": (0x800B0109, 0x800B010A, 0x80090325, 0x80072F0D),
    "revoked": (0x800B010C, 0x80092010),
    "revocation-unchecked": (0x80092012, 0x80092013, 0x80092014),
    "wrong-purpose": (0x800B0110,),
    "missing": (766, 781, 786, 798, 13806, 0x80072F0C),
}
"""Windows' codes that name one fault (winerror.h, wininet.h, Microsoft's list of RAS codes)."""

_SOFTETHER_CODES = {8: "wrong-credentials:hub", 85: "certificate:untrusted", 106: "certificate:expired"}


@cache
def _compiled() -> tuple[tuple[Cause, str, re.Pattern[str]], ...]:
    return tuple((cause, fault, re.compile(pattern, re.IGNORECASE)) for cause, fault, pattern in _PATTERNS)


def of_line(text: str, causes: tuple[Cause, ...]) -> str:
    """The fault that a line names, of its first cause; '' if it names none."""
    named = (
        f"{cause}:{fault}" for cause, fault, pattern in _compiled() if cause in causes[:1] and pattern.search(text)
    )
    return next(named, "")


def of_code(code: int, softether: bool) -> str:
    """The fault that a code names; '' if it names none."""
    if softether:
        return _SOFTETHER_CODES.get(code, "")
    return next((f"{Cause.CERTIFICATE}:{fault}" for fault, numbers in _CODES.items() if code in numbers), "")


FAULTS = frozenset(f"{cause}:{fault}" for cause, fault, _ in _PATTERNS)
"""Every fault that a line can name."""
