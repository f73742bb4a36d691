"""Start the stand-in; the engine calls it with its own address as argument."""

from typing import ClassVar

import httpx

from rehearsal.toolchain.fortios import tables
from rehearsal.toolchain.fortios.box import INSTALL, BoxError, FortiosClient
from rehearsal.toolchain.fortios.entry import Entry, framed
from rehearsal.toolchain.fortios.move import PolicyMove
from rehearsal.toolchain.kind import Difference, Kind, Log, ProviderError
from rehearsal.toolchain.protocol import engine_pb2
from rehearsal.toolchain.provider import StandIn, main
from rehearsal.toolchain.values import Object, changes, reveal

_KNOWN = {"hostname", "token", "insecure", "cabundlefile", "cabundlecontent", "vdom", "version", "pluginDownloadURL"}


class FortiosPlugin(StandIn):
    """Six resource types of the plugin `fortios`, for the rehearsal's FortiGate alone."""

    name = "fortios"
    version = "0.0.6"
    install = INSTALL
    client: ClassVar[type[FortiosClient]] = FortiosClient
    accepts_secrets = False  # like the real one: the engine takes the marks of secrecy off and puts them back

    def __init__(self, log: Log, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__(self.made(), log)
        self._transport = transport
        self._box: FortiosClient | None = None

    def made(self) -> dict[str, Kind]:
        """Its resource types by their tokens."""
        return {
            "fortios:firewall/service/custom:Custom": Entry(tables.CUSTOM, self.box),
            "fortios:firewall/address:Address": Entry(tables.ADDRESS, self.box),
            "fortios:firewall/addrgrp:Addrgrp": Entry(tables.ADDRGRP, self.box),
            "fortios:firewall/policy:Policy": Entry(tables.POLICY, self.box),
            "fortios:firewall/vip:Vip": Entry(tables.VIP, self.box),
            "fortios:firewall/policyMove:PolicyMove": PolicyMove(self.box),
        }

    def box(self) -> FortiosClient:
        """Return the box that was configured."""
        if self._box is None:
            raise ProviderError(f"the {self.name} provider was not configured, so no FortiGate is known")
        return self._box

    def check_config(self, config: Object) -> list[tuple[str, str]]:
        """Refuse what the real plugin may know and this one does not."""
        return [
            ("", f"{key} is not known to this stand-in; the real plugin: {self.install}")
            for key in config.keys() - _KNOWN
        ]

    def diff_config(self, olds: Object, news: Object) -> Difference:
        """Any setting may change in place."""
        return dict(changes({**olds, "version": None}, {**news, "version": None}))

    async def configure(self, config: Object) -> None:
        """Reach the box once, as the real plugin does before any operation."""
        plain = reveal(config)
        with framed(""):
            if not plain.get("hostname"):
                raise BoxError("FortiOS or FortiManager, at least one of their hostnames should be set")
            if not plain.get("token"):
                raise BoxError("Error create fortios client: Please provide a valid API Token")
            box = self.client(plain, self._debug, self._transport)
            await box.greet()
        self._box = box

    async def _debug(self, message: str) -> None:
        await self.log(engine_pb2.DEBUG, message, "", False)


def make(log: Log) -> StandIn:
    """Return the provider as the engine uses it."""
    return FortiosPlugin(log)


if __name__ == "__main__":
    main(make)
