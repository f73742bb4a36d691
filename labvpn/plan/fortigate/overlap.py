"""Which policies of a FortiGate cover or overlap each other.

A packet that a VIP translates belongs to the policies that name the VIP; of the others only a deny with match-vip
matches it (Fortinet's technical tip 94794). So destinations are compared apart: plain addresses, and VIPs.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from labvpn.parse.fortigate.extent import Extent
from labvpn.plan.fortigate.policy_table import PolicyTable, times
from labvpn.state.fortigate import Action, Policy


def covers(table: PolicyTable, wide: Policy, narrow: Policy) -> bool | None:
    """Whether `wide` matches every packet of `narrow`; None where that cannot be determined."""
    lies_in = (
        table.topology.all_among(narrow.from_interfaces, wide.from_interfaces)
        and table.topology.all_among(narrow.to_interfaces, wide.to_interfaces)
        and table.addresses.extent(wide.sources).covers(table.addresses.extent(narrow.sources))
        and _plain(table, wide).covers(_plain(table, narrow))
        and _vips(table, narrow) <= _vips(table, wide, surely=True)
        and table.services.span(wide.services).covers(table.services.span(narrow.services))
    )
    if not wide.plain or table.doubt:
        return None
    return wide.active and lies_in


def meets(table: PolicyTable, one: Policy, two: Policy) -> bool:
    """Whether both may match the same packet."""
    near = table.topology.shared(one.from_interfaces, two.from_interfaces) and table.topology.shared(
        one.to_interfaces, two.to_interfaces
    )
    if not (one.active and two.active and near):
        return False
    vague = any(policy.widening or policy.negated for policy in (one, two))
    return vague or (
        table.addresses.extent(one.sources).meets(table.addresses.extent(two.sources))
        and (_plain(table, one).meets(_plain(table, two)) or bool(_vips(table, one) & _vips(table, two)))
        and table.services.span(one.services).meets(table.services.span(two.services))
    )


def why(table: PolicyTable, policy: Policy) -> str:
    """Why it cannot be determined what a policy matches; empty where its lists are enough."""
    words = [*policy.unread, *(f"negated {part}" for part in sorted(policy.negated)), *times(policy)]
    words += [table.addresses.doubt(policy.sources), table.addresses.doubt(policy.destinations)]
    words += [table.services.doubt(policy.services), table.doubt]
    return ", ".join(filter(None, words))


def _plain(table: PolicyTable, policy: Policy) -> Extent:
    """The destinations of a policy without VIPs."""
    groups = {name for name, group in table.addresses.groups.items() if not (group.unread or group.without)}
    named = table.addresses.members(policy.destinations)
    return table.addresses.extent(tuple(name for name in named if name not in groups | table.vips.keys()))


def _vips(table: PolicyTable, policy: Policy, *, surely: bool = False) -> set[str]:
    """The VIPs whose packets a policy matches, surely or perhaps."""
    named = {name for name in table.addresses.members(policy.destinations) if name in table.vips}
    if not surely and table.addresses.may_hold_vips(policy.destinations):
        return set(table.vips)
    if policy.action is Action.DENY and policy.sees_vips:
        plain = _plain(table, policy)
        for vip in table.vips.values():
            ends = Extent(frozenset(map(IPv4Network, (vip.outside, vip.mapped))), frozenset())
            seen = plain.covers(ends) if surely else bool(vip.unread) or plain.meets(ends)
            named |= {vip.name} if seen else set()
    return {name for name in named if not (surely and table.vips[name].unread)}
