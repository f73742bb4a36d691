"""Addresses, groups, services and VIPs from a FortiGate's rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, summarize_address_range
from typing import Any

from labvpn.parse.fortigate import keys
from labvpn.state.fortigate import AddressGroup, AddressObject, ServiceObject, Vip

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]

_PORTS = re.compile(r"\d+(-\d+)?(:\d+(-\d+)?)?")


def rows(tables: Tables, path: str) -> Iterator[Row]:
    """Each row of a table; null is FortiOS's unset, and an entry without keys is a row that says nothing."""
    for row in tables.get(path, ()):
        yield {key: value for key, value in row.items() if value is not None} if isinstance(row, Mapping) else {}


def names(listed: Any, key: str = "name") -> tuple[str, ...]:
    """The names in a list of references, or a single one."""
    held = [listed] if isinstance(listed, str) else listed or ()
    return tuple(str(one.get(key) or one["name"] if isinstance(one, Mapping) else one) for one in held)


def switch(row: Row, key: str, default: bool = False) -> bool:
    """Whether a switch is on. Raises ValueError for what FortiOS does not show of one, such as 1 or `ENABLE`."""
    value = row.get(key)
    if value not in ("enable", "disable", "", None):
        raise ValueError(f"{key} {value}")
    return value == "enable" if value else default


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
    return interface(text).network


def interface(text: str) -> IPv4Interface:
    """An address with its network. Raises ValueError as `network` does: a mask is never taken as a host mask."""
    address_, _, mask = text.replace("/", " ").partition(" ")
    held = IPv4Interface(f"{address_}/{mask or 32}")
    if "." in mask and held.netmask != IPv4Address(mask):
        raise ValueError(f"{mask} is not a network mask")
    return held


def vip_group(row: Row) -> AddressGroup:
    """A group of VIPs, which FortiOS shows with the interface that all of them have."""
    return group(row, keys.VIP_GROUP)


def group(row: Row, known: keys.Keys = keys.GROUP) -> AddressGroup:
    """A group of addresses, services or VIPs."""
    extras = keys.extras(row, known)
    excluded = names(row.get("exclude-member")) if switch(row, "exclude") else ()
    more = (("exclude-member", " ".join(excluded)), *extras) if excluded else extras
    unread = tuple(words for words, _ in keys.unread(extras, known))
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
    extras = (*keys.extras(row, keys.VIP), *_other_kind(row))
    name, unread = str(row["name"]), [words for words, _ in keys.unread(extras, keys.VIP)]
    outside = _single(str(row.get("extip") or ""))
    mapped = [str(entry.get("range") or "") for entry in row.get("mappedip") or ()]
    inside = _single(mapped[0]) if len(mapped) == 1 else None
    if outside is None or inside is None or outside.packed == bytes(4):
        unread.append(f"from {row.get('extip') or 'none'} to {' '.join(mapped) or 'none'}")
    forwards = None
    if switch(row, "portforward"):
        forwards = (str(row.get("protocol") or "tcp"), str(row.get("extport") or ""), str(row.get("mappedport") or ""))
        odd = not all(map(_PORTS.fullmatch, forwards[1:])) and forwards[0] != "icmp"
        unread += [f"ports {' '.join(forwards)}"] if odd else []
    return Vip(
        name,
        str(row.get("extintf") or "any"),
        outside or IPv4Address(0),
        inside or IPv4Address(0),
        str(row.get("comment") or ""),
        forwards=forwards,
        ends=_ends(row) if unread else (),
        outer=_addresses([str(row.get("extip") or "")]) if unread else (),
        unread=tuple(unread),
        uses=_uses(row),
        visible=keys.visible(row),
        extras=extras,
    )


def _other_kind(row: Row) -> Iterator[tuple[str, str]]:
    """What makes a VIP another kind of it, or switches it off."""
    for key in keys.VIP_KIND:
        value = str(row.get(key) or keys.VIP.defaults[key])
        if value != keys.VIP.defaults[key]:
            yield key, value


def _ends(row: Row) -> tuple[IPv4Network, ...]:
    """All addresses of a VIP, outside and inside; none where they are not known."""
    inside = [str(entry.get("range") or "") for entry in row.get("mappedip") or ()]
    inside += [str(entry.get("ip") or "") for entry in row.get("realservers") or ()]
    return _addresses([str(row.get("extip") or ""), *inside]) if inside else ()


def _addresses(texts: Sequence[str]) -> tuple[IPv4Network, ...]:
    """Addresses and ranges as networks; none where one of them is not known."""
    found: list[IPv4Network] = []
    try:
        for text in texts:
            low, _, high = text.partition("-")
            found += summarize_address_range(IPv4Address(low), IPv4Address(high or low))
    except (ValueError, TypeError):
        return ()
    everywhere = any(one.network_address.packed == bytes(4) for one in found)
    return () if everywhere else tuple(found)


def _single(text: str) -> IPv4Address | None:
    """One address, also where it is written as a range of itself."""
    low, _, high = text.partition("-")
    try:
        return IPv4Address(low) if high in ("", low) else None
    except ValueError:
        return None
