"""What a FortiGate shows: its answers as values of the model; what is not understood is marked as unread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import IPv4Address
from typing import TypeVar

from labvpn.model.ports import Port
from labvpn.parse.fortigate import keys, unread
from labvpn.parse.fortigate.defaults import without_defaults
from labvpn.parse.fortigate.interfaces import ODD, interfaces, zones
from labvpn.parse.fortigate.objects import Row, Tables, address, group, names, rows, service, switch, vip, vip_group
from labvpn.parse.fortigate.schedules import endless, expired, hours, in_force
from labvpn.state.fortigate import Action, Inventory, Policy

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
"""What is read from a FortiGate, each table in one request."""

SETTINGS = "system/settings"
"""The settings of a vdom: a single entry, not a list."""

OPTIONAL = (
    "system/zone",
    "system/sdwan",
    "firewall/vipgrp",
    "firewall.schedule/recurring",
    "firewall.schedule/onetime",
    "firewall.schedule/group",
    SETTINGS,
)
"""What is read where the FortiGate has it and the token may read it."""

DECIDING = {SETTINGS: "the vdom's settings", "system/zone": "the zones"}
"""What changes how policies decide: where one cannot be read, nothing is concluded."""

LISTS = {"srcaddr": "sources", "dstaddr": "destinations", "service": "services"}


@dataclass(frozen=True)
class Path:
    """A path by which this run reaches a machine: its purpose, our address, and the target."""

    purpose: str
    source: IPv4Address
    target: IPv4Address
    port: Port


@dataclass(frozen=True)
class FortiGateSnapshot:
    """A FortiGate as it is now, and the paths of this run that may lead through it."""

    inventory: Inventory
    paths: tuple[Path, ...] = ()


def inventory(tables: Tables, vdom: str = "root", now: datetime | None = None) -> Inventory:
    """A FortiGate from its tables. Raises ValueError where they do not have FortiOS's form.

    Of a single object or policy in another form, the name is known, and it is unread.
    """
    now = now or datetime.now()
    try:
        schedules = hours(tables, now)
        rules = _read(tables, "firewall/policy", lambda row: _timed(_policy(row, now), schedules), unread.policy)
        services = _read(tables, "firewall.service/custom", service, unread.service)
        return Inventory(
            addresses=without_defaults(_read(tables, "firewall/address", address, unread.address), keys.ADDRESS),
            groups=tuple(
                one
                for path, read in (("firewall/addrgrp", group), ("firewall/vipgrp", vip_group))
                for one in _read(tables, path, read, unread.group)
            ),
            services=without_defaults(services, keys.SERVICE),
            service_groups=_read(tables, "firewall.service/group", group, unread.group),
            vips=without_defaults(_read(tables, "firewall/vip", vip, unread.vip), keys.VIP),
            policies=tuple(
                replace(one, widening=one.widening and bool(one.unread)) for one in without_defaults(rules, keys.POLICY)
            ),
            interfaces=tuple(interfaces(tables, vdom)),
            zones=tuple(zones(tables)),
            schedules=schedules,
            doubt=_doubt(tables),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not in FortiOS's form: {error}") from error


def _read(tables: Tables, path: str, read: Callable[[Row], Value], other: Callable[[Row], Value]) -> tuple[Value, ...]:
    """Each row of a table; one that is not in FortiOS's form is read by `other`."""
    return tuple(_row(row, read, other) for row in rows(tables, path))


def _row(row: Row, read: Callable[[Row], Value], other: Callable[[Row], Value]) -> Value:
    try:
        return read(row)
    except ODD:
        return other(row)


def _policy(row: Row, now: datetime) -> Policy:
    extras = keys.extras(row, keys.POLICY)
    conditions = list(keys.unread(extras, keys.POLICY))
    of_ipv6 = _of_ipv6(row, conditions)
    conditions += _unknown_values(row, of_ipv6)
    return Policy(
        str(row.get("name", "")),
        names(row.get("srcintf")),
        names(row.get("dstintf")),
        names(row.get("srcaddr")),
        names(row.get("dstaddr")),
        names(row.get("service")),
        # Every action but deny (accept, ipsec, ssl-vpn) lets something pass.
        Action.DENY if (row.get("action") or "deny") == "deny" else Action.ACCEPT,
        str(row.get("schedule") or "always"),
        str(row.get("logtraffic") or "utm"),
        str(row.get("comments") or ""),
        nat=switch(row, "nat"),
        number=int(row["policyid"]),
        active=switch(row, "status", default=True) and not expired(row, now) and not of_ipv6,
        expired=expired(row, now),
        at_times=endless(row),
        negated=frozenset(part for key, part in LISTS.items() if switch(row, f"{key}-negate")),
        unread=tuple(words for words, _ in conditions),
        widening=any(not narrows for _, narrows in conditions),
        sees_vips=switch(row, "match-vip", default=True),
        extras=(*extras, *_ipv6(row)),
        visible=keys.visible(row),
    )


def _unknown_values(row: Row, of_ipv6: bool) -> Iterator[tuple[str, bool]]:
    """Conditions in keys of the model, with values that the model does not have."""
    if (row.get("action") or "deny") not in ("accept", "deny"):
        yield f"action {row['action']}", False
    if not of_ipv6:
        for key in ("srcintf", "dstintf", "srcaddr", "dstaddr", "service"):
            if not row.get(key):
                yield f"an empty {key}", False


def _of_ipv6(row: Row, conditions: list[tuple[str, bool]]) -> bool:
    """Whether a policy is only for IPv6: it names addresses of that kind, and nothing of IPv4.

    What may stand in the place of an IPv4 address, such as an internet service, does more than narrow it.
    """
    four = bool(row.get("srcaddr") or row.get("dstaddr")) or not all(narrows for _, narrows in conditions)
    return bool(row.get("srcaddr6")) and not four


def _ipv6(row: Row) -> Iterator[tuple[str, str]]:
    yield from ((key, keys.as_text(row[key])) for key in ("srcaddr6", "dstaddr6") if row.get(key))
    if switch(row, "policy-expiry"):
        yield "policy-expiry-date", str(row.get("policy-expiry-date", ""))


def _timed(policy: Policy, schedules: Mapping[str, bool | None]) -> Policy:
    """A policy as its schedule puts it in force: always, no longer, or at some hours."""
    now = in_force(policy.schedule, schedules)
    return replace(policy, active=policy.active and now is not False, at_times=policy.at_times or now is None)


def _doubt(tables: Tables) -> str:
    """Why what policies say does not decide by itself, or may not."""
    for path, what in DECIDING.items():
        if path not in tables or (path == SETTINGS and not tables[path]):
            return f"{what} ({path}) cannot be read: the token's profile needs read rights on the system"
    for row in rows(tables, SETTINGS):
        mode = row.get("ngfw-mode") or "profile-based"
        if mode != "profile-based":
            return f"the vdom is in NGFW policy mode (ngfw-mode {mode}), where security policies decide"
        central = row.get("central-nat") or "disable"
        if central != "disable":
            return (
                f"the vdom has central NAT (central-nat {central}), which translates addresses apart from the policies"
            )
    return ""
