"""What is left of settings without their mistakes, so that what depends on them can be checked at the same time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel

from labvpn.model.problems import Problem

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

ENTRIES: dict[str, Callable[[int], Any]] = {
    "hubs": lambda _: {},
    "groups": lambda _: {},
    "services": lambda at: {"name": f"placeholder-{at}", "to": "192.0.2.1"},
    "hosts": lambda at: f"192.0.2.{at + 64}",
    "servers": lambda at: {"address": f"192.0.2.{at + 1}"},
    "expect": lambda _: {"from": "internet", "to": "internet", "reach": False},
}
"""The same for an entry by its position, so that its name stays known and the others keep their number."""

PARTS: dict[str, dict[str, Any]] = {
    "behindVpn": {"from": ["placeholder-3"], "before": "placeholder", "hosts": {"placeholder": "192.0.2.54"}},
    "radius": {"server": "192.0.2.1"},
}
"""The same for parts whose presence others depend on."""

SAFE = {
    "server": ("address", "name", "host", "ssh"),
    "servers": ("address", "name", "host", "ssh"),
    "vpn": ("kept", "hub", "protocols", "secureNat", "sessions"),
    "dns": ("zone", "host", "mode"),
    "fortigate": ("host", "outside", "inside", "before"),
    "behindVpn": ("from", "to", "before", "hosts"),
}
"""What stays of a section whose parts do not go together."""

HUB = r"hubs(\.[^.]+)?|vpn(\.hub)?"
GROUP = rf"{HUB}|hubs\..+\.groups(\.[^.]+)?"
SERVICE = rf"{HUB}|hubs\..+\.services(\[\d+\](\.name)?)?"
SERVER = r"servers?(\[\d+\])?(\.name)?"
HOST = rf"{SERVER}|fortigate(\.behindVpn(\.hosts(\.[^.]+)?)?)?"
INTERFACE = r"fortigate(\.(outside|inside|behindVpn(\.(from|to))?)(\[\d+\])?)?"
USERS = "users"

UNSURE = {
    r"vpn\.hub": rf"vpn|hubs(\.[^.]+)?|{USERS}",
    r"user .+: hub": HUB,
    r"user .+: group|hubs\..+\.secondFactor\.groups": GROUP,
    r"user .+: (auth|address)": rf"{HUB}|hubs\..+\.(authorities|kept|radius|secureNat).*|vpn\.secureNat.*",
    r"user .+: name": r"vpn(\.kept.*)?",
    r"hubs\..+\.secondFactor\.(users|exempt)|passwords\..+": rf"{USERS}|{HUB}",
    r"expect\[\d+\]\.from": rf"{USERS}|{GROUP}|{INTERFACE}",
    r"expect\[\d+\]\.to": rf"{SERVICE}|{HOST}",
    r"expect\[\d+\]\.ports": rf"{SERVICE}|{HOST}|hubs\..+\.services.*",
    r"radiusSecrets\..+": rf"{HUB}|hubs\..+\.radius.*",
    r"hostKeys?(\..+)?": SERVER,
    r"sshKey|sshPassword": r"servers?(\[\d+\])?(\.ssh(\.login)?)?",
    r"administratorPassword|hubPassword|presharedKey": r"vpn(\.(kept|protocols|sessions).*)?",
    r"dnsKey": r"dns(\.mode)?",
    r"acmeKey|authority|serverCertificate|serverKey": r"certificate.*",
}
"""Places between the parts, and the places whose mistakes leave open what would be found there."""


def sure(findings: Iterable[Problem], mistakes: Iterable[str]) -> list[Problem]:
    """The findings between the parts that hold however the mistakes at some places are mended."""
    places = list(mistakes)
    open_yet = [found for found, of in UNSURE.items() if any(re.fullmatch(of, place) for place in places)]
    return [each for each in findings if not any(re.fullmatch(found, each.place) for found in open_yet)]


def without(values: Any, places: Iterable[tuple[int | str, ...]], model: type[BaseModel]) -> Any:
    """The settings without the values at these places, and with stand-ins for what a part cannot be without."""
    if not isinstance(values, dict):
        return {}
    kept = dict(values)
    for place in places:
        if place and place[0] in kept:
            kept = _cut(kept, place)
    kept = _swept(kept)
    keys = {info.alias or name for name, info in model.model_fields.items()}
    for section, stand_in in STAND_INS.items():
        if section in values and section in keys:
            mine = kept.get(section)
            kept[section] = {**stand_in, **mine} if isinstance(mine, dict) else stand_in
    if "servers" in values and "servers" in keys:
        kept["servers"] = kept.get("servers") or [ENTRIES["servers"](0)]
    elif "server" in keys and "server" not in values and "vpn" in keys:
        kept["server"] = STAND_INS["server"]
    return {**PASSED, **kept} if "userSecret" in keys else kept


GONE = object()
"""In the place of a value that is taken out."""


def _cut(value: Any, place: tuple[int | str, ...], within: str = "") -> Any:
    """The value without the innermost setting that a place names, or GONE where that is the value itself.

    `within` is the setting that the value is given for.
    """
    if not place or not _has(value, place[0]):
        return GONE
    first, rest = place[0], place[1:]
    safe = SAFE.get(within if isinstance(first, int) else str(first), ())
    if first == "secureNat":
        # Any other network would be compared with the rest of the lab.
        inner = None
    elif safe and not rest and isinstance(value[first], dict):
        inner = {key: each for key, each in value[first].items() if key in safe}
    else:
        inner = _cut(value[first], rest, str(first))
    if rest != ("[key]",):
        inner = _filled(inner, value[first] if rest else GONE, _stand_in(value, first, within))
    if isinstance(value, list):
        return [inner if at == first else each for at, each in enumerate(value)]
    return {**value, first: inner}


def _has(value: Any, part: int | str) -> bool:
    return part in value if isinstance(value, dict) else isinstance(value, list) and part in range(len(value))


def _stand_in(value: Any, part: int | str, within: str) -> Any:
    if within in ENTRIES:
        return ENTRIES[within](part if isinstance(part, int) else list(value).index(part))
    return PARTS.get(str(part), GONE)


def _filled(left: Any, before: Any, stand_in: Any) -> Any:
    """What is left of a part, with what it cannot be without; where nothing was cut, it lacks something."""
    if stand_in is GONE:
        return left
    mine = before if left is GONE else left
    if isinstance(mine, dict) and isinstance(stand_in, dict):
        return {**stand_in, **{key: each for key, each in mine.items() if each is not GONE}}
    return stand_in if left is GONE else left


def _swept(value: Any) -> Any:
    """The value without what is GONE in it."""
    if isinstance(value, dict):
        return {key: _swept(each) for key, each in value.items() if each is not GONE}
    return [_swept(each) for each in value if each is not GONE] if isinstance(value, list) else value
