"""The package `pulumiverse-fortios`, which has Fortinet's provider 1.20.0: for FortiOS up to 7.4.4.

Only its version, the server of its plugin and the properties of its types are read from it: importing it takes longer
than the rest of a run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Collection, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pulumi

from components.fortios_types import Kind
from labvpn.model import fortios_provider as pins

DISTRIBUTION, MODULE = "pulumiverse-fortios", "pulumiverse_fortios"

MISSING = (
    "fortigate.provider: pulumiverse needs the Python package pulumiverse-fortios, which is not installed; "
    "install it (make pulumiverse, or pip install 'labvpn[pulumiverse]'), or use the other provider "
    "(labvpn fortigate-provider upstream)"
)

FILES = {
    Kind.ADDRESS: "firewall/address.py",
    Kind.GROUP: "firewall/addrgrp.py",
    Kind.SERVICE: "firewall/service/custom.py",
    Kind.VIP: "firewall/vip.py",
    Kind.POLICY: "firewall/policy.py",
}


class Pulumiverse:
    """The package `fortios`. Raises `pulumi.RunError` where it is not installed."""

    name = pins.Provider.PULUMIVERSE.package
    tokens: Mapping[Kind, str] = {
        Kind.ADDRESS: "fortios:firewall/address:Address",
        Kind.GROUP: "fortios:firewall/addrgrp:Addrgrp",
        Kind.SERVICE: "fortios:firewall/service/custom:Custom",
        Kind.VIP: "fortios:firewall/vip:Vip",
        Kind.POLICY: "fortios:firewall/policy:Policy",
        Kind.MOVE: "fortios:firewall/policyMove:PolicyMove",
    }
    always: Mapping[str, Any] = {}

    def __init__(self) -> None:
        spec = find_spec(MODULE)
        if spec is None or not spec.submodule_search_locations:
            raise pulumi.RunError(MISSING)
        self._home = Path(spec.submodule_search_locations[0])
        try:
            self._version = version(DISTRIBUTION)
        except PackageNotFoundError:
            raise pulumi.RunError(MISSING) from None
        self._server = str(json.loads((self._home / "pulumi-plugin.json").read_text())["server"])

    def options(self) -> pulumi.ResourceOptions:
        """The plugin's version, and where the engine gets it."""
        return pulumi.ResourceOptions(version=self._version, plugin_download_url=self._server)

    def reference(self) -> Awaitable[str | None] | None:
        """None: the plugin is the package itself."""
        return None

    def settable(self, kind: Kind) -> Collection[str] | None:
        """The properties in the package's own text; it refuses every other one."""
        return set(re.findall(r"^ +(\w+): Optional\[pulumi\.Input", (self._home / FILES[kind]).read_text(), re.M))

    def unchanged(self, kind: Kind, lasting: Collection[str]) -> Sequence[str]:
        """None: it compares what it is given."""
        return []
