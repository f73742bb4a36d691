"""What runs on a VPN host, and what is known against it, as messages of a run."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from labvpn.model.lab import Lab
from labvpn.model.server import Server
from labvpn.parse.host import HostState
from labvpn.plan import release


def report(lab: Lab, server: Server, actual: Mapping[str, HostState]) -> None:
    """Say what runs on a host, and what is known against it."""
    found = release.Installed.of(server, actual)
    if found is None:
        return
    exposure = release.Exposure(lab.vpn.listeners, lab.vpn.protocols, server.accept_known_holes)
    for sentence in release.open_holes(found.release, exposure):
        pulumi.warn(f"VPN host {server.ssh_host}: {sentence}; {release.REMEDY}")
    for sentence in release.notes(found, exposure):
        pulumi.info(f"VPN host {server.ssh_host}: {sentence}")
