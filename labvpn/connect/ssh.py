"""SSH to the VPN host, with its key known beforehand, for every command that is not Pulumi's own."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from labvpn.connect.errors import Code, HopError
from labvpn.connect.frame import Frame, Said, hear
from labvpn.connect.library import asyncssh
from labvpn.connect.refused import known, last_line, unreached, unusable, words_of
from labvpn.model.hosts import with_port
from labvpn.model.server import Server

CONNECT_SECONDS = 15
"""How long a login may take: a host that drops packets is called unreachable after that."""

ISOLATED = "python3 -I -B"
"""A Python that takes no code from the folder, the home or PYTHONPATH, and leaves none (3.4 and later)."""

AGENT = "/usr/local/lib/labvpn/agent"
"""The agent's place on the host."""

STATE = "/var/lib/labvpn"
"""Where the agent remembers what is ours, and what was there before us."""

RUN_AGENT = f"{ISOLATED} {AGENT}"
"""How the agent is started: with no code from the login's folder, home or environment."""

NO_COMMAND = 127
"""The exit status of a shell, and of env, for a program that is not there (POSIX, section 2.8.2)."""


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
    hop, said = f"The VPN host {server.ssh_host}", Said(Frame())
    # What sudo says is read here, so it speaks English on a host of any language; every login shell runs env.
    sudo = as_root(server, "")
    line = said.frame.line(command, f"env LC_ALL=C {sudo}" if sudo else "")
    async with AsyncExitStack() as stack:
        tunnel = None
        if jump := server.ssh.jump:
            door = _Door(f"The jump host {jump.host}", jump.host, jump.port, jump.user, jump.host_key)
            tunnel = await stack.enter_async_context(await _connect(door, key, password, None))
        door = _Door(hop, server.ssh_host, server.ssh.port, server.ssh.user, host_key)
        connection = await stack.enter_async_context(await _connect(door, key, password, tunnel))
        try:
            await asyncio.wait_for(hear(connection, line, said.frame.input(stdin), said), seconds)
        except TimeoutError:
            raise HopError(hop, *_late(said, server.ssh.user, seconds)) from None
        except asyncssh.ChannelOpenError as error:
            remedy = "look at MaxSessions in its sshd_config and for what else is logged in there"
            raise HopError(hop, f"opens no session ({words_of(error.reason)})", remedy) from None
        except (asyncssh.Error, OSError) as error:
            raise HopError(hop, f"broke the connection ({_why(error)})", "run this again") from None
        finally:
            connection.abort()
    return _answer(hop, server.ssh.user, said)


def _late(said: Said, user: str, seconds: int) -> tuple[str, str]:
    if not said.begun:
        return unreached(said, user, seconds)
    return f"did not answer within {seconds} s", "look at its load, then run this again"


def _answer(hop: str, user: str, said: Said) -> str:
    """What the command printed. Raises HopError where it was not reached, did not end, or failed."""
    if not said.begun:
        raise HopError(hop, *unreached(said, user))
    if said.status is None:
        words = last_line(said.complaint, "it said nothing")
        raise HopError(hop, f"ended the session before the answer was whole ({words})", "run this again")
    if said.status == NO_COMMAND:
        what, remedy = f"lacks a program: {last_line(said.complaint)}", "install it there, then run this again"
        raise HopError(hop, what, remedy, Code.NO_PROGRAM, said.complaint)
    if said.status != 0:
        what, remedy = f"refused: {last_line(said.complaint)}", "correct that on the host, then run this again"
        raise HopError(hop, what, remedy, Code.EXITED, said.complaint)
    return said.answer


def as_root(server: Server, command: str) -> str:
    """The command as root runs it: by passwordless sudo for a user who is not; `sudo -n ` alone for none."""
    return command if server.ssh.user == "root" else f"sudo -n {command}"


async def fetch_host_key(host: str, port: int) -> str:
    """The key that a host shows, as `ssh-ed25519 AAAA...`; whether it is the right one only its owner can say."""
    hop = f"The host {host}"
    try:
        key = await asyncio.wait_for(asyncssh.get_server_host_key(host, port), CONNECT_SECONDS)
    except (OSError, TimeoutError, asyncssh.Error, UnicodeError) as error:  # the last: a name that DNS cannot have
        raise HopError(hop, f"does not answer SSH on port {port} ({_why(error)})", "check name and port") from None
    if key is None:
        raise HopError(hop, "showed no host key", "check that an SSH server answers there")
    return key.export_public_key("openssh").decode().strip()


