"""Every hop opens what the protocols need and nothing else: each port of each hop, tried from every place.

The table of what should be open is derived from the model's, for each protocol alone and for all together; each trial
is one `up` from the previous case, so removed ports are seen closed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import yaml

from labvpn.model.ports import Protocols, needed
from rehearsal.network import ADMIN, PORTAL_PORT, SERVER, WORKSTATION
from rehearsal.soak.drift import repair
from rehearsal.soak.lab import Lab
from rehearsal.soak.manual_changes import ManualChanges
from rehearsal.soak.sweep import counting, knock, noted
from rehearsal.soak.trial import Outcome, Trial
from rehearsal.soak.via_vpn import through

LISTENERS = (443, 992, 1194, 5555)
EVERY, THROUGH = 65535, 1024
"""The last port that is tried, and the last one through the VPN: SecureNAT keeps each attempt for seconds, and fails
with thousands of them."""

NEAR = "203.0.113.16/28"
PLACES = {
    "internet": "198.51.100.10",
    "phone": "198.51.100.20",
    "campus": "203.0.113.140",
    "admin": ADMIN,
    "workstation": WORKSTATION,
}
"""Vantage points, with the sender's address as the lab sees it: the phone's is the carrier's."""

TARGETS = {"server": SERVER, "workstation": WORKSTATION}
INSIDERS = ("owner", "guest1")
"""Users of the VPN: one with full access, and one with access to the listed services only."""

INSIDE = "192.168.31.1"
"""Where clients of the VPN find the VPN host (hostAddress)."""

SSH, PORTAL, OTHERS = 22, PORTAL_PORT, 7777
"""sshd, the page that is reachable only through the VPN, and a port that others opened in our zone."""

BEHIND = {
    "from": ["campus"],
    "before": "campus-any",
    "hosts": {"workstation": WORKSTATION, "vpnhost": SERVER},
    "exceptions": [
        {"name": "desk", "sources": [ADMIN], "to": ["workstation"], "ports": [f"{PORTAL}/tcp"]},
        {"name": "keeper", "sources": [ADMIN], "to": ["vpnhost"], "ports": [f"{SSH}/tcp"]},
    ],
}

CHOSEN_BY_KERNEL = range(32768, 61000)
"""net.ipv4.ip_local_port_range."""

Hop = Literal["came", "passed", "opened", "listens"]
HOPS: Mapping[Hop, str] = {
    "came": "the FortiGate lets through",
    "passed": "firewalld lets in too",
    "opened": "a connection is established",
    "listens": "SoftEther listens at",
}

Place = tuple[str, str, Hop]
"""Vantage point, machine, and hop."""


@dataclass(frozen=True)
class Case:
    """The protocols enabled in addition to SoftEther's own, and whether firewalld has a service or single ports."""

    name: str
    protocols: Protocols
    open_by: Literal["service", "ports"] = "service"

    @property
    def tcp(self) -> set[str]:
        """The listeners."""
        return {str(port) for port in needed(LISTENERS, self.protocols) if port.transport == "tcp"}

    @property
    def needed(self) -> set[str]:
        """Everything that must be allowed from outside."""
        return {*map(str, needed(LISTENERS, self.protocols)), *(["esp"] if self.protocols.esp else [])}


@dataclass(frozen=True)
class Row:
    """What is open at a hop of a machine from a vantage point."""

    place: str
    machine: str
    hop: Hop
    open: frozenset[str]

    def __str__(self) -> str:
        """The row's place and hop as text."""
        return f"{self.machine} from {self.place}, {HOPS[self.hop]}"


def cases() -> list[Case]:
    """All protocols together, each alone, and none; with a service and with single ports. ESP needs L2TP/IPsec."""
    names = tuple(Protocols.model_fields)
    on = {"all together": names, **{name: (name,) for name in names}, "none": ()}
    on["esp"] = ("esp", "l2tp_ipsec")
    made = {title: Protocols(**{name: name in chosen for name in names}) for title, chosen in on.items()}
    ways: Sequence[Literal["service", "ports"]] = ("service", "ports")
    return [Case(title, protocols, way) for way in ways for title, protocols in made.items()]


def table(case: Case) -> Iterator[Row]:
    """What should be open; all other ports should be closed."""
    ssh, portal, others = f"{SSH}/tcp", f"{PORTAL}/tcp", f"{OTHERS}/tcp"
    extra = {"admin": {ssh}, "workstation": {ssh, others}}
    for place in PLACES:
        more = extra.get(place, set())
        # What comes through a carrier's address translation is never IPsec without UDP.
        open_there = (case.needed | more) - ({"esp"} if place == "phone" else set())
        if place != "workstation":
            yield Row(place, "server", "came", frozenset(open_there))
        yield Row(place, "server", "passed", frozenset(open_there))
        yield Row(place, "server", "opened", frozenset((case.tcp | more) - {others}))
    for place in ("internet", "phone", "campus", "admin"):
        to_desk = frozenset({portal} if place == "admin" else ())
        yield Row(place, "workstation", "came", to_desk)
        yield Row(place, "workstation", "opened", to_desk)
    yield Row("VPN (owner)", "server", "opened", frozenset(case.tcp | {ssh, portal}))
    yield Row("VPN (guest1)", "server", "opened", frozenset({portal}))
    yield from (Row(f"VPN ({user})", "workstation", "opened", frozenset({portal})) for user in INSIDERS)
    yield Row("server", "server", "listens", frozenset(case.needed - {"esp"}))


