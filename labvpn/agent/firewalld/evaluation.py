"""The order in which firewalld asks its zones and policies about a packet; pure, so that both sides use it."""

from typing import Dict, Iterator, List, Tuple

from labvpn.agent.firewalld.rulings import Parts, Ruling, Rulings, of_target


class Evaluation:
    """Zones and policies by name, and what they say of a packet, rule by rule."""

    def __init__(self, rules: Rulings, zones: Dict[str, Parts], policies: Dict[str, Parts]) -> None:
        self.rules = rules
        self.zones = zones
        self.policies = policies

    def rulings(self, zone: str, port: str, family: str) -> Iterator[Tuple[str, Ruling]]:
        """What is asked of a packet that arrives in a zone, in firewalld's order."""
        policies = sorted(self.policies_from(zone), key=lambda pair: priority_of(pair[1]))
        for name, parts in policies:
            if priority_of(parts) < 0:
                yield from (("policy " + name, ruling) for ruling in self.rules.of_parts(parts, port, family))
        yield from (("zone " + zone, one) for one in self.rules.of_parts(self.zones[zone], port, family, ending=False))
        for name, parts in policies:
            if priority_of(parts) >= 0:
                yield from (("policy " + name, ruling) for ruling in self.rules.of_parts(parts, port, family))
        yield from (("zone " + zone, ruling) for ruling in of_target(self.zones[zone]))

    def outgoing(self, zone: str, port: str, family: str) -> Iterator[Tuple[str, Ruling]]:
        """What is asked of a packet that the host itself sends to a zone; without a ruling it passes."""
        found = [pair for pair in self.policies.items() if self.leads(pair[1], "HOST", zone)]
        for name, parts in sorted(found, key=lambda pair: priority_of(pair[1])):
            yield from (("policy " + name, ruling) for ruling in self.rules.of_parts(parts, port, family))

    def policies_from(self, zone: str) -> List[Tuple[str, Parts]]:
        """The policies for what comes from a zone to the host itself."""
        return [(name, parts) for name, parts in self.policies.items() if self.leads(parts, zone, "HOST")]

    def leads(self, parts: Parts, begin: str, end: str) -> bool:
        """Whether a policy is about what comes from one zone to another; ANY is every zone, and not the host."""
        return all(
            name in held or ("ANY" in held and name != "HOST")
            for name, held in ((begin, parts.get("ingress-zones", [])), (end, parts.get("egress-zones", [])))
        )


def priority_of(parts: Parts) -> int:
    """A policy's place among the others; those below zero come before the zones."""
    (word,) = parts.get("priority") or ["-1"]
    return int(word) if word.lstrip("-").isdigit() else -1
