"""Messages for failures to reach the VPN host while it is changed: the plugin names an address alone."""

from __future__ import annotations

import re

import pulumi

from components.fortigate_hooks import takes_hooks
from labvpn.model.server import Server

UNREACHED = re.compile(r"failed attempts: (.*)")
"""How the plugin's error begins when no attempt to log in succeeded."""


def explained(name: str, server: Server) -> pulumi.ResourceHookBinding | None:
    """A hook that reports which host can no longer be reached; None where the engine takes none, as mocks do."""
    return pulumi.ResourceHookBinding(on_error=[Unreached(name, server)]) if takes_hooks() else None


def sentence(server: Server, error: str) -> str | None:
    """The explanation of the plugin's error; None where the error says enough itself."""
    found = UNREACHED.search(error)
    if found is None:
        return None
    way = f" through the jump host {server.ssh.jump.host}" if server.ssh.jump else ""
    remedy = f"check that it is up and that port {server.ssh.port} is open from here, then run pulumi up again"
    problem = f"The VPN host {server.ssh_host} can no longer be reached by SSH{way} ({found[1].strip()})"
    return f"{problem}: {remedy}; what is done stays done"


class Unreached(pulumi.ErrorHook):
    """Reports once that the host cannot be reached; the run then fails as it would anyway."""

    def __init__(self, name: str, server: Server) -> None:
        super().__init__(name, self._say)
        self._server, self._said = server, set[str]()

    def _say(self, failure: pulumi.ErrorHookArgs) -> bool:
        explanation = sentence(self._server, failure.errors[0])
        if explanation and explanation not in self._said:
            self._said.add(explanation)
            pulumi.log.error(explanation)
        return False
