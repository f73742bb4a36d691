"""What the agent relies on of SoftEther's JSON-RPC: asked of the twin, and in the rehearsal of the real server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]
"""A call and its answer; `{"error": CODE}` where it is refused."""

HUB = {"HubName_str": "TWIN"}
USER = {**HUB, "Name_str": "ann", "AuthType_u32": 1, "Auth_Password_str": "a word", "Note_utf": "until spring"}
RADIUS = {
    "RadiusServerName_str": "198.51.100.9",
    "RadiusPort_u32": 1812,
    "RadiusSecret_str": "a secret",
    "RadiusRetryInterval_u32": 1000,
}
MAKING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("CreateHub", {**HUB, "AdminPasswordPlainText_str": "x", "Online_bool": True, "HubType_u32": 0}),
    ("CreateUser", USER),
    ("SetHubRadius", {**HUB, **RADIUS}),
    ("SetSysLog", {"SaveType_u32": 1, "Hostname_str": "198.51.100.9", "Port_u32": 514}),
)
ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("GetServerInfo", {}),
    ("GetServerStatus", {}),
    ("GetOpenVpnSstpConfig", {}),
    ("GetPortsUDP", {}),
    ("GetProtoOptions", {"Protocol_str": "OpenVPN"}),
    ("GetProtoOptions", {"Protocol_str": "WireGuard"}),
    ("GetSysLog", {}),
    ("GetHub", HUB),
    ("GetHubRadius", HUB),
    ("GetUser", {**HUB, "Name_str": "ann"}),
    ("GetUser", {**HUB, "Name_str": "nobody"}),
    ("EnumSession", HUB),
)


def answers(ask: Ask) -> dict[str, Any]:
    """What the questions give after the objects were made, by call."""
    for method, given in MAKING:
        made = ask(method, given)
        assert "error" not in made, (method, made)
    return {
        f"{method} {given.get('Protocol_str') or given.get('Name_str') or ''}".strip(): ask(method, given)
        for method, given in ASKED
    }


def differing(twin: dict[str, Any], real: dict[str, Any]) -> list[str]:
    """Where the twin does not answer as the server: a key that the server lacks, or another value of what was set."""
    found = [f"{name}: {one['error']} or {real[name].get('error')}" for name, one in twin.items() if "error" in one]
    found = [line for line in found if line.split(": ")[1].split(" or ")[0] != line.rpartition(" or ")[2]]
    for name, one in twin.items():
        if "error" in one:
            continue
        found += [f"{name}: no {key}" for key in one if key not in real[name]]
    for name, keys in SAME.items():
        found += [f"{name}.{key}" for key in keys if twin[name].get(key) != real[name].get(key)]
    shapes = shapes_of(real["GetProtoOptions OpenVPN"])
    if not shapes_of(twin["GetProtoOptions OpenVPN"]) <= shapes:
        found.append(f"GetProtoOptions: the twin's option is not one of {sorted(shapes)}")
    return found


SAME = {
    "GetServerInfo": ("ServerVerInt_u32", "ServerBuildInt_u32"),
    "GetSysLog": ("SaveType_u32", "Hostname_str", "Port_u32"),
    "GetHubRadius": ("RadiusServerName_str", "RadiusPort_u32", "RadiusRetryInterval_u32"),
    "GetUser ann": ("Note_utf", "AuthType_u32"),
    "EnumSession": ("SessionList",),
}


def shapes_of(answer: dict[str, Any]) -> set[tuple[str, int, int]]:
    """What the agent relies on of the options of a protocol: each one's name, type and size."""
    lists = [answer.get(name, []) for name in ("Name_str", "Type_u32", "Value_bin")]
    return {(name, kind, len(value)) for name, kind, value in zip(*lists, strict=True)}
