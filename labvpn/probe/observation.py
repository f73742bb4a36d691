"""What one machine sees of one port, as values, and what that says: open, dropped or rejected, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from labvpn.probe.targets import ProbedPort

OPEN, DROPPED, REJECTED = "open", "dropped", "rejected"

# ICMP type 3 (RFC 792, RFC 1812 5.2.7.1): what the code says of the packet that it answers.
_PORT_UNREACHABLE = 3
_NO_HOST = frozenset({1, 7})
_FIREWALL = frozenset({_PORT_UNREACHABLE, 9, 10, 13})


@dataclass(frozen=True)
class Refusal:
    """An error that came back instead of an answer: its errno name, and who sent it where the system shows it."""

    error: str
    code: int | None = None
    offender: str | None = None


@dataclass(frozen=True)
class Certificate:
    """A server's certificate: SHA-256 fingerprint in hex, the names it is for, its last second (Unix time)."""

    fingerprint: str
    names: tuple[str, ...] = ()
    not_after: int | None = None


@dataclass(frozen=True)
class Observation:
    """One port as one machine sees it, after `tries` tries.

    `services` are the protocols that answered and `detail` what they said; a TCP port may accept (`connected`) and
    answer nothing.
    """

    port: ProbedPort
    tries: int
    connected: bool = False
    services: tuple[str, ...] = ()
    detail: str = ""
    refusal: Refusal | None = None
    certificate: Certificate | None = None

    @property
    def state(self) -> str:
        """Open, dropped or rejected; a UDP port is open only if something answers."""
        if self.connected or self.services:
            return OPEN
        return REJECTED if self.refusal else DROPPED


def cause(observation: Observation, address: str, fortigate: tuple[str, ...] = ()) -> str:
    """Why the port of the server at `address` is not open, as one of the symbols of `fault_localisation`.

    "silence", "no listener", "firewall:server", "firewall:fortigate" (from one of its addresses, where they are known),
    "firewall:elsewhere", "firewall:unseen", "no host" (the last router finds no machine), "unreachable", or "open".
    """
    refusal = observation.refusal
    if observation.state != REJECTED or refusal is None:
        return "open" if observation.state == OPEN else "silence"
    symbol = _refused(observation.port.protocol, refusal, address)
    return "firewall:fortigate" if symbol == "firewall:elsewhere" and refusal.offender in fortigate else symbol


def _refused(protocol: str, refusal: Refusal, address: str) -> str:
    ours = refusal.offender in (None, address)
    if refusal.code is None:
        # No ICMP in sight: a TCP reset, another system than Linux, or an error of this machine itself.
        return {"ECONNREFUSED": "no listener", "EHOSTUNREACH": "firewall:unseen"}.get(refusal.error, "unreachable")
    # A machine without a listener resets TCP itself: "port unreachable" to TCP is a firewall's word.
    if refusal.code == _PORT_UNREACHABLE and ours and protocol == "udp":
        return "no listener"
    if refusal.code in _FIREWALL:
        return "firewall:server" if ours else "firewall:elsewhere"
    return "no host" if refusal.code in _NO_HOST else "unreachable"


def to_json(observation: Observation) -> dict[str, Any]:
    """The observation as JSON carries it."""
    port = observation.port
    return {**asdict(observation), "port": port.number, "protocol": port.protocol, "state": observation.state}


def from_json(data: Mapping[str, Any]) -> Observation:
    """The observation of such JSON; raises KeyError, TypeError or ValueError for any other."""
    refusal, certificate = data.get("refusal"), data.get("certificate")
    return Observation(
        ProbedPort(str(data["protocol"]), int(data["port"])),
        int(data["tries"]),
        bool(data["connected"]),
        tuple(str(service) for service in data["services"]),
        str(data["detail"]),
        _refusal(refusal) if refusal else None,
        _certificate(certificate) if certificate else None,
    )


def _refusal(data: Mapping[str, Any]) -> Refusal:
    code, offender = data.get("code"), data.get("offender")
    return Refusal(str(data["error"]), None if code is None else int(code), None if offender is None else str(offender))


def _certificate(data: Mapping[str, Any]) -> Certificate:
    ends = data.get("not_after")
    names = tuple(str(name) for name in data["names"])
    return Certificate(str(data["fingerprint"]), names, None if ends is None else int(ends))
