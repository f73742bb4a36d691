"""Addresses, groups, services and VIPs from a FortiGate's rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, summarize_address_range
from typing import Any

from labvpn.parse.fortigate import keys
from labvpn.state.fortigate import AddressGroup, AddressObject, ServiceObject, Vip

Row = Mapping[str, Any]

_PORTS = re.compile(r"\d+(-\d+)?(:\d+(-\d+)?)?")


def names(rows: Any) -> tuple[str, ...]:
    """The names in a list of references, or a single one."""
    listed = [rows] if isinstance(rows, str) else rows or ()
    return tuple(str(row["name"] if isinstance(row, Mapping) else row) for row in listed)


def address(row: Row) -> AddressObject:
    """An address; one whose networks are not clear from its fields is unread, with the reason."""
    kind, extras = str(row.get("type") or "ipmask"), keys.extras(row, keys.ADDRESS)
    country = str(row.get("country") or "") if kind == "geography" else ""
    host = str(row.get("fqdn") or "") if kind == "fqdn" else ""
    networks, unread = _networks(row, kind), [words for words, _ in keys.unread(extras, _of_kind(kind))]
    if not (networks or country or host):
        unread.append(f"type {kind}")
    more = (("type", kind), *extras) if kind not in ("ipmask", "geography") else extras
    comment = str(row.get("comment") or "")
    return AddressObject(
        str(row["name"]),
        networks,
        country,
        comment,
        host=host,
        unread=tuple(dict.fromkeys(unread)),
        uses=_uses(row),
        visible=keys.visible(row),
        extras=more,
    )


def _of_kind(kind: str) -> keys.Keys:
    """The keys of addresses, with those that belong to this kind."""
    own = {"interface-subnet": ("interface",)}.get(kind, ())
    return keys.ADDRESS._replace(harmless=keys.ADDRESS.harmless | set(own))


def _networks(row: Row, kind: str) -> tuple[IPv4Network, ...]:
    """Its networks, where its fields give them: none for countries, host names, and what cannot be read."""
    try:
        if kind in ("ipmask", "interface-subnet") and row.get("subnet"):
            return (network(str(row["subnet"])),)
        if kind == "wildcard" and row.get("wildcard"):
            return (network(str(row["wildcard"])),)
        if kind == "iprange":
            return tuple(summarize_address_range(IPv4Address(row["start-ip"]), IPv4Address(row["end-ip"])))
    except (KeyError, ValueError, TypeError):
        pass  # a mask with holes, a range upside down: unread
    return ()


def _uses(row: Row) -> int | None:
    """How many places use it, where the FortiGate says so (with_meta)."""
    return int(row["q_ref"]) if str(row.get("q_ref", "")).isdigit() else None


def network(text: str) -> IPv4Network:
    """The network of `10.0.0.0 255.0.0.0`. Raises ValueError for anything else, including a mask with holes."""
    address_, _, mask = text.replace("/", " ").partition(" ")
    inverse = mask.startswith("0.") and mask != "0.0.0.0"  # noqa: S104  (ipaddress would take it as a host mask)
    if inverse:
        raise ValueError(f"{mask} is not a network mask")
    return IPv4Network(f"{address_}/{mask or 32}", strict=False)


def group(row: Row) -> AddressGroup:
    """A group of addresses, services or VIPs."""
    extras = keys.extras(row, keys.GROUP)
    excluded = names(row.get("exclude-member")) if row.get("exclude") == "enable" else ()
    more = (("exclude-member", " ".join(excluded)), *extras) if excluded else extras
    unread = tuple(words for words, _ in keys.unread(extras, keys.GROUP))
    comment = str(row.get("comment") or "")
    return AddressGroup(
        str(row["name"]),
        names(row.get("member")),
        comment,
        without=excluded,
        unread=unread,
        uses=_uses(row),
        visible=keys.visible(row),
        extras=more,
    )


def service(row: Row) -> ServiceObject:
    """A service; one with other limits than destination ports or a protocol number is unread."""
    kind = str(row.get("protocol") or "TCP/UDP/SCTP")
    extras = keys.extras(row, keys.SERVICE)
    unread = [words for words, _ in keys.unread(extras, keys.SERVICE)]
    tcp, udp = (_range(row, f"{name}-portrange") if kind.startswith("TCP") else "" for name in ("tcp", "udp"))
    number = None
    if not kind.startswith("TCP"):
        number = {"ICMP": 1, "ICMP6": 58}.get(kind, int(row.get("protocol-number") or 0))
        unread += [f"protocol {kind}"] if kind not in ("IP", "ICMP", "ICMP6") else []
    unread += [f"ports {text}" for text in f"{tcp} {udp}".split() if not _PORTS.fullmatch(text)]
    return ServiceObject(
        str(row["name"]),
        tcp,
        udp,
        number,
        str(row.get("comment") or ""),
        unread=tuple(unread),
        uses=_uses(row),
        visible=keys.visible(row),
        extras=(*extras, *_icmp(row, kind)),
    )


def _range(row: Row, key: str) -> str:
    """Ports as FortiOS writes them, without source ports that are all of them."""
    return re.sub(r":[01]-65535\b", "", str(row.get(key) or ""))


def _icmp(row: Row, kind: str) -> Iterator[tuple[str, str]]:
    if kind.startswith("ICMP") and row.get("icmptype") not in ("", None):
        yield "icmptype", str(row["icmptype"])


def vip(row: Row) -> Vip:
    """A VIP; one that does not map a single address to a single address is unread, as is one with conditions."""
    extras, name = keys.extras(row, keys.VIP), str(row["name"])
    unread = [words for words, _ in keys.unread(extras, keys.VIP)]
    if (row.get("type") or "static-nat") != "static-nat":
        unread.append(f"type {row['type']}")
    if (row.get("status") or "enable") != "enable":
        unread.append("status disable")
    outside = _single(str(row.get("extip") or ""))
    mapped = [str(entry.get("range") or "") for entry in row.get("mappedip") or ()]
    inside = _single(mapped[0]) if len(mapped) == 1 else None
    if outside is None or inside is None or outside.packed == bytes(4):
        unread.append(f"from {row.get('extip') or 'none'} to {' '.join(mapped) or 'none'}")
    forwards = None
    if row.get("portforward") == "enable":
        forwards = (str(row.get("protocol") or "tcp"), str(row.get("extport") or ""), str(row.get("mappedport") or ""))
    return Vip(
        name,
        str(row.get("extintf") or "any"),
        outside or IPv4Address(0),
        inside or IPv4Address(0),
        str(row.get("comment") or ""),
        forwards=forwards,
        ends=_ends(row) if unread else (),
        unread=tuple(unread),
        uses=_uses(row),
        visible=keys.visible(row),
        extras=extras,
    )


def _ends(row: Row) -> tuple[IPv4Network, ...]:
    """All addresses of a VIP, outside and inside; none where they are not known."""
    inside = [str(entry.get("range") or "") for entry in row.get("mappedip") or ()]
    inside += [str(entry.get("ip") or "") for entry in row.get("realservers") or ()]
    found: list[IPv4Network] = []
    try:
        for text in (str(row.get("extip") or ""), *inside):
            low, _, high = text.partition("-")
            found += summarize_address_range(IPv4Address(low), IPv4Address(high or low))
    except (ValueError, TypeError):
        return ()
    everywhere = any(one.network_address.packed == bytes(4) for one in found)
    return () if everywhere or not inside else tuple(found)


def _single(text: str) -> IPv4Address | None:
    """One address, also where it is written as a range of itself."""
    low, _, high = text.partition("-")
    try:
        return IPv4Address(low) if high in ("", low) else None
    except ValueError:
        return None
