"""What a FortiGate shows: its answers as values of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, summarize_address_range
from typing import Any, TypeVar

from labvpn.model.ports import Port
from labvpn.model.rules import ALL, Action, Address, Box, Group, Interface, Policy, Service, Vip

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]
Value = TypeVar("Value")

TABLES = (
    "firewall/policy",
    "firewall/address",
    "firewall/addrgrp",
    "firewall/vip",
    "firewall.service/custom",
    "firewall.service/group",
    "system/interface",
)
"""What is read of a box, each in one request."""

OPTIONAL = ("system/zone", "firewall.schedule/recurring", "firewall.schedule/onetime", "firewall.schedule/group")
"""What is read where the box has it and the token may."""

_CONDITIONS = ("srcaddr-negate", "dstaddr-negate", "service-negate", "internet-service", "internet-service-src")
_LISTS = ("groups", "users", "fsso-groups", "devices")


@dataclass(frozen=True)
class Path:
    """A way by which this run reaches a machine: what for, from which address of ours, to where."""

    purpose: str
    source: IPv4Address
    target: IPv4Address
    port: Port


@dataclass(frozen=True)
class Gate:
    """A box as it is now, and the ways of this run that it might stand in."""

    box: Box
    paths: tuple[Path, ...] = ()


def box(tables: Tables) -> Box:
    """A box from its tables. Raises ValueError where they are not of FortiOS's shape."""
    try:
        return Box(
            addresses=_read(tables, "firewall/address", _address),
            groups=(
                *_read(tables, "firewall/addrgrp", _group),
                *_read(tables, "firewall.service/group", _group),
            ),
            services=_read(tables, "firewall.service/custom", _service),
            vips=tuple(vip for vip in _read(tables, "firewall/vip", _vip) if vip),
            policies=_read(tables, "firewall/policy", _policy),
            interfaces=_read(tables, "system/interface", _interface),
            zones=_read(tables, "system/zone", lambda row: str(row["name"])),
            schedules=tuple(_schedules(tables)),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not of FortiOS's shape: {error}") from error


def _read(tables: Tables, path: str, read: Callable[[Row], Value]) -> tuple[Value, ...]:
    return tuple(read(row) for row in tables.get(path, ()))


def _schedules(tables: Tables) -> Iterator[str]:
    for path in OPTIONAL:
        if path.startswith("firewall.schedule/"):
            yield from (str(row["name"]) for row in tables.get(path, ()))


def _names(rows: Any) -> tuple[str, ...]:
    return tuple(str(row["name"]) for row in rows or ())


def _address(row: Row) -> Address:
    return Address(str(row["name"]), tuple(_networks(row)), str(row.get("country", "")), str(row.get("comment", "")))


def _networks(row: Row) -> Iterator[IPv4Network]:
    kind = row.get("type", "ipmask")
    if row["name"] == ALL:
        yield IPv4Network("0.0.0.0/0")
    elif kind == "ipmask" and row.get("subnet"):
        yield _network(str(row["subnet"]))
    elif kind == "iprange":
        yield from summarize_address_range(IPv4Address(row["start-ip"]), IPv4Address(row["end-ip"]))


def _network(text: str) -> IPv4Network:
    return IPv4Network(text.replace(" ", "/"), strict=False)


def _group(row: Row) -> Group:
    return Group(str(row["name"]), _names(row.get("member")), str(row.get("comment", "")))


def _service(row: Row) -> Service:
    by_ports = str(row.get("protocol", "")).startswith("TCP")
    number = None if by_ports else int(row.get("protocol-number") or 0)
    if row.get("protocol") in ("ICMP", "ICMP6"):
        number = 1 if row["protocol"] == "ICMP" else 58
    ports = (str(row.get("tcp-portrange") or ""), str(row.get("udp-portrange") or "")) if by_ports else ("", "")
    return Service(str(row["name"]), *ports, number, str(row.get("comment", "")))


def _vip(row: Row) -> Vip | None:
    """A VIP of one address to one address; the other kinds are nothing that the lab can compare with."""
    mapped = [str(entry["range"]).partition("-")[0] for entry in row.get("mappedip") or ()]
    if len(mapped) != 1 or "-" in str(row.get("extip", "-")):
        return None
    place = str(row.get("extintf", "any"))
    return Vip(
        str(row["name"]), place, IPv4Address(row["extip"]), IPv4Address(mapped[0]), str(row.get("comment") or "")
    )


def _policy(row: Row) -> Policy:
    conditions = [row.get(name) == "enable" for name in _CONDITIONS] + [bool(row.get(name)) for name in _LISTS]
    schedule = str(row.get("schedule", "always"))
    return Policy(
        str(row.get("name", "")),
        _names(row.get("srcintf")),
        _names(row.get("dstintf")),
        _names(row.get("srcaddr")),
        _names(row.get("dstaddr")),
        _names(row.get("service")),
        # What is not plainly denied (accept, ipsec, ssl-vpn) lets something pass.
        Action.DENY if row.get("action", "deny") == "deny" else Action.ACCEPT,
        schedule,
        str(row.get("logtraffic", "utm")),
        str(row.get("comments", "")),
        nat=row.get("nat") == "enable",
        number=int(row["policyid"]),
        active=row.get("status", "enable") == "enable" and schedule != "none",
        plain=not any(conditions) and schedule == "always",
    )


def _interface(row: Row) -> Interface:
    text = str(row.get("ip") or "0.0.0.0 0.0.0.0")
    held = IPv4Interface(text.replace(" ", "/"))
    return Interface(str(row["name"]), held.network if held.ip.packed != bytes(4) else None)
