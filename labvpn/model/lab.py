"""A whole lab: what the stack declares."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from labvpn.model.base import Value
from labvpn.model.dns import Name
from labvpn.model.firewall import HostFirewall
from labvpn.model.fortigate import FortiGate
from labvpn.model.server import Server
from labvpn.model.users import User
from labvpn.model.vpn import Vpn


class Lab(Value):
    """The server, what it offers, its users, and the hops before it; a hop that is None is not the stack's."""

    server: Server
    vpn: Vpn = Vpn()
    users: tuple[User, ...] = ()
    firewall: HostFirewall | None = Field(default=None, description="left out: the host's firewall is not ours")
    fortigate: FortiGate | None = Field(default=None, description="left out: no FortiGate stands before the host")
    dns: Name | None = Field(default=None, description="left out: the name is kept elsewhere")

    @property
    def dialled(self) -> str:
        """What users dial: the name, or the address where the name is kept elsewhere."""
        return self.dns.fqdn if self.dns else str(self.server.address)

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
