"""FortiGates that others configured, as the rows of their tables, and packets tried in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Address
from typing import Any

from labvpn.model.fortigate import FortiGate
from labvpn.model.lab import Lab
from labvpn.model.ports import Port, port
from labvpn.parse.fortigate import tables as fortigate
from labvpn.parse.fortigate.extent import Anyone
from labvpn.parse.fortigate.tables import FortiGateSnapshot
from labvpn.plan.fortigate.adopt import adopted
from labvpn.plan.fortigate.comparison import Comparison
from labvpn.plan.fortigate.ownership import Ownership
from labvpn.plan.fortigate.plan import FortiGatePlan
from labvpn.plan.fortigate.policy_table import Packet, PolicyTable, Verdict
from labvpn.render import fortigate as render
from labvpn.state.fortigate import ALL
from tests.unit.samples import lab

NOW = datetime(2026, 11, 29, 12)
SERVER = IPv4Address("203.0.113.20")
HTTPS = Port(*port("443/tcp"))

Rows = dict[str, list[dict[str, Any]]]


def names(text: str) -> list[dict[str, str]]:
    return [{"name": name} for name in text.split()]


def rule(number: int, action: str, **fields: Any) -> dict[str, Any]:
    """A policy from wan1 to dmz for everything, unless fields (with `_` for `-`) say otherwise."""
    lists = {"srcintf": "wan1", "dstintf": "dmz", "srcaddr": "all", "dstaddr": "all", "service": "ALL"}
    row: dict[str, Any] = {"policyid": number, "name": f"r{number}", "action": action, "schedule": "always"}
    given = {key.replace("_", "-"): value for key, value in fields.items()}
    named = {key: names(given.pop(key, text)) for key, text in lists.items()}
    return row | named | given


def tables(*rules: dict[str, Any], **more: list[dict[str, Any]]) -> Rows:
    held: Rows = {
        "firewall/policy": list(rules),
        "firewall/address": [
            {"name": "all", "subnet": "0.0.0.0 0.0.0.0"},
            {"name": "office", "type": "ipmask", "subnet": "192.0.2.0 255.255.255.0"},
            {"name": "pc", "subnet": "203.0.113.20 255.255.255.255"},
        ],
        "firewall.service/custom": [
            {"name": "ALL", "protocol": "IP", "protocol-number": 0},
            {"name": "HTTPS", "protocol": "TCP/UDP/SCTP", "tcp-portrange": "443"},
        ],
        "system/interface": [
            {"name": "wan1", "ip": "198.51.100.1 255.255.255.0"},
            {"name": "wan2"},
            {"name": "dmz", "ip": "203.0.113.17 255.255.255.240"},
        ],
        "system/zone": [],
        "system/settings": [{"ngfw-mode": "profile-based", "central-nat": "disable"}],
    }
    for key, rows in more.items():
        path = key.replace("__", "/").replace("_dot_", ".").replace("_", "-")
        held[path] = rows if path == "system/settings" else [*held.get(path, []), *rows]
    return held


def decided(rows: Rows, source: Anyone = ALL, enters: str = "wan1", target: IPv4Address = SERVER) -> Verdict:
    box = fortigate.inventory(rows, now=NOW)
    return PolicyTable(box).decide(box.policies, Packet(enters, "dmz", source, target, HTTPS))


SECTION = {"host": "203.0.113.129", "outside": ["wan1"], "inside": "dmz", "before": "last"}
LAST = {**rule(9, "deny"), "name": "last"}


def case(rows: Rows, **changes: Any) -> Comparison:
    made = lab(fortigate={**SECTION, **changes}, vpn={"listeners": [443]})
    assert made.fortigate is not None
    actual = fortigate.inventory(rows, now=NOW)
    desired = adopted(render.wanted(made, made.fortigate), actual, made.fortigate.adopt).desired
    return Comparison.of(made, made.fortigate, desired, actual)


def owned(compared: Comparison, recorded: set[str] | None = None) -> Ownership:
    rendered = render.wanted(compared.lab, compared.settings)
    return Ownership.of(rendered, compared.actual, compared.settings, recorded)


def plan(
    rows: Rows,
    recorded: set[str] | None = None,
    section: FortiGate | None = None,
    of: Lab | None = None,
    **changes: Any,
) -> FortiGatePlan:
    """What a preview knows; `recorded` is what the stack's state has."""
    made = of or lab(fortigate={**SECTION, **changes}, vpn={"listeners": [443]})
    settings = section or made.fortigate
    assert settings is not None
    snapshot = FortiGateSnapshot(replace(fortigate.inventory(rows, now=NOW), version="v7.4.8"))
    return FortiGatePlan.of(made, settings, render.wanted(made, settings), snapshot, recorded)
