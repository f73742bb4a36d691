"""firewalld on the VPN host, and the bans of sources that guess passwords."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from labvpn.model.base import Value, duplicates
from labvpn.model.ports import PortText
from labvpn.model.rich_rule import rich_rule

Manager = Literal[
    "ufw",
    "nftables",
    "iptables",
    "ip6tables",
    "netfilter-persistent",
    "shorewall",
    "shorewall6",
    "ferm",
    "firehol",
]
"""The other firewall managers that the host agent knows."""


def _network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError(f"'{text[:60]}' is neither an address nor a network; {_meant(text)}") from None
    # firewalld keeps a host without its length.
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _meant(text: str) -> str:
    try:
        return f"write {ip_interface(text).network} for the network, or {text.partition('/')[0]} for the address"
    except ValueError:
        return "write one, such as 192.0.2.7 or 192.0.2.0/24"


Network = Annotated[str, AfterValidator(_network)]


Count = Annotated[int, Field(ge=2, le=10_000)]


class Bans(Value):
    """A service on the VPN host bans a source of many failed logins from new connections, for a while.

    Open sessions go on, and SSH is not touched: a whole campus or carrier may be behind one address.
    """

    enabled: bool = Field(default=True, description="false: wrong passwords may be tried without end")
    slow: Count = Field(default=5, description="failed logins within `seconds` after which each one bans for `pause`")
    pause: int = Field(default=15, ge=5, le=600, description="seconds for which a source is slowed down")
    most: Count = Field(default=10, description="failed logins within `seconds` that ban a source for `seconds`")
    seconds: int = Field(default=600, ge=60, le=86_400, description="how long a source is banned, and counted for")
    exempt: tuple[Network, ...] = Field(default=(), description="addresses and networks that are never banned")

    @model_validator(mode="after")
    def _slow_comes_first(self) -> Self:
        if self.slow >= self.most:
            raise ValueError(
                f"slow ({self.slow}) must be below most ({self.most}), or no source is slowed before the ban"
            )
        return self


def _each_once(texts: tuple[str, ...]) -> tuple[str, ...]:
    for twice in duplicates(list(texts)):
        raise ValueError(f"{twice} appears twice; keep one")
    return texts


ZoneName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,17}$")]
NetworkInterface = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._@-]{1,15}$")]
Rule = Annotated[str, AfterValidator(rich_rule)]


class Zone(Value):
    """What the lab puts into a zone that exists; all else in it stays as it is."""

    vpn: bool = Field(default=False, description="whether users may dial in through this zone too")
    interfaces: Annotated[tuple[NetworkInterface, ...], AfterValidator(_each_once)] = Field(
        default=(), description="interfaces of the host that belong to it"
    )
    sources: Annotated[tuple[Network, ...], AfterValidator(_each_once)] = Field(
        default=(), description="addresses and networks whose packets belong to it, whatever interface they come by"
    )
    rules: Annotated[tuple[Rule, ...], AfterValidator(_each_once)] = Field(default=(), description="rich rules")


class HostFirewall(Value):
    """Which zones of firewalld let the VPN in, with exactly the derived ports, and what is open to the VPN alone."""

    zone: ZoneName = Field(default="public", description="the zone that the outside arrives in")
    service: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "vpnserver"
    open_by: Literal["service", "ports"] = Field(
        default="service", description="service: one definition that zones name; ports: each port by itself"
    )
    zones: dict[ZoneName, Zone] = Field(default_factory=dict, description="further entries, zone by zone")
    closed: Annotated[tuple[PortText, ...], AfterValidator(_each_once)] = Field(
        default=(), description="ports of the VPN host, such as 8000/tcp, that only the VPN's clients may reach"
    )
    beside: Annotated[tuple[Manager, ...], AfterValidator(_each_once)] = Field(
        default=(), description="other firewall managers on the host that may stay beside firewalld"
    )
    bans: Bans = Bans()

    @property
    def open_zones(self) -> tuple[str, ...]:
        """The zones through which users dial in, the main one first."""
        return tuple(dict.fromkeys((self.zone, *(name for name, zone in self.zones.items() if zone.vpn))))

    @model_validator(mode="after")
    def _each_in_one_zone(self) -> Self:
        for twice in duplicates([name for zone in self.zones.values() for name in zone.interfaces]):
            raise ValueError(f"interface {twice} is in two zones, but can belong to only one; keep one")
        for (one, wide), (other, narrow) in combinations(self._sources(), 2):
            if one != other and _overlap(ip_network(wide), ip_network(narrow)):
                raise ValueError(f"{wide} of zone {one} and {narrow} of zone {other} overlap; make them disjoint")
        return self

    def _sources(self) -> Iterator[tuple[str, str]]:
        return ((name, source) for name, zone in self.zones.items() for source in zone.sources)


def _overlap(one: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    return one.version == other.version and one.overlaps(other)
