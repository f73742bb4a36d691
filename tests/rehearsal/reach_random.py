"""Random labs: a FortiGate's objects and policies, firewalld's zones and rules, and a hub's access rules."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from rehearsal.fortigate.box import StandIn
from rehearsal.fortigate.initial import VERSION, box_of

PORTS = (22, 53, 80, 443, 1000, 1001, 2000, 3000, 5000, 5010, 8000, 9000)
NETWORKS = (
    *("203.0.113.16/28", "203.0.113.20/32", "203.0.113.21/32", "203.0.113.128/25", "203.0.113.140/32"),
    *("203.0.113.144/29", "203.0.113.0/24", "198.51.100.0/24", "198.51.100.10/32", "198.18.0.0/16", "198.0.0.0/8"),
    *("0.0.0.0/0", "203.0.113.128/26"),
)
RANGES = (("203.0.113.19", "203.0.113.21"), ("203.0.113.145", "203.0.113.160"), ("198.51.100.5", "198.51.100.12"))
INTERFACES = ("wan1", "dmz", "campus")
VIPS = {"vip-a": "198.51.100.70", "vip-b": "198.51.100.71"}
DAYS = "sunday monday tuesday wednesday thursday friday saturday"
ZONES = ("public", "work", "internal", "drop", "block", "trusted")


def box(dice: random.Random) -> StandIn:
    """A FortiGate: objects of every kind, and a list of policies about them."""
    addresses = _addresses(dice)
    groups = _groups(dice, [one["name"] for one in addresses])
    services, service_groups = _services(dice)
    zones = _zones(dice)
    made: dict[str, Any] = {
        "system/interface": _interfaces(),
        "firewall.schedule/recurring": (
            {"name": "always", "day": DAYS},
            {"name": "none"},
            {"name": "days", "day": "monday"},
        ),
        "firewall/address": addresses,
        "firewall/addrgrp": groups,
        "firewall.service/custom": services,
        "firewall.service/group": service_groups,
        "firewall/vip": _vips(dice),
        "system/zone": zones,
        "system/sdwan": ({},),
        "system/global": ({},),
    }
    made["firewall/policy"] = [_policy(dice, number, made) for number in range(1, dice.randint(4, 14))]
    return box_of(VERSION, made)


def _interfaces() -> tuple[dict[str, Any], ...]:
    return (
        {"name": "wan1", "ip": "198.51.100.1 255.255.255.0", "allowaccess": "ping", "role": "wan"},
        {"name": "wan2", "allowaccess": "ping", "role": "wan", "status": "down"},
        {"name": "dmz", "ip": "203.0.113.17 255.255.255.240", "allowaccess": "ping", "role": "dmz"},
        {"name": "campus", "ip": "203.0.113.129 255.255.255.128", "allowaccess": "ping", "role": "lan"},
    )


def _members(names: Any) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def _addresses(dice: random.Random) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"name": "all"}]
    for place, text in enumerate(dice.sample(NETWORKS[:-2], 7)):
        found.append({"name": f"net{place}", "subnet": text})
    for place, (first, last) in enumerate(dice.sample(RANGES, 2)):
        found.append({"name": f"range{place}", "type": "iprange", "start-ip": first, "end-ip": last})
    if dice.random() < 0.1:
        found.append({"name": "country", "type": "geography", "country": dice.choice(("US", "DE"))})
    return found


def _groups(dice: random.Random, names: list[str]) -> list[dict[str, Any]]:
    """Groups, groups in groups, and groups with members left out."""
    found: list[dict[str, Any]] = []
    for place in range(3):
        known = [name for name in names if name != "all"] + [one["name"] for one in found]
        one: dict[str, Any] = {"name": f"group{place}", "member": _members(dice.sample(known, dice.randint(1, 3)))}
        if dice.random() < 0.4:
            one |= {"exclude": "enable", "exclude-member": _members(dice.sample(known, 1))}
        found.append(one)
    return found


def _services(dice: random.Random) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    found: list[dict[str, Any]] = [
        {"name": "ALL", "protocol": "IP"},
        {"name": "PING", "protocol": "ICMP", "icmptype": 8},
        {"name": "GRE", "protocol": "IP", "protocol-number": 47},
        {"name": "ANY-UDP", "protocol": "IP", "protocol-number": 17},
    ]
    for place in range(5):
        tcp = " ".join(_span(dice) for _ in range(dice.randint(0, 2)))
        udp = " ".join(_span(dice) for _ in range(dice.randint(0, 2))) if tcp else _span(dice)
        found.append({"name": f"service{place}", "tcp-portrange": tcp, "udp-portrange": udp})
    groups = [{"name": "several", "member": _members(f"service{place}" for place in dice.sample(range(5), 2))}]
    return found, groups


def _span(dice: random.Random) -> str:
    port = dice.choice(PORTS)
    return f"{port}-{port + dice.choice((1, 10, 3000))}" if dice.random() < 0.4 else str(port)


def _vips(dice: random.Random) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, address in VIPS.items():
        inside = dice.choice(("203.0.113.20", "203.0.113.21"))
        one: dict[str, Any] = {"name": name, "extip": address, "extintf": dice.choice(("wan1", "any"))}
        one["mappedip"] = [{"range": inside}]
        if dice.random() < 0.5:
            port = dice.choice(PORTS)
            inner = dice.choice((port, dice.choice(PORTS)))
            one |= {"portforward": "enable", "protocol": dice.choice(("tcp", "udp"))}
            one |= {"extport": str(port), "mappedport": str(inner)}
        found.append(one)
    # Two VIPs of one machine take their turns, which no policy decides.
    return found if found[0]["mappedip"] != found[1]["mappedip"] else found[:1]


def _zones(dice: random.Random) -> list[dict[str, Any]]:
    """A zone, sometimes of interfaces between which packets pass: then no policy need let them."""
    if dice.random() < 0.6:
        return []
    members = dice.choice((["wan1", "wan2"], ["campus", "wan2"], ["campus", "dmz"], ["campus", "dmz"]))
    held = [{"interface-name": name} for name in members]
    return [{"name": "area", "interface": held, "intrazone": "allow" if dice.random() < 0.6 else "deny"}]


def _policy(dice: random.Random, number: int, made: dict[str, Any]) -> dict[str, Any]:
    zoned = {one["interface-name"] for zone in made["system/zone"] for one in zone["interface"]}
    ends = [name for name in INTERFACES if name not in zoned] + (["area"] if zoned else [])
    names = [one["name"] for one in (*made["firewall/address"], *made["firewall/addrgrp"])]
    vips = [one["name"] for one in made["firewall/vip"]]
    services = [one["name"] for one in (*made["firewall.service/custom"], *made["firewall.service/group"])]
    one: dict[str, Any] = {
        "policyid": number,
        "name": f"p{number}",
        "srcintf": _members(["any"] if dice.random() < 0.2 else dice.sample(ends, dice.randint(1, len(ends)))),
        "dstintf": _members(["any"] if dice.random() < 0.2 else dice.sample(ends, dice.randint(1, len(ends)))),
        "srcaddr": _members(["all"] if dice.random() < 0.3 else dice.sample(names, dice.randint(1, 2))),
        "dstaddr": _members(dice.sample(["all", *names, *vips, *vips], dice.randint(1, 2))),
        "service": _members(["ALL"] if dice.random() < 0.3 else dice.sample(services, dice.randint(1, 3))),
        "action": dice.choice(("accept", "accept", "deny")),
        "schedule": dice.choices(("always", "none", "days"), (94, 5, 1))[0],
        "status": "disable" if dice.random() < 0.08 else "enable",
        "match-vip": dice.choice(("enable", "disable")),
        "send-deny-packet": dice.choice(("enable", "disable")),
    }
    one["nat"] = "enable" if one["action"] == "accept" and dice.random() < 0.15 else "disable"
    if dice.random() < 0.15:
        one["srcaddr-negate"] = "enable"
    if dice.random() < 0.12 and not set(vips) & {each["name"] for each in one["dstaddr"]}:
        one["dstaddr-negate"] = "enable"
    if dice.random() < 0.12:
        one |= {"service-negate": "enable", "service": _members([f"service{dice.randrange(5)}"])}
    if dice.random() < 0.02:
        one["groups"] = _members(["students"])
    return one


def host(dice: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of firewalld: of its zones, and of two policies."""
    return zones(dice), policies(dice)


