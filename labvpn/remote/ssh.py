"""SSH to the VPN host, with its key known beforehand: one door for every command that is not Pulumi's own."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncssh

from labvpn.model.server import Server
from labvpn.remote.errors import HopError

CONNECT_SECONDS = 15
"""How long a login may take: a host that drops packets is called unreachable after that."""


@dataclass(frozen=True)
class _Door:
    """A host to log in to: what it is called in sentences, where it is, and the key that it must show."""

    hop: str
    host: str
    port: int
    user: str
    host_key: str


async def run(
    server: Server, key: str | None, host_key: str, command: str, stdin: str, seconds: int, password: str | None = None
) -> str:
    """The standard output of a command that runs as root on the VPN host, reached through its jump host if it has one.

    Without a key or password of the stack's it logs in as a person does: by the SSH agent, or by the files in ~/.ssh.

    Raises HopError if a host cannot be reached, is another than expected, refuses the login, or the command fails.
    """
    hop = f"The VPN host {server.ssh_host}"
    async with AsyncExitStack() as stack:
        tunnel = None
        if jump := server.ssh.jump:
            door = _Door(f"The jump host {jump.host}", jump.host, jump.port, jump.user, jump.host_key)
            tunnel = await stack.enter_async_context(await _connect(door, key, password, None))
        door = _Door(hop, server.ssh_host, server.ssh.port, server.ssh.user, host_key)
        connection = await stack.enter_async_context(await _connect(door, key, password, tunnel))
        try:
            done = await asyncio.wait_for(connection.run(as_root(server, command), input=stdin), seconds)
        except TimeoutError:
            raise HopError(hop, f"did not answer within {seconds} s", "look at its load, then run this again") from None
        except asyncssh.Error as error:
            raise HopError(hop, f"broke the connection ({error.reason})", "run this again") from None
    if done.exit_status != 0:
        raise HopError(hop, f"refused: {_last_line(done.stderr)}", "mend that on the host, then run this again")
    return _text(done.stdout)


def as_root(server: Server, command: str) -> str:
    """The command as root runs it: by passwordless sudo for a user who is not."""
    return command if server.ssh.user == "root" else f"sudo -n {command}"


async def fetch_host_key(host: str, port: int) -> str:
    """The key that a host shows, as `ssh-ed25519 AAAA...`; whether it is the right one only its owner can say."""
    hop = f"The host {host}"
    try:
        key = await asyncio.wait_for(asyncssh.get_server_host_key(host, port), CONNECT_SECONDS)
    except (OSError, TimeoutError, asyncssh.Error) as error:
        raise HopError(hop, f"does not answer SSH on port {port} ({_why(error)})", "check name and port") from None
    if key is None:
        raise HopError(hop, "showed no host key", "check that an SSH server answers there")
    return key.export_public_key("openssh").decode().strip()


async def _connect(
    door: _Door, key: str | None, password: str | None, tunnel: asyncssh.SSHClientConnection | None
) -> asyncssh.SSHClientConnection:
    place = f"[{door.host}]:{door.port}" if door.port != 22 else door.host
    way = "through the jump host" if tunnel else "from here"
    try:
        return await asyncssh.connect(
            door.host,
            door.port,
            tunnel=tunnel or (),
            username=door.user,
            known_hosts=asyncssh.import_known_hosts(f"{place} {door.host_key}\n"),
            config=None,
            connect_timeout=CONNECT_SECONDS,
            login_timeout=CONNECT_SECONDS,
            keepalive_interval=10,
            **_opens(key, password),
        )
    except asyncssh.KeyImportError:
        remedy = "set it again from the key file"
        raise HopError(door.hop, "cannot be asked: sshKey is no key that SSH reads", remedy) from None
    except asyncssh.HostKeyNotVerifiable:
        remedy = (
            f"if it was reinstalled, record the new key: labvpn hostkey {door.host}; if not, somebody is in between"
        )
        raise HopError(door.hop, "shows another host key than the recorded one", remedy) from None
    except asyncssh.PermissionDenied:
        raise HopError(door.hop, *_refused(door, key, password)) from None
    except (OSError, TimeoutError, asyncssh.Error) as error:
        remedy = f"check the address, that the host is up, and that port {door.port} is open {way}"
        raise HopError(door.hop, f"cannot be reached by SSH on port {door.port} ({_why(error)})", remedy) from None


def _opens(key: str | None, password: str | None) -> dict[str, Any]:
    """What asyncssh is told: one way alone, so that a refusal is about that one."""
    if password:
        return {"password": password, "client_keys": None, "agent_path": None}
    if key:
        return {"client_keys": [asyncssh.import_private_key(key)], "agent_path": None}
    return {"client_keys": (), "agent_path": ()}


def _refused(door: _Door, key: str | None, password: str | None) -> tuple[str, str]:
    if password:
        remedy = f"set sshPassword to that user's, and look whether sshd on {door.host} takes passwords at all"
        return f"refused the login of {door.user} by password", remedy
    remedy = f"add the public half of {'sshKey' if key else 'your key'} to that user's authorized_keys on {door.host}"
    return f"refused the login of {door.user} by key", remedy


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def _text(output: str | bytes | None) -> str:
    return output.decode() if isinstance(output, bytes) else output or ""


def _last_line(output: str | bytes | None) -> str:
    lines = _text(output).strip().splitlines()
    return lines[-1] if lines else "the command failed without a word"
