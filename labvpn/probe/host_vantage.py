"""The VPN host as a vantage point: the probe runs there by the stack's own SSH login, with the host key it recorded."""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import dataclass
from pathlib import Path

from labvpn.connect import ssh
from labvpn.connect.errors import HopError
from labvpn.connect.login_key import key_text
from labvpn.model.outputs import Outputs, ServerOutputs
from labvpn.model.server import Server, Ssh
from labvpn.probe import remote_vantage
from labvpn.probe.scan import VantageView
from labvpn.probe.servers import named
from labvpn.probe.targets import Targets


@dataclass(frozen=True)
class HostVantage:
    """One server's host; `key` is a private SSH key's text, None for the usual ones."""

    server_outputs: ServerOutputs
    key: str | None
    name: str = "host"
    place: str = "host"

    def observe(self, wanted: Targets, address: str) -> VantageView:
        """What the host sees of its own ports; what goes wrong on the way becomes the view's trouble."""
        words = " ".join(map(shlex.quote, remote_vantage.arguments(wanted, address)))
        try:
            answer = self.run(f"{ssh.ISOLATED} - {words}", remote_vantage.bundle(), int(remote_vantage.PATIENCE))
        except HopError as error:
            return VantageView(self.name, self.place, trouble=str(error))
        return remote_vantage.read(remote_vantage.RemoteVantage(self.name, self.place, ("ssh",)), answer, "", 0)

    def run(self, command: str, stdin: str, seconds: int) -> str:
        """What a command prints that runs as root on the host. Raises HopError."""
        login = self.server_outputs.ssh
        server = Server(address=self.server_outputs.address, ssh=Ssh(user=login.user, port=login.port, host=login.host))
        return asyncio.run(ssh.run(server, self.key, login.host_key, command, stdin, seconds))


def hosts(outputs: Outputs, key: Path | None) -> tuple[HostVantage, ...]:
    """The host of every server; of several each is called after its server, as `host-two`.

    Raises HopError if the key opens no login.
    """
    text = key_text(key)
    several = len(outputs.every) > 1
    return tuple(
        HostVantage(server_outputs, text, named("host", server_outputs.name if several else None))
        for server_outputs in outputs.every
    )
