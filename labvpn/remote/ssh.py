"""SSH to the VPN host, with its key known beforehand: one door for every command that is not Pulumi's own."""

from __future__ import annotations

import asyncio

import asyncssh

from labvpn.model.server import Server
from labvpn.remote.errors import HopError

CONNECT_SECONDS = 15
"""How long a login may take: a host that drops packets is called unreachable after that."""


async def run(server: Server, key: str | None, host_key: str, command: str, stdin: str, seconds: int) -> str:
    """The standard output of a command that runs as root on the VPN host.

    Without a key of the stack's it logs in as a person does: by the SSH agent, or by the usual files in ~/.ssh.

    Raises HopError if the host cannot be reached, is another than expected, refuses the key, or the command fails.
    """
    hop = f"The VPN host {server.ssh_host}"
    async with await _connect(hop, server, key, host_key) as connection:
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


async def _connect(hop: str, server: Server, key: str | None, host_key: str) -> asyncssh.SSHClientConnection:
    host, port = server.ssh_host, server.ssh.port
    known = asyncssh.import_known_hosts(f"[{host}]:{port} {host_key}\n" if port != 22 else f"{host} {host_key}\n")
    try:
        return await asyncssh.connect(
            host,
            port,
            username=server.ssh.user,
            client_keys=[asyncssh.import_private_key(key)] if key else (),
            agent_path=None if key else (),
            known_hosts=known,
            config=None,
            connect_timeout=CONNECT_SECONDS,
            login_timeout=CONNECT_SECONDS,
            keepalive_interval=10,
        )
    except asyncssh.KeyImportError:
        raise HopError(
            hop, "cannot be asked: sshKey is no key that SSH reads", "set it again from the key file"
        ) from None
    except asyncssh.HostKeyNotVerifiable:
        remedy = f"if it was reinstalled, record the new key: labvpn hostkey {host}; if not, somebody is in between"
        raise HopError(hop, "shows another host key than the recorded one", remedy) from None
    except asyncssh.PermissionDenied:
        remedy = f"add the public half of {'sshKey' if key else 'your key'} to that user's authorized_keys on {host}"
        raise HopError(hop, f"refused the login of {server.ssh.user} by key", remedy) from None
    except (OSError, TimeoutError, asyncssh.Error) as error:
        remedy = f"check the address, that the host is up, and that port {port} is open from here"
        raise HopError(hop, f"cannot be reached by SSH on port {port} ({_why(error)})", remedy) from None


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def _text(output: str | bytes | None) -> str:
    return output.decode() if isinstance(output, bytes) else output or ""


def _last_line(output: str | bytes | None) -> str:
    lines = _text(output).strip().splitlines()
    return lines[-1] if lines else "the command failed without a word"
