"""The desired state of the VPN host as documents, one for each concern of the host agent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from ipaddress import IPv4Network

from labvpn.model import ports
from labvpn.model.document import Entry, flag, write
from labvpn.model.firewall import HostFirewall
from labvpn.model.lab import Lab
from labvpn.model.users import User
from labvpn.model.vpn import Vpn

SOFTETHER_UNIT = "softether-vpnserver"
"""The systemd unit of Debian's package."""

PACKAGES = ("netbase", "softether-vpnserver", "softether-vpncmd")
"""What the host needs; netbase holds /etc/protocols, without which firewalld does not start."""


class Concern(StrEnum):
    """What the agent converges at a time, each under its own lock, in the order of their dependence."""

    HOST = "host"
    SERVER = "server"
    HUB = "hub"
    FIREWALL = "firewall"


def documents(lab: Lab, agent: str, certificate: str | None = None) -> dict[Concern, str]:
    """The document of every concern that the lab has.

    `agent` is the source of the agent to be installed, `certificate` the SHA-256 of the server's certificate where the
    stack gives it one.
    """
    entries: dict[Concern, Callable[[], Iterator[Entry]]] = {
        Concern.HOST: lambda: _host(lab, hashlib.sha256(agent.encode()).hexdigest()),
        Concern.SERVER: lambda: _server(lab.vpn, certificate),
        Concern.HUB: lambda: _hub(lab),
    }
    if lab.firewall is not None:
        firewall = lab.firewall
        entries[Concern.FIREWALL] = lambda: _firewall(firewall, lab)
    return {concern: write(build()) for concern, build in entries.items()}


def _host(lab: Lab, agent_digest: str) -> Iterator[Entry]:
    yield Entry("agent", "", {"digest": agent_digest})
    if lab.server.install == "package":
        wanted = (*PACKAGES, "firewalld") if lab.firewall else PACKAGES
        for package in sorted(wanted):
            yield Entry("package", package, {"installed": "yes"})
    allowed = ("127.0.0.1", "::1", *map(str, lab.server.administrators))
    yield Entry("administration", "", {"from": ",".join(allowed)})
    if address := lab.vpn.secure_nat.host_address:
        yield Entry("address", str(address), {"interface": "lo"})
    yield Entry("unit", SOFTETHER_UNIT, {"enabled": "yes", "active": "yes"})


def _server(vpn: Vpn, certificate: str | None) -> Iterator[Entry]:
    yield Entry("administrator", "", {"password": "current"})
    if certificate:
        yield Entry("certificate", "", {"sha256": certificate})
    for number in sorted(vpn.listeners):
        yield Entry("listener", str(number), {"enabled": "yes"})
    yield Entry("udp", "", {"ports": ",".join(map(str, ports.openvpn_udp(vpn.protocols))) or "none"})
    yield Entry("protocol", "openvpn", {"enabled": flag(vpn.protocols.openvpn)})
    yield Entry("protocol", "sstp", {"enabled": flag(vpn.protocols.sstp)})
    yield _ipsec(vpn)
    for service in ("dynamic-dns", "azure", "nat-traversal", "keep-alive", "aggressive-mode"):
        yield Entry(service, "", {"enabled": "no"})
    yield Entry("tls", "", {"minimum": vpn.tls.minimum})
    if vpn.tls.cipher:
        yield Entry("cipher", "", {"name": vpn.tls.cipher})
    if log := vpn.syslog:
        yield Entry("syslog", "", {"send": log.send, "host": log.host, "port": str(log.port)})


def _ipsec(vpn: Vpn) -> Entry:
    off = {"raw": "no", "etherip": "no"}
    if not vpn.protocols.l2tp_ipsec:
        return Entry("ipsec", "", {"l2tp": "no", **off})
    return Entry("ipsec", "", {"l2tp": "yes", **off, "hub": vpn.hub, "key": "current"})


def _hub(lab: Lab) -> Iterator[Entry]:
    hub = lab.vpn.hub
    yield Entry("hub", hub, {"online": "yes", "password": "current"})
    yield _secure_nat(lab.vpn)
    for user in lab.users:
        yield _user(hub, user)
    if lab.vpn.sessions.enforced:
        yield _reaper(lab.vpn)


def _secure_nat(vpn: Vpn) -> Entry:
    nat = vpn.secure_nat
    router = str(nat.address.ip)
    routes = nat.routes
    if routes and nat.host_address:
        routes += (IPv4Network(nat.host_address),)
    fields = {
        "enabled": "yes",
        "mode": nat.mode.value,
        "address": router,
        "mask": str(nat.address.netmask),
        "dhcp": "yes",
        "nat": "yes",
        "first": str(nat.first_client),
        "last": str(nat.last_client),
        "lease": str(nat.lease),
        # A pushed default route would take the whole traffic, so a split tunnel pushes its routes alone.
        "gateway": "none" if nat.routes else router,
        "dns": str(nat.dns or router),
        "domain": nat.domain or "none",
        "routes": ",".join(f"{route.with_netmask}/{router}" for route in routes) or "none",
    }
    return Entry("securenat", vpn.hub, fields)


def _user(hub: str, user: User) -> Entry:
    fields = {
        "password": "current",
        "realname": user.real_name,
        "note": user.note,
        "expires": user.expires.strftime("%Y-%m-%dT%H:%M:%SZ") if user.expires else "never",
        "AutoDisconnect": str(user.auto_disconnect),
        "MultiLogins": str(user.multi_logins),
    }
    return Entry("user", f"{hub}/{user.name}", fields)


def _reaper(vpn: Vpn) -> Entry:
    rules = vpn.sessions
    times = {"interval": str(rules.interval), "hold": str(rules.hold), "grace": str(rules.grace)}
    return Entry("reaper", "", {"hubs": vpn.hub, **times, "keep": rules.keep, "password": "current", "active": "yes"})


def _firewall(firewall: HostFirewall, lab: Lab) -> Iterator[Entry]:
    beside = {"beside": ",".join(firewall.beside)} if firewall.beside else {}
    yield Entry("unit", "firewalld", {"enabled": "yes", "active": "yes", **beside})
    if firewall.open_by == "service":
        yield Entry("service", firewall.service, {"ports": _listed(lab.vpn)})
    for name in firewall.open_zones:
        yield Entry("zone", name, _opening(firewall, lab.vpn))
    for name, zone in firewall.zones.items():
        yield from (Entry("source", source, {"zone": name}) for source in zone.sources)
        yield from (Entry("interface", interface, {"zone": name}) for interface in zone.interfaces)
        for rule in zone.rules:
            yield Entry("rich", f"{name}/{hashlib.sha256(rule.encode()).hexdigest()[:8]}", {"rule": rule})
    # SecureNAT sends from the host itself, so that is the address that VPN traffic has (docs/softether.md).
    own = lab.fortigate.vip.mapped if lab.fortigate and lab.fortigate.vip else lab.server.address
    for name in firewall.open_zones:
        yield from (Entry("closed", f"{name}/{port}", {"only": str(own)}) for port in firewall.closed)


def _opening(firewall: HostFirewall, vpn: Vpn) -> dict[str, str]:
    """What lets users dial in through a zone; ESP has no ports and so no place in a list of them."""
    fields = {"services": firewall.service} if firewall.open_by == "service" else {"ports": _listed(vpn)}
    return {**fields, "protocols": "esp"} if vpn.protocols.esp else fields


def _listed(vpn: Vpn) -> str:
    return ",".join(map(str, vpn.ports))
