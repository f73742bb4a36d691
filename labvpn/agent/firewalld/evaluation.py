"""The order in which firewalld asks its zones and policies about a packet; pure, so that both sides use it."""

from typing import Dict, Iterable, Iterator, List, Optional, Tuple, TypeVar

from labvpn.agent.firewalld.rulings import Parts, Ruling, Rulings, of_target

Rule = TypeVar("Rule")
Fitting = Tuple[Optional[bool], bool, Rule]
"""Whether a rule lets a packet pass (None: that is not known), whether it surely applies to it, and the rule."""


def settled(rules: Iterable[Fitting[Rule]], fallen: Rule, passes: bool) -> Tuple[Optional[bool], List[Rule]]:
    """The verdict on a packet and the rules that it is by: the first sure one, unless doubtful ones before it differ.

    `fallen` stands for what becomes of a packet that no rule names, by `passes`.
    """
    doubts: List[Tuple[Optional[bool], Rule]] = []
    last = (passes, fallen)
    for verdict, sure, rule in rules:
        if sure and verdict is not None:
            last = (verdict, rule)
            break
        doubts.append((verdict, rule))
    against = [rule for verdict, rule in doubts if verdict is not last[0]]
    return (None, against) if against else (last[0], [last[1]])


class Evaluation:
    """Zones and policies by name, and what they say of a packet, rule by rule."""

    def __init__(self, rules: Rulings, zones: Dict[str, Parts], policies: Dict[str, Parts]) -> None:
        self.rules = rules
        self.zones = zones
        self.policies = policies

    def rulings(self, zone: str, port: str, family: str) -> Iterator[Tuple[str, Ruling]]:
        """What is asked of a packet that arrives in a zone, in firewalld's order."""
        yield from self.led_elsewhere(zone, port, family)
        policies = sorted(self.policies_from(zone), key=lambda pair: priority_of(pair[1]))
        for name, parts in policies:
            if priority_of(parts) < 0:
                yield from (("policy " + name, ruling) for ruling in self.rules.of_parts(parts, port, family))
        yield from (("zone " + zone, one) for one in self.rules.of_parts(self.zones[zone], port, family, ending=False))
        for name, parts in policies:
            if priority_of(parts) >= 0:
                yield from (("policy " + name, ruling) for ruling in self.rules.of_parts(parts, port, family))
        yield from (("zone " + zone, ruling) for ruling in of_target(self.zones[zone]))

    def led_elsewhere(self, zone: str, port: str, family: str) -> Iterator[Tuple[str, Ruling]]:
        """The forward ports that come before all of them: destination NAT, by policies to anywhere too."""
        for place, parts in self.forwarding(zone):
            yield from ((place, ruling) for ruling in self.rules.of_forwards(parts, port, family))

    def forwarding(self, zone: str) -> List[Tuple[str, Parts]]:
        """The zone itself and the policies whose forward ports hold for what arrives in it, in their order."""
        policies = [pair for pair in self.policies.items() if self.begins(pair[1], zone)]
        policies.sort(key=lambda pair: priority_of(pair[1]))
        titled = [(priority_of(parts) < 0, ("policy " + name, parts)) for name, parts in policies]
        before, after = ([one for early, one in titled if early is wanted] for wanted in (True, False))
        return [*before, ("zone " + zone, self.zones[zone]), *after]

    def outgoing(self, zone: str, port: str, family: str) -> Iterator[Tuple[str, Ruling]]:
        """What is asked of a packet that the host itself sends to a zone; without a ruling it passes."""
        found = [pair for pair in self.policies.items() if self.leads(pair[1], "HOST", zone)]
        for name, parts in sorted(found, key=lambda pair: priority_of(pair[1])):
            yield from (("policy " + name, ruling) for ruling in self.rules.of_parts(parts, port, family))

    def policies_from(self, zone: str) -> List[Tuple[str, Parts]]:
        """The policies for what comes from a zone to the host itself."""
        return [(name, parts) for name, parts in self.policies.items() if self.leads(parts, zone, "HOST")]

    def leads(self, parts: Parts, begin: str, end: str) -> bool:
        """Whether a policy is about what comes from one zone to another."""
        return self.begins(parts, begin) and names(parts.get("egress-zones", []), end)

    def begins(self, parts: Parts, zone: str) -> bool:
        """Whether a policy is about what comes from a zone, and is not switched off (`disable`, since 2.4)."""
        return parts.get("disable") != ["yes"] and names(parts.get("ingress-zones", []), zone)


def names(held: List[str], zone: str) -> bool:
    """Whether a list of zones has one of them; ANY is every zone, and not the host."""
    return zone in held or ("ANY" in held and zone != "HOST")


def priority_of(parts: Parts) -> int:
    """A policy's place among the others; those below zero come before the zones."""
    (word,) = parts.get("priority") or ["-1"]
    return int(word) if word.lstrip("-").isdigit() else -1
