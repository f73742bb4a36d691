"""Addresses and names of hosts: what no machine can have, and a port that is written into a name."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Annotated

from pydantic import AfterValidator

from labvpn.model.base import shortened

NO_HOST = {
    IPv4Network("0.0.0.0/8"): "means no address",
    IPv4Network("127.0.0.0/8"): "is every machine's own address",
    IPv4Network("224.0.0.0/4"): "is a group's address (multicast)",
    IPv4Network("240.0.0.0/4"): "is reserved or a broadcast",
}
"""Networks in which no host has its address (RFC 6890, RFC 5771)."""


def of_a_host(address: IPv4Address) -> IPv4Address:
    """The address. Raises ValueError for one that no machine can be reached by."""
    for network, what in NO_HOST.items():
        if address in network:
            raise ValueError(f"{address} {what}, and no machine is reached by it; write the machine's own")
    return address


def of_any_host(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The same for either family: of IPv6 those of one machine, of one link and of groups (RFC 4291, section 2.4)."""
    if isinstance(address, IPv4Address):
        return of_a_host(address)
    if address.is_unspecified or address.is_loopback or address.is_link_local or address.is_multicast:
        raise ValueError(f"{address} is not an address by which others reach a machine; write the machine's own")
    if address.ipv4_mapped:
        raise ValueError(f"{address} is the IPv4 address {address.ipv4_mapped} (RFC 4291, 2.5.5.2); write that")
    return address


HostAddress = Annotated[IPv4Address, AfterValidator(of_a_host)]


def without_port(text: str) -> str:
    """Names or addresses. Raises ValueError where one has a port in it, which has a setting of its own."""
    for host in re.split(r"[,;\s]+", text):
        if found := re.fullmatch(r"([^:\[\]]+|\[.+\]):(\d{1,5})", host):
            raise ValueError(
                f"'{shortened(host)}' has a port in it; write {shortened(found[1])} here, and `port: {found[2]}` beside"
            )
    return text


WithoutPort = AfterValidator(without_port)


def with_port(host: str, port: int, usual: int = 22) -> str:
    """A host as a command line has it: with its port where that is not the usual one, brackets around IPv6."""
    if port == usual:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
