"""Expectations as packets that a vantage point can send: what `labvpn check` proves, from the stack's outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labvpn.model.expect import CAMPUS, INTERNET, Expectation, Sender, sender_of, targets_of
from labvpn.reach.expectations import Decider
from labvpn.reach.model import ReachModel

PLACES = {INTERNET: "outside", CAMPUS: "campus", "user": "vpn", "group": "vpn", "hub": "vpn"}
"""Where a vantage point for each kind of sender is; for the other kinds it is called after the sender."""

MOST = 8
"""Addresses that are tried of one network."""

TRIED = ("22/tcp", "80/tcp", "443/tcp", "3389/tcp", "8000/tcp", "8443/tcp")
"""What is tried of a host of which no port should be reached."""


def as_outputs(model: ReachModel) -> list[dict[str, Any]]:
    """Every packet that a vantage point can prove, with the sentence that it is about."""
    decider = Decider(model)
    return [packet for one in model.lab.expect for packet in _packets(decider, one)]


def _packets(decider: Decider, one: Expectation) -> Iterator[dict[str, Any]]:
    sender = sender_of(one.from_, decider.lab)
    origin = next(iter(decider.origins(sender)), None)
    targets = targets_of(one.to, decider.lab) if origin else ()
    for target in targets:
        own = [str(each) for each in target.ports if each.first == each.last]
        given = [*one.ports] or own or [port for port in TRIED if not _is_dialled(decider, target.kind, port)]
        every = list(decider.addresses(target, origin)) if origin else []
        for address in every[:MOST]:
            whose = {"place": PLACES.get(sender.kind, sender.kind), "users": _users(decider, sender)}
            packet = {**whose, "origin": sender.name, "address": str(address), "ports": given, "reach": one.reach}
            yield {**packet, "partly": len(every) > MOST, "sentence": str(one)}


def _is_dialled(decider: Decider, kind: str, port: str) -> bool:
    return kind == "vpn-host" and port in map(str, decider.lab.opened)


def _users(decider: Decider, sender: Sender) -> list[str]:
    """Who may dial to prove it; nobody where no account of the stack's is needed."""
    if PLACES.get(sender.kind) != "vpn":
        return []
    return [origin.user.name for origin in decider.origins(sender) if origin.user]
