"""The lab as one model of who reaches what: its hubs, its hosts' firewalld and the FortiGate's whole list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from labvpn.model.lab import Lab
from labvpn.model.ports import Port, Transport
from labvpn.model.server import Server
from labvpn.model.users import User
from labvpn.parse.fortigate.extent import Anyone
from labvpn.parse.host import NOTHING, HostState
from labvpn.plan.fortigate.comparison import Comparison, PolicyList, merged
from labvpn.reach.firewalld import HOP as FIREWALLD
from labvpn.reach.firewalld import HostRules
from labvpn.reach.gate import HOP as FORTIGATE
from labvpn.reach.gate import Gate, Way
from labvpn.reach.hops import Flow, HopVerdict, Route
from labvpn.reach.host_changes import not_installed, with_lab
from labvpn.reach.hub import HubState
from labvpn.state.document import Entry, read
from labvpn.state.fortigate import Inventory

NOT_INSTALLED = "firewalld is not installed there yet, so what its zones let in is not known"
NOT_OURS = "no firewalld runs there, and what else filters is not known"


@dataclass(frozen=True)
class HostModel:
    """A VPN host: its own address, its hubs, its firewall, or why nothing is known of that.

    `inner` are the addresses that it holds for VPN clients alone.
    """

    server: Server
    address: IPv4Address
    hubs: Mapping[str, HubState]
    rules: HostRules | None
    doubt: str = ""
    inner: frozenset[IPv4Address] = frozenset()

    def arriving(self, flow: Flow) -> HopVerdict:
        """What its firewall does with a packet from another machine."""
        return self.rules.arriving(flow) if self.rules else HopVerdict(FIREWALLD, None, self.doubt)

    def leaving(self, flow: Flow) -> HopVerdict | None:
        """What its firewall does with a packet of its own; nothing where that is not known to be filtered."""
        return self.rules.leaving(flow) if self.rules and self.rules.policies else None

    def has(self, address: IPv4Address) -> bool:
        """Whether an address is this host's."""
        known = address in (self.address, self.server.address) or address in self.inner
        return known or (self.rules is not None and self.rules.has(address))


@dataclass(frozen=True)
class Origin:
    """Who sends a packet: a user (None: an account that no rule names) of a hub, or a source at some interfaces."""

    label: str
    hub: str = ""
    user: User | None = None
    source: Anyone = "all"
    enters: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReachModel:
    """A lab's hops, as they are or as they will be."""

    lab: Lab
    hosts: tuple[HostModel, ...]
    gate: Gate | None

    @classmethod
    def after(
        cls,
        lab: Lab,
        documents: Sequence[Mapping[str, str]],
        states: Sequence[Mapping[str, HostState]],
        compared: Comparison | None,
    ) -> ReachModel:
        """What will be in force after `up`, with everything that others put there."""
        pairs = zip(lab.servers, documents, states, strict=True)
        hosts = (_host(lab, server, desired, seen, later=True) for server, desired, seen in pairs)
        return cls(
            lab,
            tuple(hosts),
            _gate(compared, compared.after, merged(compared.desired, compared.actual)) if compared else None,
        )

    @classmethod
    def before(cls, lab: Lab, states: Sequence[Mapping[str, HostState]], compared: Comparison | None) -> ReachModel:
        """What is in force now."""
        hosts = (_host(lab, server, {}, seen, later=False) for server, seen in zip(lab.servers, states, strict=True))
        return cls(lab, tuple(hosts), _gate(compared, compared.before, compared.actual) if compared else None)

    def routes(self, origin: Origin, target: IPv4Address, port: Port) -> Iterator[Route]:
        """Every way by which a packet may go, each with its hops' verdicts."""
        if not origin.hub:
            flow = Flow(origin.source, target, port)
            yield from (Route(flow, tuple(hops)) for hops in self._between(flow, origin.enters))
            return
        for host in self.hosts:
            yield from self._of_user(host, origin, target, port)

    def before_gate(self, origin: Origin, target: IPv4Address) -> Iterator[tuple[Flow, tuple[str, ...]]]:
        """A packet as it comes to the FortiGate, for its port to be chosen, and the interfaces it may enter by."""
        unset = Port(1, Transport.TCP)
        if not origin.hub:
            yield Flow(origin.source, target, unset), origin.enters
        elif self.lab.fortigate:
            yield from ((Flow(host.address, target, unset), (self.lab.fortigate.inside,)) for host in self.hosts)

    def _of_user(self, host: HostModel, origin: Origin, target: IPv4Address, port: Port) -> Iterator[Route]:
        hub = host.hubs.get(origin.hub)
        flow = Flow(host.address, target, port)
        if hub is None:
            yield Route(flow, (HopVerdict(f"hub {origin.hub}", False, "the server has no such hub", ours=True),))
            return
        hops = [*hub.decide(origin.user, target, port)]
        if hub.contains(target) or any(hop.passes is False for hop in hops):
            yield Route(flow, tuple(hops))
        elif host.has(target):
            yield Route(flow, (*hops, _at_home(host, target)))
        else:
            leaving = host.leaving(flow)
            enters = (self.lab.fortigate.inside,) if self.lab.fortigate else ()
            for more in self._between(flow, enters):
                yield Route(flow, (*hops, *([leaving] if leaving else []), *more))

    def _between(self, flow: Flow, enters: tuple[str, ...]) -> Iterator[list[HopVerdict]]:
        """The hops between two machines, for each way that a packet may take."""
        if self.gate is None:
            end = self._at_end(flow)
            yield end or [HopVerdict("network", None, "the stack has no hop in between")]
            return
        ways = list(self.gate.ways(flow, enters))
        found = [self._through(flow, way) for way in ways]
        lost = self.gate.unplaced(flow, enters)
        if len(lost) > 1 or (lost and len({Route(flow, tuple(hops)).passes for hops in found}) > 1):
            why = f"which interface leads to {' and '.join(map(str, lost))}, since no network of one has it"
            found = [[HopVerdict(FORTIGATE, None, why)]]
        yield from found
        if not ways:
            yield self._at_end(flow)

    def _through(self, flow: Flow, way: Way) -> list[HopVerdict]:
        assert self.gate  # noqa: S101  (mypy: only a lab with a FortiGate has ways)
        verdict = self.gate.decide(flow, way)
        if verdict.passes is False:
            return [verdict]
        source = self.gate.source_behind(flow, way)
        behind = self.gate.translated(flow, way)
        if source is None or behind is None:
            end = self._at_end(behind or flow)
            sources = self.gate.sources_behind(flow, way)
            if behind and None not in sources:
                # One of several: where the end treats all of them alike, that is certain.
                ends = [self._at_end(behind._replace(source=one)) for one in sources if one is not None]
                if len({tuple(hop.passes for hop in hops) for hops in ends}) == 1:
                    return [verdict, *ends[0]]
            unknown = f"the FortiGate gives it a {'source' if behind else 'destination'} that is not known"
            return [verdict, *(hop._replace(passes=None, rule=unknown) for hop in end)]
        return [verdict, *(self._astray(flow, behind) or self._at_end(behind._replace(source=source)))]

    def _astray(self, flow: Flow, behind: Flow) -> list[HopVerdict]:
        """What stops a packet for a VPN host that a VIP leads to a machine that is not known to be the host."""
        meant = [host for host in self.hosts if host.has(flow.target)]
        if not meant or any(host.has(behind.target) for host in meant):
            return []
        known = all(host.rules for host in meant)
        words = "which is not the VPN host" if known else "of which it is not known whether that is the VPN host"
        return [HopVerdict(FORTIGATE, False if known else None, f"a VIP leads it to {behind.target}, {words}")]

    def _at_end(self, flow: Flow) -> list[HopVerdict]:
        return [host.arriving(flow) for host in self.hosts if host.has(flow.target)]


