"""What a FortiGate's policies let pass: which policy matches a packet first, and which cover or overlap each other.

Every answer has three values: yes, no, and None for what cannot be determined, with the policy and the condition that
was not read. A policy in doubt is skipped when the next certain one has the same result.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from labvpn.model.ports import Port
from labvpn.parse.fortigate.extent import Addresses, Anyone
from labvpn.parse.fortigate.services import Services
from labvpn.parse.fortigate.topology import Topology
from labvpn.plan.fortigate.translation import Packet, by_vip
from labvpn.state.fortigate import ALL, Action, Inventory, Policy, Vip

__all__ = ["Anyone", "Doubt", "Packet", "PolicyTable", "Verdict"]


class Doubt(NamedTuple):
    """A policy that may or may not match a packet, and why."""

    policy: Policy | None
    reason: str

    def __str__(self) -> str:
        """As a sentence ends: `rule 12 'guests' (groups students)`."""
        return f"{self.policy} ({self.reason})" if self.policy else self.reason


class Verdict(NamedTuple):
    """Whether a packet passes, by which policy (None: the implicit deny), and what prevents an answer.

    `perhaps` are the policies before that one that may match it, whether or not they would change the answer.
    """

    passes: bool | None
    policy: Policy | None
    doubts: tuple[Doubt, ...] = ()
    perhaps: tuple[Policy, ...] = ()

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
        self.doubt = inventory.doubt
        self.vips = {vip.name: vip for vip in inventory.vips}
        self.translations = cache(self._translations)
        self._own = {address: each.name for each in inventory.interfaces for address in each.addresses}
        self._asked = {each.name: each.doubt for each in inventory.interfaces if each.doubt}

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
        perhaps = tuple(doubt.policy for doubt in doubts if doubt.policy)
        return Verdict(None if against else passes, decides, tuple(against), perhaps)

    def _general(self, packet: Packet, doubts: list[Doubt], decides: Policy | None) -> list[Doubt]:
        """What prevents an answer by policies alone."""
        found = [Doubt(None, self.doubt)] if self.doubt else []
        open_ = self.topology.open_between(packet.enters, packet.leaves)
        if open_ and (decides is None or decides.action is Action.DENY):
            found.append(Doubt(None, open_))
        if decides is not None and decides.action is Action.ACCEPT:
            entered = self.topology.expand(packet.enters)
            found += [Doubt(None, doubt) for name, doubt in self._asked.items() if name in entered]
        own = self._own.get(packet.target)
        if own and not self.translations(packet)[0]:
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
        doubts = [*policy.unread, *times(policy), *doubts]
        return Match(None, doubts[0]) if doubts else Match(True)

    def concerns(self, policy: Policy, packet: Packet) -> bool:
        """Whether a policy may match a packet of this kind, for some port."""
        if policy.widening or policy.negated:
            return True
        if self._source(policy, packet.source).answer is False:
            return False
        vips = any(name in self.vips for name in self.addresses.members(policy.destinations))
        return vips or self.addresses.contains(policy.destinations, packet.target) is not False

    def _source(self, policy: Policy, source: Anyone) -> Match:
        answer = self.addresses.contains(policy.sources, source)
        doubt = self.addresses.doubt(policy.sources)
        if answer is False and any(name in self.vips for name in self.addresses.members(policy.sources)):
            answer = None
        return _negate(Match(answer, doubt or f"sources {' '.join(policy.sources)}"), "sources" in policy.negated)

    def _target(self, policy: Policy, packet: Packet) -> tuple[Match, Port | None]:
        """Whether the packet goes where the policy says, and for which port behind a translation."""
        if named := self._by_vip(policy, packet):
            return named
        (translated, perhaps), sees = self.translations(packet), policy.action is Action.DENY and policy.sees_vips
        hidden = self.addresses.may_hold_vips(policy.destinations)
        port = taken.port if translated and packet.exact and (taken := by_vip(translated, packet)) else packet.port
        if translated and not sees:
            # FortiOS matches translated packets by policies that name the VIP.
            return (Match(None, self.addresses.doubt(policy.destinations)) if hidden else NO), port
        match = self._destination(policy, packet, translated)
        if perhaps and (match.answer or sees or hidden) and not (sees and self._has_each_end(policy, packet)):
            match = Match(None, _of_vip(perhaps))
        return match, port

    def _by_vip(self, policy: Policy, packet: Packet) -> tuple[Match, Port | None] | None:
        """The same by the VIPs that a policy names; None where no such one takes the packet."""
        for name in self.addresses.members(policy.destinations):
            vip = self.vips.get(name)
            taken = by_vip(vip, packet) if vip else None
            at = self.topology.among(packet.enters, (vip.interface,)) if vip and taken else False
            if vip and taken and at is not False:
                other, surely = self._before(vip, packet)
                if not surely:
                    answer = "destinations" not in policy.negated if at and not (vip.unread or other) else None
                    return Match(answer, _of_vip(other or vip)), taken.port
        return None

    def _before(self, vip: Vip, packet: Packet) -> tuple[Vip | None, bool]:
        """Another VIP that takes a packet at its outer address before this one, or may do so; and which of both."""
        surely, perhaps = self.translations(packet)
        if vip.unread or packet.target != vip.outside or (packet.port is None and surely and surely.forwards):
            return None, False
        if perhaps and perhaps is not vip:
            return perhaps, False
        return (surely, True) if surely and surely is not vip and not perhaps else (None, False)

    def _destination(self, policy: Policy, packet: Packet, translated: Vip | None) -> Match:
        """Whether a policy has the target among its addresses, or the inner one of a deny that sees translations."""
        answer = self.addresses.contains(policy.destinations, packet.target)
        if translated and packet.exact:
            # The policies are asked behind the translation; whether a deny of the outer address counts is not known.
            inner = self.addresses.contains(policy.destinations, translated.mapped)
            answer = inner if inner or not answer else None
        doubt = self.addresses.doubt(policy.destinations) or f"destinations {' '.join(policy.destinations)}"
        return _negate(Match(answer, doubt), "destinations" in policy.negated)

    def _has_each_end(self, policy: Policy, packet: Packet) -> bool:
        """Whether it does not matter to a policy what a translation of a packet leads to."""
        return not packet.exact or self.addresses.contains(policy.destinations, ALL) is True

    def _translations(self, packet: Packet) -> tuple[Vip | None, Vip | None]:
        """The VIP that takes a packet at its outer address, and one before it, or alone, of which that cannot be told.

        FortiOS translates also for one that no policy names (Fortinet's technical tip 189573), and by the first one in
        the list that fits (350101).
        """
        perhaps = None
        for vip in self.vips.values():
            takes = self._takes(vip, packet)
            if takes:
                return vip, perhaps
            perhaps = perhaps or (vip if takes is None else None)
        return None, perhaps

    def _takes(self, vip: Vip, packet: Packet) -> bool | None:
        at = self.topology.among(packet.enters, (vip.interface,))
        if vip.unread:
            outer = not vip.outer or any(packet.target in network for network in vip.outer)
            return None if outer and at is not False else False
        outer = vip.outside == packet.target != vip.mapped
        return at if outer and by_vip(vip, packet) else False

    def _service(self, policy: Policy, port: Port | None) -> Match:
        answer = self.services.contains(policy.services, port)
        doubt = self.services.doubt(policy.services) or f"services {' '.join(policy.services)}"
        return _negate(Match(answer, doubt), "services" in policy.negated)


def _of_vip(vip: Vip) -> str:
    return f"VIP {vip.name}: {', '.join(vip.unread) or f'at {vip.interface}'}"


def _negate(match: Match, negated: bool) -> Match:
    return match._replace(answer=not match.answer) if negated and match.answer is not None else match


def times(policy: Policy) -> list[str]:
    """The schedule of a policy that is in force at some hours alone."""
    return [f"schedule {policy.schedule}"] if policy.at_times else []


def _could_change(policy: Policy, passes: bool) -> bool:
    """Whether the answer would differ if this policy matched the packet."""
    special = any(words.startswith("action ") for words in policy.unread)
    return special or (policy.action is Action.ACCEPT) is not passes
