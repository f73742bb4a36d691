"""A whole lab: what the stack declares."""

from __future__ import annotations

from functools import cached_property
from ipaddress import IPv4Address
from itertools import combinations
from typing import NamedTuple, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from labvpn.model.base import Value, duplicates
from labvpn.model.dns import Name
from labvpn.model.firewall import HostFirewall
from labvpn.model.fortigate import FortiGate
from labvpn.model.hub import Hub, HubName
from labvpn.model.policies import effective
from labvpn.model.server import Server, distinct
from labvpn.model.users import User
from labvpn.model.vpn import Vpn


class Pointing(NamedTuple):
    """A name of the lab's, and the servers that it points to."""

    name: Name
    addresses: tuple[IPv4Address, ...]
    label: str = "name"


class Lab(Value):
    """The servers, what they offer, their users, and the hops before them; a hop that is None is not the stack's."""

    alone: Server | None = Field(default=None, alias="server", description="the one server; of several: `servers`")
    listed: tuple[Server, ...] = Field(
        default=(),
        alias="servers",
        validate_default=True,
        description="servers as equals: the same hubs, users and ports on each",
    )
    vpn: Vpn = Vpn()
    hubs: dict[HubName, Hub] = Field(
        default_factory=dict, description="settings of `vpn.hub`, and further hubs; the network of `vpn.hub` is in vpn"
    )
    users: tuple[User, ...] = ()
    firewall: HostFirewall | None = Field(default=None, description="left out: the host's firewall is not ours")
    fortigate: FortiGate | None = Field(default=None, description="left out: no FortiGate stands before the host")
    dns: Name | None = Field(default=None, description="left out: the name is kept elsewhere")
    protect: bool = Field(
        default=False, description="true: nothing is taken away that would cut users off, not even by `pulumi destroy`"
    )

    @property
    def servers(self) -> tuple[Server, ...]:
        """Every server, in the configuration's order."""
        return (self.alone,) if self.alone else self.listed

    @property
    def server(self) -> Server:
        """The first server, which is the only one of most labs."""
        return self.servers[0]

    def at(self, server: Server) -> Lab:
        """The same lab with this server as the first: what is said of `server` is then said of this one."""
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

    def own_name(self, server: Server) -> Name | None:
        """The name that points to one server alone, if it has one."""
        alone = {"addresses": (server.address,), "aliases": ()}
        if self.dns is None or server.host is None:
            return None
        return self.dns.model_copy(update={**alone, "host": self.dns.relative(server.host)})

    @property
    def names(self) -> tuple[Pointing, ...]:
        """The name of all servers, then the names of single ones; none where the name is kept elsewhere."""
        if self.dns is None:
            return ()
        own = [
            Pointing(name, (each.address,), f"name-{name.host}")
            for each in self.servers
            if (name := self.own_name(each))
        ]
        return (Pointing(self.dns, tuple(each.address for each in self.servers)), *own)

    def place(self, server: Server) -> str:
        """Where a server stands in the configuration: `server`, or `servers[1]`."""
        return "server" if self.alone else f"servers[{self.listed.index(server)}]"

    @cached_property
    def all_hubs(self) -> dict[str, Hub]:
        """Every hub by its name, the stack's own first, each with its SecureNAT."""
        own = self.hubs.get(self.vpn.hub, Hub()).model_copy(update={"secure_nat": self.vpn.secure_nat})
        return {self.vpn.hub: own, **{name: hub for name, hub in self.hubs.items() if name != self.vpn.hub}}

    def hub_of(self, user: User) -> str:
        """The name of the hub that a user logs in to."""
        return user.hub or self.vpn.hub

    def policies_of(self, user: User) -> dict[str, int | bool]:
        """Every policy that is said of a user, by the user, the group or the lab."""
        hub = self.all_hubs[self.hub_of(user)]
        group = hub.groups.get(user.group) if user.group else None
        return effective(group.policies if group else None, user)

    @field_validator("listed")
    @classmethod
    def _servers_are_equals(cls, listed: tuple[Server, ...], info: ValidationInfo) -> tuple[Server, ...]:
        if listed and info.data.get("alone"):
            raise ValueError("stands beside server; write that one into the list, or leave the list out")
        if not listed and info.data.get("alone", listed) is None:
            raise ValueError("is missing; add the server's address as server.address, or a list of servers")
        distinct(listed)
        return listed

    @model_validator(mode="after")
    def _hubs_agree(self) -> Self:
        own = self.hubs.get(self.vpn.hub)
        if own and own.secure_nat:
            raise ValueError(f"hubs.{self.vpn.hub}.secureNat stands in vpn.secureNat already; leave it out here")
        names = [name.lower() for name in self.all_hubs]
        for twice in duplicates(names):
            raise ValueError(f"hubs names '{twice}' twice, since SoftEther folds case; keep one")
        nets = {name: hub.secure_nat.address.network for name, hub in self.all_hubs.items() if hub.secure_nat}
        for (one, first), (other, second) in combinations(nets.items(), 2):
            if first.overlaps(second):
                raise ValueError(f"hubs {one} and {other} share addresses of {first}; give each a network of its own")
        return self

    @model_validator(mode="after")
    def _kept_is_not_given(self) -> Self:
        given = [f"hubs.{name}.services" for name, hub in self.all_hubs.items() if hub.services]
        if "access" in self.vpn.kept and given:
            raise ValueError(f"vpn.kept leaves the access lists as they are, but {given[0]} is given; keep one of them")
        if "administration" in self.vpn.kept and self.server.administrators:
            raise ValueError("vpn.kept names administration, but server.administrators is given; keep one of them")
        return self

    @model_validator(mode="after")
    def _bans_can_read(self) -> Self:
        silent = [name for name, hub in self.all_hubs.items() if not hub.log.security]
        if self.firewall and self.firewall.bans.enabled and silent:
            raise ValueError(
                f"firewall.bans reads what hubs.{silent[0]}.log.security switches off; switch that on, "
                "or firewall.bans.enabled off"
            )
        return self

    @model_validator(mode="after")
    def _hops_agree(self) -> Self:
        box, protocols = self.fortigate, self.vpn.protocols
        if protocols.esp and not protocols.l2tp_ipsec:
            raise ValueError("vpn.protocols.esp needs l2tpIpsec; switch that on or esp off")
        if protocols.esp and box and box.vip:
            raise ValueError("vpn.protocols.esp cannot pass the address translation of fortigate.vip; switch it off")
        if box and box.vip and len(self.servers) > 1:
            raise ValueError("fortigate.vip stands for one server, and there are several; give each a public address")
        hosts = box.behind_vpn.hosts if box and box.behind_vpn else {}
        for name, own in self.host_addresses.items():
            if hosts.get(name, own) != own:
                raise ValueError(f"fortigate.behindVpn.hosts.{name} must be the VPN host, {own}; rename the other host")
        return self

    @model_validator(mode="after")
    def _own_names_are_free(self) -> Self:
        own = [server.host.lower() for server in self.servers if server.host]
        if own and self.dns is None:
            raise ValueError(f"host {own[0]} is a name of a server in dns.zone; add `dns`, or leave host out")
        shared = {self.dns.within(name).lower() for name in (self.dns.host, *self.dns.aliases)} if self.dns else set()
        for name in own:
            if self.dns and self.dns.within(name) in shared:
                raise ValueError(
                    f"host {name} of a server is the name of all of them (dns.host); leave it out or rename"
                )
        return self
