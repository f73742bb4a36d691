"""Which ONE hop closes a port: the fewest faults that explain what every vantage point sees. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from labvpn.probe.targets import ProbedPort

# The hops from the outside in. "way" is a vantage point's own network up to the lab, "tunnel" its VPN: one for each.
WAY, CAMPUS, TUNNEL, FORTIGATE, FIREWALLD, SERVER = "way", "campus", "tunnel", "fortigate", "firewalld", "server"
OWN = (WAY, CAMPUS, TUNNEL)
# The hops that a packet passes from each place. To the campus the FortiGate applies another policy: part of that way.
PATHS = {
    "outside": (WAY, FORTIGATE, FIREWALLD, SERVER),
    "campus": (CAMPUS, FIREWALLD, SERVER),
    "vpn": (TUNNEL, FIREWALLD, SERVER),
    "host": (FIREWALLD, SERVER),
}


@dataclass(frozen=True)
class Fault:
    """One way for a hop to close a port: what can be seen of it, and how unusual it is (of two, the less wins)."""

    causes: frozenset[str]
    rarity: int


@dataclass(frozen=True)
class Witness:
    """What one vantage point sees of a port: a symbol of `observation.cause`."""

    name: str
    place: str
    cause: str


@dataclass(frozen=True)
class Hop:
    """A hop, with the vantage point whose way it is where it is a way."""

    kind: str
    of: str = ""


@dataclass(frozen=True)
class FaultLocation:
    """The hop that closes `port` for the vantage point `witness`.

    `rivals` would explain it with as few faults, less usual first left out; `behind` are other hops that close it too;
    `stops` says for each vantage point where its packets end. Without a `hop` the observations contradict each other.
    """

    port: ProbedPort
    witness: str
    hop: Hop | None
    rivals: tuple[Hop, ...] = ()
    behind: tuple[Hop, ...] = ()
    stops: tuple[tuple[str, Hop], ...] = ()

    @property
    def certain(self) -> bool:
        """Whether no other single explanation fits."""
        return self.hop is not None and not self.rivals


World = Mapping[Hop, Fault]
HopPath = tuple[Hop, ...]


def _fault(rarity: int, *causes: str) -> Fault:
    return Fault(frozenset(causes), rarity)


_FAULTS = {
    WAY: (
        _fault(2, "silence"),
        _fault(2, "firewall:elsewhere", "firewall:unseen", "unreachable"),
        # A router that has lost the server's network says so in the same words as one that finds no machine.
        _fault(4, "no host"),
        # A box that forges the server's "nothing listens here".
        _fault(4, "no listener"),
    ),
    CAMPUS: (
        _fault(2, "silence"),
        _fault(2, "firewall:fortigate", "firewall:elsewhere", "firewall:unseen", "unreachable"),
        _fault(4, "no listener", "no host"),
    ),
    # It carries all ports alike: one that is closed for a client inside is more often closed on the host.
    TUNNEL: (
        _fault(4, "silence"),
        _fault(4, "firewall:elsewhere", "firewall:unseen", "unreachable"),
    ),
    FORTIGATE: (
        _fault(1, "silence"),
        _fault(1, "firewall:fortigate", "firewall:elsewhere", "firewall:unseen"),
        # FortiOS answers TCP with a reset where send-deny-packet is on.
        _fault(3, "no listener"),
    ),
    FIREWALLD: (
        _fault(1, "firewall:server", "firewall:unseen"),
        # A zone with target DROP.
        _fault(2, "silence"),
        _fault(4, "no listener"),
    ),
    SERVER: (
        _fault(1, "no listener"),
        # The machine is down, or the service hangs.
        _fault(3, "silence", "no host"),
    ),
}


def locate(port: ProbedPort, witnesses: Sequence[Witness], without: Sequence[str] = ()) -> FaultLocation | None:
    """The hop that closes `port`, None where every witness sees it open; the lab is `without` these hops."""
    closed = [witness for witness in witnesses if witness.cause != "open"]
    if not closed:
        return None
    focus = min(closed, key=lambda witness: tuple(PATHS).index(witness.place))
    paths = {witness: path(witness, without) for witness in witnesses}
    fitting = _explanations(paths)
    if not fitting:
        return FaultLocation(port, focus.name, None)
    blamed = list(dict.fromkeys(hop for world in fitting if (hop := _stop(world, focus, paths[focus]))))
    best = fitting[0]
    stops = tuple((witness.name, hop) for witness in closed if (hop := _stop(best, witness, paths[witness])))
    behind = tuple(hop for hop in best if hop != blamed[0])
    return FaultLocation(port, focus.name, blamed[0], tuple(blamed[1:]), behind, stops)


def path(witness: Witness, without: Sequence[str] = ()) -> HopPath:
    """The hops between a witness and the service."""
    kinds = (kind for kind in PATHS[witness.place] if kind not in without)
    return tuple(Hop(kind, witness.name if kind in OWN else "") for kind in kinds)


def _explanations(paths: Mapping[Witness, HopPath]) -> list[World]:
    """The worlds with the fewest faults that fit what all witnesses see, the most usual first."""
    hops = tuple(dict.fromkeys(hop for hops in paths.values() for hop in hops))
    for count in range(1, len(hops) + 1):
        fitting = [world for world in _worlds(hops, count) if _fits(world, paths)]
        if fitting:
            return sorted(fitting, key=lambda world: sum(fault.rarity for fault in world.values()))
    return []


def _worlds(hops: Sequence[Hop], count: int) -> Iterator[World]:
    for faulty in combinations(hops, count):
        for faults in product(*(_FAULTS[hop.kind] for hop in faulty)):
            yield dict(zip(faulty, faults, strict=True))


def _fits(world: World, paths: Mapping[Witness, HopPath]) -> bool:
    return all(witness.cause in _visible(world, witness, hops) for witness, hops in paths.items())


def _visible(world: World, witness: Witness, hops: HopPath) -> frozenset[str]:
    """What a witness can see in such a world."""
    seen: frozenset[str] = frozenset()
    for hop in hops:
        fault = world.get(hop)
        if fault and witness.place in ("host", "vpn") and hop.kind == FIREWALLD:
            # firewalld lets a machine talk to itself, and so does SecureNAT; other rules on the host may refuse that.
            seen |= fault.causes & {"firewall:server"}
        elif fault:
            return seen | _carried(fault.causes, witness)
    return seen | {"open"}


def _carried(causes: frozenset[str], witness: Witness) -> frozenset[str]:
    """What of it comes back to the witness: SecureNAT keeps a refusal for itself, and its client hears nothing."""
    return causes | {"silence"} if witness.place == "vpn" and "no listener" in causes else causes


def _stop(world: World, witness: Witness, hops: HopPath) -> Hop | None:
    """Where a witness's packets end."""
    return next((hop for hop in hops if hop in world and witness.cause in _carried(world[hop].causes, witness)), None)