def zones(dice: random.Random) -> dict[str, dict[str, Any]]:
    """Settings of firewalld's zones: where sources belong, what is open, and rich rules of every kind."""
    sources = [text for text in dice.sample(NETWORKS, 4) if text != "0.0.0.0/0" and not _overlapping(text)]
    found: dict[str, dict[str, Any]] = {}
    for name in ZONES:
        mine = [sources.pop()] if sources and name != "public" and dice.random() < 0.5 else []
        ports = [[_span(dice), kind] for kind in ("tcp", "udp") if dice.random() < 0.8]
        found[name] = {
            "interfaces": ["eth0"] if name == "public" else [],
            "sources": mine,
            "ports": ports,
            "services": dice.sample(("ssh", "http", "https", "dns"), dice.randint(0, 2)),
            "protocols": ["udp"] if dice.random() < 0.06 else [],
            "rules_str": sorted({*(_rich(dice) for _ in range(dice.randint(0, 3))), *_rivals(dice, ports)}),
        }
    return found


def _overlapping(text: str) -> bool:
    """Networks that hold others: of two zones the first by name has a packet, which is not asked here."""
    return int(text.rpartition("/")[2]) < 29 and not text.startswith("198.18")


def _rivals(dice: random.Random, ports: list[list[str]]) -> Iterator[str]:
    """Rules about a port that the zone opens, of which the priority alone says whether they count."""
    for port, kind in ports:
        about = f'family="ipv4" port port="{port}" protocol="{kind}"'
        if dice.random() < 0.8:
            yield f'rule priority="{dice.choice((-25, 6, 31))}" {about} {dice.choice(("reject", "drop"))}'
        if dice.random() < 0.5:
            yield f'rule priority="{dice.choice((-35, 41))}" {about} accept'


