"""What a FortiGate's policies are between: its interfaces with their networks, and its zones."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network


@dataclass(frozen=True)
class InterfaceState:
    """An interface with the box's own addresses there, the first one and further ones, each with its network.

    `role` is what its administrator says that it is for (wan, lan, dmz), `doubt` what else decides whether a packet
    may enter by it. `members` are the interfaces that an aggregate or redundant one is made of.
    """

    name: str
    held: tuple[IPv4Interface, ...] = ()
    role: str = ""
    doubt: str = ""
    members: tuple[str, ...] = ()

    @property
    def networks(self) -> tuple[IPv4Network, ...]:
        """The networks on it."""
        return tuple(one.network for one in self.held)

    @property
    def addresses(self) -> tuple[IPv4Address, ...]:
        """The box's own addresses."""
        return tuple(one.ip for one in self.held)


@dataclass(frozen=True)
class Zone:
    """A zone or SD-WAN zone with its members; between those of an `open` one everything passes without a policy.

    Whether it is open may be not known (None). Those of one that is `in_use` can be named in policies by the zone
    alone. Of one that is `unread` not every member is known.
    """

    name: str
    members: tuple[str, ...] = ()
    open: bool | None = False
    in_use: bool = True
    unread: bool = False
