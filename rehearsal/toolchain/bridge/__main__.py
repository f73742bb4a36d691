"""Start the stand-in; the engine calls it with its own address as argument."""

from __future__ import annotations

import json
from typing import Any

import httpx

from rehearsal.toolchain.bridge import tables
from rehearsal.toolchain.bridge.box import INSTALL, UpstreamClient
from rehearsal.toolchain.bridge.entry import BridgedEntry, BridgedMove
from rehearsal.toolchain.fortios.__main__ import FortiosPlugin
from rehearsal.toolchain.kind import Kind, Log, ProviderError
from rehearsal.toolchain.protocol import provider_pb2
from rehearsal.toolchain.provider import StandIn, main
from rehearsal.toolchain.values import Object

REMOTE = {"url": "registry.opentofu.org/fortinetdev/fortios", "version": "1.25.0"}


class BridgePlugin(FortiosPlugin):
    """Pulumi's bridge once it was given of Fortinet's provider, for the rehearsal's FortiGate alone."""

    name = "fortigate"
    version = "1.1.3"
    install = INSTALL
    client = UpstreamClient
    detailed = False

    def __init__(self, log: Log, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__(log, transport)
        self._included: set[str] = set()

    def made(self) -> dict[str, Kind]:
        """The types that were asked for, by the names that the bridge makes."""
        return {
            "fortigate:index/firewallserviceCustom:FirewallserviceCustom": BridgedEntry(tables.CUSTOM, self.box),
            "fortigate:index/firewallAddress:FirewallAddress": BridgedEntry(tables.ADDRESS, self.box),
            "fortigate:index/firewallAddrgrp:FirewallAddrgrp": BridgedEntry(tables.ADDRGRP, self.box),
            "fortigate:index/firewallPolicy:FirewallPolicy": BridgedEntry(tables.POLICY, self.box),
            "fortigate:index/firewallVip:FirewallVip": BridgedEntry(tables.VIP, self.box),
            "fortigate:index/firewallPolicyMove:FirewallPolicyMove": BridgedMove(self.box),
        }

    def kind(self, urn: str) -> Kind:
        """One of the types that were asked for."""
        kind, token = super().kind(urn), urn.split("::")[2].rpartition(":")[2]
        wanted = token.lower()
        if not any(name.replace("_", "").removeprefix("fortios") == wanted for name in self._included):
            raise ProviderError(f"{token} is not among the types that the bridge was asked to include")
        return kind

    async def Parameterize(self, request: Any, context: Any) -> Any:
        """Take the provider's address and version, and the types to bridge."""
        try:
            given = json.loads(request.value.value)
        except ValueError:
            given = {}
        if given.get("remote") != REMOTE:
            return await context.abort(
                3, f"this stand-in of the bridge knows only {REMOTE}; install the real one: {INSTALL}"
            )
        self._included = set(given.get("includes") or ())
        return provider_pb2.ParameterizeResponse(name=given.get("providerName", "fortios"), version=REMOTE["version"])

    async def Configure(self, request: Any, context: Any) -> Any:
        """Apply the configuration; secrets are marked by the engine itself."""
        await super().Configure(request, context)
        return provider_pb2.ConfigureResponse(
            supportsPreview=True, acceptResources=True, supports_autonaming_configuration=True
        )

    def ignoring(self, news: Object, state: Object, names: list[str]) -> Object:
        """What the program ignores has the value that the state has."""
        kept = {name: state[name] for name in names if name in state}
        return {name: value for name, value in news.items() if name not in names} | kept

    async def refused(self, urn: str, message: str) -> None:
        """Every error is reported twice: as a line of the log, and as the operation's own."""
        await self.call(urn).error(message)


def make(log: Log) -> StandIn:
    """Return the provider as the engine uses it."""
    return BridgePlugin(log)


if __name__ == "__main__":
    main(make)
