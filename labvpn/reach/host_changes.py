"""What an `up` changes of a host's firewalld, for the model of what will be in force after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from labvpn.reach.firewalld import HostRules
from labvpn.state.document import Entry

UNKNOWN = "of a firewalld that is not installed there yet"
"""A target that firewalld does not have: what is not of the lab in such a zone cannot be told."""


def not_installed(zones: Sequence[str]) -> HostRules:
    """The rules of a host without firewalld, before the lab's own: what its zones let in else is not known."""
    return HostRules({name: {"target": [UNKNOWN]} for name in zones}, {}, {}, default=zones[0])


def with_lab(rules: HostRules, desired: Iterable[Entry], applied: Iterable[Entry]) -> HostRules:
    """The rules as they will be after `up`: without what was applied and is no longer declared, with what is."""
    zones = {name: {key: list(held) for key, held in parts.items()} for name, parts in rules.zones.items()}
    services, ours = dict(rules.services), set[str]()
    for entry in applied:
        for zone, key, text in _entries(entry):
            held = zones.get(zone, {}).get(key, [])
            zones.setdefault(zone, {})[key] = [one for one in held if one.replace('"', "") != text]
    for entry in desired:
        if entry.kind == "service":
            services[entry.name] = [(entry.fields["ports"].split(","), [], [], [], {})]
        for zone, key, text in _entries(entry):
            if key in ("sources", "interfaces"):
                for parts in zones.values():
                    parts[key] = [one for one in parts.get(key, []) if one != text]
            zones.setdefault(zone, {}).setdefault(key, []).append(text)
            ours.add(_as_ruled(key, text))
    return replace(rules, zones=zones, services=services, ours=frozenset(ours))


def _entries(entry: Entry) -> Iterator[tuple[str, str, str]]:
    """What a line of the host's document puts into zones: the zone, the kind and the entry."""
    fields = entry.fields
    zone = entry.name.partition("/")[0]
    if entry.kind == "zone":
        for key in ("services", "ports", "protocols"):
            yield from ((zone, key, text) for text in fields.get(key, "none").split(",") if text != "none")
    elif entry.kind in ("source", "interface"):
        yield fields["zone"], f"{entry.kind}s", entry.name
    elif entry.kind == "rich":
        yield zone, "rich rules", fields["rule"]
    elif entry.kind == "closed":
        _, port, transport = entry.name.split("/")
        for address in fields.get("only", "none").split(","):
            text = f"rule family=ipv4 source address={address} port port={port} protocol={transport} accept"
            yield zone, "rich rules", text


def _as_ruled(key: str, text: str) -> str:
    """An entry as a ruling names it."""
    return f"the rich rule {text}" if key == "rich rules" else f"{key.removesuffix('s')} {text}"
