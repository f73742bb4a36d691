"""A packet to try, and what a VIP makes of it: whether it applies, and to which port it leads behind the VIP."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import NamedTuple

from labvpn.model.ports import Port
from labvpn.parse.fortigate.extent import Anyone
from labvpn.parse.fortigate.services import Served
from labvpn.state.fortigate import Vip


@dataclass(frozen=True)
class Packet:
    """A packet to try: where it enters and leaves, who sends it, its destination and port (none: any).

    An `exact` one goes to its target as it is: the inner address of a VIP is then not also the outer one.
    """

    enters: str
    leaves: str
    source: Anyone
    target: IPv4Address
    port: Port | None
    exact: bool = False


class Taken(NamedTuple):
    """What a VIP makes of a packet: its port behind the translation."""

    port: Port | None


def by_vip(vip: Vip, packet: Packet) -> Taken | None:
    """What becomes of a packet to the outer or inner address of a VIP; None where the VIP does not apply."""
    if vip.unread and not (vip.ends and not any(packet.target in end for end in vip.ends)):
        return Taken(packet.port)
    if vip.unread or packet.target not in (vip.outside, vip.mapped):
        return None
    if packet.exact and packet.target != vip.outside:
        return None
    if vip.forwards is None or packet.port is None:
        return Taken(packet.port)
    transport, outer, inner = vip.forwards
    ports = Served.of(inner if packet.target == vip.mapped else outer)
    if packet.port.transport.value != transport or not any(low <= packet.port.number <= high for low, high in ports):
        return None
    if packet.target == vip.mapped:
        return Taken(packet.port)
    first, start = ports[0][0], Served.of(inner)[0][0]
    return Taken(Port(packet.port.number - first + start, packet.port.transport))
