"""Start the stand-in; the engine calls it with its own address as argument."""

from typing import Any

from rehearsal.toolchain.command.kinds import Command, CopyToRemote
from rehearsal.toolchain.kind import Call, Log
from rehearsal.toolchain.provider import StandIn, main


class CommandPlugin(StandIn):
    """The two remote resource types of the plugin `command`."""

    name = "command"
    version = "1.2.1"
    install = "pulumi plugin install resource command 1.2.1"


async def connect(call: Call, properties: dict[str, Any]) -> Any:
    """Connect by SSH, which is loaded only now."""
    from rehearsal.toolchain.command import ssh

    return await ssh.connect(call, properties)


def make(log: Log) -> StandIn:
    """Return the provider as the engine uses it."""
    kinds = {"command:remote:Command": Command(connect), "command:remote:CopyToRemote": CopyToRemote(connect)}
    return CommandPlugin(kinds, log)


if __name__ == "__main__":
    main(make)
