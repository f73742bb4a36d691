"""What a FortiGate shows: its answers as values of the model; what is not understood is marked as unread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import IPv4Address, IPv4Interface
from typing import TypeVar

from labvpn.model.ports import Port
from labvpn.parse.fortigate import keys, unread
from labvpn.parse.fortigate.defaults import without_defaults
from labvpn.parse.fortigate.objects import Row, address, group, names, service, vip
from labvpn.parse.fortigate.schedules import endless, expired, hours
from labvpn.state.fortigate import Action, InterfaceState, Inventory, Policy, Zone

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
                for path in ("firewall/addrgrp", "firewall/vipgrp")
                for one in _read(tables, path, group, unread.group)
            ),
            services=without_defaults(services, keys.SERVICE),
            service_groups=_read(tables, "firewall.service/group", group, unread.group),
            vips=without_defaults(_read(tables, "firewall/vip", vip, unread.vip), keys.VIP),
            policies=tuple(
                replace(one, widening=one.widening and bool(one.unread)) for one in without_defaults(rules, keys.POLICY)
            ),
            interfaces=tuple(_interfaces(tables, vdom)),
            zones=(*_read(tables, "system/zone", _zone), *_sdwan(tables)),
            schedules=tuple(schedules),
            doubt=_doubt(tables),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not in FortiOS's form: {error}") from error


def _read(
    tables: Tables, path: str, read: Callable[[Row], Value], other: Callable[[Row], Value] | None = None
) -> tuple[Value, ...]:
    """Each row of a table; null is FortiOS's unset."""
    return tuple(
        _row({key: value for key, value in row.items() if value is not None}, read, other)
        for row in tables.get(path, ())
    )


def _row(row: Row, read: Callable[[Row], Value], other: Callable[[Row], Value] | None) -> Value:
    try:
        return read(row)
    except (KeyError, TypeError, AttributeError, ValueError):
        if other is None:
            raise
        return other(row)


def _policy(row: Row, now: datetime) -> Policy:
    extras = keys.extras(row, keys.POLICY)
    conditions = [*keys.unread(extras, keys.POLICY), *_unknown_values(row)]
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
        nat=row.get("nat") == "enable",
        number=int(row["policyid"]),
        active=(row.get("status") or "enable") == "enable" and not expired(row, now) and not _of_ipv6(row),
        at_times=endless(row),
        negated=frozenset(part for key, part in LISTS.items() if row.get(f"{key}-negate") == "enable"),
        unread=tuple(words for words, _ in conditions),
        widening=any(not narrows for _, narrows in conditions),
        sees_vips=(row.get("match-vip") or "enable") == "enable",
        extras=(*extras, *_ipv6(row)),
        visible=keys.visible(row),
    )


def _unknown_values(row: Row) -> Iterator[tuple[str, bool]]:
    """Conditions in keys of the model, with values that the model does not have."""
    if (row.get("action") or "deny") not in ("accept", "deny"):
        yield f"action {row['action']}", False
    if not _of_ipv6(row):
        for key in ("srcintf", "dstintf", "srcaddr", "dstaddr", "service"):
            if not row.get(key):
                yield f"an empty {key}", False
    for key in LISTS:
        if row.get(f"{key}-negate") not in ("enable", "disable", None, ""):
            yield f"{key}-negate {row[f'{key}-negate']}", False


def _of_ipv6(row: Row) -> bool:
    """Whether a policy is only for IPv6: it names addresses of that kind, and none of IPv4."""
    translated = "enable" in (row.get("nat64"), row.get("nat46"))
    return not row.get("srcaddr") and not row.get("dstaddr") and bool(row.get("srcaddr6")) and not translated


def _ipv6(row: Row) -> Iterator[tuple[str, str]]:
    yield from ((key, keys.as_text(row[key])) for key in ("srcaddr6", "dstaddr6") if row.get(key))
    if row.get("policy-expiry") == "enable":
        yield "policy-expiry-date", str(row.get("policy-expiry-date", ""))


def _timed(policy: Policy, schedules: Mapping[str, bool | None]) -> Policy:
    """A policy as its schedule puts it in force: always, no longer, or at some hours."""
    if policy.schedule == "none":
        return replace(policy, active=False)
    in_force = schedules.get(policy.schedule, True if policy.schedule == "always" else None)
    if in_force is False:
        return replace(policy, active=False)
    return replace(policy, at_times=policy.at_times or in_force is None)


def _interfaces(tables: Tables, vdom: str) -> Iterator[InterfaceState]:
    """The interfaces of the vdom; those of others cannot be named in its policies."""
    for row in tables.get("system/interface", ()):
        if row.get("vdom", vdom) in (vdom, ""):
            yield _interface(row)


def _interface(row: Row) -> InterfaceState:
    text = str(row.get("ip") or "0.0.0.0 0.0.0.0")
    try:
        held = IPv4Interface(text.replace(" ", "/"))
    except ValueError:
        return InterfaceState(str(row["name"]))
    known = held.ip.packed != bytes(4)
    return InterfaceState(str(row["name"]), held.network if known else None, held.ip if known else None)


def _zone(row: Row) -> Zone:
    members = tuple(str(each.get("interface-name") or each.get("name")) for each in row.get("interface") or ())
    return Zone(str(row["name"]), members, open=row.get("intrazone", "deny") == "allow")


def _sdwan(tables: Tables) -> Iterator[Zone]:
    """The zones of SD-WAN with their members; a member without a zone is in FortiOS's own."""
    for row in tables.get("system/sdwan", ()):
        held: dict[str, list[str]] = {str(zone["name"]): [] for zone in row.get("zone") or ()}
        for member in row.get("members") or ():
            held.setdefault(str(member.get("zone") or "virtual-wan-link"), []).append(str(member["interface"]))
        in_use = row.get("status") == "enable"
        yield from (Zone(name, tuple(members), in_use=in_use) for name, members in held.items())


def _doubt(tables: Tables) -> str:
    for row in tables.get(SETTINGS, ()):
        if row.get("ngfw-mode") == "policy-based":
            return "the vdom is in NGFW policy mode (ngfw-mode policy-based), where security policies decide"
        if row.get("central-nat") == "enable":
            return "the vdom has central NAT (central-nat enable), which translates addresses apart from the policies"
    return ""
