"""What there is to say of a server's certificate: whom it is for, and how long it still lasts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labvpn.probe.observation import Certificate

_DAY = 86400
# Clients and their users need time to get a new certificate.
_SOON = 30 * _DAY


def problems(certificate: Certificate, now: float) -> Iterator[str]:
    """Why clients refuse the certificate at the Unix time `now`."""
    if certificate.not_after is not None and certificate.not_after < now:
        yield f"the certificate of {_named(certificate)} expired {_days(now - certificate.not_after)} ago"


def notes(certificate: Certificate, names: Sequence[str], now: float) -> Iterator[str]:
    """What will become a problem, or is one for some clients; `names` are those that users dial."""
    if certificate.not_after is not None and now <= certificate.not_after < now + _SOON:
        yield f"the certificate of {_named(certificate)} expires in {_days(certificate.not_after - now)}"
    for name in names:
        if certificate.names and not any(_covers(one, name) for one in certificate.names):
            yield f"the certificate is for {_named(certificate)}, not for {name}: clients that check the name refuse it"


def _covers(pattern: str, name: str) -> bool:
    """Whether a certificate's name, which may begin with `*.`, is that of the host (RFC 6125)."""
    pattern, name = pattern.lower(), name.lower()
    return pattern == name or (pattern.startswith("*.") and pattern[2:] == name.partition(".")[2])


def _named(certificate: Certificate) -> str:
    return ", ".join(certificate.names) or certificate.fingerprint[:16]


def _days(seconds: float) -> str:
    days = int(seconds // _DAY)
    return "1 day" if days == 1 else f"{days} days"
