"""The VPN host: where it is, how the stack reaches it, and how SoftEther gets onto it."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from labvpn.model.base import Value

PortNumber = Annotated[int, Field(ge=1, le=65535)]
UserName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")]


class Ssh(Value):
    """How the stack logs in: by key, as root or as a user with passwordless sudo."""

    user: UserName = "root"
    port: PortNumber = 22
    host: str | None = Field(default=None, description="another name or address for SSH than the server's own")


class Server(Value):
    """The lab's machine that carries SoftEther and firewalld."""

    address: IPv4Address = Field(description="the address that users dial and that the name points to")
    ssh: Ssh = Ssh()
    install: Literal["package", "present"] = Field(
        default="package", description="package: Debian's softether-vpnserver; present: it is installed, leave it"
    )
    administrators: tuple[IPv4Address, ...] = Field(
        default=(), description="addresses beside the host itself that may administer SoftEther"
    )

    @property
    def ssh_host(self) -> str:
        """Where SSH connects to."""
        return self.ssh.host or str(self.address)
