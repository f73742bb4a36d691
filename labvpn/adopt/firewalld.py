"""firewalld on the VPN host, from what it shows to the section `firewall`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labvpn.adopt.found import Found
from labvpn.model.vpn import Vpn
from labvpn.observe.survey import Daemon, Survey

NO_FIREWALL = "firewalld does not run on the VPN host, so the stack leaves the host's firewall alone"


def firewall(found: Found, survey: Survey, vpn: Vpn) -> None:
    """Add the section `firewall` where firewalld runs."""
    daemon = survey.firewalld
    if daemon is None or not daemon.running:
        found.remarks.append(NO_FIREWALL)
        return
    wanted = set(map(str, vpn.ports))
    zone, service, open_now = _best(daemon, wanted)
    opening: dict[str, Any] = {"openBy": "service", "service": service} if service else {"openBy": "ports"}
    found.sections["firewall"] = {"zone": zone, **opening, "bans": {"enabled": False}}
    if missing := sorted(wanted - open_now):
        found.remarks.append(f"firewalld keeps {', '.join(missing)} closed; the first `pulumi up` opens it")
    if service and (more := sorted(open_now - wanted)):
        told = f"firewalld's service {service} has {', '.join(more)} too"
        found.remarks.append(f"{told}, where SoftEther does not listen; the first `pulumi up` takes it out")


def _best(daemon: Daemon, wanted: set[str]) -> tuple[str, str, set[str]]:
    """The zone, its service (none: ports by themselves), and what that opens: whichever opens most of what is wanted.

    Of equals the first, which is the default zone's, and a service before ports.
    """
    ways = list(_ways(daemon))
    return max(ways, key=lambda way: len(way[2] & wanted))


def _ways(daemon: Daemon) -> Iterator[tuple[str, str, set[str]]]:
    others = sorted(set(daemon.zones) - {daemon.default})
    for zone in (daemon.default, *others):
        parts: Mapping[str, list[str]] = daemon.zones.get(zone, {})
        for name in parts.get("services", []):
            if name in daemon.services:
                yield zone, name, set(daemon.services[name])
        yield zone, "", set(parts.get("ports", []))
