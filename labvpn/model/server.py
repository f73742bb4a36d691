"""The VPN host: where it is, how the stack reaches it, and how SoftEther gets onto it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from labvpn.model.base import Value, duplicates
from labvpn.model.dns import HostLabel
from labvpn.model.hosts import HostAddress, WithoutPort, with_port
from labvpn.model.releases import HOLES
from labvpn.model.tarball import Tarball

PortNumber = Annotated[int, Field(ge=1, le=65535)]
UserName = Annotated[str, StringConstraints(pattern=r"^[^\s:/\x00-\x1f\x7f-][^\s:/\x00-\x1f\x7f]{0,255}$")]
"""A user of a host, as its own list or a directory has it: jane.doe, DOM\\admin, jane@corp.example."""
ServerName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$")]


def _known_hole(name: str) -> str:
    names = {hole.name.lower(): hole.name for hole in HOLES}
    if name.lower() not in names:
        raise ValueError(f"'{name}' is not a hole that is known here; known are {', '.join(names.values())}")
    return names[name.lower()]


HoleName = Annotated[str, AfterValidator(_known_hole)]


def public_key(text: str) -> str:
    """A public host key, without the comment after it."""
    if not re.fullmatch(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/]+=*( .*)?", text.strip()):
        raise ValueError("is not a public host key such as 'ssh-ed25519 AAAA...'; record it by `labvpn hostkey HOST`")
    return " ".join(text.split()[:2])


class Jump(Value):
    """A host that lets SSH through to the VPN host; the stack logs in there in the same way."""

    host: Annotated[str, WithoutPort] = Field(description="its name or address")
    port: PortNumber = 22
    user: UserName = "root"
    host_key: Annotated[str, AfterValidator(public_key)] = Field(description="printed by `labvpn hostkey HOST --show`")


class Ssh(Value):
    """How the stack logs in, as root or as a user with passwordless sudo."""

    user: UserName = "root"
    port: PortNumber = 22
    host: Annotated[str, WithoutPort] | None = Field(
        default=None, description="another name or address for SSH than the server's own"
    )
    login: Literal["key", "agent", "password"] = Field(
        default="key", description="key: sshKey; agent: the SSH agent of whoever runs the stack; password: sshPassword"
    )
    jump: Jump | None = Field(default=None, description="left out: the VPN host is reached directly")


class Server(Value):
    """A machine of the lab that carries SoftEther and firewalld."""

    name: ServerName | None = Field(
        default=None, description="what it is called beside others; of several servers all but one need it"
    )
    host: HostLabel | None = Field(
        default=None, description="a name of its own in dns.zone, beside the one of all servers"
    )
    address: HostAddress = Field(description="the address that users dial and that the name points to")
    ssh: Ssh = Ssh()
    install: Literal["package", "tarball", "present"] = Field(
        default="package",
        description="package: Debian's softether-vpnserver; tarball: an archive, placed under /usr/local/vpnserver; "
        "present: it is installed, leave it",
    )
    tarball: Tarball | None = Field(default=None, description="of `install: tarball`")
    generation: Literal[4, 5] | None = Field(
        default=None, description="of SoftEther; left out: found out, so write it only to overrule what was found"
    )
    accept_known_holes: bool | tuple[HoleName, ...] = Field(
        default=False, description="true, or a list such as [CVE-2023-22308]: known holes become notes"
    )
    administrators: tuple[IPv4Address, ...] = Field(
        default=(), description="addresses beside the host itself that may administer SoftEther"
    )

    @model_validator(mode="after")
    def _archive_is_known(self) -> Self:
        if self.install == "tarball" and self.tarball is None:
            raise ValueError("install is tarball; add `tarball` with `address` or `file`, and its `sha256`")
        if self.install != "tarball" and self.tarball is not None:
            raise ValueError(
                f"tarball is given, but install is {self.install}; write `install: tarball`, or leave it out"
            )
        return self

    @property
    def suffix(self) -> str:
        """What comes after the name of a resource or object of this server, so that no two have the same."""
        return f"-{self.name}" if self.name else ""

    @property
    def ssh_host(self) -> str:
        """Where SSH connects to."""
        return self.ssh.host or str(self.address)

    @property
    def ssh_place(self) -> str:
        """The same with its port, as `labvpn hostkey` takes it."""
        return with_port(self.ssh_host, self.ssh.port)


def distinct(servers: Sequence[Server]) -> None:
    """Raise ValueError where two of some servers cannot be in one lab."""
    if len([server for server in servers if server.name is None]) > 1:
        raise ValueError("two servers have no name; give all but one a `name`")
    fields = {
        "name": [server.name for server in servers if server.name],
        "address": [str(server.address) for server in servers],
        "host": [server.host.lower() for server in servers if server.host],
    }
    for field, values in fields.items():
        for twice in duplicates(values):
            raise ValueError(f"two servers have the {field} {twice}; each needs its own")
    if len({server.generation for server in servers if server.generation}) > 1:
        raise ValueError("are of SoftEther 4 and 5, which give clients different things; use one generation for all")
