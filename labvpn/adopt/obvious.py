"""The expectations that anybody would have of a lab that was found: who dials, who uses what, and what stays closed.

They are candidates alone: whether one holds is for the model to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

from labvpn.model.accounts import known_to_rules
from labvpn.model.expect import INTERNET, VPN_HOST, Expectation, PortRange, sender_of
from labvpn.model.lab import Lab
from labvpn.model.ports import Transport
from labvpn.reach.access_list import AccessRule, network
from labvpn.reach.model import ReachModel
from labvpn.reach.table import other_interfaces
from labvpn.state.fortigate import ALL

USUAL = ("22/tcp", "80/tcp", "443/tcp", "3389/tcp", "8000/tcp", "8443/tcp")
"""What is tried of a host of which not every port is closed."""
SSH = ("22/tcp",)
MOST = 12
"""Machines, and senders, of which expectations are written: a list that is read as a whole."""

DIALLED = "users dial it"
ONLY_DIALLED = "users dial it, and nothing else of it is for others"
BEHIND = "it is reached through the VPN alone"
LISTED = "the hub's access list names it"
NOTHING_ELSE = "the hub's access list names nothing else"


def candidates(model: ReachModel) -> Iterator[Expectation]:
    """Every candidate, in the order of a reader: dialling, the VPN host, the machines, the hubs."""
    yield from _dialling(model.lab)
    yield _closed(INTERNET, VPN_HOST, because=ONLY_DIALLED)
    machines = _machines(model)
    for machine in machines:
        for sender in (INTERNET, *_other_interfaces(model)):
            yield _closed(sender, str(machine), because=BEHIND)
    for name in model.lab.all_hubs:
        rules = [rule for host in model.hosts if name in host.hubs for rule in host.hubs[name].rules]
        yield from _of_hub(model.lab, name, rules, machines)


def narrower(one: Expectation, lab: Lab) -> Iterator[Expectation]:
    """The parts of an expectation about every port that may hold where the whole does not: a usual port each."""
    dialled = set(map(str, lab.opened)) if one.to == VPN_HOST else set()
    if not one.reach and not one.ports:
        yield from (one.model_copy(update={"ports": (port,)}) for port in USUAL if port not in dialled)


def _closed(sender: str, target: str, ports: Iterable[str] = (), because: str = "") -> Expectation:
    return Expectation.model_validate(
        {"from": sender, "to": target, "ports": tuple(ports), "reach": False, "because": because}
    )


def _open(sender: str, target: str, ports: Iterable[str], because: str) -> Expectation:
    return _closed(sender, target, ports, because).model_copy(update={"reach": True})


def _dialling(lab: Lab) -> Iterator[Expectation]:
    """That those dial who may, and nobody else."""
    ports = tuple(dict.fromkeys(map(str, lab.vpn.ports)))
    given = lab.fortigate.sources if lab.fortigate else (ALL,)
    sources = [INTERNET] if ALL in given else [one if network(one) else f"country:{one}" for one in given]
    yield from (_open(one, VPN_HOST, ports, DIALLED) for one in sources[:MOST])
    if ALL not in given:
        yield _closed(INTERNET, VPN_HOST, ports, "only some may dial")


def _machines(model: ReachModel) -> list[IPv4Address]:
    """The machines that access rules open, and those of the FortiGate's addresses at the server's side."""
    rules = [rule for host in model.hosts for hub in host.hubs.values() for rule in hub.rules if rule.passes]
    found = [address for rule in rules if (address := _machine(rule))]
    if (gate := model.gate) is not None:
        found = [one for one in found if not set(gate.interfaces_of(one)) & set(gate.settings.outside)]
        held = [each.network_address for one in gate.inventory.addresses for each in one.networks if _is_one(each)]
        found += [one for one in held if gate.interfaces_of(one) == (gate.settings.inside,)]
    own = [hub.secure_nat.address.network for hub in model.lab.all_hubs.values() if hub.secure_nat]
    return [one for one in dict.fromkeys(found) if not _is_of_the_host(model, one, own)][:MOST]


def _is_one(found: IPv4Network) -> bool:
    """Whether a network is one machine's address."""
    address = found.network_address
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_reserved
    return found.prefixlen == found.max_prefixlen and not special


def _is_of_the_host(model: ReachModel, address: IPv4Address, own: Iterable[IPv4Network]) -> bool:
    """Whether an address is the VPN host's, or of the inside of a hub."""
    return any(host.has(address) for host in model.hosts) or any(address in inner for inner in own)


def _other_interfaces(model: ReachModel) -> list[str]:
    return [f"interface:{name}" for name in other_interfaces(model)][:MOST]


def _of_hub(lab: Lab, name: str, rules: list[AccessRule], machines: Iterable[IPv4Address]) -> Iterator[Expectation]:
    """What the rules of a hub's access list open, and what its last one closes."""
    hub = _called("hub", name, lab)
    named = [(rule, _machine(rule)) for rule in rules if rule.passes]
    passed = [(rule, address) for rule, address in named if address and address in machines]
    for rule, address in passed[:MOST]:
        if ports := _ports(rule):
            yield _open(_sender(rule, hub, lab), str(address), ports, LISTED)
    if not any(_closes_the_rest(rule) for rule in rules):
        return
    for address in dict.fromkeys(address for _, address in passed):
        if not any(_covers_ssh(rule) for rule, other in passed if other == address):
            yield _closed(hub, str(address), SSH, NOTHING_ELSE)
    if not any(rule.passes and not rule.fields.keys() & {"from", "to"} for rule in rules):
        yield _closed(hub, INTERNET, (), NOTHING_ELSE)


def _machine(rule: AccessRule) -> IPv4Address | None:
    found = network(rule.fields.get("to", ""))
    return found.network_address if found and _is_one(found) else None


def _ports(rule: AccessRule) -> tuple[str, ...]:
    """The ports that a rule is about; none where it is about every one, or another protocol."""
    transports = [one for one in Transport if rule.fields.get("protocol", "any") == one.value]
    first, _, last = rule.fields.get("port", "").partition("-")
    return tuple(str(PortRange(one, int(first), int(last or first))) for one in transports if first)


def _covers_ssh(rule: AccessRule) -> bool:
    first, _, last = (rule.fields.get("port") or "1-65535").partition("-")
    return rule.fields.get("protocol", "any") in ("any", "tcp") and int(first) <= 22 <= int(last or first)


def _closes_the_rest(rule: AccessRule) -> bool:
    """Whether a rule discards what no rule before it names."""
    return not rule.passes and not rule.fields.keys() & {"from", "to", "port", "from-port", "user"}


def _sender(rule: AccessRule, hub: str, lab: Lab) -> str:
    """Whom a rule is about, in the words of an expectation; the hub where it names nobody that is known."""
    name = rule.fields.get("user", "")
    known = [("user", one.name) for one in lab.users] + [("group", one.group or "") for one in lab.users]
    meant = [(kind, one) for kind, one in known if name and known_to_rules(one) == known_to_rules(name)]
    return _called(*meant[0], lab) if meant else hub


def _called(kind: str, name: str, lab: Lab) -> str:
    """A name as an expectation has it: with its kind where it is that of several things."""
    try:
        return name if sender_of(name, lab) == (kind, name) else f"{kind}:{name}"
    except ValueError:
        return f"{kind}:{name}"
