"""A whole lab: what the stack declares."""

from __future__ import annotations

from functools import cached_property
from itertools import combinations
from typing import Self

from pydantic import Field, model_validator

from labvpn.model.base import Value, duplicates
from labvpn.model.dns import Name
from labvpn.model.firewall import HostFirewall
from labvpn.model.fortigate import FortiGate
from labvpn.model.hub import Hub, HubName
from labvpn.model.policies import effective
from labvpn.model.server import Server
from labvpn.model.users import User
from labvpn.model.vpn import Vpn


class Lab(Value):
    """The server, what it offers, its users, and the hops before it; a hop that is None is not the stack's."""

    server: Server
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
    def dialled(self) -> str:
        """What users dial: the name, or the address where the name is kept elsewhere."""
        return self.dns.fqdn if self.dns else str(self.server.address)

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
        hosts = box.behind_vpn.hosts if box and box.behind_vpn else {}
        own = box.vip.mapped if box and box.vip else self.server.address
        if hosts.get("server", own) != own:
            raise ValueError(f"fortigate.behindVpn.hosts.server must be the VPN host, {own}; rename the other host")
        return self
