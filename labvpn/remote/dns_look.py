"""A look at the name before anything is written: at the server that takes updates, and at those that the world asks."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from labvpn.model.dns import Mode, Name
from labvpn.model.records import Key
from labvpn.observe.dns import Shown, Sight, Walk
from labvpn.observe.dns_judge import Finding, judge
from labvpn.remote import dns as primary
from labvpn.remote import dns_walk
from labvpn.remote.dns_ask import Server, show_each
from labvpn.remote.dns_wire import Signer, Unreachable, Zone
from labvpn.remote.errors import HopError

PRIVATE_SECONDS = 8.0
"""How long the questions to a server that no delegation leads to may take."""


def zone_of(name: Name, secret: str) -> Zone:
    """The zone at its primary, with the key that may change it. ValueError for a name that is set by hand."""
    if name.server is None or name.key is None:
        raise ValueError("this name is set by hand, not by update")
    signer = Signer(name.key.name, name.key.algorithm.value, secret)
    return Zone(name.apex, str(name.server), name.port, signer)


class NameRefused(HopError):
    """Everything that stands in the way of the name, a sentence a line."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        Exception.__init__(self, "\n".join(map(str, findings)))


def check(name: Name, secret: str | None) -> Sight:
    """What is seen of the name; NameRefused with everything that stands in the way of keeping it by update."""
    sight = look(name, secret)
    refusals = [finding for finding in judge(name, sight) if finding.refuses]
    if refusals and name.mode is Mode.UPDATE:
        raise NameRefused(refusals)
    return sight


def look(name: Name, secret: str | None) -> Sight:
    """What is seen of the name; bounded in time, changes nothing and raises nothing."""
    asked = list(name.keys)
    with ThreadPoolExecutor(2) as pool:
        walked = pool.submit(_walk, name, asked)
        sight = _at_primary(name, asked, secret)
        return replace(sight, walk=walked.result())


def _walk(name: Name, keys: list[Key]) -> Walk:
    if name.delegation == "private":
        # Where a person sets the record nobody else can be asked for it than the server that is named.
        asks = name.mode is Mode.MANUAL and name.server is not None
        servers = (Server("", str(name.server)),) if asks else ()
        return Walk("unasked", servers=show_each(servers, name.apex, keys, time.monotonic() + PRIVATE_SECONDS))
    return dns_walk.walk(name.apex, name.fqdn, keys, [str(root) for root in name.roots])


def _at_primary(name: Name, keys: list[Key], secret: str | None) -> Sight:
    nothing = Walk("unasked")
    if name.mode is Mode.MANUAL or secret is None:
        return Sight(nothing)
    try:
        shown: Shown = primary.show(zone_of(name, secret), keys)
    except Unreachable as error:
        return Sight(nothing, unverified=str(error))
    except HopError as error:
        return Sight(nothing, refusal=str(error))
    return Sight(nothing, shown)