def _at_home(host: HostModel, target: IPv4Address) -> HopVerdict:
    """A packet that SecureNAT sends to the host itself, which never leaves it."""
    if target in (host.address, host.server.address):
        words = f"clients send what is for {target}, which they dial, around the tunnel; name secureNat.hostAddress"
        return HopVerdict("client", None, words)
    return HopVerdict(FIREWALLD, True, "it stays on the host's loopback interface")


def _gate(compared: Comparison, policies: PolicyList, inventory: Inventory) -> Gate:
    return Gate(compared.settings, inventory, policies, compared.is_ours, tuple(compared.places))


def _host(
    lab: Lab, server: Server, desired: Mapping[str, str], seen: Mapping[str, HostState], later: bool
) -> HostModel:
    state = seen.get("hub", NOTHING)
    entries = read(desired.get("hub", "") if later else state.document)
    others = state.facts.get("access", {})
    hubs = {name: HubState.of(name, entries, tuple(others.get(name, ()))) for name in lab.all_hubs}
    rules, doubt = _firewall(lab, seen, read(desired.get("firewall", "")), later)
    known = {name: hub for name, hub in hubs.items() if hub}
    nats = [hub.secure_nat for hub in lab.all_hubs.values() if hub.secure_nat]
    inner = frozenset(nat.host_address for nat in nats if nat.host_address)
    return HostModel(server, lab.host_addresses[f"server{server.suffix}"], known, rules, doubt, inner)


def _firewall(
    lab: Lab, seen: Mapping[str, HostState], desired: tuple[Entry, ...], later: bool
) -> tuple[HostRules | None, str]:
    state = seen.get("firewall" if lab.firewall else "server", NOTHING)
    rules = HostRules.of(state.facts)
    if rules is None and lab.firewall and later:
        return with_lab(not_installed(lab.firewall.open_zones), desired, ()), ""
    if rules is None:
        return None, NOT_INSTALLED if lab.firewall else NOT_OURS
    if not state.facts.get("running") and not (lab.firewall and later):
        return None, NOT_OURS
    return with_lab(rules, desired, read(state.applied or "")) if later else rules, ""
