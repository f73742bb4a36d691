"""The lab's A record at its primary name server: read, and changed by signed update (RFC 2136, RFC 8945) over TCP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update

from labvpn.remote.errors import HopError

SECONDS = 10
"""How long one exchange may take."""


@dataclass(frozen=True)
class Signer:
    """A TSIG key: its secret in base64 stays out of every message."""

    name: str
    algorithm: str
    secret: str

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Signer({self.name}, {self.algorithm})"

    @property
    def key(self) -> dns.tsig.Key:
        """Dnspython's key. Raises HopError if the secret is no base64."""
        try:
            return dns.tsig.Key(self.name, self.secret, self.algorithm)
        except ValueError:
            raise HopError("The TSIG key", "is no base64", "set dnsKey to the secret between the quotes") from None


@dataclass(frozen=True)
class Zone:
    """A zone at the server that takes updates for it."""

    name: str
    server: str
    port: int
    signer: Signer

    @property
    def hop(self) -> str:
        """How sentences name the server."""
        return f"The name server {self.server}"


@dataclass(frozen=True)
class Record:
    """An A record set of one address."""

    host: str
    address: str
    ttl: int


def check(zone: Zone) -> None:
    """Ask for the zone's SOA, signed: raises HopError unless server, key and clock are right. Nothing is changed."""
    query = dns.message.make_query(dns.name.from_text(zone.name), dns.rdatatype.SOA)
    query.use_tsig(zone.signer.key)
    _exchange(zone, query)


def read(zone: Zone, host: str) -> Record | None:
    """The record as the server shows it; None if there is none."""
    name = dns.name.from_text(host, dns.name.from_text(zone.name))
    answer = _exchange(zone, dns.message.make_query(name, dns.rdatatype.A))
    found = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, dns.rdatatype.A)
    if not found:
        return None
    return Record(host, ",".join(sorted(item.address for item in found)), found.ttl)


def create(zone: Zone, record: Record) -> None:
    """Add the record where there is none; one that is there already with the same address is taken as ours."""

    def fill(update: dns.update.UpdateMessage) -> None:
        update.absent(record.host, "A")
        update.add(record.host, record.ttl, "A", record.address)

    _change(zone, record, fill, lambda now: now is not None and now.address == record.address)


def replace(zone: Zone, old: Record, new: Record) -> None:
    """Put the new record in the old one's place, only where the old one still stands (compare and set)."""

    def fill(update: dns.update.UpdateMessage) -> None:
        for address in old.address.split(","):
            update.present(old.host, "A", address)
        update.replace(new.host, new.ttl, "A", new.address)

    _change(zone, new, fill, lambda now: now == new)


def delete(zone: Zone, record: Record) -> None:
    """Remove our address from the name; another one of the same name stays."""
    update = _update(zone)
    update.delete(record.host, "A", record.address)
    _exchange(zone, update)


def _change(
    zone: Zone, record: Record, fill: Callable[[dns.update.UpdateMessage], None], done: Callable[[Record | None], bool]
) -> None:
    update = _update(zone)
    fill(update)
    try:
        _exchange(zone, update)
    except _Conflict as conflict:
        now = read(zone, record.host)
        if not done(now):
            raise _occupied(zone, record, now) from conflict


def _occupied(zone: Zone, record: Record, now: Record | None) -> HopError:
    shown = f"A {now.address}" if now else "no A record"
    what = f"shows {shown} for {record.host}.{zone.name}, which this stack did not put there"
    return HopError(zone.hop, what, "remove it there, or run this again if somebody changed it just now")


def _update(zone: Zone) -> dns.update.UpdateMessage:
    return dns.update.UpdateMessage(dns.name.from_text(zone.name), keyring=zone.signer.key)


class _Conflict(Exception):
    """A prerequisite of the update did not hold."""


def _exchange(zone: Zone, message: dns.message.Message) -> dns.message.Message:
    """The server's answer. Raises HopError with the remedy of each outcome, _Conflict for a prerequisite."""
    try:
        answer = dns.query.tcp(message, zone.server, timeout=SECONDS, port=zone.port)
    except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.tsig.BadTime, dns.exception.FormError) as error:
        raise _refusal(zone, error) from None
    except (OSError, EOFError, dns.exception.Timeout) as error:
        why = "no answer" if isinstance(error, dns.exception.Timeout) else str(error) or type(error).__name__
        remedy = f"check that it runs and that TCP port {zone.port} is open from here"
        raise HopError(zone.hop, f"cannot be reached by TCP ({why})", remedy) from None
    code = answer.rcode()
    if code in (dns.rcode.YXRRSET, dns.rcode.NXRRSET, dns.rcode.YXDOMAIN):
        raise _Conflict
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise HopError(zone.hop, f"refused: {dns.rcode.to_text(code)}", _REMEDIES.get(code, "look at the server's log"))
    return answer


def _refusal(zone: Zone, error: Exception) -> HopError:
    key = zone.signer.name
    remedies: list[tuple[type[Exception], str, str]] = [
        (
            dns.tsig.PeerBadKey,
            f"does not know the key '{key}' (BADKEY)",
            "name and algorithm must match the server's key",
        ),
        (dns.tsig.PeerBadSignature, f"refused the secret of key '{key}' (BADSIG)", "set dnsKey to the server's secret"),
        (dns.tsig.PeerBadTime, "says that the clocks differ (BADTIME)", "set this machine's clock, or the server's"),
        (
            dns.exception.FormError,
            f"answered without a signature; it may not serve {zone.name}",
            "check zone and server",
        ),
    ]
    for kind, what, remedy in remedies:
        if isinstance(error, kind):
            return HopError(zone.hop, what, remedy)
    return HopError(zone.hop, f"gave an answer that key '{key}' did not sign ({type(error).__name__})", "check dnsKey")


_REMEDIES = {
    dns.rcode.REFUSED: "let this key update the name there (BIND: update-policy)",
    dns.rcode.NOTAUTH: "it does not serve this zone; check zone and server",
    dns.rcode.SERVFAIL: "its zone or journal is broken; look at its log",
    dns.rcode.NOTIMP: "it takes no updates; name the primary server",
}
