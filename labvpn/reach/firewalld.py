"""firewalld on the VPN host: what it does with a packet that arrives, or that SecureNAT sends from the host."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

from labvpn.agent.firewalld.definitions import Definitions, ServiceFile
from labvpn.agent.firewalld.evaluation import Evaluation
from labvpn.agent.firewalld.openings import matches
from labvpn.agent.firewalld.rich_rule import read_rule
from labvpn.agent.firewalld.rulings import OPEN, SHUT, UNCLEAR, Ruling, Rulings
from labvpn.model.ports import Port, Transport
from labvpn.parse.fortigate.extent import WIDE, Anyone, any_of
from labvpn.reach.hops import Flow, HopVerdict, Ruled, decided

HOP = "firewalld"
MAC = re.compile(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
Parts = Mapping[str, list[str]]
Listings = Mapping[str, Parts]


class Services(Definitions):
    """Services by their names, as the host's answer defines them."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self.known = {name: [ServiceFile(*part) for part in one] if one else None for name, one in known.items()}

    def read(self, name: str, above: set[str]) -> list[ServiceFile] | None:
        """A service that the answer does not have is not known."""
        return None


@dataclass(frozen=True)
class HostRules:
    """The zones and policies of a host, its interfaces with their addresses, and what filters beside firewalld.

    `ours` are the entries that the lab declares, as rulings name them.
    """

    zones: Listings
    policies: Listings
    services: Mapping[str, Any]
    default: str = "public"
    interfaces: Mapping[str, tuple[IPv4Interface, ...]] | None = None
    outside: tuple[str, ...] = ()
    gateway: str = ""
    beside: tuple[str, ...] = ()
    drifting: bool = False
    ours: frozenset[str] = frozenset()

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> HostRules | None:
        """The rules of a host's answer; None for one without firewalld."""
        if "zones" not in facts:
            return None
        held = {name: tuple(map(IPv4Interface, texts)) for name, texts in facts["interfaces"].items()}
        return cls(
            facts["zones"],
            facts["policies"],
            facts["services"],
            facts["default"],
            held,
            tuple(facts["outside"]),
            facts["gateway"],
            tuple(facts["beside"]),
            bool(facts["drifting"]),
        )

    @cached_property
    def _evaluation(self) -> Evaluation:
        own = [str(address.ip) for held in (self.interfaces or {}).values() for address in held]
        zones, policies = (
            {name: {key: list(entries) for key, entries in parts.items()} for name, parts in listing.items()}
            for listing in (self.zones, self.policies)
        )
        return Evaluation(Rulings(Services(self.services), own), zones, policies)

    def has(self, address: IPv4Address) -> bool:
        """Whether an address is one of the host's."""
        return any(address == one.ip for held in (self.interfaces or {}).values() for one in held)

    def arriving(self, flow: Flow) -> HopVerdict:
        """What becomes of a packet from another machine."""
        found = [self._in_zone(zone, flow) for zone in self._zones(flow.source)]
        verdict = _common(found)
        if verdict.passes and self.beside:
            return verdict._replace(passes=None, rule=f"{', '.join(self.beside[:3])} filters too, beside firewalld")
        return verdict

    def leaving(self, flow: Flow) -> HopVerdict:
        """What becomes of a packet that the host itself sends: only policies from HOST are about it."""
        found = []
        for zone in self._zones(flow.target):
            rulings = self._evaluation.outgoing(zone, str(flow.port), "ipv4")
            fallen = Ruled(True, "no policy of firewalld is about what the host sends", sure=True)
            found.append(decided(HOP, self._fitting(rulings, flow.source), fallen))
        return _common(found)

    def boundaries(self) -> Iterator[Port]:
        """The ports at which its verdict may change: the ends of what zones, policies and services name."""
        texts = [port for one in self.services.values() for part in one or () for port in part[0]]
        for parts in (*self.zones.values(), *self.policies.values()):
            rules = map(read_rule, parts.get("rich rules", []))
            named = (rule.values for rule in rules if "port" in rule.values)
            texts += [*parts.get("ports", []), *(f"{one['port']}/{one.get('protocol')}" for one in named)]
            texts += map(_forwarded, parts.get("forward-ports", []))
        for text in texts:
            numbers, _, transport = text.partition("/")
            first, _, last = numbers.partition("-")
            if transport in ("tcp", "udp") and first.isdigit() and (last or first).isdigit():
                yield from (Port(number, Transport(transport)) for number in (int(first), int(last or first) + 1))

    def networks(self) -> Iterator[IPv4Network]:
        """Every network that a zone or a rule names."""
        for parts in (*self.zones.values(), *self.policies.values()):
            sources = [read_rule(text).source.removeprefix("NOT ") for text in parts.get("rich rules", [])]
            for text in (*parts.get("sources", []), *sources):
                try:
                    yield IPv4Network(text, strict=False)
                except ValueError:
                    continue

    def _in_zone(self, zone: str, flow: Flow) -> HopVerdict:
        rulings = list(self._evaluation.rulings(zone, str(flow.port), "ipv4"))
        if self.drifting and any(_contains(one, flow.source) for one in self.zones[zone].get("sources", [])):
            drifts = {"its target default": UNCLEAR}
            rulings = [(place, one._replace(verdict=drifts.get(one.rule, one.verdict))) for place, one in rulings]
        fallen = Ruled(False, f"zone {zone} names it nowhere", sure=True)
        return decided(HOP, self._fitting(rulings, flow.source), fallen)

    def _fitting(self, rulings: Iterable[tuple[str, Ruling]], source: Anyone) -> Iterator[Ruled]:
        for place, ruling in rulings:
            fits = True if not ruling.whom else _matches(ruling.whom, source)
            if fits is not False:
                passes = {OPEN: True, SHUT: False}.get(ruling.verdict)
                yield Ruled(passes, f"{place}, {ruling.rule}", bool(fits) and ruling.sure, self._is_ours(ruling.rule))

    def _is_ours(self, rule: str) -> bool:
        """Whether the lab declares a rule, or nobody does: it could be opened by the configuration."""
        return rule in self.ours or rule.startswith("its target")

    def _zones(self, end: Anyone) -> list[str]:
        """The zones that a packet from or to somebody may belong to: by its address, then by its interface."""
        bound = ((name, parts.get("sources", [])) for name, parts in self.zones.items())
        found = {name: any_of(_contains(one, end) for one in sources) for name, sources in bound}
        sure = [name for name, held in found.items() if held]
        if len(sure) == 1 and None not in found.values():
            return sure
        maybe = [name for name, held in found.items() if held is None]
        names = [] if sure else [self._zone_of(interface) for interface in self._interfaces(end)]
        return list(dict.fromkeys([*sure, *maybe, *names]))

    def _interfaces(self, end: Anyone) -> list[str]:
        """The interfaces behind which somebody may be."""
        near = [
            (address.network.prefixlen, name)
            for name, held in (self.interfaces or {}).items()
            for address in held
            if isinstance(end, IPv4Address) and name != "lo" and end in address.network
        ]
        if near:
            return [max(near)[1]]
        return [self.gateway] if self.gateway else list(self.outside) or [""]

    def _zone_of(self, interface: str) -> str:
        bound = (
            name
            for name, parts in self.zones.items()
            if any(matches(one, interface) for one in parts.get("interfaces", []))
        )
        return next(bound, self.default)


