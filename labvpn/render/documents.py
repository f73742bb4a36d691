"""The desired state of the VPN host as documents, one for each concern of the host agent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from enum import StrEnum

from labvpn.model import ports
from labvpn.model.acme import Acme
from labvpn.model.firewall import HostFirewall
from labvpn.model.lab import Lab
from labvpn.model.server import Server
from labvpn.model.vpn import Vpn
from labvpn.render.hub import hubs
from labvpn.state.document import Entry, flag, write

UNITS = {"package": "softether-vpnserver", "tarball": "vpnserver", "present": "softether"}
"""SoftEther's systemd unit by the way of its installation; `softether` is whichever the host has."""

PACKAGES = ("softether-vpnserver", "softether-vpncmd")
FIREWALLD = ("netbase", "firewalld")
"""netbase holds /etc/protocols, without which firewalld does not start."""
ACME = ("ca-certificates", "curl", "dehydrated", "openssl")
"""The client that fetches the certificate, and what it verifies the authority by."""

CHALLENGE = ("bind9-dnsutils",)
"""What writes the challenge's record into the DNS."""

CODES = ("freeradius", "freeradius-python3")
"""The RADIUS server that checks codes, and what lets it ask a program of ours."""

PARTS = {"raw": "l2tp-raw", "etherip": "etherip", "hub": "l2tp-hub", "key": "preshared-key"}
"""What `vpn.kept` calls the parts of IPsec's line."""


class Concern(StrEnum):
    """What the agent converges at a time, each under its own lock, in the order of their dependence."""

    HOST = "host"
    SERVER = "server"
    HUB = "hub"
    FIREWALL = "firewall"


def documents(lab: Lab, agent: str, certificate: str | None = None, chain: str | None = None) -> dict[Concern, str]:
    """The document of every concern that the lab has, for its first server.

    `agent` is the source of the agent to be installed, `certificate` the SHA-256 of the server's certificate where the
    stack gives it one, `chain` that of the certificates after it, if there are any.
    """
    entries: dict[Concern, Callable[[], Iterator[Entry]]] = {
        Concern.HOST: lambda: _host(lab, hashlib.sha256(agent.encode()).hexdigest()),
        Concern.SERVER: lambda: _server(lab, certificate, chain),
        Concern.HUB: lambda: hubs(lab),
    }
    if lab.firewall is not None:
        firewall = lab.firewall
        entries[Concern.FIREWALL] = lambda: _firewall(firewall, lab)
    # WireGuard has a line only where it is kept: elsewhere the agent takes it for added by hand.
    kept = set(lab.vpn.kept) - {"wireguard"}
    return {concern: write(entry for entry in build() if entry.kind not in kept) for concern, build in entries.items()}


def _host(lab: Lab, agent_digest: str) -> Iterator[Entry]:
    yield Entry("agent", "", {"digest": agent_digest, "mode": "755"})
    yield from _installation(lab)
    allowed = ("127.0.0.1", "::1", *map(str, lab.server.administrators))
    yield Entry("administration", "", {"from": ",".join(allowed)})
    nats = [hub.secure_nat for hub in lab.all_hubs.values() if hub.secure_nat]
    for address in sorted({nat.host_address for nat in nats if nat.host_address}):
        yield Entry("address", str(address), {"interface": "lo"})
    yield Entry("unit", UNITS[lab.server.install], {"enabled": "yes", "active": "yes"})
    if logs := lab.vpn.logs:
        limits = {"days": str(logs.days or "none"), "megabytes": str(logs.megabytes or "none")}
        yield Entry("logs", "", {**limits, "active": "yes"})


def _installation(lab: Lab) -> Iterator[Entry]:
    """How SoftEther comes onto the host, and what else has to be there."""
    server = lab.server
    packages = {"netbase", *PACKAGES} if server.install == "package" else set()
    packages |= {*(FIREWALLD if lab.firewall else ()), *(ACME if lab.acme else ()), *(CODES if lab.code_hubs else ())}
    packages |= {*(CHALLENGE if lab.acme and lab.acme.by_dns else ())}
    for package in sorted(packages):
        yield Entry("package", package, {"installed": "yes"})
    if server.tarball is not None:
        fields = {"sha256": server.tarball.sha256, "from": origin(server), "unit": "current"}
        yield Entry("archive", "vpnserver", fields)
    elif server.install == "present":
        yield Entry("softether", "", {"installation": "present"})


def origin(server: Server) -> str:
    """Where the agent finds the archive; a file of the project's is brought there first.

    That is the home of the stack's user for SSH, where nobody else on the host can take a name, unlike in /var/tmp.
    """
    tarball = server.tarball
    if tarball is None:
        return ""
    return tarball.address or f"file://~{server.ssh.user}/labvpn-{tarball.sha256[:16]}.tar.gz"


