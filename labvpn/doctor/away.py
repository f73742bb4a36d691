"""The probe where no labvpn is installed: HOST ADDRESS PORTS in, one view as JSON out; standard library alone."""

from __future__ import annotations

import json

from labvpn.doctor import targets, views


def main(words: list[str]) -> None:
    """Probe and print."""
    host, address, ports = words
    wanted = targets.ports(ports, "ports")
    name = None if targets.is_address(host) else host
    print(json.dumps(views.to_json(views.look("away", "outside", address, wanted, name))))
