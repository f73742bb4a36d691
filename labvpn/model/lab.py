"""A whole lab: what the stack declares."""

from __future__ import annotations

from pydantic import Field

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
