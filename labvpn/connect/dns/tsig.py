"""Signed questions and updates to the primary name server: TCP with TSIG (RFC 8945), each outcome its own sentence."""

from __future__ import annotations

import base64
import socket
import struct
import time
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.tsig

from labvpn.connect.errors import HopError

SECONDS = 5.0
"""How long one exchange may take; an update that takes longer is read back, so nothing is lost by giving up early."""


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
        """Dnspython's key; what a server's configuration has around the secret may stand around it here.

        Raises HopError if the secret is not base64: dnspython would leave out what is not, and sign by the rest.
        """
        try:
            secret = base64.b64decode("".join(self.secret.split()).strip('";'), validate=True)
        except ValueError:
            secret = b""
        if not secret:
            raise HopError("The TSIG key", "is not base64", "set dnsKey to the secret between the quotes")
        return dns.tsig.Key(self.name, secret, self.algorithm)


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


class Unreachable(HopError):
    """Nothing is known of the server from here: no way to it, or something on the way answers in its place."""


class Silent(Unreachable):
    """No answer came in time: what was asked may still be done."""


class Conflict(Exception):
    """A prerequisite of an update did not hold."""


def exchange(zone: Zone, message: dns.message.Message, seconds: float = SECONDS) -> dns.message.Message:
    """The server's answer to a message, which is signed here.

    Raises HopError with the remedy of each outcome, and Conflict where a prerequisite of an update does not hold.
    """
    message.use_tsig(zone.signer.key)
    wire = _answer(zone, message.to_wire(), seconds)
    try:
        answer = dns.message.from_wire(wire, keyring=zone.signer.key, request_mac=message.mac)
    except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.tsig.BadTime, dns.exception.DNSException) as error:
        raise _unsigned(zone, wire, error, _is_update(message)) from None
    if not answer.had_tsig:
        raise _bare(zone, wire)
    code = answer.rcode()
    if code in (dns.rcode.YXRRSET, dns.rcode.NXRRSET, dns.rcode.YXDOMAIN, dns.rcode.NXDOMAIN) and _is_update(message):
        raise Conflict
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise _refused(zone, code, _is_update(message))
    return answer


def _is_update(message: dns.message.Message) -> bool:
    return message.opcode() == dns.opcode.UPDATE


def _answer(zone: Zone, wire: bytes, seconds: float) -> bytes:
    remedy = f"check that it runs and that TCP port {zone.port} is open from here"
    try:
        with socket.create_connection((zone.server, zone.port), seconds) as connection:
            connection.sendall(struct.pack("!H", len(wire)) + wire)
            deadline = time.monotonic() + seconds
            (length,) = struct.unpack("!H", _receive(connection, 2, deadline))
            return _receive(connection, length, deadline)
    except TimeoutError:
        raise Silent(zone.hop, f"gives no answer by TCP within {seconds:.0f} s", remedy) from None
    except OSError as error:
        why = (error.strerror or str(error) or type(error).__name__).lower()
        raise Unreachable(zone.hop, f"cannot be reached by TCP ({why})", remedy) from None


def _receive(connection: socket.socket, length: int, deadline: float) -> bytes:
    data = b""
    while len(data) < length:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        part = connection.recv(length - len(data))
        if not part:
            raise OSError("it closed the connection without an answer")
        data += part
    return data


def _unsigned(zone: Zone, wire: bytes, error: Exception, update: bool) -> HopError:
    """The sentence for an answer that our key did not sign."""
    key = f"'{zone.signer.name}' ({zone.signer.algorithm})"
    if isinstance(error, dns.tsig.PeerBadKey):
        return _bad_key(zone, key, update)
    if isinstance(error, dns.tsig.PeerBadSignature):
        return HopError(zone.hop, f"refused the secret of the key {key} (BADSIG)", "set dnsKey to the server's secret")
    if isinstance(error, dns.tsig.PeerBadTime | dns.tsig.BadTime):
        return HopError(zone.hop, f"says that {_clocks(wire)} (BADTIME)", "set the clock that is wrong, by NTP")
    if isinstance(error, dns.exception.FormError):
        return _bare(zone, wire)
    return HopError(
        zone.hop, f"gave an answer that the key {key} did not sign ({type(error).__name__})", "check dnsKey"
    )


def _bad_key(zone: Zone, key: str, update: bool) -> HopError:
    if update:
        # Knot says so of a key that it knows, too (its acl).
        remedy = "give it the right to these names and types there (knot: acl; BIND: update-policy)"
        return HopError(zone.hop, f"gives the key {key} no right to this update of {zone.name} (BADKEY)", remedy)
    return HopError(zone.hop, f"does not know the key {key} (BADKEY)", "set name and algorithm as they are there")


def _bare(zone: Zone, wire: bytes) -> HopError:
    """The sentence for an answer without any signature."""
    try:
        answer = dns.message.from_wire(wire, keyring=False)
    except dns.exception.DNSException:
        return HopError(zone.hop, "gave an answer that cannot be read", "check that a name server listens there")
    if answer.flags & dns.flags.RA and not answer.flags & dns.flags.AA:
        what = "seems to be answered for by a resolver: something on the way intercepts port 53"
        return Unreachable(zone.hop, what, "ask for port 53 to be left alone from here")
    if answer.rcode() in (dns.rcode.NOTAUTH, dns.rcode.REFUSED):
        return _refused(zone, answer.rcode(), False)
    code = dns.rcode.to_text(answer.rcode())
    return HopError(
        zone.hop, f"answered {code} without a signature", "look at its log; it must check signatures (TSIG)"
    )


def _refused(zone: Zone, code: dns.rcode.Rcode, update: bool) -> HopError:
    if code == dns.rcode.NOTAUTH or (code == dns.rcode.REFUSED and not update):
        what = f"does not serve {zone.name} ({dns.rcode.to_text(code)})"
        return HopError(zone.hop, what, "correct dns.zone, or name the zone's primary as dns.server")
    what, remedy = {
        dns.rcode.REFUSED: (
            f"refused the update of {zone.name} (REFUSED)",
            f"give the key '{zone.signer.name}' the right to these names and types there (BIND: update-policy)",
        ),
        dns.rcode.SERVFAIL: (
            f"cannot serve or write {zone.name} (SERVFAIL)",
            "its zone or journal is broken: look at its log",
        ),
        dns.rcode.NOTIMP: ("takes no updates (NOTIMP)", "name the zone's primary as dns.server"),
        dns.rcode.NOTZONE: (f"says that a name lies outside {zone.name} (NOTZONE)", "correct dns.zone or dns.host"),
    }.get(code, (f"refused: {dns.rcode.to_text(code)}", "look at its log"))
    return HopError(zone.hop, what, remedy)


def _clocks(wire: bytes) -> str:
    """By how much the clocks differ: a server that says BADTIME adds its own (RFC 8945, section 5.2.3)."""
    answer = dns.message.from_wire(wire, keyring=False)
    other = answer.tsig[0].other if answer.tsig else b""
    if len(other) != 6:
        return "the clocks differ"
    ahead = answer.tsig[0].time_signed - int.from_bytes(other, "big") if answer.tsig else 0
    side = "ahead of" if ahead > 0 else "behind"
    return f"this machine's clock is {abs(ahead)} s {side} its own"
