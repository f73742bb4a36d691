"""Fortinet's own provider, which Pulumi's bridge runs as it is: nothing of it is generated or installed beforehand."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Collection, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.runtime.settings import register_package

from components.fortios_types import Kind
from labvpn.model import fortios_provider as pins

ADDRESS = "registry.opentofu.org/fortinetdev/fortios"

TYPES = (
    "fortios_firewall_address",
    "fortios_firewall_addrgrp",
    "fortios_firewall_vip",
    "fortios_firewall_policy",
    "fortios_firewall_policy_move",
    "fortios_firewallservice_custom",
)
"""The only types that are bridged: among all of them two would have the same name."""

TIME_TO_LIVE = "session-ttl"
"""Shown as "0" where it is not set, which the provider takes for a difference in every run."""


class Upstream:
    """The package `fortigate`; called `fortios`, it would get the server and version of an installed pulumiverse's."""

    name = pins.Provider.UPSTREAM.package
    tokens: Mapping[Kind, str] = {kind: f"fortigate:index/{kind}:{kind[0].upper()}{kind[1:]}" for kind in Kind}
    # An import would update each object otherwise, since it leaves both empty and their default is "false".
    always: Mapping[str, Any] = {"dynamic_sort_subtable": "", "get_all_tables": ""}

    def options(self) -> pulumi.ResourceOptions:
        """None: the package's reference has the version."""
        return pulumi.ResourceOptions()

    def reference(self) -> Awaitable[str | None]:
        """The bridge with the provider's address, version and types; the engine makes it once in a run."""
        return register_package("terraform-provider", pins.BRIDGE, "", self.name, pins.UPSTREAM, parameter())

    def settable(self, kind: Kind) -> Collection[str] | None:
        """Any: what the type does not know has no effect."""
        return None

    def unchanged(self, kind: Kind, lasting: Collection[str]) -> Sequence[str]:
        """The time to live of services and policies, unless someone set one."""
        applies = kind in (Kind.SERVICE, Kind.POLICY) and TIME_TO_LIVE not in lasting
        return ["sessionTtl"] if applies else []


def parameter() -> str:
    """What the bridge is told, in base64: the provider, and the types that are used of it."""
    remote = {"url": ADDRESS, "version": pins.UPSTREAM}
    value = {"remote": remote, "includes": list(TYPES), "providerName": Upstream.name}
    return base64.b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()
