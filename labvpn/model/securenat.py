"""SecureNAT: the virtual router inside a hub, and what it hands out."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from labvpn.model.base import Value
from labvpn.model.hosts import HostAddress, of_a_host

SHORTEST_LEASE, LONGEST_LEASE = 60, 7200
"""Seconds of a DHCP lease that nobody has set; the longer one is SoftEther's own default."""


class Mode(StrEnum):
    """How SecureNAT reaches the network outside (docs/softether.md has what was measured of each)."""

    AUTO = "auto"
    USER = "user"
    KERNEL = "kernel"
    RAW = "raw"


NatKept = Literal["dhcp", "dns", "domain", "first", "gateway", "last", "lease", "mask", "mode", "nat", "routes"]
"""What of SecureNAT may stay as somebody made it, by the keys of its line."""


class SecureNat(Value):
    """The virtual router inside the hub: it gives clients their addresses and a way out."""

    address: IPv4Interface = Field(default=IPv4Interface("192.168.30.1/24"), description="the router and its network")
    first: IPv4Address | None = Field(
        default=None, description="first address for clients; the network's tenth if unset"
    )
    last: IPv4Address | None = Field(default=None, description="last address for clients; the 200th if unset")
    lease: int | None = Field(
        default=None,
        ge=15,
        le=4_294_967_295,
        description="seconds of a DHCP lease; left out: as long as a session of the hub may be, two hours at most",
    )
    dns: HostAddress | None = Field(default=None, description="DNS server for clients; the router itself if unset")
    domain: Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)] = Field(
        default="", description="for clients; SoftEther keeps 255 characters without blanks around them"
    )
    routes: tuple[IPv4Network, ...] | None = Field(
        default=None,
        description="what goes through the VPN; left out: the hub's services alone; `[]`: the whole traffic",
    )
    mode: Mode = Field(
        default=Mode.USER, description="how clients get out; docs/softether.md has what each mode reaches"
    )
    host_address: HostAddress | None = Field(
        default=None,
        description="a private address that the VPN host holds for its clients; the address they dial is out of reach",
    )

    beside_bridge: bool = Field(
        default=False, description="true: it may be switched on in a hub that a local bridge or a cascade goes on from"
    )
    kept: tuple[NatKept, ...] = Field(
        default=(), description="what stays of it on the server as somebody made it by hand; left out: nothing"
    )

    @property
    def first_client(self) -> IPv4Address:
        """The first address that clients get."""
        network = self.address.network
        return self.first or network[min(10, network.num_addresses - 1)]

    @property
    def last_client(self) -> IPv4Address:
        """The last address that clients get."""
        return self.last or self.address.network[min(200, max(0, self.address.network.num_addresses - 2))]

    @property
    def clients(self) -> int:
        """How many clients get an address at once."""
        return int(self.last_client) - int(self.first_client) + 1

    @field_validator("address")
    @classmethod
    def _router_is_a_host(cls, router: IPv4Interface) -> IPv4Interface:
        of_a_host(router.ip)
        network = router.network
        if network.num_addresses > 2 and not _is_inside(router.ip, network):
            raise ValueError(
                f"{router.ip} is the first or the last address of {network}, which a router cannot have; take one "
                f"between them, such as {network[1]}/{network.prefixlen}"
            )
        return router

    @model_validator(mode="after")
    def _range_inside(self) -> Self:
        network = self.address.network
        if {"first", "last"} & {*self.kept}:
            return self
        if network.num_addresses < 32 and not (self.first and self.last):
            raise ValueError(f"{network} is too small for clients; give the router at least a /27")
        for name, address in (("first", self.first_client), ("last", self.last_client)):
            if not _is_inside(address, network):
                raise ValueError(f"{name} {address} lies outside {network} or is its end; choose one inside")
        if self.first_client > self.last_client:
            raise ValueError(f"first {self.first_client} comes after last {self.last_client}; swap them")
        if self.first_client <= self.address.ip <= self.last_client:
            raise ValueError(f"the router {self.address.ip} lies in the clients' range; move first or last")
        if self.host_address and self.host_address in network:
            raise ValueError(f"hostAddress {self.host_address} lies inside {network}; choose one outside")
        return self


def _is_inside(address: IPv4Address, network: IPv4Network) -> bool:
    """Whether an address may be that of a machine in a network: neither outside nor the network's or broadcast one."""
    return address in network and address not in (network.network_address, network.broadcast_address)


def unusable(nat: SecureNat | None, address: IPv4Address) -> str:
    """Why a user cannot have a fixed address in a hub, with what to do; '' where it is free for that."""
    if nat is None:
        return "and the hub has no SecureNAT, which would give it; leave it out"
    network = nat.address.network
    if not _is_inside(address, network):
        return f"which is not one of the hub's network {network}; take one of those"
    if address == nat.address.ip:
        return "which is the router's; take another"
    if nat.first_client <= address <= nat.last_client:
        return f"which DHCP may give to others ({nat.first_client} to {nat.last_client}); take one outside of those"
    return ""
