"""Why a dial stopped, where the exchange alone does not decide it: asked once more by another way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import softether
from labvpn.dial.outcome import AnyCause, DialCause, DialOutcome, Finding
from labvpn.probe.observation import Refusal
from labvpn.probe.sockets import knock_tcp

if TYPE_CHECKING:
    from labvpn.dial.run import DialRequest

NO_HUB, REFUSED, HUB_STOPPING, DENIED, TOO_MANY, SOURCE_DENIED = 8, 9, 10, 12, 20, 109
FULL = (15, 16, 21)
"""SoftEther's codes (published source, Cedar.h); too many connections, sessions of the hub, and for the licence."""
NOTHING_LISTENS, PROHIBITED = 3, (9, 10, 13)
"""Codes of ICMP's type 3 (RFC 792, RFC 1812, 5.2.7.1)."""


def refused(request: DialRequest, server: str, outcome: DialOutcome) -> DialOutcome:
    """The reason of a refused login, asked in SoftEther's own protocol, whose answer carries a code."""
    user, hub = softether.split(request.user, request.hub)
    if not hub:
        return replace(outcome, notes=[*outcome.notes, Finding("name-the-hub")])
    code = softether.login_code(server, request.ports, hub, user, request.password)
    values: dict[str, str | int] = {"hub": hub, "code": code or 0}
    if code is None:
        return replace(outcome, notes=[*outcome.notes, Finding("no-code")])
    known: dict[int, tuple[AnyCause, str]] = {
        softether.ACCEPTED: (Cause.PROPOSAL, "accepted-elsewhere"),
        NO_HUB: (Cause.CREDENTIALS, "no-hub"),
        REFUSED: (Cause.CREDENTIALS, "login-refused"),
        DENIED: _denied(request),
        TOO_MANY: (Cause.SECOND_LOGIN, "too-many"),
        HUB_STOPPING: (DialCause.HUB_OFFLINE, "hub-offline"),
        SOURCE_DENIED: (Cause.DEVICE, "other-code"),
        **dict.fromkeys(FULL, (Cause.FULL, "other-code")),
    }
    # Another code is an answer too, and decides nothing: what it means in a client's log was not seen here.
    cause, because = known.get(code, (Cause.UNKNOWN, "other-code"))
    return replace(outcome, cause=cause, because=Finding(because, values))


def _denied(request: DialRequest) -> tuple[Cause, str]:
    """The code of an account that has ended is also that of one that is locked out for a moment."""
    if request.expires is not None and request.expires.astimezone() <= datetime.now(UTC):
        return Cause.EXPIRED, "account-ended"
    return (Cause.TIME_OVER, "locked-out") if request.is_known else (Cause.EXPIRED, "denied")


def rejected(request: DialRequest, server: str, outcome: DialOutcome, refusals: Mapping[int, Refusal]) -> DialOutcome:
    """Who rejected a port, and whether the server bans this source, where a port was rejected by ICMP."""
    if not refusals or outcome.cause not in (Cause.IPSEC_PORTS, Cause.ESP_OR_4500):
        return outcome
    if any(_is_ban(refusal, server) for refusal in refusals.values()) and is_banned(server, request.ports):
        return replace(outcome, cause=DialCause.BANNED, stage=Stage.TRANSPORT, because=Finding("banned"))
    notes = [_rejection(port, refusal, server) for port, refusal in sorted(refusals.items())]
    return replace(outcome, notes=[*outcome.notes, *notes])


def is_banned(server: str, ports: tuple[int, ...]) -> bool:
    """Whether the server's firewall refuses this source on every TCP port of the VPN.

    A machine without a listener resets TCP; "port unreachable" to TCP is what a firewall's rule answers by itself, and
    a ban is such a rule. firewalld's zones say "prohibited" instead.
    """
    answers = (knock_tcp(server, port).refusal for port in ports)
    return bool(ports) and all(refusal is not None and _is_ban(refusal, server) for refusal in answers)


def _is_ban(refusal: Refusal, server: str) -> bool:
    return (refusal.code, refusal.offender) == (NOTHING_LISTENS, server)


def _rejection(port: int, refusal: Refusal, server: str) -> Finding:
    values: dict[str, str | int] = {"port": port, "by": refusal.offender or "?", "code": refusal.code or 0}
    if refusal.offender is None:
        return Finding("rejected", values)
    if refusal.offender != server:
        return Finding("rejected-on-the-way", values)
    return Finding("rejected-by-firewall" if refusal.code in PROHIBITED else "nothing-listens", values)


def ended(request: DialRequest, server: str, outcome: DialOutcome, how: str) -> DialOutcome:
    """Why a session ended before its time: at its limit the server locks the user out for a moment."""
    user, hub = softether.split(request.user, request.hub)
    code = softether.login_code(server, request.ports, hub, user, request.password) if hub else None
    if how == "server-gone" or code is None:
        return replace(outcome, cause=DialCause.ENDED, stage=Stage.DISCONNECTED, because=Finding(how))
    cause = Cause.TIME_OVER if code == DENIED else DialCause.ENDED
    because = "cut-and-locked-out" if code == DENIED else how
    return replace(outcome, cause=cause, stage=Stage.DISCONNECTED, because=Finding(because))
