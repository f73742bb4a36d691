"""firewalld on the VPN host, from what it shows to the section `firewall`.

The stack opens the ports of the VPN to everyone. Where firewalld opens one of them only to some, or where that is
unclear, the section is left out, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labvpn.adopt.found import Found
from labvpn.model.firewall import HostFirewall
from labvpn.model.vpn import Vpn
from labvpn.parse.inventory import FirewallDaemon, HostInventory

NO_FIREWALL = "firewalld does not run on the VPN host, so the stack leaves the host's firewall alone"
ALONE = "so the stack leaves firewalld alone until you write its section `firewall`"
EVERYONE = ("everyone", "everyone over IPv4")
"""Whom users are among, since they dial by IPv4."""


def firewall(found: Found, survey: HostInventory, vpn: Vpn) -> None:
    """Add the section `firewall` where firewalld runs and none of its rules would be lost."""
    daemon = survey.firewalld
    if daemon is None or not daemon.running:
        found.remarks.append(NO_FIREWALL)
        return
    wanted = sorted(set(map(str, vpn.ports)))
    zone = _zone(daemon, wanted)
    if zone is None:
        found.remarks.append(f"No zone of firewalld takes what arrives from outside, {ALONE}")
        return
    if reasons := list(_limits(daemon, zone, wanted)):
        found.remarks += [f"firewalld {reason}; the stack would open that to everyone, {ALONE}" for reason in reasons]
        return
    if _open_by_itself(daemon, zone):
        found.remarks.append(f"Zone {zone} of firewalld lets everything in (its target ACCEPT), {ALONE}")
        return
    _section(found, daemon, zone, wanted)


def _section(found: Found, daemon: FirewallDaemon, zone: str, wanted: list[str]) -> None:
    names = _services(daemon, zone, wanted)
    service = next((name for name in names if not found.trouble(HostFirewall, {"service": name})), "")
    opening: dict[str, Any] = {"openBy": "service", "service": service} if service else {"openBy": "ports"}
    section = {"zone": zone, **opening, "bans": {"enabled": False}}
    if why := found.trouble(HostFirewall, section):
        found.remarks.append(f"The zone {zone} of firewalld cannot be named in the configuration ({why}), {ALONE}")
        return
    found.sections["firewall"] = section
    ways = {port: _ways(daemon, zone, port) for port in wanted}
    if shut := [port for port in wanted if not ways[port]]:
        found.remarks.append(f"firewalld keeps {', '.join(shut)} closed; the first `pulumi up` opens it")
    for port in wanted:
        if ways[port] and not service and f"port {port}" not in ways[port]:
            opened = f"firewalld opens {port} by {ways[port][0]}, which stays"
            found.remarks.append(f"{opened}; the first `pulumi up` adds the port beside it")


def _zone(daemon: FirewallDaemon, wanted: list[str]) -> str | None:
    """The zone in which everyone arrives and most of the VPN's ports are open; of several, the default zone."""
    zones = [zone for zone, whom in daemon.arriving.items() if not set(EVERYONE).isdisjoint(whom)]
    zones.sort(key=lambda zone: (zone != daemon.default, zone))
    zones = [zone for zone in zones if not _open_by_itself(daemon, zone)] or zones
    return max(zones, key=lambda zone: sum(bool(_ways(daemon, zone, port)) for port in wanted), default=None)


def _ways(daemon: FirewallDaemon, zone: str, port: str) -> list[str]:
    """The rules by which a zone, or a policy for it, opens a port to everyone who arrives in it."""
    everyone = (EVERYONE[0], *daemon.arriving.get(zone, []))
    return [
        rule
        for answer, place, whom, rule in daemon.ways.get(port, [])
        if answer == "open" and whom in everyone and (place == f"zone {zone}" or place.startswith("policy "))
    ]


def _limits(daemon: FirewallDaemon, zone: str, wanted: list[str]) -> Iterator[str]:
    """Which ports only some may reach, or it is unclear who."""
    for port in wanted:
        if _ways(daemon, zone, port):
            continue
        for answer, place, whom, rule in daemon.ways.get(port, []):
            if answer == "away":
                yield f"leads {port} elsewhere by {rule} in {place}, so SoftEther has nothing of it"
            elif answer != "open":
                yield f"has {rule} in {place}, of which it cannot be determined whether it opens {port}"
            elif whom not in (EVERYONE[0], *daemon.arriving.get(place.removeprefix("zone "), [])):
                yield f"opens {port} to {whom} alone ({place}: {rule})"
            elif not _open_by_itself(daemon, place.removeprefix("zone ")):
                yield f"opens {port} in {place} and not in zone {zone}, in which everyone arrives too"


def _open_by_itself(daemon: FirewallDaemon, zone: str) -> bool:
    return daemon.zones.get(zone, {}).get("target") == ["ACCEPT"]


def _services(daemon: FirewallDaemon, zone: str, wanted: list[str]) -> Iterator[str]:
    """A service that the stack may take over with its whole definition: it has only ports of the VPN.

    Taking over one that firewalld ships, or that is used elsewhere too, would change more than the VPN.
    """
    for name in daemon.zones.get(zone, {}).get("services", []):
        ports = set(daemon.services.get(name, []))
        alone = daemon.uses.get(name) == [f"zone {zone}"] or ports == set(wanted)
        if ports and ports <= set(wanted) and name not in daemon.shipped and alone:
            yield name
