"""What a new VIP of the lab would meet on the FortiGate: other VIPs of its address, and the FortiGate itself there.

Up to FortiOS 7.0, one whose address another VIP has is refused in the middle of a run. Later ones take it, do not
check what overlaps, and translate by the first in the list that fits, and ours is the last (Fortinet's technical tip
350101).
"""

from __future__ import annotations

from collections.abc import Iterator

from labvpn.model.problems import Problem
from labvpn.plan.fortigate.comparison import Comparison
from labvpn.state.fortigate import COMMENT, Vip


def problems(compared: Comparison) -> Iterator[Problem]:
    """Why a new VIP would be refused, never be reached, or cut this run off."""
    yield from _misplaced(compared)
    for vip in _new(compared):
        for other in _of_its_address(compared, vip):
            if not (other.forwards or other.unread):
                yield Problem("fortigate.vip", _taken(vip, other))
        if compared.settings.host.partition(":")[0] == str(vip.outside):
            end = "would end the administration there, by which this run reaches the FortiGate"
            remedy = "name another address of the FortiGate as fortigate.host, or dial another one"
            yield Problem("fortigate.vip", f"a VIP of all ports of {vip.outside} {end}; {remedy}")


def _misplaced(compared: Comparison) -> Iterator[Problem]:
    """The interfaces of VIPs that are none, or not outside: FortiOS takes a single interface there, or any."""
    zones, known = {zone.name: zone for zone in compared.actual.zones}, compared.actual.interface_names
    for vip in compared.desired.objects.vips:
        name, zone = vip.interface, zones.get(vip.interface)
        if zone and vip in _new(compared):
            one = next(iter(zone.members), "any")
            remedy = f"name one as fortigate.vip.addresses, such as {{{one}: {vip.outside}}}"
            yield Problem("fortigate.vip", f"'{name}' is a zone, and a VIP is at an interface or at any; {remedy}")
        elif name not in (*known, *compared.settings.outside, "any"):
            place = f"fortigate.vip.addresses.{name}"
            yield Problem(place, f"the FortiGate has no such interface; it has {', '.join(known)}: name one")
        elif name != "any" and compared.after.table.topology.among(name, compared.settings.outside) is False:
            yield Problem(f"fortigate.vip.addresses.{name}", "it is not among outside; add it there")


def _taken(vip: Vip, other: Vip) -> str:
    has = f"the FortiGate has the VIP '{other.name}' of {vip.outside} at {other.interface} already"
    if other.mapped == vip.mapped:
        return f"{has}; adopt it (fortigate.adopt.vips.{vip.name})"
    leads = f"which leads to {other.mapped}, so that one of the stack's own would be refused or never reached"
    return f"{has}, {leads}; remove it there, or dial another address"


def warnings(compared: Comparison) -> Iterator[str]:
    """What a new VIP takes from the FortiGate itself, and what other VIPs take from it."""
    for vip in _new(compared):
        for interface in compared.actual.interfaces:
            if vip.outside in interface.addresses:
                own = f"{vip.outside} is the FortiGate's own at {interface.name}, and {vip.name} takes all its ports"
                yield f"{own}: its administration, SSL VPN and IPsec end there; dial an address that it does not have"
        for other in _of_its_address(compared, vip):
            if words := other.unread or other.forwards:
                takes = f"has that address too ({' '.join(words)}) and comes before {vip.name}"
                yield f"VIP '{other.name}' {takes}; FortiOS up to 7.0 may refuse a second one"


def _new(compared: Comparison) -> list[Vip]:
    """The VIPs that a run would create."""
    there = {vip.name for vip in compared.actual.vips}
    return [vip for vip in compared.desired.objects.vips if vip.name not in there]


def _of_its_address(compared: Comparison, vip: Vip) -> list[Vip]:
    """The VIPs of others that are there with the outer address of ours, at an interface of it."""
    shared, own = compared.after.table.topology.shared, f"{compared.settings.prefix}-vip"
    return [
        other
        for other in compared.actual.vips
        if not (other.comment == COMMENT and other.name.startswith(own))
        and (other.outside == vip.outside or any(vip.outside in network for network in other.outer))
        and shared((other.interface,), (vip.interface,))
    ]
