"""What stands on a FortiGate, as values: of what a lab wants there and of what the box shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

COMMENT = "Managed by Pulumi (labvpn)"
"""Every object of ours carries it: FortiOS's provider cannot clear a comment again, and by it ours are known."""

ALL = "all"
"""FortiOS's own address object for everything."""

ALL_SERVICES = "ALL"
"""FortiOS's own service for every protocol and port."""


class Action(StrEnum):
    """What a policy does with what it matches."""

    ACCEPT = "accept"
    DENY = "deny"


@dataclass(frozen=True)
class Address:
    """An address object; one without networks is a country, or a kind that the lab cannot resolve.

    `adopts` is the box's key of an object that is taken over, `stands` that of one of ours that stands there already.
    """

    name: str
    networks: tuple[IPv4Network, ...] = ()
    country: str = ""
    comment: str = COMMENT
    adopts: str = ""
    stands: str = ""


@dataclass(frozen=True)
class Group:
    """A group of addresses, by their names."""

    name: str
    members: tuple[str, ...]
    comment: str = COMMENT
    stands: str = ""


@dataclass(frozen=True)
class Service:
    """A service: blank-separated port ranges as FortiOS writes them, or an IP protocol's number (0: any)."""

    name: str
    tcp: str = ""
    udp: str = ""
    protocol: int | None = None
    comment: str = COMMENT
    adopts: str = ""
    stands: str = ""


@dataclass(frozen=True)
class Vip:
    """An address outside that stands for one inside, dialled at an interface (`any`: at every one)."""

    name: str
    interface: str
    outside: IPv4Address
    mapped: IPv4Address
    comment: str = COMMENT
    stands: str = ""


@dataclass(frozen=True)
class Policy:
    """An IPv4 policy; names of objects in its fields. `number` is its id on the box, 0 where it has none as yet.

    One that is not `plain` has conditions beside these: negated ends, users, internet services, another schedule.
    """

    name: str
    from_interfaces: tuple[str, ...]
    to_interfaces: tuple[str, ...]
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    services: tuple[str, ...]
    action: Action = Action.ACCEPT
    schedule: str = "always"
    log: str = "all"
    comment: str = COMMENT
    nat: bool = False
    number: int = 0
    active: bool = True
    plain: bool = True
    adopts: str = ""
    stands: str = ""

    def __str__(self) -> str:
        """As an administrator finds it: `rule 12 'deny-outside'`."""
        return f"rule {self.number} '{self.name}'" if self.name else f"rule {self.number}"


@dataclass(frozen=True)
class Objects:
    """Objects and policies, these in their order."""

    addresses: tuple[Address, ...] = ()
    groups: tuple[Group, ...] = ()
    services: tuple[Service, ...] = ()
    vips: tuple[Vip, ...] = ()
    policies: tuple[Policy, ...] = ()


@dataclass(frozen=True)
class Box(Objects):
    """All of a box, with the names of what its policies may be between and of its schedules."""

    interfaces: tuple[Interface, ...] = ()
    zones: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()

    @property
    def interface_names(self) -> tuple[str, ...]:
        """What a policy may name, each once: interfaces, zones, and what policies name already."""
        used = [name for policy in self.policies for name in (*policy.from_interfaces, *policy.to_interfaces)]
        names = (*(interface.name for interface in self.interfaces), *self.zones, *used)
        return tuple(dict.fromkeys(name for name in names if name != "any"))


@dataclass(frozen=True)
class Interface:
    """An interface and the network on it, if it has one."""

    name: str
    network: IPv4Network | None = None


@dataclass(frozen=True)
class Block:
    """Policies that stand one after the other, right before another one."""

    policies: tuple[Policy, ...]
    before: str


@dataclass(frozen=True)
class Wanted:
    """What a lab wants on its box: objects, and its policies in blocks."""

    objects: Objects
    blocks: tuple[Block, ...]
