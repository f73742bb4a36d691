"""Whether the IPv6 addresses of a name let clients in, tried by TCP from here."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from labvpn.plan.dns_checks import DnsFinding
from labvpn.state.records import RecordSet, Sets

SECONDS = 3.0
"""How long one connection may take; all are tried side by side."""

NO_WAY = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
"""How a machine that has no IPv6 itself fails: nothing is known of the address then."""


def tried(sets: Sets, ports: Sequence[int]) -> list[DnsFinding]:
    """A finding for each AAAA address to which no connection comes about, which refuses where it is not open."""
    return [
        finding for each in sets.values() if each.key.kind == "AAAA" and ports for finding in _tried(each, tuple(ports))
    ]


def _tried(records: RecordSet, ports: tuple[int, ...]) -> Iterator[DnsFinding]:
    pairs = [(address, port) for address in records.values for port in ports]
    with ThreadPoolExecutor(len(pairs)) as pool:
        ends = dict(zip(pairs, pool.map(lambda pair: _connect(*pair), pairs), strict=True))
    for address in records.values:
        failed = {port: ends[address, port] for port in ports if ends[address, port]}
        if failed:
            yield _finding(records.key.name, address, failed)


def _finding(name: str, address: str, failed: dict[int, int]) -> DnsFinding:
    if NO_WAY.intersection(failed.values()):
        what = f"whether every hop lets IPv6 in to {address}: this machine has no IPv6 itself"
        return DnsFinding(f"Not verified: {what}; try it from one that has", refuses=False)
    ports = ", ".join(f"TCP {port} ({os.strerror(code).lower()})" for port, code in failed.items())
    return DnsFinding(
        f"The address {address} of {name} would be dialled first and is not open by {ports}; open IPv6 on every hop, "
        "leave that address out, or set dns.ipv6: unchecked if it cannot be seen from here"
    )


def _connect(address: str, port: int) -> int:
    """The error number by which a connection fails; 0 if it does not."""
    try:
        with socket.create_connection((address, port), SECONDS):
            return 0
    except TimeoutError:
        return errno.ETIMEDOUT
    except OSError as error:
        return error.errno or errno.EIO
