"""The initial box: its interfaces, the default services of a FortiGate, and the policies from before the VPN."""

from __future__ import annotations

from typing import Any

from rehearsal.fortigate.box import StandIn
from rehearsal.fortigate.tables import TABLES

VERSION = "v7.6.7"
"""The firmware of a new box, which refuses a token in the URL unless configured."""
VERSIONS = ("v7.2.11", "v7.4.4", "v7.4.8", VERSION, "v8.0.0", "v9.0.0")
"""The firmwares that a box can run; the first two accept a token in the URL, and the last is not out yet."""

_DAYS = "sunday monday tuesday wednesday thursday friday saturday"

_INTERFACES = (
    {"name": "wan1", "ip": "198.51.100.1 255.255.255.0", "allowaccess": "ping", "role": "wan"},
    {"name": "wan2", "allowaccess": "ping", "role": "wan", "status": "down"},
    {"name": "dmz", "ip": "203.0.113.17 255.255.255.240", "allowaccess": "ping", "role": "dmz"},
    {"name": "campus", "ip": "203.0.113.129 255.255.255.128", "allowaccess": "ping https", "role": "lan"},
)

_ADDRESSES = (
    {"name": "all"},
    {"name": "none", "subnet": "0.0.0.0 255.255.255.255"},
    {"name": "campus-net", "subnet": "203.0.113.128 255.255.255.128", "comment": "Campus LAN"},
    {"name": "lab-workstation", "subnet": "203.0.113.21 255.255.255.255", "comment": "GPU workstation"},
)

_SERVICES = (
    {"name": "ALL", "protocol": "IP", "category": "General"},
    {"name": "ALL_TCP", "tcp-portrange": "1-65535", "category": "General"},
    {"name": "ALL_UDP", "udp-portrange": "1-65535", "category": "General"},
    {"name": "ALL_ICMP", "protocol": "ICMP", "category": "General"},
    {"name": "PING", "protocol": "ICMP", "icmptype": 8, "category": "Network Services"},
    {"name": "DNS", "tcp-portrange": "53", "udp-portrange": "53", "category": "Network Services"},
    {"name": "NTP", "tcp-portrange": "123", "udp-portrange": "123", "category": "Network Services"},
    {"name": "HTTP", "tcp-portrange": "80", "category": "Web Access"},
    {"name": "HTTPS", "tcp-portrange": "443", "category": "Web Access"},
    {"name": "SSH", "tcp-portrange": "22", "category": "Remote Access"},
    {"name": "SMTP", "tcp-portrange": "25", "category": "Email"},
    {"name": "IKE", "udp-portrange": "500 4500", "category": "Tunneling"},
    {"name": "L2TP", "tcp-portrange": "1701", "udp-portrange": "1701", "category": "Tunneling"},
    {"name": "ESP", "protocol": "IP", "protocol-number": 50, "category": "Tunneling"},
    {"name": "GRE", "protocol": "IP", "protocol-number": 47, "category": "Tunneling"},
    {"name": "JupyterHub", "tcp-portrange": "8000", "comment": "Notebooks in the lab"},
)


def initial() -> StandIn:
    """The box before anyone of this project touched it."""
    rows = {
        "system/interface": _INTERFACES,
        "firewall.schedule/recurring": ({"name": "always", "day": _DAYS}, {"name": "none"}),
        "firewall/address": _ADDRESSES,
        "firewall.service/custom": _SERVICES,
        "firewall.service/group": ({"name": "Web Access", "member": _members("DNS", "HTTP", "HTTPS")},),
        "firewall/policy": _policies(),
        "system/sdwan": ({},),
        "system/global": ({},),
    }
    return box_of(VERSION, rows)


def box_of(version: str, rows: dict[str, Any]) -> StandIn:
    """A box made from the fields of its entries, by table."""
    single: dict[str, Any] = {path: ({},) for path, table in TABLES.items() if not table.key}
    held = {**single, **rows}
    return StandIn(
        version, {path: tuple(table.read(row) for row in held.get(path, ())) for path, table in TABLES.items()}
    )


def _policies() -> tuple[dict[str, Any], ...]:
    return (
        _policy(1, "campus-any", "campus", "dmz", "accept"),
        _policy(2, "campus-out", "campus", "wan1", "accept"),
        _policy(3, "dmz-out", "dmz", "wan1", "accept"),
        _policy(4, "deny-outside", "wan1", "dmz", "deny") | {"logtraffic": "all"},
    )


def _policy(policyid: int, name: str, source: str, target: str, action: str) -> dict[str, Any]:
    return {
        "policyid": policyid,
        "name": name,
        "srcintf": _members(source),
        "dstintf": _members(target),
        "srcaddr": _members("all"),
        "dstaddr": _members("all"),
        "service": _members("ALL"),
        "schedule": "always",
        "action": action,
    }


def _members(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]
