"""What runs on a VPN host, and what is known against it, as messages of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from labvpn.model.lab import Lab
from labvpn.model.server import Server
from labvpn.parse.host import HostState
from labvpn.plan import release


def report_all(lab: Lab, servers: Sequence[Server], hosts: Sequence[Mapping[str, HostState]]) -> None:
    """Say what runs on each host, and what is known against it."""
    found = [release.Installed.of(server, actual) for server, actual in zip(servers, hosts, strict=True)]
    for sentence in release.mixed(found):
        pulumi.warn(sentence)
    for server, installed in zip(servers, found, strict=True):
        if installed is not None:
            _report(lab, server, installed)


def _report(lab: Lab, server: Server, found: release.Installed) -> None:
    exposure = release.Exposure(lab.vpn.listeners, lab.vpn.protocols, server.accept_known_holes, lab.vpn.openvpn_ports)
    for sentence in release.open_holes(found.release, exposure):
        pulumi.warn(f"VPN host {server.ssh_host}: {sentence}; {release.REMEDY}")
    for sentence in release.notes(found, exposure):
        pulumi.info(f"VPN host {server.ssh_host}: {sentence}")
