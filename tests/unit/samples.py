"""A lab for tests, like the worked example."""

from typing import Any

from labvpn.model.credentials import Credentials
from labvpn.model.lab import Lab

CANARY = "canary-Zx81-not-to-be-seen"

FULL: dict[str, Any] = {
    "server": {"address": "203.0.113.20"},
    "vpn": {"secureNat": {"domain": "lab.example"}},
    "users": [
        {"name": "owner", "realName": "The owner", "MultiLogins": 0, "reach": "free"},
        {"name": "guest1", "note": "until spring"},
    ],
    "firewall": {"zone": "public"},
    "fortigate": {"host": "203.0.113.129", "outside": ["wan1"], "inside": "dmz", "before": "deny-outside"},
    "dns": {"zone": "lab.example", "server": "198.51.100.53", "key": {"name": "labvpn"}},
}


def lab(**changes: Any) -> Lab:
    """The whole lab; a part given as None is left out."""
    values = {**FULL, **changes}
    return Lab.model_validate({key: value for key, value in values.items() if value is not None})


def credentials(**changes: Any) -> Credentials:
    """Credentials in which every secret is a canary of its own."""
    values: dict[str, Any] = {
        "hostKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG9",
        "sshKey": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}-ssh\n-----END OPENSSH PRIVATE KEY-----\n",
        "administratorPassword": f"{CANARY}-admin",
        "hubPassword": f"{CANARY}-hub",
        "userSecret": f"{CANARY}-users",
        "presharedKey": f"{CANARY}-psk",
        "fortigateToken": f"{CANARY}-token",
        "fortigateCa": "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n",
        "dnsKey": "Y2FuYXJ5LXRzaWc=",
    }
    return Credentials.model_validate({**values, **changes})
