"""Proves who is at the other end of a connection to this host's own SoftEther, before any password is sent to it.

Any user of the host may listen on a port from 1024 up while the server restarts. So each connection is looked up in
/proc/net/tcp: the kernel says there which user holds the other end (proc_pid_net(5)).
"""

import base64
import binascii
import socket
import ssl
import struct
import sys
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.reading import opened_text
from labvpn.agent.firewalld.listening_ports import STATES, holders
from labvpn.agent.softether.config_file import head
from labvpn.agent.softether.rpc import Unreachable

ROOT_USER = 0
ESTABLISHED = "01"
MAPPED = b"\0" * 10 + b"\xff" * 2
"""How an IPv6 address begins that stands for one of IPv4 (RFC 4291, 2.5.5.2)."""


class Impostor(Unreachable):
    """The program that listens on the port is not the SoftEther server of this host."""


class Socket(NamedTuple):
    """A TCP socket of this host: both ends as /proc/net/tcp writes them, its state, its user and its inode."""

    local: str
    remote: str
    state: str
    user: int
    inode: str


class Peer:
    """The server of this host, known by its user (root, or who owns its configuration) or by its own certificate."""

    def __init__(self, machine: Machine, config: str) -> None:
        self.machine = machine
        self.config = config

    def prove(self, connection: ssl.SSLSocket) -> None:
        """Impostor unless the other end of this very connection is the server's."""
        user = self.user_of(connection)
        if user in self.users() or self.has_own_certificate(connection):
            return
        port = connection.getpeername()[1]
        raise Impostor(
            "TCP port {} of the VPN host is held by {}, not by SoftEther, so no password was sent there: "
            "stop that program and run again".format(port, self.holder(port, user))
        )

    def users(self) -> Set[int]:
        """Who may run the server: root, and whoever owns its configuration, which holds its key."""
        path = self.machine.path(self.config)
        return {ROOT_USER, path.stat().st_uid} if path.exists() else {ROOT_USER}

    def user_of(self, connection: ssl.SSLSocket) -> Optional[int]:
        """Who holds the other end; None where the kernel names no holder: it is closed already, or of elsewhere."""
        server, client = endings(connection.getpeername()), endings(connection.getsockname())
        found = [one for one in tcp_sockets(self.machine) if one.local in server and one.remote in client]
        # A socket without an inode has no owner, whatever its user field says.
        held = [one.user for one in found if one.state == ESTABLISHED and one.inode != "0"]
        return held[0] if held else None

    def has_own_certificate(self, connection: ssl.SSLSocket) -> bool:
        """Whether it shows the certificate of the server's own file, whose key nobody else can read."""
        presented = connection.getpeercert(True)
        return bool(presented) and presented == self.certificate()

    def certificate(self) -> bytes:
        """The server's certificate as its file has it, empty without one."""
        path = self.machine.path(self.config)
        if not path.exists():
            return b""
        with opened_text(path, "utf-8-sig") as file:
            text = str(head(file).get("ServerConfiguration", {}).get("ServerCert", ""))
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            return b""

    def holder(self, port: int, user: Optional[int]) -> str:
        """The program behind a port in words: `python3, jupyterhub.service (user 1001)`."""
        program = listener_of(self.machine, port) or "a program"
        return program if user is None else "{} (user {})".format(program, user)

    def foreign_listeners(self, ports: Iterable[int]) -> List[str]:
        """Which of the server's ports others listen on, in words."""
        wanted, ours = set(ports), self.users()
        users: Dict[int, int] = {
            port_of(one): one.user for one in waiting_sockets(self.machine) if one.user not in ours
        }
        return [
            "TCP port {} of the VPN host is held by {}, not by SoftEther: stop that program".format(
                port, self.holder(port, users[port])
            )
            for port in sorted(wanted.intersection(users))
        ]


def endings(address: Tuple[str, int]) -> Tuple[str, str]:
    """One end of a connection over IPv4 as /proc/net writes it, for IPv4 and for a socket of IPv6 that takes it."""
    packed = socket.inet_aton(address[0])
    return tuple("{}:{:04X}".format(kernel_words(each), address[1]) for each in (packed, MAPPED + packed))  # type: ignore[return-value]


def kernel_words(packed: bytes) -> str:
    """An address as /proc/net writes it: words of 32 bits in the host's own order."""
    order = "<" if sys.byteorder == "little" else ">"
    return "".join("{:08X}".format(word) for word in struct.unpack("{}{}I".format(order, len(packed) // 4), packed))


def tcp_sockets(machine: Machine) -> Iterator[Socket]:
    """Every TCP socket of this host's network."""
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in (machine.read(name) or "").splitlines()[1:]:
            parts = line.split()
            if len(parts) > 9 and parts[7].isdigit():
                yield Socket(parts[1], parts[2], parts[3], int(parts[7]), parts[9])


def waiting_sockets(machine: Machine) -> Iterator[Socket]:
    """The sockets that wait for connections."""
    return (one for one in tcp_sockets(machine) if one.state == STATES["tcp"])


def listener_of(machine: Machine, port: int) -> str:
    """The program that waits for connections to a port: `python3, jupyterhub.service`; '' where none does."""
    inodes = {one.inode for one in waiting_sockets(machine) if port_of(one) == port}
    return next(iter(holders(machine, inodes).values()), "a program") if inodes else ""


def port_of(one: Socket) -> int:
    """A socket's own port."""
    return int(one.local.rpartition(":")[2], 16)
