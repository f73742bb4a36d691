"""What a FortiGate's policies are between, from its rows: interfaces, zones, SD-WAN zones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Interface
from typing import Any

from labvpn.parse.fortigate.objects import Row, Tables, interface, names, rows
from labvpn.state.fortigate_interfaces import InterfaceState, Zone

ODD = (KeyError, TypeError, AttributeError, ValueError)
"""What a row that is not in FortiOS's form raises."""


def interfaces(tables: Tables, vdom: str) -> Iterator[InterfaceState]:
    """The interfaces of the vdom; those of others cannot be named in its policies, nor can one without a name."""
    for row in rows(tables, "system/interface"):
        if "name" in row and _is_of(row, vdom):
            held, role = tuple(_held(row)), str(row.get("role") or "")
            yield InterfaceState(str(row["name"]), held, role, _doubt(row), _members(row))


def _is_of(row: Row, vdom: str) -> bool:
    try:
        return vdom in names(row.get("vdom") or vdom)
    except ODD:
        return True


def _members(row: Row) -> tuple[str, ...]:
    """What an aggregate or redundant interface is made of."""
    try:
        return names(row.get("member"), "interface-name")
    except ODD:
        return ()


def _held(row: Row) -> Iterator[IPv4Interface]:
    """The addresses of an interface; none where it has none, or gets it from elsewhere."""
    more = row.get("secondaryip") if row.get("secondary-IP") != "disable" else ()
    listed = more if isinstance(more, list) else ()
    texts = (row.get("ip"), *(each.get("ip") for each in listed if isinstance(each, Mapping)))
    for text in texts:
        try:
            held = interface(str(text or ""))
        except ValueError:
            continue
        if held.ip.packed != bytes(4):
            yield held


def _doubt(row: Row) -> str:
    """What is asked of whoever enters by an interface, besides the policies (captive-portal, 802.1X)."""
    mode = row.get("security-mode") or "none"
    return "" if mode == "none" else f"interface {row['name']} (security-mode {mode})"


def zones(tables: Tables) -> Iterator[Zone]:
    """The zones and those of SD-WAN, with their members."""
    for row in rows(tables, "system/zone"):
        if "name" in row:
            yield _zone(row)
    for row in rows(tables, "system/sdwan"):
        yield from _sdwan(row)


def _zone(row: Row) -> Zone:
    name = str(row["name"])
    try:
        members = names(row.get("interface"), "interface-name")
        return Zone(name, members, open={"allow": True, "deny": False}.get(row.get("intrazone") or "deny"))
    except ODD:
        return Zone(name, open=None, unread=True)


def _sdwan(row: Row) -> Iterator[Zone]:
    """The zones of SD-WAN with their members; a member without a zone is in FortiOS's own."""
    held: dict[str, list[str]] = {name: [] for each in _listed(row.get("zone")) for name in _names(each)}
    odd: set[str] = set()
    for member in _listed(row.get("members")):
        fields = member if isinstance(member, Mapping) else {}
        zone = str(fields.get("zone") or "virtual-wan-link")
        held.setdefault(zone, [])
        if isinstance(name := fields.get("interface"), str):
            held[zone].append(name)
        else:
            odd |= {zone} if fields else set(held)
    in_use = row.get("status") == "enable"
    yield from (Zone(name, tuple(members), in_use=in_use, unread=name in odd) for name, members in held.items())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _names(row: Any) -> tuple[str, ...]:
    try:
        return names([row])
    except ODD:
        return ()
