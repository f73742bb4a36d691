"""A stack's outputs with a guest, an owner in a hub of their own, and a user from before `reach` was an output."""

from __future__ import annotations

import json
from typing import Any

from labvpn.model.outputs import Outputs, read

SERVER = "203.0.113.20"


def never(name: str) -> str:
    raise AssertionError(f"asked for the {name}")


def outputs(**changes: Any) -> Outputs:
    services = [
        {"name": "notebooks", "to": "192.168.31.1/32", "port": 8000},
        {"name": "whole machine", "to": "192.0.2.9/32"},
        {"name": "names", "to": "192.0.2.1/32", "port": 53, "protocol": "udp"},
        {"name": "files", "to": "192.0.2.7/32", "port": 22},
    ]
    values = {
        "name": "vpn.lab.example",
        "address": SERVER,
        "ports": {"tcp": [443], "udp": [500, 4500]},
        "hub": "LAB",
        "protocols": {},
        "network": {"router": "192.168.30.1", "hostAddress": "192.168.31.1", "services": services},
        "networks": {"OWNER": {"router": "192.168.32.1"}},
        "ssh": {"host": SERVER, "hostKey": "ssh-ed25519 AAAA"},
        "users": {
            "guest1": {"password": "word-canary", "reach": "services"},
            "owner": {"password": "word", "hub": "OWNER", "reach": "free"},
            "old": {"password": "word"},
        },
        "presharedKey": "key-canary",
        **changes,
    }
    return read(json.dumps(values))