def _server(lab: Lab, certificate: str | None, chain: str | None) -> Iterator[Entry]:
    vpn = lab.vpn
    if lab.server.generation == 4:
        yield Entry("generation", "", {"number": "4"})
    yield Entry("administrator", "", {"password": "current"})
    if lab.acme:
        yield acme(lab, lab.acme)
        yield Entry("certificate", "", {"by": "acme"})
    elif certificate:
        yield Entry("certificate", "", {"sha256": certificate, **({"chain": chain} if chain else {})})
    for number in sorted(vpn.listeners):
        yield Entry("listener", str(number), {"enabled": "yes"})
    for number in sorted(vpn.kept_listeners):
        yield Entry("listener", str(number), {"enabled": "kept"})
    yield Entry("udp", "", {"ports": ",".join(map(str, ports.openvpn_udp(vpn.protocols, vpn.openvpn_ports))) or "none"})
    yield Entry("protocol", "openvpn", {"enabled": flag(vpn.protocols.openvpn)})
    yield Entry("protocol", "sstp", {"enabled": flag(vpn.protocols.sstp)})
    yield _ipsec(vpn)
    for service in ("dynamic-dns", "azure", "nat-traversal", "keep-alive", "aggressive-mode"):
        yield Entry(service, "", {"enabled": "no"})
    yield Entry("tls", "", {"minimum": vpn.tls.minimum})
    if vpn.tls.cipher:
        yield Entry("cipher", "", {"name": vpn.tls.cipher})
    if "wireguard" in vpn.kept:
        yield Entry("wireguard", "", {"enabled": "kept"})
    if log := vpn.syslog:
        yield Entry("syslog", "", {"send": log.send, "host": log.host, "port": str(log.port)})


def acme(lab: Lab, order: Acme) -> Entry:
    """What the host renews its certificate by."""
    fields = {
        "directory": order.directory,
        "names": ",".join(lab.certified),
        "contact": order.contact or "none",
        "challenge": order.challenge,
    }
    if order.key:
        primary = order.server or (lab.dns.server if lab.dns else None)
        fields |= {
            "primary": str(primary or "none"),
            "port": str(order.port),
            "zone": order.zone.rstrip(".") if order.zone else "none",
            "keyname": order.key.name,
            "algorithm": order.key.algorithm.value,
            "wait": str(order.wait),
            "key": "current",
        }
    return Entry("acme", "", {**fields, "active": "yes"})


def _ipsec(vpn: Vpn) -> Entry:
    fields = {"l2tp": flag(vpn.protocols.l2tp_ipsec), "raw": "no", "etherip": "no"}
    if vpn.protocols.l2tp_ipsec:
        fields |= {"hub": vpn.hub, "key": "current"}
    return Entry("ipsec", "", {key: value for key, value in fields.items() if PARTS.get(key) not in vpn.kept})


def _firewall(firewall: HostFirewall, lab: Lab) -> Iterator[Entry]:
    beside = {"beside": ",".join(firewall.beside)} if firewall.beside else {}
    yield Entry("unit", "firewalld", {"enabled": "yes", "active": "yes", **beside})
    if firewall.open_by == "service":
        yield Entry("service", firewall.service, {"ports": _listed(lab)})
    for name in firewall.open_zones:
        yield Entry("zone", name, _opening(firewall, lab))
    for name, zone in firewall.zones.items():
        yield from (Entry("source", source, {"zone": name}) for source in zone.sources)
        yield from (Entry("interface", interface, {"zone": name}) for interface in zone.interfaces)
        for rule in zone.rules:
            yield Entry("rich", f"{name}/{hashlib.sha256(rule.encode()).hexdigest()[:8]}", {"rule": rule})
    # SecureNAT sends from the host itself, so that is the address that VPN traffic has (docs/softether.md).
    only = ",".join(map(str, sorted(lab.host_addresses.values())))
    for name in firewall.open_zones:
        yield from (Entry("closed", f"{name}/{port}", {"only": only}) for port in firewall.closed)
    if firewall.bans.enabled:
        yield _bans(firewall, lab)


def _bans(firewall: HostFirewall, lab: Lab) -> Entry:
    bans = firewall.bans
    fields = {"slow": bans.slow, "pause": bans.pause, "most": bans.most, "seconds": bans.seconds}
    places = {
        "exempt": ",".join(bans.exempt) or "none",
        "hubs": ",".join(lab.all_hubs),
        "zones": ",".join(firewall.open_zones),
        "from": ",".join(_banned_from(firewall, lab)),
        "active": "yes",
    }
    return Entry("bans", "", {**{name: str(value) for name, value in fields.items()}, **places})


def _banned_from(firewall: HostFirewall, lab: Lab) -> Iterator[str]:
    """What lets users dial in, as the login guard bans sources from it."""
    yield firewall.service if firewall.open_by == "service" else _listed(lab)
    if lab.vpn.protocols.esp:
        yield "protocol:esp"


def _opening(firewall: HostFirewall, lab: Lab) -> dict[str, str]:
    """What lets users dial in through a zone; ESP has no ports and so no place in a list of them."""
    fields = {"services": firewall.service} if firewall.open_by == "service" else {"ports": _listed(lab)}
    return {**fields, "protocols": "esp"} if lab.vpn.protocols.esp else fields


def _listed(lab: Lab) -> str:
    return ",".join(map(str, lab.opened))
