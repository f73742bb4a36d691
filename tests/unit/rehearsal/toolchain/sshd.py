"""A real SSH server at the other end of a socket pair: no address, no port, no network."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh

from rehearsal.toolchain.kind import Call

HOST_KEY = asyncssh.generate_private_key("ssh-ed25519")
USER_KEY = asyncssh.generate_private_key("ssh-ed25519")
OTHER_KEY = asyncssh.generate_private_key("ssh-ed25519")
_PRIVATE_KEY = USER_KEY.export_private_key().decode()

Program = Callable[[asyncssh.SSHServerProcess[bytes], str], None]


def public(key: asyncssh.SSHKey) -> str:
    """Return a key as it stands in a known_hosts or authorized_keys line."""
    return key.export_public_key().decode()


def connection(**more: Any) -> dict[str, Any]:
    """Return the arguments of a connection, as a program gives them."""
    return {"host": "vpn.example", "privateKey": _PRIVATE_KEY} | more


class Host:
    """A host that runs each command as a Python function and remembers what came."""

    def __init__(self, program: Program | None = None, root: Path | None = None) -> None:
        self.program, self.root = program or _echo, root
        self.commands: list[str] = []
        self.stdin: list[str] = []
        self.environment: dict[str, str] = {}
        self.closed = 0

    async def connect(self, _call: Call, _properties: dict[str, Any]) -> asyncssh.SSHClientConnection:
        """Stand in for `rehearsal.toolchain.command.ssh.connect`."""
        return await self.dial(username="root", client_keys=[USER_KEY], known_hosts=None, agent_path=None, config=None)

    async def dial(self, **options: Any) -> asyncssh.SSHClientConnection:
        """Open a connection with asyncssh's own options."""
        ours, theirs = socket.socketpair()
        server = asyncssh.run_server(
            theirs,
            server_host_keys=[HOST_KEY],
            authorized_client_keys=asyncssh.import_authorized_keys(public(USER_KEY)),
            process_factory=self._run,
            sftp_factory=self._sftp if self.root else None,
            encoding=None,
        )
        client, _ = await asyncio.gather(asyncssh.run_client(ours, **({"host": "vpn.example"} | options)), server)
        return client

    def _sftp(self, channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(self.root).encode())

    async def _run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        command = process.command or ""
        text = (await process.stdin.read()).decode()
        self.commands.append(command)
        self.stdin.append(text)
        self.environment |= dict(process.env.items())
        self.program(process, text)


def _echo(process: asyncssh.SSHServerProcess[bytes], _text: str) -> None:
    process.stdout.write(b"done\n")
    process.exit(0)