def trials(lab: Lab, seed: int) -> Iterator[Trial]:
    """Every case, in the seed's order."""
    others_open(lab)
    drawn = cases()
    random.Random(seed).shuffle(drawn)  # noqa: S311 -- to be repeated by its seed
    for case in drawn:
        yield Trial(f"{case.name}, by {case.open_by}", partial(try_case, lab, case))


def others_open(lab: Lab) -> None:
    """Open an unmanaged port in our zone."""
    ManualChanges(lab).firewalld(f"--zone=public --add-port={OTHERS}/tcp")


def try_case(lab: Lab, case: Case, last: int = EVERY, *, dials: bool = True) -> Outcome:
    """Apply a case with one `up`, try every port, and compare the result with the table."""
    repair(configured(lab, case))
    found = seen(lab, last)
    if dials:
        found |= seen_inside(lab, openvpn=case.protocols.openvpn)
    return compared(case, found, last)


def configured(lab: Lab, case: Case) -> Lab:
    """The lab with a case's configuration; the campus reaches its machines only through the VPN."""
    values = yaml.safe_load((lab.state / "project" / "Pulumi.lab.yaml").read_text())
    keys = values["config"]
    keys["labvpn:vpn"] |= {"listeners": list(LISTENERS), "protocols": case.protocols.model_dump(by_alias=True)}
    keys["labvpn:firewall"] |= {"openBy": case.open_by, "closed": [f"{PORTAL}/tcp"]}
    keys["labvpn:fortigate"] |= {"outside": ["wan1", "wan2"], "behindVpn": BEHIND}
    folder = lab.state / "ports"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "Pulumi.lab.yaml"
    file.write_text(yaml.safe_dump(values))
    return Lab(lab.name, file)


def seen(lab: Lab, last: int) -> dict[Place, set[str]]:
    """What is open without the VPN, by place, machine and hop."""
    found: dict[Place, set[str]] = {("server", "server", "listens"): listening(lab)}
    with counting(lab, dict.fromkeys(TARGETS, NEAR)):
        with ThreadPoolExecutor() as pool:
            opened = dict(
                zip(PLACES, pool.map(lambda place: knock(lab, place, _ask(place, last)), PLACES), strict=True)
            )
        counted = {machine: noted(lab, machine) for machine in TARGETS}
    hops: tuple[Hop, Hop] = ("came", "passed")
    for place, sender in PLACES.items():
        for machine, address in TARGETS.items():
            found |= {(place, machine, hop): counted[machine].get((hop, sender), set()) for hop in hops}
            found[place, machine, "opened"] = _tcp(opened[place].get(address, []))
    return found


def seen_inside(lab: Lab, *, openvpn: bool) -> dict[Place, set[str]]:
    """What opens to users of the VPN; SecureNAT opens new connections, so packets cannot be counted."""
    targets = {"server": INSIDE, "workstation": WORKSTATION}
    ask = {"sweep": {}, "connect": {address: _named(THROUGH) for address in targets.values()}}
    found: dict[Place, set[str]] = {}
    for user in INSIDERS:
        opened = through(lab, user, ask, openvpn=openvpn)
        found |= {(f"VPN ({user})", machine, "opened"): _tcp(opened[at]) for machine, at in targets.items()}
    return found


def _tcp(ports: Iterable[int]) -> set[str]:
    return {f"{port}/tcp" for port in ports}


def _ask(place: str, last: int) -> dict[str, Any]:
    targets = [address for machine, address in TARGETS.items() if machine != place]
    # A carrier's address translation does not pass ESP; the rehearsal's would.
    esp = place != "phone"
    return {
        "sweep": dict.fromkeys(targets, last),
        "esp": esp,
        "connect": {address: _named() for address in targets},
    }


def _named(last: int = 0) -> list[int]:
    """The ports in any table, and all up to the last."""
    rows = {name for case in cases() for row in table(case) for name in row.open if name != "esp"}
    return sorted({*(int(name.partition("/")[0]) for name in rows), *range(1, last + 1)})


def listening(lab: Lab) -> set[str]:
    """Where the VPN server listens; ports chosen by the kernel belong to client sockets, such as SecureNAT's DNS."""
    lines = lab.on("server", "ss", "-Hlntup").splitlines()
    held = [line.split() for line in lines if "vpnserver" in line]
    found = {(int(words[4].rpartition(":")[2]), words[0]) for words in held}
    return {f"{port}/{kind}" for port, kind in found if kind == "tcp" or port not in CHOSEN_BY_KERNEL}


def compared(case: Case, found: Mapping[Place, set[str]], last: int) -> Outcome:
    """Count the ports that match the table at the tried vantage points, and name those that do not."""
    complaints: list[str] = []
    tried = wrong = 0
    for row in table(case):
        at = found.get((row.place, row.machine, row.hop))
        if at is None:
            continue
        tried += 2 * last if row.hop in ("came", "passed") else len(_named())
        wrong += len(row.open ^ at)
        complaints += [f"{case.name}: {name} is closed: {row}" for name in sorted(row.open - at)]
        complaints += [f"{case.name}: {name} is open: {row}" for name in sorted(at - row.open)[:20]]
    return Outcome(tried=0, survived=tried - wrong, lost=wrong, complaints=tuple(complaints))