def _common(found: list[HopVerdict]) -> HopVerdict:
    """One verdict of several zones of which one is meant: it is certain where they agree."""
    if len({one.passes for one in found}) > 1:
        rules = " or ".join(dict.fromkeys(one.rule for one in found))
        return HopVerdict(HOP, None, f"its zone is not certain: {rules}")
    return found[0] if found else HopVerdict(HOP, None, "no zone of it is known")


def _forwarded(entry: str) -> str:
    """The port that an entry `port=80:proto=tcp:toport=8080` is about."""
    values = dict(pair.partition("=")[::2] for pair in entry.split(":", 3))
    return f"{values.get('port', '')}/{values.get('proto', '')}"


def _matches(whom: str, source: Anyone) -> bool | None:
    """Whether a source of a rule includes a sender; `NOT` before it turns that round."""
    found = _contains(whom.removeprefix("NOT "), source)
    return found if found is None or not whom.startswith("NOT ") else not found


def _contains(entry: str, end: Anyone) -> bool | None:
    """Whether an entry includes an address; None for sets and hardware addresses, whose members are not known."""
    try:
        network = IPv4Network(entry, strict=False)
    except ValueError:
        return None if MAC.fullmatch(entry) or entry.startswith("ipset:") else False
    if isinstance(end, IPv4Address):
        return end in network
    return network.prefixlen == 0 or (None if network.prefixlen < WIDE else False)
