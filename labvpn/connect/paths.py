"""The network paths by which this run reaches the lab's machines: a deny of ours must not close one of them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address

from labvpn.model.lab import Lab
from labvpn.model.ports import Port, Transport
from labvpn.parse.fortigate.tables import Path


def own(lab: Lab) -> tuple[Path, ...]:
    """The ways to the hosts that are named by their addresses, or by names that resolve here."""
    return tuple(path for what, host, port in _targets(lab) for path in _path(what, host, port))


def _targets(lab: Lab) -> Iterator[tuple[str, str, Port]]:
    for server in lab.servers:
        if jump := server.ssh.jump:
            yield "SSH to the jump host", jump.host, Port(jump.port, Transport.TCP)
        else:
            yield "SSH to the VPN host", server.ssh_host, Port(server.ssh.port, Transport.TCP)
    if lab.fortigate:
        host, _, port = lab.fortigate.host.partition(":")
        yield "the FortiGate's administration", host, Port(int(port or 443), Transport.TCP)
    if lab.dns and lab.dns.server:
        yield "the update of the name", str(lab.dns.server), Port(lab.dns.port, Transport.TCP)


def _path(purpose: str, host: str, port: Port) -> Iterator[Path]:
    """The way to a host, by the address that the kernel would send from; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, port.number))
        except OSError:
            return
        source, target = probe.getsockname()[0], probe.getpeername()[0]
    yield Path(purpose, IPv4Address(source), IPv4Address(target), port)
