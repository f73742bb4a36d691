"""Ways to break the model of who reaches what: each has to show in packets, or the proof would prove nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from labvpn.agent.firewalld.evaluation import Evaluation
from labvpn.agent.firewalld.rulings import Rulings
from labvpn.parse.fortigate import services
from labvpn.parse.fortigate.extent import Addresses
from labvpn.parse.fortigate.topology import Topology
from labvpn.plan.fortigate import policy_table
from labvpn.plan.fortigate.comparison import PolicyList
from labvpn.reach import access_list
from labvpn.reach.access_list import AccessRule
from labvpn.reach.firewalld import HostRules
from labvpn.reach.gate import Gate
from labvpn.reach.hops import HopVerdict

Break = Callable[[pytest.MonkeyPatch], None]


def _negation(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(policy_table, "_negate", lambda match, _negated: match)


def _left_out_members(patch: pytest.MonkeyPatch) -> None:
    whole = Addresses._in_group
    patch.setattr(Addresses, "_in_group", lambda self, group, *rest: whole(self, replace(group, without=()), *rest))


def _nested_groups(patch: pytest.MonkeyPatch) -> None:
    whole = Addresses._in_group
    patch.setattr(
        Addresses, "_in_group", lambda self, group, source, above: not above and whole(self, group, source, above)
    )


def _of_policies(change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Break:
    made = PolicyList.of.__func__  # type: ignore[attr-defined]

    def broken(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(
            PolicyList, "of", classmethod(lambda cls, box: made(cls, replace(box, policies=change(box.policies))))
        )

    return broken


def _port_ranges(patch: pytest.MonkeyPatch) -> None:
    whole = services.spans_of
    patch.setattr(services, "spans_of", lambda one: [(kind, low, low) for kind, low, _ in whole(one)])


def _transports(patch: pytest.MonkeyPatch) -> None:
    whole = services.spans_of
    patch.setattr(
        services, "spans_of", lambda one: [("tcp" if kind == "udp" else kind, *ends) for kind, *ends in whole(one)]
    )


def _vips(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(policy_table, "by_vip", lambda _vip, _packet: None)


def _translated_ports(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Gate, "translated", lambda _self, flow, _way: flow)


def _translated_sources(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Gate, "source_behind", lambda _self, flow, _way: flow.source)


def _zones(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Topology, "expand", lambda _self, name: frozenset((name,)))


def _zone_sources(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HostRules, "_zones", lambda self, _end: [self.default])


def _policy_priorities(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Evaluation, "policies_from", lambda _self, _zone: [])


def _traffic_within_zones(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Topology, "open_between", lambda _self, _enters, _leaves: "")


def _rich_rule_priorities(patch: pytest.MonkeyPatch) -> None:
    whole = Rulings.of_rule
    patch.setattr(Rulings, "of_rule", lambda self, *given: [(0, ruling) for _, ruling in whole(self, *given)])


def _outgoing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HostRules, "leaving", lambda _self, _flow: HopVerdict("firewalld", True, ""))


def _access_order(patch: pytest.MonkeyPatch) -> None:
    whole = access_list.rules_of
    from labvpn.reach import hub

    patch.setattr(hub, "rules_of", lambda *given: whole(*given)[::-1])


def _access_part(name: str, value: bool) -> Break:
    return lambda patch: patch.setattr(AccessRule, name, lambda _self, _frame: value)


BREAKS: dict[str, Break] = {
    "negated lists mean what they hold": _negation,
    "left-out members are in their group": _left_out_members,
    "groups in groups are empty": _nested_groups,
    "disabled policies are in force": _of_policies(lambda held: tuple(replace(one, active=True) for one in held)),
    "the last policy that fits decides": _of_policies(lambda held: held[::-1]),
    "ranges are their first port": _port_ranges,
    "UDP services are TCP": _transports,
    "VIPs translate nothing": _vips,
    "VIPs keep the address and port": _translated_ports,
    "NAT keeps the source": _translated_sources,
    "zones have no members": _zones,
    "nothing passes within a zone": _traffic_within_zones,
    "zones have no sources": _zone_sources,
    "rich rules have no priorities": _rich_rule_priorities,
    "policies of firewalld are about nothing": _policy_priorities,
    "the host may send everything": _outgoing,
    "access rules are asked in reverse": _access_order,
    "access rules are for everyone": _access_part("_user", value=True),
    "access rules are for every port": _access_part("_ports", value=True),
    "access rules are for every protocol": _access_part("_protocol", value=True),
}
