"""The access list of a hub: what its users reach. The first rule that fits a packet decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from labvpn.model.hub import Hub, HubService
from labvpn.model.securenat import SecureNat
from labvpn.model.users import User
from labvpn.state.document import Entry

CLOSED, DEVICES, FREE, NETWORK, SERVICES, REST = 50_000, 100_000, 200_000, 300_000, 400_000, 900_000
"""Where the priorities of each part begin, so that a new rule moves those of its own part alone."""

BROADCAST = "255.255.255.255"

MEMO = "labvpn"
"""How the memo of every rule of ours begins."""

Rule = Mapping[str, str]


def rules(name: str, hub: Hub, users: Sequence[User]) -> Iterator[Entry]:
    """The rules of a hub, found again by their memo, each with a priority of its own."""
    network = dict(_network(hub.secure_nat)) if hub.secure_nat else {}
    services = {f"service:{service.name}": _service(service) for service in hub.services}
    limited = [user for user in users if user.devices]
    parts: dict[int, dict[str, Rule]] = {
        # Whoever has the hub's password can dial in by this name, and has no limit.
        CLOSED: dict(_shut("administrator", {"user": "administrator"})),
        DEVICES: {memo: rule for user in limited for memo, rule in _devices(user, {**network, **services})},
        FREE: {memo: rule for user in users if user.reach == "free" and not user.devices for memo, rule in _free(user)},
        # What the router sends is not the guests' doing: the answers of what they may reach.
        NETWORK: {**({"router": {"action": "pass", "user": "SecureNAT"}} if hub.secure_nat else {}), **network},
        SERVICES: services,
        REST: dict(_shut("rest", {})),
    }
    for start, part in parts.items():
        for number, (memo, rule) in enumerate(part.items()):
            yield Entry("access", f"{name}/{MEMO}:{memo}", {"priority": str(start + number), **rule})


def _network(nat: SecureNat) -> Iterator[tuple[str, Rule]]:
    # A client broadcasts for an address, and asks the router alone to renew it (RFC 2131, 4.1 and 4.4.5).
    for memo, server in (("dhcp", BROADCAST), ("dhcp-renewal", nat.address.ip)):
        yield memo, {"action": "pass", "protocol": "udp", "to": f"{server}/32", "port": "67"}
    for transport in ("udp", "tcp"):
        to = f"{nat.dns or nat.address.ip}/32"
        yield f"dns-{transport}", {"action": "pass", "protocol": transport, "to": to, "port": "53"}


def _service(service: HubService) -> Rule:
    # The server says nothing of the protocol of a rule for every one.
    protocol = {} if service.protocol == "any" else {"protocol": service.protocol}
    rule = {"action": "pass", **protocol, "to": str(service.to)}
    return {**rule, "port": str(service.port)} if service.port is not None else rule


def _free(user: User) -> Iterator[tuple[str, Rule]]:
    yield f"free:{user.name}", {"action": "pass", "user": user.name}
    yield f"free:{user.name}:ipv6", {"action": "pass", "family": "ipv6", "user": user.name}


def _devices(user: User, allowed: Mapping[str, Rule]) -> Iterator[tuple[str, Rule]]:
    """What a user may do from each device, and nothing from any other."""
    for mac in user.devices:
        own = dict(_free(user)) if user.reach == "free" else allowed
        for memo, rule in own.items():
            yield f"device:{user.name}:{mac}:{memo}", {**rule, "user": user.name, "mac": mac}
    yield from _shut(f"device:{user.name}:others", {"user": user.name})


def _shut(memo: str, whom: Rule) -> Iterator[tuple[str, Rule]]:
    yield memo, {"action": "discard", **whom}
    yield f"{memo}:ipv6", {"action": "discard", "family": "ipv6", **whom}
