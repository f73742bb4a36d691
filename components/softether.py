"""The SoftEther server on the lab's machine: the host prepared, the server's settings, the hub with its users."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.host import Host
from labvpn.render.documents import Concern


@dataclass(frozen=True)
class SoftEtherArgs:
    """The host, and the documents of its concerns."""

    host: Host
    documents: dict[Concern, str]


class SoftEther(pulumi.ComponentResource):
    """A SoftEther server with one hub, converged to its documents in an order that never leaves it open."""

    hub: pulumi.Output[str]
    generation: pulumi.Output[int | None]
    """Of SoftEther, as it was found out; None where nothing has told it."""

    def __init__(self, name: str, args: SoftEtherArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("labvpn:index:SoftEther", name, {}, opts)
        host, documents = args.host, args.documents
        agent = host.install_agent(f"{name}-agent", documents[Concern.HOST], pulumi.ResourceOptions(parent=self))
        archive = host.bring_archive(f"{name}-archive", pulumi.ResourceOptions(parent=self))
        initial = documents[Concern.SERVER]
        machine = host.converge(f"{name}-host", Concern.HOST, documents[Concern.HOST], self, [agent, *archive], initial)
        server = host.converge(f"{name}-server", Concern.SERVER, documents[Concern.SERVER], self, [machine])
        hub = host.converge(f"{name}-hub", Concern.HUB, documents[Concern.HUB], self, [server])
        self.hub = hub.stdout
        self.generation = host.generation(machine, documents[Concern.HOST])
        self.register_outputs({"hub": self.hub, "generation": self.generation})
