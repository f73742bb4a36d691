"""Manual changes on the FortiGate and at the name server, one per line."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from rehearsal.soak.changes import Change, Make

ADDRESS, GROUP, CUSTOM = "firewall/address", "firewall/addrgrp", "firewall.service/custom"


def put(table: str, name: str, **fields: Any) -> Make:
    """Set some fields of an object on the box."""
    return put_at(f"{table}/{quote(name, safe='')}", fields)


def put_at(place: str, fields: dict[str, Any]) -> Make:
    """Set some fields of the object at a path."""
    body = {key.replace("_", "-"): value for key, value in fields.items()}
    return lambda manual: manual.box("PUT", place, body)


def service(name: str, **fields: Any) -> Make:
    """Set some fields of a service, by whichever of its two names exists."""
    return put_at(f"{CUSTOM}/{{service {name}}}", fields)


def policy(name: str, **fields: Any) -> Make:
    """Set some fields of a policy."""
    return put_at(f"firewall/policy/{{{name}}}", fields)


def moved(name: str, way: str, other: str) -> Make:
    """Move a policy `before` or `after` another."""
    return lambda manual: manual.box("PUT", f"firewall/policy/{{{name}}}", None, f"&action=move&{way}={{{other}}}")


def without(name: str) -> Make:
    """Delete a policy."""
    return lambda manual: manual.box("DELETE", f"firewall/policy/{{{name}}}")


def names(*members: str) -> list[dict[str, str]]:
    """A list of objects as FortiOS writes it."""
    return [{"name": name} for name in members]


def of_policy(name: str, part: str, words: str, **fields: Any) -> Change:
    """A change of one part of a policy."""
    return Change(f"policy/{name}/{part}", f"FortiGate: policy {name}: {words}", policy(name, **fields))


def zone(*lines: str) -> Make:
    """Updates of the zone."""
    return lambda manual: manual.zone(*lines)


FORTIGATE = (
    of_policy("vpn-allow", "status", "status off on the box, on here", status="disable"),
    of_policy("vpn-allow", "action", "action deny on the box, accept here", action="deny"),
    of_policy("vpn-allow", "log", "logging disable on the box, all here", logtraffic="disable"),
    of_policy("vpn-allow", "action/nat", "nat on on the box, off here", nat="enable"),
    of_policy("vpn-allow", "from", "from wan1 wan2 on the box, wan1 here", srcintf=names("wan1", "wan2")),
    of_policy("vpn-allow", "sources", "sources all on the box, vpn-sources here", srcaddr=names("all")),
    of_policy("vpn-allow", "to", "destinations all on the box, vpn-server here", dstaddr=names("all")),
    of_policy("vpn-allow", "service", "services ALL on the box", service=names("ALL")),
    of_policy("vpn-allow", "status", "schedule none on the box, always here", schedule="none"),
    of_policy("vpn-allow", "comment", "comment by hand on the box", comments="by hand"),
    of_policy("vpn-only", "status", "status off on the box, on here", status="disable"),
    of_policy("vpn-only", "action", "action accept on the box, deny here", action="accept"),
    of_policy(
        "vpn-only", "to", "destinations vpn-server on the box, vpn-workstation here", dstaddr=names("vpn-server")
    ),
    of_policy("vpn-office", "sources", "sources all on the box", srcaddr=names("all")),
    of_policy("vpn-dial", "service", "services ALL on the box", service=names("ALL")),
    Change(
        "policy/vpn-allow/place",
        "FortiGate: policy vpn-allow moved below deny-outside",
        moved("vpn-allow", "after", "deny-outside"),
    ),
    Change(
        "policy/vpn-only/place",
        "FortiGate: policy vpn-only moved below campus-any",
        moved("vpn-only", "after", "campus-any"),
    ),
    Change(
        "policy/vpn-office/place", "FortiGate: policy vpn-office moved below", moved("vpn-office", "after", "vpn-only")
    ),
    Change("policy/vpn-allow", "FortiGate: policy vpn-allow is gone from the box", without("vpn-allow")),
    Change("policy/vpn-only", "FortiGate: policy vpn-only is gone from the box", without("vpn-only")),
    Change(
        "server",
        "address vpn-server: address 203.0.113.99/32 on the box, 203.0.113.20/32 here",
        put(ADDRESS, "vpn-server", subnet="203.0.113.99 255.255.255.255"),
    ),
    Change("server-comment", "address vpn-server: comment none on the box", put(ADDRESS, "vpn-server", comment="")),
    Change(
        "workstation",
        "address vpn-workstation: address 203.0.113.0/24 on",
        put(ADDRESS, "vpn-workstation", subnet="203.0.113.0 255.255.255.0"),
    ),
    Change(
        "home",
        "address vpn-from-192.0.2.0-24: address 192.0.2.0/25 on",
        put(ADDRESS, "vpn-from-192.0.2.0-24", subnet="192.0.2.0 255.255.255.128"),
    ),
    Change(
        "group/less",
        "FortiGate: group vpn-sources: the box lacks vpn-from-198.51.100.0-24",
        put(GROUP, "vpn-sources", member=names("vpn-from-192.0.2.0-24")),
    ),
    Change(
        "group/more",
        "FortiGate: group vpn-sources: the box also has campus-net",
        put(GROUP, "vpn-sources", member=names("vpn-from-192.0.2.0-24", "vpn-from-198.51.100.0-24", "campus-net")),
    ),
    Change("tcp", "ports 443 on the box", service("SoftEther", tcp_portrange="443")),
    Change("tcp", "ports 1-65535 on the box", service("SoftEther", tcp_portrange="1-65535")),
    Change("tcp", "ports 443 992 1194 5555 53 on the box", service("SoftEther", udp_portrange="53")),
    Change("udp", "ports 22 500 1194 4500 on the box", service("vpn-udp", tcp_portrange="22")),
    Change("udp", "ports 500 4500 on the box", service("vpn-udp", udp_portrange="500 4500")),
    Change(
        "only",
        "ports 8001 on the box, 8000 here",
        service("vpn-only-tcp", tcp_portrange="8001"),
    ),
)

NAME, ALIAS, MARKER = "vpn.wide.example", "dial.wide.example", "_labvpn.vpn.wide.example"

DNS = (
    Change(
        "A",
        f"{NAME}: A 203.0.113.9 at the name server, 203.0.113.20 here",
        zone(f"delete {NAME} A", f"add {NAME} 60 A 203.0.113.9"),
    ),
    Change("A", f"{NAME}: A 203.0.113.20, 203.0.113.9 at the name server", zone(f"add {NAME} 60 A 203.0.113.9")),
    Change("A", f"{NAME}: no A at the name server, 203.0.113.20 here", zone(f"delete {NAME} A")),
    Change(
        "A",
        f"{NAME}: A with TTL 3600 at the name server, 60 here",
        zone(f"delete {NAME} A", f"add {NAME} 3600 A 203.0.113.20"),
    ),
    Change(
        "alias",
        f"{ALIAS}: CNAME ns1.wide.example. at the name server",
        zone(f"delete {ALIAS} CNAME", f"add {ALIAS} 60 CNAME ns1.wide.example."),
    ),
    Change("alias", f"{ALIAS}: no CNAME at the name server", zone(f"delete {ALIAS} CNAME")),
    Change("marker", f"{MARKER}: no TXT at the name server", zone(f"delete {MARKER} TXT")),
)

HOPS = (*FORTIGATE, *DNS)
