"""Expectations proven with packets from where this machine is: TCP alone, whose answers leave no doubt."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from labvpn.model.outputs import ExpectedPackets

SECONDS = 3.0
"""How long an answer is waited for, twice."""


class Broken(NamedTuple):
    """An expectation that a packet did not keep: its sentence, where the packet went, and what became of it."""

    sentence: str
    address: str
    port: str
    reached: bool

    def __str__(self) -> str:
        """The finding."""
        became = "was answered" if self.reached else "was not answered"
        return f"{self.sentence}, but a packet to {self.port} of {self.address} {became}"


def broken(expected: Iterable[ExpectedPackets], place: str, own: Collection[tuple[str, str]] = ()) -> list[Broken]:
    """Every expectation about senders at a place (outside, campus, vpn) that packets from here do not keep.

    `own` are the addresses and ports by which this machine administers the lab: it is let in there, unlike others.
    """
    here = [(one, port) for one in expected if one.place == place for port in one.ports if _is_single_tcp(port)]
    tried = [(one, port) for one, port in here if one.reach or (str(one.address), port) not in own]
    if not tried:
        return []
    with ThreadPoolExecutor(min(32, len(tried))) as pool:
        reached = pool.map(lambda pair: reaches(str(pair[0].address), int(pair[1].partition("/")[0])), tried)
        return list(_differing(tried, reached))


def _differing(tried: Iterable[tuple[ExpectedPackets, str]], reached: Iterable[bool | None]) -> Iterator[Broken]:
    for (one, port), came in zip(tried, reached, strict=True):
        if came is not None and came is not one.reach:
            yield Broken(one.sentence, str(one.address), port, came)


def _is_single_tcp(port: str) -> bool:
    return port.endswith("/tcp") and "-" not in port


def reaches(address: str, port: int) -> bool | None:
    """Whether a connection is made; None where it is refused, by a machine that has no listener or by its firewall."""
    for _ in range(2):
        try:
            with socket.create_connection((address, port), SECONDS):
                return True
        except ConnectionRefusedError:
            return None
        except OSError:
            continue
    return False
