"""Addresses and networks as firewalld writes them."""

from __future__ import annotations

from ipaddress import ip_interface, ip_network
from typing import Annotated

from pydantic import AfterValidator


def _network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError(f"'{text[:60]}' is neither an address nor a network; {_meant(text)}") from None
    # firewalld keeps a host without its length.
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _meant(text: str) -> str:
    try:
        return f"write {ip_interface(text).network} for the network, or {text.partition('/')[0]} for the address"
    except ValueError:
        return "write one, such as 192.0.2.7 or 192.0.2.0/24"


Network = Annotated[str, AfterValidator(_network)]
