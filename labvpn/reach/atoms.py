"""Representatives of addresses and ports: one for each part in which the verdicts are the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import pairwise

from labvpn.model.expect import PortRange
from labvpn.model.ports import Port, Transport

MOST = 128
"""The most addresses tried of one network."""

ANYWHERE = tuple(map(IPv4Address, ("8.8.8.8", "1.0.0.1", "9.9.9.9", "151.101.1.69", "93.184.215.14")))
"""Public addresses, of which one that no rule names stands for the internet."""

EVERY = tuple(PortRange(transport, 1, 65535) for transport in Transport)


def ports(ranges: Iterable[PortRange], boundaries: Iterable[Port]) -> list[Port]:
    """A port of each part of these ranges between two boundaries, in order."""
    cuts = sorted(set(boundaries))
    found = {Port(one.first, one.transport) for one in ranges}
    for one in ranges:
        found |= {cut for cut in cuts if cut.transport is one.transport and one.first <= cut.number <= one.last}
    return sorted(found)


def addresses(network: IPv4Network, named: Iterable[IPv4Network], avoided: frozenset[IPv4Address]) -> list[IPv4Address]:
    """An address of each part of a network that the named networks cut it into, at most `MOST` + 1.

    Where a part has others, it is none of the avoided ones and not the first, which names the network itself.
    """
    if network.prefixlen == network.max_prefixlen:
        return [network.network_address]
    first, end = int(network.network_address), int(network.broadcast_address) + 1
    cuts = {first, end}
    for one in set(named):
        cuts |= {at for at in (int(one.network_address), int(one.broadcast_address) + 1) if first < at < end}
    order = sorted(cuts)[: MOST + 2]
    return [_within(low, high, avoided) for low, high in pairwise(order)]


def _within(low: int, high: int, avoided: frozenset[IPv4Address]) -> IPv4Address:
    near = (IPv4Address(at) for at in (*range(low + 1, min(high, low + 9)), low))
    return next((one for one in near if one not in avoided), IPv4Address(low))


def outside(named: Iterable[IPv4Network]) -> Iterator[IPv4Address]:
    """A public address that no network of note names."""
    close = [one for one in named if one.prefixlen >= 1]
    free = [one for one in ANYWHERE if not any(one in network for network in close)]
    yield (free or ANYWHERE)[0]
