"""Expectations: who should reach what, and who should not, in the words of a configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from labvpn.model.base import Value, duplicates
from labvpn.model.ports import Transport
from labvpn.model.problems import Problem, unknown

if TYPE_CHECKING:
    from labvpn.model.lab import Lab

INTERNET, CAMPUS, VPN_HOST = "internet", "campus", "vpn-host"
"""The words that stand for an address that no rule names, for `fortigate.behindVpn.from`, and for the server."""

KINDS = ("user", "group", "hub", "interface", "country")
"""What a sender may be said to be, as in `group:guests`, where the name alone is that of several things."""

SHORT = re.compile(
    r"(?P<from>\S.*?)\s+(?P<no>(?:do|does) not\s+|cannot\s+|never\s+)?reach(?:es)?\s+"
    r"(?P<to>[^\s:]+)(?::(?P<ports>\S+(?:,\s+\S+)*))?(?:\s+because\s+(?P<because>.+))?"
)
FORM = "guests reach workstation:8000/tcp, or: campus does not reach workstation"


class PortRange(NamedTuple):
    """Ports of one transport, both ends included."""

    transport: Transport
    first: int
    last: int

    def __str__(self) -> str:
        """As a configuration has it: `8000/tcp`, `7000-7010/udp`."""
        numbers = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{numbers}/{self.transport}"


def port_range(text: str) -> PortRange:
    """Ports as they are written: `8000` (TCP), `8000/tcp`, `7000-7010/udp`."""
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|udp))?", text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if found is None or not 1 <= first <= last <= 65535:
        raise ValueError(f"'{text}' is not a port such as 22/tcp, 500/udp or 7000-7010/tcp")
    return PortRange(Transport(found[3] or "tcp"), first, last)


Ports = Annotated[str, AfterValidator(lambda text: str(port_range(text)))]


class Expectation(Value):
    """Who should, or should not, reach what: decided in every preview on what would be in force after `up`."""

    from_: str = Field(
        alias="from",
        min_length=1,
        description="a user, group or hub, `internet`, `campus`, an interface, an address or network, a country",
    )
    to: str = Field(
        min_length=1,
        description="a service, server or closed host by name, an address or network, `vpn-host`, `internet`",
    )
    ports: tuple[Ports, ...] = Field(
        default=(), description="such as 8000/tcp; left out: the service's own port, or (reach: false) every port"
    )
    reach: bool
    because: str = Field(default="", description="why, for whoever reads the refusal")

    @property
    def ranges(self) -> tuple[PortRange, ...]:
        """The ports, as values."""
        return tuple(map(port_range, self.ports))

    def __str__(self) -> str:
        """As sentences have it: `campus should not reach workstation:8000/tcp`."""
        verb = "should reach" if self.reach else "should not reach"
        return f"{self.from_} {verb} {self.to}{':' + ','.join(self.ports) if self.ports else ''}"


def _long(given: object) -> object:
    """The long form of an expectation in one line."""
    if not isinstance(given, str):
        return given
    found = SHORT.fullmatch(given.strip())
    if found is None:
        raise ValueError(f"'{given[:60]}' does not say who reaches what; write it as {FORM}")
    ports = found["ports"].replace(" ", "").split(",") if found["ports"] else []
    why = {"because": found["because"]} if found["because"] else {}
    return {"from": found["from"], "to": found["to"], "ports": ports, "reach": not found["no"], **why}


Expected = Annotated[Expectation, BeforeValidator(_long)]


class Sender(NamedTuple):
    """Who sends, by kind (`user`, `group`, `hub`, `internet`, `campus`, `interface`, `network`, `country`) and name."""

    kind: str
    name: str


class Target(NamedTuple):
    """Where it goes: `vpn-host`, `internet`, or `host` with its addresses and, of a service, its port and hub."""

    kind: str
    network: IPv4Network | None = None
    ports: tuple[PortRange, ...] = ()
    hub: str = ""


def sender_of(text: str, lab: Lab) -> Sender:
    """Who is meant by a word. Raises ValueError for a name that is of nothing, or of several things."""
    kind, mark, name = text.partition(":")
    known = _senders(lab)
    if mark and kind in KINDS:
        if kind == "country" or (kind == "interface" and lab.fortigate):
            return _with_gate(Sender(kind, name), lab)
        if name not in known[kind]:
            raise ValueError(unknown(name, known[kind], kind))
        return Sender(kind, name)
    if text in (INTERNET, CAMPUS):
        return _with_gate(Sender(text, text), lab)
    if (network := _network(text)) is not None:
        return Sender("network", str(network))
    found = [kind for kind, names in known.items() if text in names]
    if re.fullmatch("[A-Z]{2}", text):
        found.append("country")
    if len(found) > 1:
        raise ValueError(f"'{text}' is the name of a {' and a '.join(found)}; write {found[0]}:{text}")
    if not found:
        every = [name for names in known.values() for name in names]
        raise ValueError(f"'{text}': {unknown(text, [*every, INTERNET, CAMPUS], 'user, group, hub or interface')}")
    return _with_gate(Sender(found[0], text), lab)


def _with_gate(sender: Sender, lab: Lab) -> Sender:
    """A sender that only a lab with a FortiGate can tell apart."""
    if sender.kind == CAMPUS and not (lab.fortigate and lab.fortigate.behind_vpn):
        raise ValueError("'campus' is fortigate.behindVpn.from, which is not given; write interface:NAME or a network")
    if sender.kind == "country" and not (lab.fortigate and re.fullmatch("[A-Z]{2}", sender.name)):
        raise ValueError(f"'{sender.name}' is not a country that this lab's FortiGate could know; write one such as JP")
    return sender


def _senders(lab: Lab) -> dict[str, list[str]]:
    gate = lab.fortigate
    near = [*gate.outside, gate.inside] if gate else []
    if gate and gate.behind_vpn:
        near += [*gate.behind_vpn.from_, *([gate.behind_vpn.to] if gate.behind_vpn.to else [])]
    return {
        "user": [user.name for user in lab.users if not user.is_wildcard],
        "group": list(dict.fromkeys(group for hub in lab.all_hubs.values() for group in hub.groups)),
        "hub": list(lab.all_hubs),
        "interface": list(dict.fromkeys(near)),
    }


def targets_of(text: str, lab: Lab) -> tuple[Target, ...]:
    """What is meant by a word: several where hubs have services of one name. Raises ValueError."""
    if text in (VPN_HOST, INTERNET):
        return (Target(text),)
    if (network := _network(text)) is not None:
        return (Target("host", network),)
    known = _hosts(lab)
    if text not in known:
        raise ValueError(f"'{text}': {unknown(text, [*known, VPN_HOST, INTERNET], 'service or host')}")
    return tuple(known[text])


def _hosts(lab: Lab) -> dict[str, list[Target]]:
    """Every named host: what is behind the VPN, the servers, and the hubs' services."""
    found: dict[str, list[Target]] = {}
    for hub_name, hub in lab.all_hubs.items():
        for service in hub.services:
            port = service.port and PortRange(Transport(service.protocol), service.port, service.port)
            found.setdefault(service.name, []).append(Target("host", service.to, (port,) if port else (), hub_name))
    hosts = dict(lab.host_addresses)
    hosts |= lab.fortigate.behind_vpn.hosts if lab.fortigate and lab.fortigate.behind_vpn else {}
    for name, address in hosts.items():
        found.setdefault(name, []).append(Target("host", IPv4Network(address)))
    return found


