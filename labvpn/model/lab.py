"""A whole lab: what the stack declares."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from ipaddress import IPv4Address
from typing import NamedTuple, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from labvpn.model import consistency
from labvpn.model.acme import HTTP, Acme, CertificateSource
from labvpn.model.base import Mistakes, Value
from labvpn.model.dns import DnsName
from labvpn.model.expect import Expected
from labvpn.model.firewall import HostFirewall
from labvpn.model.fortigate import FortiGate
from labvpn.model.hub import Hub, HubName, Radius
from labvpn.model.policies import effective, inherited
from labvpn.model.ports import Port
from labvpn.model.securenat import LONGEST_LEASE, SHORTEST_LEASE
from labvpn.model.server import Server, distinct
from labvpn.model.users import Auth, User
from labvpn.model.vpn import Vpn


class NameTarget(NamedTuple):
    """A name of the lab's, and the servers that it points to."""

    name: DnsName
    addresses: tuple[IPv4Address, ...]
    label: str = "name"


class Lab(Value):
    """The servers, what they offer, their users, and the hops before them; a hop that is None is not the stack's."""

    alone: Server | None = Field(default=None, alias="server", description="the one server; of several: `servers`")
    listed: tuple[Server, ...] = Field(
        default=(),
        alias="servers",
        validate_default=True,
        description="several servers of equal rank: the same hubs, users and ports on each",
    )
    vpn: Vpn = Vpn()
    hubs: dict[HubName, Hub] = Field(
        default_factory=dict, description="settings of `vpn.hub`, and further hubs; the network of `vpn.hub` is in vpn"
    )
    users: tuple[User, ...] = ()
    firewall: HostFirewall | None = Field(default=None, description="left out: the host's firewall is not ours")
    fortigate: FortiGate | None = Field(default=None, description="left out: no FortiGate is in front of the host")
    dns: DnsName | None = Field(default=None, description="left out: the name is kept elsewhere")
    certificate: CertificateSource = Field(
        default=CertificateSource(), description="left out: of the secrets `authority` or `serverCertificate`"
    )
    protect: bool = Field(
        default=False, description="true: nothing is removed that would cut users off, not even by `pulumi destroy`"
    )

    expect: tuple[Expected, ...] = Field(
        default=(), description="who should reach what, and who should not; a preview refuses what would break one"
    )

    may_remove: bool = Field(default=False, description="`users.mayRemove`, beside the file that has the users")

    @property
    def servers(self) -> tuple[Server, ...]:
        """Every server, in the configuration's order."""
        return (self.alone,) if self.alone else self.listed

    @property
    def server(self) -> Server:
        """The first server, which is the only one of most labs."""
        return self.servers[0]

    def at(self, server: Server) -> Lab:
        """The same lab with this server as the first: whatever reads `server` then reads this one."""
        others = tuple(each for each in self.servers if each != server)
        return self.model_copy(update={"alone": None, "listed": (server, *others)})

    @property
    def dialled(self) -> str:
        """What users dial: the name, or the address where the name is kept elsewhere."""
        return self.dns.fqdn if self.dns else str(self.server.address)

    @property
    def host_addresses(self) -> dict[str, IPv4Address]:
        """The address of each VPN host itself (another than users dial behind a translation), by its object's name."""
        vip = self.fortigate.vip if self.fortigate else None
        return {f"server{each.suffix}": vip.mapped if vip else each.address for each in self.servers}

    @property
    def acme(self) -> Acme | None:
        """The ACME authority of the servers' certificates, if they have one."""
        return self.certificate.acme

    @property
    def opened(self) -> tuple[Port, ...]:
        """The ports that every hop lets in: those by which users dial, and where the certificate's authority asks."""
        asked = {HTTP} if self.acme and not self.acme.by_dns else set()
        return tuple(sorted({*self.vpn.ports, *asked}))

    @property
    def certified(self) -> tuple[str, ...]:
        """The names that the first server's certificate is for: the name of all, and its own."""
        own = self.own_name(self.server)
        return tuple(dict.fromkeys(name.fqdn.lower() for name in (self.dns, own) if name))

    def own_name(self, server: Server) -> DnsName | None:
        """The name that points to one server alone, if it has one."""
        alone = {"addresses": (server.address,), "aliases": ()}
        if self.dns is None or server.host is None:
            return None
        return self.dns.model_copy(update={**alone, "host": self.dns.relative(server.host)})

    @property
    def names(self) -> tuple[NameTarget, ...]:
        """The name of all servers, then the names of single ones; none where the name is kept elsewhere."""
        if self.dns is None:
            return ()
        own = [
            NameTarget(name, (each.address,), f"name-{name.host}")
            for each in self.servers
            if (name := self.own_name(each))
        ]
        return (NameTarget(self.dns, tuple(each.address for each in self.servers)), *own)

    def place(self, server: Server) -> str:
        """A server's place in the configuration: `server`, or `servers[1]`."""
        return "server" if self.alone else f"servers[{self.listed.index(server)}]"

    @cached_property
    def all_hubs(self) -> dict[str, Hub]:
        """Every hub by its name, the stack's own first, each with its SecureNAT."""
        own = self.hubs.get(self.vpn.hub, Hub()).model_copy(update={"secure_nat": self.vpn.secure_nat})
        return {self.vpn.hub: own, **{name: hub for name, hub in self.hubs.items() if name != self.vpn.hub}}

    def hub_of(self, user: User) -> str:
        """The name of the hub that a user logs in to."""
        return user.hub or self.vpn.hub

    def needs_code(self, user: User) -> bool:
        """Whether a user gives a code behind the password."""
        hub = self.all_hubs.get(self.hub_of(user))
        return bool(hub and hub.second_factor and hub.second_factor.covers(user.name, user.group))

    def is_of_campus(self, user: User) -> bool:
        """Whether the code verifier asks the campus's RADIUS for this user's password."""
        return user.auth is Auth.RADIUS and self.hub_of(user) in self.campus_hubs

    @property
    def code_hubs(self) -> tuple[str, ...]:
        """The hubs that have a second factor."""
        return tuple(name for name, hub in self.all_hubs.items() if hub.second_factor)

    @property
    def campus_hubs(self) -> dict[str, Radius]:
        """Those of them in which the campus's RADIUS has passwords, with its servers."""
        return {name: hub.radius for name, hub in self.all_hubs.items() if hub.second_factor and hub.radius}

    def policies_of(self, user: User) -> dict[str, int | bool]:
        """Every policy of a user, set by the user, the group or the lab."""
        hub = self.all_hubs[self.hub_of(user)]
        group = hub.groups.get(user.group) if user.group else None
        stated = group.policies if group else None
        if user.policies == "inherited":
            return inherited(stated)
        return effective(stated, user, guarded=self.is_guarded(user))

    def is_guarded(self, user: User) -> bool:
        """Whether a user is kept from the others of the hub: a guest is, and whoever shares a hub with `services`."""
        listed = bool(self.all_hubs[self.hub_of(user)].services)
        return "access" not in self.vpn.kept and (listed or user.reach == "services")

    def lease_of(self, name: str) -> int:
        """Seconds of a DHCP lease in a hub: as long as a session may be, so that no lease outlasts its user for long.

        A client renews its lease halfway (RFC 2131, 4.4.5), so a session outlives it.
        """
        nat = self.all_hubs[name].secure_nat
        if nat and nat.lease is not None:
            return nat.lease
        limits = {int(self.policies_of(user)["AutoDisconnect"]) for user in self.users if self.hub_of(user) == name}
        return LONGEST_LEASE if not limits or 0 in limits else max(SHORTEST_LEASE, min(LONGEST_LEASE, max(limits)))

    @field_validator("listed")
    @classmethod
    def _servers_are_distinct(cls, listed: tuple[Server, ...], info: ValidationInfo) -> tuple[Server, ...]:
        if listed and info.data.get("alone"):
            raise ValueError("is given beside server; write that one into the list, or leave the list out")
        if not listed and info.data.get("alone", listed) is None:
            raise ValueError("is missing; add the server's address as server.address, or a list of servers")
        distinct(listed)
        return listed

    @model_validator(mode="after")
    def _whole(self, info: ValidationInfo) -> Self:
        across = (info.context or {}).get("across")
        if across is None:
            Mistakes.check(self.mistakes())
        else:
            across += self.mistakes()
        return self

    def mistakes(self) -> Iterator[str]:
        """What no part of the lab can see alone."""
        return consistency.mistakes(self)
