"""The rehearsal's network: its machines, their addresses and the links between them.

The addresses are of the ranges set aside for documentation (RFC 5737) and for carriers (RFC 6598).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path

from rehearsal import kernel

RESOLVER, PRIMARY, KNOT, ROOT = "198.51.100.52", "198.51.100.53", "198.51.100.54", "198.51.100.55"
WHOAMI = "198.51.100.10"
SERVER, WORKSTATION, SECOND = "203.0.113.20", "203.0.113.21", "203.0.113.22"
CAMPUS, ADMIN = "203.0.113.140", "203.0.113.141"
FORTIGATE = "203.0.113.129"
PORTAL_PORT = 8000

BRIDGES = ("wan", "dmz", "campus", "mobile")
NAMESPACES = Path("/run/netns")
_WAN, _DMZ, _CAMPUS = "198.51.100.1", "203.0.113.17", "203.0.113.129"


@dataclass(frozen=True)
class Link:
    """A machine's interface on a bridge, with its addresses in CIDR notation."""

    bridge: str
    addresses: tuple[str, ...]
    interface: str = "eth0"


@dataclass(frozen=True)
class Machine:
    """A machine of the lab, which is a network namespace of this name; one that forwards is a router."""

    name: str
    links: tuple[Link, ...]
    gateway: str | None = None
    forwards: bool = False


def _host(name: str, bridge: str, gateway: str, *addresses: str) -> Machine:
    return Machine(name, (Link(bridge, addresses),), gateway)


MACHINES = (
    _host("internet", "wan", _WAN, f"{WHOAMI}/24"),
    _host("names", "wan", _WAN, f"{RESOLVER}/24", f"{PRIMARY}/24", f"{KNOT}/24", f"{ROOT}/24"),
    Machine(
        "carrier",
        (Link("wan", ("198.51.100.20/24",), "wan"), Link("mobile", ("100.64.7.1/24",), "mobile")),
        _WAN,
        forwards=True,
    ),
    _host("phone", "mobile", "100.64.7.1", "100.64.7.2/24"),
    Machine(
        "fortigate",
        (
            Link("wan", (f"{_WAN}/24",), "wan1"),
            Link("dmz", (f"{_DMZ}/28",), "dmz"),
            Link("campus", (f"{_CAMPUS}/25",), "campus"),
        ),
        forwards=True,
    ),
    _host("server", "dmz", _DMZ, f"{SERVER}/28"),
    _host("workstation", "dmz", _DMZ, f"{WORKSTATION}/28"),
    _host("campus", "campus", _CAMPUS, f"{CAMPUS}/25"),
    _host("admin", "campus", _CAMPUS, f"{ADMIN}/25"),
)
SPARE = _host("server-2", "dmz", _DMZ, f"{SECOND}/28")
"""A second VPN host, connected when it is first booted."""

NAMES = tuple(machine.name for machine in (*MACHINES, SPARE))
HOSTS = {"server": SERVER, SPARE.name: SECOND}
"""The VPN hosts, which have a root and a systemd of their own, with their addresses."""

MASQUERADE = """\
table ip carrier {
    chain out {
        type nat hook postrouting priority srcnat;
        ip saddr 100.64.7.0/24 oifname "wan" masquerade
    }
}
"""


def machine(name: str) -> Machine:
    """The machine of this name; raises KeyError if there is none."""
    return {each.name: each for each in (*MACHINES, SPARE)}[name]


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Open sockets on the machine `name` during the block; not for use with threads."""
    with Path("/proc/self/ns/net").open() as own, (NAMESPACES / name).open() as there:
        kernel.setns(there.fileno())
        try:
            yield
        finally:
            kernel.setns(own.fileno())


def _ip(lines: list[str], namespace: str | None = None) -> None:
    where = ["-n", namespace] if namespace else []
    subprocess.run(["ip", *where, "-batch", "-"], input="\n".join(lines), text=True, check=True)


def port(each: Machine, link: Link) -> str:
    """The name of a link's end at the bridge; the kernel allows 15 characters."""
    return f"{each.name}-{link.bridge}"[:15]


def _mac(link: Link) -> str:
    """A fixed, locally administered address, so that a reboot leaves no stale neighbour entries."""
    return "02:00:" + ":".join(f"{octet:02x}" for octet in IPv4Interface(link.addresses[0]).ip.packed)


def _plug(each: Machine, link: Link) -> list[str]:
    end = port(each, link)
    return [
        f"link add {end} type veth peer name {link.interface} address {_mac(link)} netns {each.name}",
        f"link set {end} master {link.bridge} up",
    ]


def _configure(each: Machine) -> list[str]:
    lines = ["link set lo up"]
    for link in each.links:
        lines += [f"addr add {address} dev {link.interface}" for address in link.addresses]
        lines.append(f"link set {link.interface} up")
    return lines + ([f"route add default via {each.gateway}"] if each.gateway else [])


def connect(each: Machine) -> None:
    """Make a machine's namespace and plug it in; raises CalledProcessError, with the reason on stderr."""
    _ip([f"netns add {each.name}"])
    _ip([line for link in each.links for line in _plug(each, link)])
    _ip(_configure(each), each.name)
    if each.forwards:
        with inside(each.name):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def disconnect(each: Machine) -> None:
    """Unplug a machine, if it is there, and delete its namespace with all addresses, routes and filters."""
    lines = [*(f"link del {port(each, link)}" for link in each.links), f"netns del {each.name}"]
    subprocess.run(["ip", "-force", "-batch", "-"], input="\n".join(lines), text=True, capture_output=True)


def build() -> None:
    """Create the bridges and connect every machine."""
    _ip(["link set lo up", *(f"link add {bridge} type bridge\nlink set {bridge} up" for bridge in BRIDGES)])
    for each in MACHINES:
        connect(each)
    with inside("carrier"):
        subprocess.run(["nft", "-f", "-"], input=MASQUERADE, text=True, check=True)
