"""One packet explained: who sends it, and hop by hop what becomes of it, with the rule that decides."""

from __future__ import annotations

from typing import Any, NamedTuple

from labvpn.model.expect import Expectation, Target, port_range, sender_of, targets_of
from labvpn.model.ports import Port
from labvpn.reach.expectations import Decider
from labvpn.reach.hops import Route
from labvpn.reach.model import ReachModel

WORDS = {True: "reaches it", False: "does not reach it", None: "cannot be told"}


class Explanation(NamedTuple):
    """A packet of somebody, and its way."""

    who: str
    route: Route

    def __str__(self) -> str:
        """A line for the packet, one for each hop, and the answer."""
        flow = self.route.flow
        lines = [f"{self.who} -> {flow.target}:{flow.port}", *(f"  {hop}" for hop in self.route.hops)]
        if not self.route.hops:
            lines.append("  nothing is in between: both are in one network")
        return "\n".join([*lines, f"  = {WORDS[self.route.passes]}"])


def explanations(model: ReachModel, sender: str, target: str) -> list[Explanation]:
    """Every packet that is meant, with its ways. Raises ValueError for names of nothing and a missing port."""
    name, mark, text = target.partition(":")
    whom, where = sender_of(sender, model.lab), targets_of(name, model.lab)
    port = _port(text if mark else "", where, name)
    decider = Decider(model)
    one = Expectation.model_validate({"from": sender, "to": name, "ports": [str(port)], "reach": True})
    found = [Explanation(who, route) for who, route in decider.tried(one)]
    if not found:
        raise ValueError(f"nobody is {whom.name}: {decider.untried(one)}")
    return found


def _port(text: str, where: tuple[Target, ...], name: str) -> Port:
    """The port that was given, or the service's own."""
    if text:
        one = port_range(text)
        if one.first != one.last:
            raise ValueError(f"'{text}' is more than one port; name one, or print the --table")
        return Port(one.first, one.transport)
    own = [one for target in where for one in target.ports]
    if not own:
        raise ValueError(f"name the port too, as {name}:8000/tcp")
    return Port(own[0].first, own[0].transport)


def as_json(one: Explanation) -> dict[str, Any]:
    """The same for a program."""
    flow = one.route.flow
    hops = [{"hop": hop.hop, "passes": hop.passes, "rule": hop.rule, "ours": hop.ours} for hop in one.route.hops]
    return {
        "from": one.who,
        "source": str(flow.source),
        "to": str(flow.target),
        "port": str(flow.port),
        "reaches": one.route.passes,
        "hops": hops,
    }
