"""The two firewalls before the server: firewalld on its host, and the FortiGate in front of it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.fortigate import FortiGate, FortiGateArgs
from components.host import APPLY, Host
from labvpn.render.documents import Concern

__all__ = ["FortiGate", "FortiGateArgs", "HostFirewall", "HostFirewallArgs"]


@dataclass(frozen=True)
class HostFirewallArgs:
    """The host, and its firewall's document."""

    host: Host
    document: str


class HostFirewall(pulumi.ComponentResource):
    """firewalld with exactly the lab's ports; a change that cuts SSH is rolled back by itself."""

    confirmed: pulumi.Output[str]

    def __init__(self, name: str, args: HostFirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("labvpn:index:HostFirewall", name, {}, opts)
        changed = args.host.converge(f"{name}-rules", Concern.FIREWALL, args.document, self, [])
        # A second command is a new connection: that it arrives proves that the new rules let SSH in.
        confirm = args.host.command(
            f"{name}-proof",
            f"{APPLY} confirm {Concern.FIREWALL}",
            None,
            pulumi.Output.secret(changed.stdin.apply(lambda text: text or "")),
            pulumi.ResourceOptions(parent=self, depends_on=[changed]),
        )
        self.confirmed = confirm.stdout
        self.register_outputs({"confirmed": self.confirmed})
