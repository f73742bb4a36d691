"""Keeping record sets at a name server: ours are changed to what is declared and removed again, others stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import dns.update

from labvpn.connect.dns import delegation, primary
from labvpn.connect.dns.primary import Say
from labvpn.connect.dns.propagation import watch
from labvpn.connect.dns.tsig import Zone
from labvpn.connect.errors import HopError
from labvpn.plan.dns_diff import after_removal, occupant, resolvers_follow
from labvpn.render.dns import update
from labvpn.state.dns import ServerAnswer
from labvpn.state.records import Key, RecordSet, Sets


class OccupiedError(HopError):
    """Someone else's records are in the place of ours."""


@dataclass(frozen=True)
class Keeper:
    """How the records of a name are kept; `roots` is None where no delegation is followed, `wait` is in seconds.

    An IPv6 address is written only where these TCP `ports` of it are open from here, if any are given.
    """

    zone: Zone
    name: str
    adopt: bool
    roots: Sequence[str] | None
    wait: float
    say: Say
    ports: Sequence[int] = ()

    def read(self, keys: Iterable[Key]) -> Sets:
        """The record sets of these keys at the server, and aliases in the place of their names."""
        return primary.read(self.zone, keys)

    def claim(self, now: Sets, seen: Sets, goal: Sets) -> None:
        """Raise OccupiedError where `now` has a record that is neither as it was read last nor as it should be."""
        found = occupant(now, seen, goal, self.adopt)
        if found is not None:
            raise _occupied(self.zone, found)

    def bring(self, seen: Sets, goal: Sets) -> Sets:
        """Replace what was read last by `goal` and wait until every server has it; returns what was there before."""
        keys = list(dict.fromkeys([*seen, *goal]))
        self._try_ipv6({key: each for key, each in goal.items() if key not in seen or seen[key].values != each.values})

        def decide(now: Sets) -> dns.update.UpdateMessage | None:
            self.claim(now, seen, goal)
            going = {key: found for key, found in now.items() if key not in goal}
            return update(self.zone.name, now, {**after_removal(going, seen, {}), **goal})

        before = primary.change(self.zone, keys, decide, self.say)
        if any(before.get(key) != goal.get(key) for key in keys):
            self._settle(before, goal)
        return before

    def leave(self, ours: Sets, found: Sets) -> None:
        """Remove our records; what others added beside them stays, and what was there before us comes back."""
        before = primary.change(
            self.zone,
            ours,
            lambda now: update(self.zone.name, now, after_removal(now, ours, found)),
            self.say,
            known=ours,
        )
        left = after_removal(before, ours, found)
        if left != before:
            self._settle(before, left)

    def _try_ipv6(self, new: Sets) -> None:
        """Raise NameRefused where IPv6 is not open to what would be written; the other hops are ready by now."""
        # A preview, which only reads, starts faster without them.
        from labvpn.connect.dns.inspect import NameRefused
        from labvpn.connect.dns.ipv6 import tried

        findings = tried(new, self.ports)
        if refusals := [finding for finding in findings if finding.refuses]:
            raise NameRefused(self.name, refusals)
        for finding in findings:
            self.say(str(finding))

    def _settle(self, before: Sets, goal: Sets) -> None:
        """Wait, bounded, until every server of the zone has the change, and report when resolvers will."""
        late = watch(self._servers(), goal, before, self.zone.name, self.wait, self.say) if self.wait else []
        for sentence in late:
            self.say(f"not there yet after {self.wait:.0f} s: {sentence}; ask its operator why")
        seconds = resolvers_follow(before, goal, primary.answer(self.zone, ()).soa)
        self.say(f"resolvers that asked before the change follow within {seconds} s, all others at once")

    def _servers(self) -> Sequence[ServerAnswer]:
        if self.roots is None:
            return ()
        walked = delegation.trace(self.zone.name, self.name, (), self.roots)
        if walked.end != "delegated":
            self.say("not verified: which servers the public DNS delegates to could not be read from here")
        return walked.servers


_IN_THE_WAY = {
    "TXT": (
        "shows at {name} that another stack keeps this name ({shown})",
        "destroy it there, or remove that record",
    ),
    "CNAME": (
        "shows that {name} is an alias ({shown}), and nothing can stand beside one",
        "remove the alias there, or choose another dns.host",
    ),
    "DNAME": (
        "shows that all names below {name} are those of another ({shown})",
        "remove that redirection there, or choose another dns.host",
    ),
    "ALIAS": (
        "answers {values} for {name} and has no such record (an ALIAS, or the like)",
        "remove there what it makes them of, or choose another dns.host",
    ),
}
_FOREIGN = (
    "shows {shown} for {name}, which this stack did not put there",
    "remove it there, or take it over by dns.adopt: true",
)


def _occupied(zone: Zone, found: RecordSet) -> OccupiedError:
    what, remedy = _IN_THE_WAY.get(found.key.kind, _FOREIGN)
    words = what.format(name=found.key.name, shown=found.text, values=", ".join(found.values))
    return OccupiedError(zone.hop, words, remedy)
