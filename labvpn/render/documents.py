"""The desired state of the VPN host as documents, one for each concern of the host agent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from enum import StrEnum

from labvpn.model import ports
from labvpn.model.document import Entry, flag, write
from labvpn.model.firewall import HostFirewall
from labvpn.model.lab import Lab
from labvpn.model.vpn import Vpn
from labvpn.render.hub import hubs

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
        Concern.HUB: lambda: hubs(lab),
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
    nats = [hub.secure_nat for hub in lab.all_hubs.values() if hub.secure_nat]
    for address in sorted({nat.host_address for nat in nats if nat.host_address}):
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
