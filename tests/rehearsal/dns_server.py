"""A name server under test, and its answers to queries and updates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import dns.message

from components.dns_keeper import Keeper
from labvpn.connect.dns import primary
from labvpn.connect.dns.tsig import Conflict, Zone, exchange
from labvpn.connect.errors import HopError
from labvpn.render.dns import update
from labvpn.state.records import Key, Sets, read

OURS, THEIRS = "203.0.113.20", "203.0.113.9"


@dataclass
class Server:
    """The server under test, and its messages."""

    zone: Zone
    messages: list[str]

    @property
    def name(self) -> str:
        return f"vpn.{self.zone.name}"

    def sets(self, *addresses: str, ttl: int = 60) -> Sets:
        return read(f"{self.name} {ttl} A {address}" for address in addresses)

    def keeper(self, **changes: Any) -> Keeper:
        plain = Keeper(self.zone, self.name, adopt=False, roots=None, wait=0, say=self.messages.append)
        return replace(plain, **changes)

    def publish(self, *addresses: str) -> None:
        """Replace the addresses of the name."""
        now = primary.read(self.zone, [Key(self.name, "A")])
        if message := update(self.zone.name, now, self.sets(*addresses)):
            exchange(self.zone, message)

    def published(self) -> str:
        found = primary.read(self.zone, [Key(self.name, "A")])
        return ", ".join(each.text for each in found.values())

    def by(self, **changes: Any) -> Zone:
        return replace(self.zone, signer=replace(self.zone.signer, **changes))


def wire(zone: Zone, message: dns.message.Message | None) -> str:
    assert message is not None
    try:
        exchange(zone, message)
    except Conflict:
        return "a prerequisite does not hold"
    except HopError as error:
        return str(error)
    return "done"


def ask(zone: Zone) -> str:
    return said(lambda: primary.answer(zone, ()))


def said(act: Callable[[], object]) -> str:
    try:
        act()
    except HopError as error:
        return f"{error} | "
    return "done | "
