"""What a FortiGate's policies let pass: which policy matches a packet first, and which cover or overlap each other.

Every answer has three values: yes, no, and None for what cannot be determined, with the policy and the condition that
was not read. A policy in doubt is skipped when the next certain one has the same result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import NamedTuple

from labvpn.model.ports import Port
from labvpn.parse.fortigate.extent import Addresses, Anyone, Extent
from labvpn.parse.fortigate.services import Services
from labvpn.parse.fortigate.topology import Topology
from labvpn.plan.fortigate.translation import by_vip
from labvpn.state.fortigate import COMMENT, Action, Inventory, Policy, Vip

__all__ = ["Anyone", "Doubt", "Packet", "PolicyTable", "Verdict"]


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


class Doubt(NamedTuple):
    """A policy that may or may not match a packet, and why."""

    policy: Policy | None
    reason: str

    def __str__(self) -> str:
        """As a sentence ends: `rule 12 'guests' (groups students)`."""
        return f"{self.policy} ({self.reason})" if self.policy else self.reason


class Verdict(NamedTuple):
    """Whether a packet passes, by which policy (None: the implicit deny), and what prevents an answer."""

    passes: bool | None
    policy: Policy | None
    doubts: tuple[Doubt, ...] = ()

    @property
    def because(self) -> str:
        """What the answer depends on, each thing once."""
        return " and ".join(dict.fromkeys(map(str, self.doubts[:3])))


class Match(NamedTuple):
    """Whether a policy matches a packet, and the condition that prevents an answer."""

    answer: bool | None
    reason: str = ""


NO = Match(False)


class PolicyTable:
    """The policies of a FortiGate, and what they do with packets."""

    def __init__(self, inventory: Inventory) -> None:
        self.topology = Topology(inventory)
        self.addresses = Addresses(inventory)
        self.services = Services(inventory)
        self._doubt = inventory.doubt
        self._vips = {vip.name: vip for vip in inventory.vips}
        self._own = {each.address: each.name for each in inventory.interfaces if each.address}
        named = (name for policy in inventory.policies if policy.active for name in policy.destinations)
        used = set(self.addresses.members(tuple(dict.fromkeys(named))))
        self._used = [vip for vip in inventory.vips if vip.name in used]

    def decide(self, policies: Iterable[Policy], packet: Packet) -> Verdict:
        """Whether a packet passes, with the policy that decides."""
        doubts: list[Doubt] = []
        decides: Policy | None = None
        for policy in policies:
            match = self.match(policy, packet)
            if match.answer:
                decides = policy
                break
            if match.answer is None:
                doubts.append(Doubt(policy, match.reason))
        passes = decides is not None and decides.action is Action.ACCEPT
        against = [doubt for doubt in doubts if doubt.policy and _could_change(doubt.policy, passes)]
        against += self._general(packet, doubts, decides)
        return Verdict(None if against else passes, decides, tuple(against))

    def _general(self, packet: Packet, doubts: list[Doubt], decides: Policy | None) -> list[Doubt]:
        """What prevents an answer by policies alone."""
        found = [Doubt(None, self._doubt)] if self._doubt else []
        open_ = self.topology.open_between(packet.enters, packet.leaves)
        if open_ and (decides is None or decides.action is Action.DENY):
            found.append(Doubt(None, f"zone '{open_}' lets its members reach each other (intrazone allow)"))
        own = self._own.get(packet.target)
        if own and not self._translation(packet):
            found.append(Doubt(None, f"{packet.target} is the FortiGate's own at {own}: its local-in policies decide"))
        return found

    def match(self, policy: Policy, packet: Packet) -> Match:
        """Whether a policy matches a packet."""
        if not policy.active:
            return NO
        ends = ((packet.enters, "from", policy.from_interfaces), (packet.leaves, "to", policy.to_interfaces))
        between = [Match(self.topology.among(name, held), f"{word} {' '.join(held)}") for name, word, held in ends]
        if any(each.answer is False for each in between):
            return NO
        target, port = self._target(policy, packet)
        within = (self._source(policy, packet.source), target, self._service(policy, port))
        if any(each.answer is False for each in within) and not policy.widening:
            return NO
        doubts = [each.reason for each in (*between, *within) if each.answer is None]
        doubts = [*policy.unread, *_times(policy), *doubts]
        return Match(None, doubts[0]) if doubts else Match(True)

    def concerns(self, policy: Policy, packet: Packet) -> bool:
        """Whether a policy may match a packet of this kind, for some port."""
        if policy.widening or policy.negated:
            return True
        if self._source(policy, packet.source).answer is False:
            return False
        vips = any(name in self._vips for name in self.addresses.members(policy.destinations))
        return vips or self.addresses.contains(policy.destinations, packet.target) is not False

    def _source(self, policy: Policy, source: Anyone) -> Match:
        answer = self.addresses.contains(policy.sources, source)
        doubt = self.addresses.doubt(policy.sources)
        if answer is False and any(name in self._vips for name in self.addresses.members(policy.sources)):
            answer = None
        return _negate(Match(answer, doubt or f"sources {' '.join(policy.sources)}"), "sources" in policy.negated)

    def _target(self, policy: Policy, packet: Packet) -> tuple[Match, Port | None]:
        """Whether the packet goes where the policy says, and for which port behind a translation."""
        for name in self.addresses.members(policy.destinations):
            vip = self._vips.get(name)
            taken = by_vip(vip, packet) if vip else None
            if vip and taken and self.topology.among(packet.enters, (vip.interface,)) is not False:
                answer = None if vip.unread else "destinations" not in policy.negated
                return Match(answer, f"VIP {vip.name}: {', '.join(vip.unread)}"), taken.port
        translated = self._translation(packet)
        if translated and not (policy.action is Action.DENY and policy.sees_vips):
            return NO, packet.port  # FortiOS matches translated packets by policies that name the VIP
        answer = self.addresses.contains(policy.destinations, packet.target)
        if translated and packet.exact:
            # The policies are asked behind the translation; whether a deny of the outer address counts is not known.
            inner = self.addresses.contains(policy.destinations, translated.mapped)
            answer = inner if inner or not answer else None
        port = taken.port if translated and packet.exact and (taken := by_vip(translated, packet)) else packet.port
        doubt = self.addresses.doubt(policy.destinations) or f"destinations {' '.join(policy.destinations)}"
        return _negate(Match(answer, doubt), "destinations" in policy.negated), port

    def _translation(self, packet: Packet) -> Vip | None:
        """The VIP in use that takes a packet at its outer address."""
        for vip in self._used:
            at = self.topology.among(packet.enters, (vip.interface,))
            outer = vip.outside == packet.target and vip.mapped != packet.target
            if at and outer and not vip.unread and by_vip(vip, packet):
                return vip
        return None

    def _service(self, policy: Policy, port: Port | None) -> Match:
        answer = self.services.contains(policy.services, port)
        doubt = self.services.doubt(policy.services) or f"services {' '.join(policy.services)}"
        return _negate(Match(answer, doubt), "services" in policy.negated)

    def covers(self, wide: Policy, narrow: Policy) -> bool | None:
        """Whether `wide` matches every packet of `narrow`; None where that cannot be determined."""
        lies_in = (
            self.topology.all_among(narrow.from_interfaces, wide.from_interfaces)
            and self.topology.all_among(narrow.to_interfaces, wide.to_interfaces)
            and self.extent(wide.sources).covers(self.extent(narrow.sources))
            and self.extent(wide.destinations).covers(self.extent(narrow.destinations))
            and self.services.span(wide.services).covers(self.services.span(narrow.services))
        )
        if not wide.plain or self._doubt:
            return None
        return wide.active and lies_in

    def meets(self, one: Policy, two: Policy) -> bool:
        """Whether both may match the same packet."""
        near = self.topology.shared(one.from_interfaces, two.from_interfaces) and self.topology.shared(
            one.to_interfaces, two.to_interfaces
        )
        if not (one.active and two.active and near):
            return False
        vague = any(policy.widening or policy.negated for policy in (one, two))
        return vague or (
            self.extent(one.sources).meets(self.extent(two.sources))
            and self.extent(one.destinations).meets(self.extent(two.destinations))
            and self.services.span(one.services).meets(self.services.span(two.services))
        )

    def extent(self, names: tuple[str, ...]) -> Extent:
        """What some names of addresses resolve to."""
        return self.addresses.extent(names)

    def why(self, policy: Policy) -> str:
        """Why it cannot be determined what a policy matches; empty where its lists are enough."""
        words = [*policy.unread, *(f"negated {part}" for part in sorted(policy.negated)), *_times(policy)]
        words += [self.addresses.doubt(policy.sources), self.addresses.doubt(policy.destinations)]
        words += [self.services.doubt(policy.services), self._doubt]
        return ", ".join(filter(None, words))


def _negate(match: Match, negated: bool) -> Match:
    return match._replace(answer=not match.answer) if negated and match.answer is not None else match


def _times(policy: Policy) -> list[str]:
    """The schedule of a policy that is not ours; the schedule of ours comes from the configuration."""
    return [f"schedule {policy.schedule}"] if policy.at_times and policy.comment != COMMENT else []


def _could_change(policy: Policy, passes: bool) -> bool:
    """Whether the answer would differ if this policy matched the packet."""
    special = any(words.startswith("action ") for words in policy.unread)
    return special or (policy.action is Action.ACCEPT) is not passes