def _network(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text)
    except ValueError:
        if re.fullmatch(r"[\d./]+", text):
            raise ValueError(f"'{text}' is neither an IPv4 address nor a network, such as 192.0.2.0/24") from None
        return None


def problems(lab: Lab) -> Iterator[Problem]:
    """Names that are of nothing, ports that are missing, and expectations that contradict each other."""
    for place, one in enumerate(lab.expect):
        for key, name in (("from", one.from_), ("to", one.to)):
            try:
                _ = sender_of(name, lab) if key == "from" else targets_of(name, lab)
            except ValueError as error:
                yield Problem(f"expect[{place}].{key}", str(error))
        if _lacks_ports(one, lab):
            yield Problem(f"expect[{place}].ports", f"is missing; name the ports of {one.to} that should be open")
    said = [f"{one.from_} and {one.to}{':' + ','.join(one.ports) if one.ports else ''}" for one in lab.expect]
    for twice in duplicates(said):
        if len({one.reach for one, text in zip(lab.expect, said, strict=True) if text == twice}) > 1:
            yield Problem(f"expect[{said.index(twice)}]", f"{twice} are given both reach: true and false; keep one")


def _lacks_ports(one: Expectation, lab: Lab) -> bool:
    """Whether nothing says which ports should be open."""
    try:
        return one.reach and not one.ports and not any(target.ports for target in targets_of(one.to, lab))
    except ValueError:
        return False
