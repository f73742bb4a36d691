"""What is left of settings without their mistakes, so that what depends on them can be checked at the same time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

ROUNDS = 6
"""How often mistakes are taken out: those behind others show only then."""

STAND_INS: dict[str, dict[str, Any]] = {
    "server": {"address": "192.0.2.1"},
    "fortigate": {
        "host": "placeholder.invalid",
        "outside": ["placeholder-1"],
        "inside": "placeholder-2",
        "before": "placeholder",
    },
    "dns": {"zone": "placeholder.invalid", "server": "192.0.2.53", "key": {"name": "placeholder"}},
}
"""For what a section cannot be without; its mistake is reported already, so none of these reaches a machine."""

PASSED = {
    "hostKey": "ssh-ed25519 AAAA",
    "administratorPassword": "-Stand-in-1-",
    "hubPassword": "-Stand-in-2-",
    "userSecret": "-Stand-in-3-" * 3,
}
"""The same for secrets and keys."""


SAFE = {
    "server": ("address", "name", "host", "ssh"),
    "servers": ("address", "name", "host", "ssh"),
    "dns": ("zone", "host", "mode"),
    "fortigate": ("host", "outside", "inside", "before"),
}
"""What stays of a section whose parts do not go together."""


def without(values: Any, places: Iterable[tuple[int | str, ...]], model: type[BaseModel]) -> Any:
    """The settings without the values at these places, and with stand-ins for what a part cannot be without."""
    if not isinstance(values, dict):
        return {}
    kept = dict(values)
    for place in places:
        kept = _cut(kept, place)
    keys = {info.alias or name for name, info in model.model_fields.items()}
    for section, stand_in in STAND_INS.items():
        if section in values and section in keys:
            mine = kept.get(section)
            kept[section] = {**stand_in, **mine} if isinstance(mine, dict) else stand_in
    if "servers" in values and "servers" in keys:
        listed = kept.get("servers")
        kept["servers"] = [_server(*each) for each in enumerate(listed if isinstance(listed, list) else [{}])]
    elif "server" in keys and "server" not in values and "vpn" in keys:
        kept["server"] = STAND_INS["server"]
    return {**PASSED, **kept} if "userSecret" in keys else kept


def _cut(value: Any, place: tuple[int | str, ...]) -> Any:
    """The value without the innermost setting that a place names; a list goes as a whole, but for that of servers."""
    if not place or not isinstance(value, dict) or place[0] not in value:
        return value
    first, rest = place[0], place[1:]
    inner = value[first]
    if isinstance(inner, dict) and rest and rest[0] in inner:
        return {**value, first: _cut(inner, rest)}
    if first == "servers" and isinstance(inner, list) and rest:
        at = rest[0]
        return {**value, first: [_of_section(each, rest[1:]) if n == at else each for n, each in enumerate(inner)]}
    if first in SAFE and not rest and isinstance(inner, dict):
        return {**value, first: _of_section(inner, ())}
    return {key: each for key, each in value.items() if key != first}


def _of_section(section: Any, place: tuple[int | str, ...]) -> Any:
    """A server, the name or the box without one setting, or with those alone that go together."""
    if not isinstance(section, dict):
        return {}
    if place:
        return _cut(section, place)
    return {key: each for key, each in section.items() if any(key in safe for safe in SAFE.values())}


def _server(number: int, given: Any) -> dict[str, Any]:
    return {"address": f"192.0.2.{number + 1}", **(given if isinstance(given, dict) else {})}
