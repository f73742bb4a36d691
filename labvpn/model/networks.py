"""Addresses and networks as firewalld writes them."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator


def _network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ValueError(f"'{text}' is no address and no network ({error})") from None
    # firewalld keeps a host without its length.
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


Network = Annotated[str, AfterValidator(_network)]