class _Client(asyncssh.SSHClient):
    """Listens to what a host says, and what more it asks for, while it decides on a login."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.asked: dict[str, None] = {}
        self.refused_keys = False

    def auth_banner_received(self, msg: str, lang: str) -> None:
        """The notice before a login, and why an account is not let in (/etc/nologin, PAM)."""
        self.said.append(msg)

    def public_key_auth_requested(self) -> None:
        """Asked for another key, so those that were offered are refused."""
        self.refused_keys = True

    def password_auth_requested(self) -> None:
        """Asked for a password, and there is none."""
        self.asked["a password"] = None

    def kbdint_auth_requested(self) -> Any:
        """Asked for answers at a keyboard; a password of ours is tried as one."""
        self.asked["answers at a keyboard"] = None
        return NotImplemented

    def password_change_requested(self, prompt: str, lang: str) -> Any:
        """Asked for a new password (RFC 4252, section 8), which is not ours to choose."""
        self.said.append(f"{prompt}\npassword change required")
        return NotImplemented


async def _connect(
    door: _Door, key: str | None, password: str | None, tunnel: asyncssh.SSHClientConnection | None
) -> asyncssh.SSHClientConnection:
    place = f"[{door.host}]:{door.port}" if door.port != 22 else door.host
    way = "through the jump host" if tunnel else "from here"
    client = _Client()
    try:
        return await asyncssh.connect(
            door.host,
            door.port,
            tunnel=tunnel or (),
            client_factory=lambda: client,
            username=door.user,
            known_hosts=_known(door, place),
            config=None,
            connect_timeout=CONNECT_SECONDS,
            login_timeout=CONNECT_SECONDS,
            keepalive_interval=10,
            **_opens(key, password),
        )
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise HopError(door.hop, *unusable(error)) from None
    except asyncssh.HostKeyNotVerifiable:
        raise HopError(door.hop, "shows another host key than the recorded one", _anew(door)) from None
    except asyncssh.KeyExchangeFailed as error:
        raise HopError(door.hop, *_disagreed(door, error)) from None
    except asyncssh.PermissionDenied:
        raise HopError(door.hop, *_denied(door, key, password, client)) from None
    except (OSError, TimeoutError, asyncssh.Error) as error:
        if found := known("\n".join(client.said), door.user):
            raise HopError(door.hop, *found) from None
        remedy = f"check the address, that the host is up, and that port {door.port} is open {way}"
        words = f"; it said: {last_line(client.said[-1], 'nothing')}" if client.said else ""
        why = f"cannot be reached by SSH on port {door.port} ({_why(error)}{words})"
        raise HopError(door.hop, why, remedy) from None


def _known(door: _Door, place: str) -> asyncssh.SSHKnownHosts:
    try:
        asyncssh.import_public_key(door.host_key)
        return asyncssh.import_known_hosts(f"{place} {door.host_key.strip()}\n")
    except ValueError:
        remedy = f"record it again: labvpn hostkey {with_port(door.host, door.port)}"
        raise HopError(door.hop, "has a recorded host key that SSH does not read", remedy) from None


def _denied(door: _Door, key: str | None, password: str | None, client: _Client) -> tuple[str, str]:
    """Why a login was refused, by what the host said and asked for."""
    if found := known("\n".join(client.said), door.user):
        return found
    if client.asked and not client.refused_keys and not password:
        remedy = (
            f"let {door.user} in there by key alone (`Match User {door.user}` with `AuthenticationMethods publickey` "
            "and `PubkeyAuthentication yes` in sshd_config), or name another user"
        )
        return f"wants more of {door.user} than a key ({' and '.join(client.asked)}), such as a second factor", remedy
    what, remedy = _refused(door, key, password)
    said = words_of(client.said[-1]) if client.said else ""
    return f"{what} (it said: {said})" if said else what, remedy


def _disagreed(door: _Door, error: Exception) -> tuple[str, str]:
    """Why no connection was agreed upon: most often the recorded key is of a kind that the host has no more."""
    if "host key" not in str(error).lower():
        return f"has no way of encryption in common with this program ({_why(error)})", "update its SSH server"
    kind = door.host_key.split()[0]
    return f"has no host key of the recorded one's kind ({kind})", _anew(door)


def _anew(door: _Door) -> str:
    """What to do about a host that may be another one."""
    place = with_port(door.host, door.port)
    return f"if it was reinstalled, record the new key: labvpn hostkey {place}; if not, someone is in between"


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
    which = "that key (sshKey, or what --key names)" if key else "your key"
    remedy = (
        f"add the public half of {which} to that user's authorized_keys on {door.host}, and "
        "look whether sshd there lets that user in at all (AllowUsers, PermitRootLogin)"
    )
    return f"refused the login of {door.user} by key", remedy


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    return words_of(getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
