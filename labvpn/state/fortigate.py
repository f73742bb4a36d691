"""The objects of a FortiGate, as values: what a lab declares, and what the box has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import TypeAlias

from labvpn.state.fortigate_interfaces import InterfaceState, Zone

COMMENT = "Managed by Pulumi (labvpn)"
"""Every object of ours carries it: by it ours are known."""

ALL = "all"
"""FortiOS's own address object for everything."""

ALL_SERVICES = "ALL"
"""FortiOS's own service for every protocol and port."""


Extras: TypeAlias = tuple[tuple[str, str], ...]
"""Keys and values of an object on the box that are neither a part of the model nor FortiOS's default.

As `restated` of one of ours: what a run has to tell the box once more, since someone changed it there.
"""


class Action(StrEnum):
    """What a policy does with what it matches."""

    ACCEPT = "accept"
    DENY = "deny"


@dataclass(frozen=True)
class AddressObject:
    """An address object; one without networks is a country, a host name, or of a kind that is `unread`.

    `adopts` is the box's key of an object that is taken over, `existing` that of one of ours that is there already.
    `uses` is in how many places the box itself says that it is used, and `visible` are the keys that it shows of it.
    """

    name: str
    networks: tuple[IPv4Network, ...] = ()
    country: str = ""
    comment: str = COMMENT
    adopts: str = ""
    existing: str = ""
    host: str = ""
    unread: tuple[str, ...] = ()
    uses: int | None = None
    extras: Extras = ()
    restated: Extras = ()
    visible: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class AddressGroup:
    """A group of addresses, VIPs or services, by their names; `without` are addresses that are not in it after all."""

    name: str
    members: tuple[str, ...]
    comment: str = COMMENT
    adopts: str = ""
    existing: str = ""
    without: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    uses: int | None = None
    extras: Extras = ()
    restated: Extras = ()
    visible: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class ServiceObject:
    """A service: blank-separated port ranges as FortiOS writes them, or an IP protocol's number (0: any).

    `first` is its first name while it bears its second one.
    """

    name: str
    tcp: str = ""
    udp: str = ""
    protocol: int | None = None
    comment: str = COMMENT
    adopts: str = ""
    existing: str = ""
    first: str = ""
    unread: tuple[str, ...] = ()
    uses: int | None = None
    extras: Extras = ()
    restated: Extras = ()
    visible: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class Vip:
    """An address outside for one inside, dialled at an interface (`any`: at every one).

    `forwards` are the transport, the port outside and the port inside, where only that one is translated. One that
    is `unread` is about the addresses `ends`, the `outer` ones among them, or about any where these are not known.
    """

    name: str
    interface: str
    outside: IPv4Address
    mapped: IPv4Address
    comment: str = COMMENT
    adopts: str = ""
    existing: str = ""
    forwards: tuple[str, str, str] | None = None
    ends: tuple[IPv4Network, ...] = ()
    outer: tuple[IPv4Network, ...] = ()
    unread: tuple[str, ...] = ()
    uses: int | None = None
    extras: Extras = ()
    restated: Extras = ()
    visible: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class Policy:
    """An IPv4 policy; names of objects in its fields. `number` is its id on the box, 0 where it has none yet.

    `negated` names the lists (sources, destinations, services) that mean everything but what they hold. `unread` are
    the conditions that the lab does not understand, as the box writes them: what such a policy matches cannot be told
    where they could count. `widening` says that one of them may also make it match more than its lists say. `at_times`
    is a policy that is in force at some hours alone, `expired` one that ended by its own date, and `sees_vips` a deny
    that holds for translated addresses too.
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
    adopts: str = ""
    existing: str = ""
    first: str = ""
    negated: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()
    widening: bool = False
    at_times: bool = False
    expired: bool = False
    sees_vips: bool = True
    extras: Extras = ()
    restated: Extras = ()
    visible: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def plain(self) -> bool:
        """Whether its lists alone say what it matches, at every hour."""
        return not (self.unread or self.negated or self.at_times)

    @property
    def key(self) -> str:
        """What it is called where policies are told apart: its name, or its number where it has none."""
        return self.name or f"#{self.number}"

    def __str__(self) -> str:
        """As an administrator finds it: `rule 12 'deny-outside'`."""
        return f"rule {self.number} '{self.name}'" if self.name else f"rule {self.number}"


@dataclass(frozen=True)
class Objects:
    """Objects and policies, these in their order."""

    addresses: tuple[AddressObject, ...] = ()
    groups: tuple[AddressGroup, ...] = ()
    services: tuple[ServiceObject, ...] = ()
    vips: tuple[Vip, ...] = ()
    policies: tuple[Policy, ...] = ()
    service_groups: tuple[AddressGroup, ...] = ()


@dataclass(frozen=True)
class Inventory(Objects):
    """All of a box, with the names of what its policies may be between and of its schedules: whether
    one is in force always (True), no longer (False), or at times.

    `doubt` is why nothing that the policies say decides by itself (NGFW policy mode); empty where they do. `version` is
    its FortiOS as it writes it (`v7.4.8`).
    """

    interfaces: tuple[InterfaceState, ...] = ()
    zones: tuple[Zone, ...] = ()
    schedules: Mapping[str, bool | None] = field(default_factory=dict)
    doubt: str = ""
    version: str = ""

    @property
    def interface_names(self) -> tuple[str, ...]:
        """What a policy may name, each once: interfaces, zones, and what policies name already."""
        used = [name for policy in self.policies for name in (*policy.from_interfaces, *policy.to_interfaces)]
        names = (*(interface.name for interface in self.interfaces), *(zone.name for zone in self.zones), *used)
        return tuple(dict.fromkeys(name for name in names if name != "any"))

    def interface_at(self, address: IPv4Address) -> str:
        """The interface in whose network an address is, of several the narrowest; empty where there is none."""
        near = [
            (network.prefixlen, each.name)
            for each in self.interfaces
            for network in each.networks
            if address in network
        ]
        return max(near, key=lambda one: one[0])[1] if near else ""


@dataclass(frozen=True)
class Block:
    """Policies in a row, right before another one."""

    policies: tuple[Policy, ...]
    before: str


@dataclass(frozen=True)
class DesiredFortiGate:
    """What a lab wants on its box: objects, and its policies in blocks."""

    objects: Objects
    blocks: tuple[Block, ...]
