"""Virtual hubs as lines of a document: their settings, groups, users and access rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network

from labvpn.model.hub import Hub, Log, Save
from labvpn.model.lab import Lab
from labvpn.model.pem import fingerprint
from labvpn.model.securenat import SecureNat
from labvpn.model.users import Auth, User
from labvpn.render.access_list import rules
from labvpn.state.document import Entry, flag

VERIFIER_PORT = 11812
"""Where the code verifier listens on the host's loopback: not at RADIUS's own 1812, which may be somebody else's."""

VERIFIER = {"server": "127.0.0.1", "port": str(VERIFIER_PORT), "retry": "1000", "secret": "current"}
"""The RADIUS server of a hub with a second factor; `retry` in milliseconds."""

PACKETS = ("tcp-conn", "tcp", "dhcp", "udp", "icmp", "ip", "arp", "ethernet")
"""SoftEther's kinds of logged packets, in its order."""


def hubs(lab: Lab) -> Iterator[Entry]:
    """Every hub of the lab with all that is in it."""
    for name, hub in lab.all_hubs.items():
        known = {} if "hub-password" in lab.vpn.kept else {"password": "current"}
        yield Entry("hub", name, {"online": flag(hub.online), "exclusive": flag(hub.exclusive), **known})
        yield from _settings(name, hub, lab.lease_of(name))
        users = [user for user in lab.users if lab.hub_of(user) == name]
        for user in users:
            if account := _code(user, lab):
                yield Entry("code", f"{name}/{user.name}", account)
            yield _user(name, user, lab)
        yield from rules(name, hub, users)
    if lab.code_hubs:
        fields = {"port": str(VERIFIER_PORT), "files": "current", "secret": "current", "active": "yes"}
        for radius in [*lab.campus_hubs.values()][:1]:
            fields |= {"radius": ",".join(radius.servers), "radius-port": str(radius.port)}
        yield Entry("verifier", "", fields)
    if lab.vpn.sessions.enforced:
        yield _reaper(lab)


def _reaper(lab: Lab) -> Entry:
    limits = lab.vpn.sessions
    times = {"interval": str(limits.interval), "hold": str(limits.hold), "grace": str(limits.grace)}
    idle = {"idle": str(limits.idle)} if limits.idle else {}
    whose = {"hubs": ",".join(lab.all_hubs)}
    return Entry("reaper", "", {**whose, **times, **idle, "keep": limits.keep, "password": "current", "active": "yes"})


def _settings(name: str, hub: Hub, lease: int) -> Iterator[Entry]:
    if "securenat" not in hub.kept:
        yield _secure_nat(name, hub.secure_nat, hub.routes, lease)
    for option, value in sorted(hub.options.items()):
        yield Entry("option", f"{name}/{option}", {"value": str(value)})
    if "log" not in hub.kept:
        yield _log(name, hub.log)
    for authority in hub.authorities:
        yield Entry("authority", f"{name}/{fingerprint(authority)}", {"trusted": "yes"})
    if hub.second_factor:
        yield Entry("radius", name, {**VERIFIER, **({"retry": str(hub.radius.retry)} if hub.radius else {})})
    elif hub.radius:
        radius = {"server": hub.radius.server, "port": str(hub.radius.port), "retry": str(hub.radius.retry)}
        yield Entry("radius", name, {**radius, "secret": "current"})
    for group, one in hub.groups.items():
        fields = {"realname": one.real_name, "note": one.note, **_policies(one.policies.stated())}
        yield Entry("group", f"{name}/{group}", fields)


def _log(name: str, log: Log) -> Entry:
    kept = {kind: save for kind, save in log.packets.items() if save is not Save.NONE}
    packets = ",".join(f"{kind}:{kept[kind]}" for kind in PACKETS if kind in kept)
    fields = {
        "security": flag(log.security),
        "security-switch": log.security_switch.value,
        "packet": flag(log.packet),
        "packet-switch": log.packet_switch.value,
        "packets": packets or "none",
    }
    return Entry("log", name, fields)


def _secure_nat(name: str, nat: SecureNat | None, routes: Sequence[IPv4Network], lease: int) -> Entry:
    if nat is None:
        return Entry("securenat", name, {"enabled": "no"})
    router = str(nat.address.ip)
    fields = {
        "enabled": "yes",
        "mode": nat.mode.value,
        "address": router,
        "mask": str(nat.address.netmask),
        "dhcp": "yes",
        "nat": "yes",
        "first": str(nat.first_client),
        "last": str(nat.last_client),
        "lease": str(lease),
        # A pushed default route would take the whole traffic, so a split tunnel pushes its routes alone.
        "gateway": "none" if routes else router,
        "dns": str(nat.dns or router),
        "domain": nat.domain or "none",
        "routes": ",".join(f"{route.with_netmask}/{router}" for route in routes) or "none",
        **({"beside-bridge": "yes"} if nat.beside_bridge else {}),
    }
    return Entry("securenat", name, {key: value for key, value in fields.items() if key not in nat.kept})


def _user(hub: str, user: User, lab: Lab) -> Entry:
    limits = {"policies": "inherited"} if user.policies == "inherited" else _policies(lab.policies_of(user))
    fields = {
        # The verifier knows every user by the name of the line, and a name at the campus's RADIUS beside it.
        **({"radius": user.name} if _code(user, lab) else _login(user)),
        "realname": user.real_name,
        "note": user.note,
        **({"address": str(user.address)} if user.address else {}),
        "group": user.group or "none",
        "expires": user.expires.strftime("%Y-%m-%dT%H:%M:%SZ") if user.expires else "never",
        **limits,
    }
    return Entry("user", f"{hub}/{user.name}", fields)


def _code(user: User, lab: Lab) -> dict[str, str]:
    """What the code verifier knows of a user; nothing of one whom SoftEther lets in by itself."""
    of_campus = {"radius": user.radius_name or user.name} if lab.is_of_campus(user) else {}
    return {**of_campus, **({"secret": "current"} if lab.needs_code(user) else {})}


def _login(user: User) -> dict[str, str]:
    if user.auth is Auth.PASSWORD:
        return {"password": "current"}
    if user.auth is Auth.KEPT:
        return {"password": "kept"}
    if user.certificate is not None:
        return {"certificate": fingerprint(user.certificate)}
    if user.auth is Auth.SIGNED:
        return {"signed": user.common_name or "any", "serial": user.serial or "any"}
    return {"radius": "" if user.is_wildcard else user.radius_name or user.name}


def _policies(stated: Mapping[str, int | bool]) -> dict[str, str]:
    return {name: flag(value) if isinstance(value, bool) else str(value) for name, value in sorted(stated.items())}
