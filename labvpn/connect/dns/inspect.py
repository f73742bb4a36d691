"""Inspection of the name before anything is written: of the server that takes updates, and of those delegated to."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from labvpn.connect.dns import delegation, primary
from labvpn.connect.dns.query import NameServer, answers
from labvpn.connect.dns.tsig import Signer, Unreachable, Zone
from labvpn.connect.errors import HopError
from labvpn.model.dns import DnsMode, DnsName
from labvpn.plan.dns_checks import DnsFinding, find_problems
from labvpn.state.dns import DelegationTrace, DnsSnapshot, ServerAnswer
from labvpn.state.records import Key

PRIVATE_SECONDS = 8.0
"""How long the questions to a server that no delegation leads to may take."""


def zone_of(name: DnsName, secret: str) -> Zone:
    """The zone at its primary, with the key that may change it. ValueError for a name that is set by hand."""
    if name.server is None or name.key is None:
        raise ValueError("this name is set by hand, not by update")
    signer = Signer(name.key.name, name.key.algorithm.value, secret)
    return Zone(name.apex, str(name.server), name.port, signer)


class NameRefused(HopError):
    """Everything that prevents keeping the name, a sentence a line."""

    def __init__(self, name: str, findings: Iterable[DnsFinding]) -> None:
        self.findings = tuple(findings)
        super().__init__(f"The name {name}", "cannot be kept by update", "see the findings")
        self.args = ("\n".join(map(str, self.findings)),)


def check(name: DnsName, secret: str | None) -> DnsSnapshot:
    """The snapshot of the name; NameRefused with everything that prevents keeping it by update."""
    snapshot = inspect(name, secret)
    refusals = [finding for finding in find_problems(name, snapshot) if finding.refuses]
    if refusals and name.mode is DnsMode.UPDATE:
        raise NameRefused(name.fqdn, refusals)
    return snapshot


def inspect(name: DnsName, secret: str | None) -> DnsSnapshot:
    """The snapshot of the name; bounded in time, changes nothing and raises nothing."""
    asked = list(name.keys)
    with ThreadPoolExecutor(2) as pool:
        walked = pool.submit(_trace, name, asked)
        snapshot = _at_primary(name, asked, secret)
        return replace(snapshot, walk=walked.result())


def _trace(name: DnsName, keys: list[Key]) -> DelegationTrace:
    if name.delegation == "private":
        # Where a person sets the record nobody else can be asked for it than the server that is named.
        asks = name.mode is DnsMode.MANUAL and name.server is not None
        servers = (NameServer("", str(name.server)),) if asks else ()
        return DelegationTrace("unasked", servers=answers(servers, name.apex, keys, time.monotonic() + PRIVATE_SECONDS))
    return delegation.trace(name.apex, name.fqdn, keys, [str(root) for root in name.roots])


def _at_primary(name: DnsName, keys: list[Key], secret: str | None) -> DnsSnapshot:
    nothing = DelegationTrace("unasked")
    if name.mode is DnsMode.MANUAL or secret is None:
        return DnsSnapshot(nothing)
    try:
        answer: ServerAnswer = primary.answer(zone_of(name, secret), keys)
    except Unreachable as error:
        return DnsSnapshot(nothing, unverified=str(error))
    except HopError as error:
        return DnsSnapshot(nothing, refusal=str(error))
    return DnsSnapshot(nothing, answer)