def _rich(dice: random.Random) -> str:
    priority = f'priority="{dice.choice((-20, -1, 5, 30))}" ' if dice.random() < 0.5 else ""
    source = (
        f'source {"NOT " if dice.random() < 0.2 else ""}address="{dice.choice(NETWORKS[:-3])}" '
        if dice.random() < 0.7
        else ""
    )
    port = f'port port="{_span(dice)}" protocol="{dice.choice(("tcp", "udp"))}" '
    service = f'service name="{dice.choice(("ssh", "http", "dns"))}" '
    element = dice.choice((port, port, service, ""))
    if not source and not element:
        element = port
    return f'rule {priority}family="ipv4" {source}{element}{dice.choice(("accept", "accept", "reject", "drop"))}'


def policies(dice: random.Random) -> dict[str, dict[str, Any]]:
    """Settings of two policies of firewalld: for what arrives, and for what the host itself sends."""
    both = {}
    for name in ("inward", "outward"):
        rules = [_rich(dice) for _ in range(dice.randint(0, 2))] if dice.random() < 0.6 else []
        if name == "outward":
            rules = [rule.replace(" accept", " drop") for rule in rules if "source" not in rule]
        both[name] = {"rich_rules": sorted(set(rules))}
    return both


def access_rules(dice: random.Random) -> list[dict[str, str]]:
    """Access rules that somebody made by hand, in the words of a document."""
    found = []
    for place in range(dice.randint(0, 6)):
        one = {
            "title": f"hand{place}",
            "priority": str(dice.choice((100, 60_000, 250_000, 350_000, 450_000, 950_000)) + place),
        }
        one["action"] = dice.choice(("pass", "discard"))
        if dice.random() < 0.6:
            one["protocol"] = dice.choice(("tcp", "udp", "icmp"))
        if dice.random() < 0.7:
            one["to"] = dice.choice(NETWORKS[:-2])
        if dice.random() < 0.5 and one.get("protocol") in ("tcp", "udp"):
            one["port"] = _span(dice)
        if dice.random() < 0.5:
            one["user"] = dice.choice(("guest1", "owner", "guests", "OWNER@elsewhere", "nobody"))
        if dice.random() < 0.15:
            one["from"] = dice.choice(("192.168.30.0/24", "192.168.0.0/16", "203.0.113.0/24"))
        if dice.random() < 0.1:
            one["active"] = "no"
        found.append(one)
    return found
