"""A packet on its way through the lab's hops, and what each of them says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import NamedTuple

from labvpn.agent.firewalld.evaluation import settled
from labvpn.model.ports import Port
from labvpn.parse.fortigate.extent import Anyone


class Flow(NamedTuple):
    """The first packet of a connection: who sends it, its destination and port, any source port."""

    source: Anyone
    target: IPv4Address
    port: Port


class HopVerdict(NamedTuple):
    """What a hop does with a packet (None: that cannot be told), the rule that decides, and whether it is ours."""

    hop: str
    passes: bool | None
    rule: str
    ours: bool = False

    def __str__(self) -> str:
        """As a line of an explanation."""
        words = {True: "passes", False: "is stopped", None: "cannot be told"}
        return f"{self.hop}: {words[self.passes]} ({self.rule})"


class Ruled(NamedTuple):
    """A rule that fits a packet, surely or perhaps, and what it does then; None where even that is not known."""

    passes: bool | None
    rule: str
    sure: bool
    ours: bool = False


def decided(hop: str, rules: Iterable[Ruled], fallen: Ruled) -> HopVerdict:
    """The verdict of the first sure rule, or of what becomes of the rest; unless a doubtful one differs.

    `rules` are those that fit, in the hop's order.
    """
    passes, by = settled(((rule.passes, rule.sure, rule) for rule in rules), fallen, bool(fallen.passes))
    words = " and ".join(dict.fromkeys(rule.rule for rule in by[:3]))
    return HopVerdict(hop, passes, words, passes is not None and by[0].ours)


@dataclass(frozen=True)
class Route:
    """The verdicts of the hops on a packet's way, in their order, to the one that stops it or to the end."""

    flow: Flow
    hops: tuple[HopVerdict, ...]

    @property
    def passes(self) -> bool | None:
        """Whether it arrives: one hop that stops it is enough, whatever is not known of others."""
        found = [hop.passes for hop in self.hops]
        return False if False in found else None if None in found else True

    @property
    def deciding(self) -> HopVerdict:
        """The hop on which the answer depends: the one that stops it, is in doubt, or let it through last."""
        return next(
            (hop for wanted in (False, None) for hop in self.hops if hop.passes is wanted),
            self.hops[-1] if self.hops else HopVerdict("network", True, "both are in the same network"),
        )
