"""A host as its survey shows it, small enough to be changed in one place."""

from __future__ import annotations

import json
from typing import Any

from labvpn.parse.inventory import HostInventory, read_inventory

LINES = """\
listener 443 enabled=yes
listener 5555 enabled=yes
udp ports=443,5555
protocol openvpn enabled=yes
protocol sstp enabled=no
ipsec l2tp=yes raw=no etherip=no
dynamic-dns enabled=yes
azure enabled=no
nat-traversal enabled=yes
keep-alive enabled=no
aggressive-mode enabled=no
tls minimum=1.2
hub LAB online=yes
securenat LAB enabled=yes mode=auto address=192.168.30.1 mask=255.255.255.0 dhcp=yes nat=yes first=192.168.30.10 \
last=192.168.30.200 lease=7200 gateway=192.168.30.1 dns=192.168.30.1 domain=none routes=none
log LAB security=yes security-switch=day packet=yes packet-switch=day packets=tcp-conn:header
user LAB/jun password=kept group=none expires=never realname=Jun note=""
user LAB/guest password=kept group=none expires=2027-03-31T23:59:59Z realname="" note="" \
AutoDisconnect=1800 MultiLogins=1
hub SPARE online=yes
log SPARE security=yes security-switch=day packet=yes packet-switch=day packets=none
"""
FIREWALLD = {
    "running": True,
    "default": "public",
    "zones": {"public": {"services": ["ssh", "https"], "ports": ["443/tcp"]}, "home": {"services": [], "ports": []}},
    "services": {"lab": ["443/tcp"]},
    "shipped": [],
    "arriving": {"public": ["everyone"]},
    "ways": {"443/tcp": [["open", "zone public", "everyone", "port 443/tcp"]]},
}


def survey(lines: str = LINES, **changes: Any) -> HostInventory:
    """The sample, with other lines or parts."""
    answer = {
        "installed": True,
        "lines": lines,
        "defaultHub": "LAB",
        "presharedKey": "of-the-lab-by-hand",
        "radiusSecrets": {},
        "certificates": {},
        "rules": {"LAB": []},
        "notes": [],
        "firewalld": FIREWALLD,
        **changes,
    }
    seen = read_inventory(json.dumps(answer))
    assert seen is not None
    return seen
