"""SSH connections like those of the plugin `command`: a new one for each operation, dialled again after failures.

Error texts that users are known to meet are those of the real plugin. With a `hostKey` the host is verified by that key
only; without one any host is accepted, as with the real plugin.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from labvpn.connect.library import asyncssh
from rehearsal.toolchain.kind import Call, ProviderError

# Delays of the Pulumi SDK's retry helper: seconds, factor, seconds.
FIRST_DELAY, BACKOFF, LONGEST_DELAY = 0.1, 1.5, 5.0

Properties = dict[str, Any]
Connect = Callable[[Call, Properties], Awaitable[asyncssh.SSHClientConnection]]


async def connect(call: Call, properties: Properties) -> asyncssh.SSHClientConnection:
    """Open a connection with the properties of `connection`, through its proxy if there is one."""
    proxy = properties.get("proxy")
    if proxy is None:
        return await _retrying(call, "Dial", properties, None)
    try:
        tunnel = await _retrying(call, "Dial proxy", proxy, None)
        return await _retrying(call, "Dial from proxy", properties, tunnel)
    except ProviderError as error:
        raise ProviderError(f"proxy: {error}") from error


async def _retrying(
    call: Call, what: str, properties: Properties, tunnel: asyncssh.SSHClientConnection | None
) -> asyncssh.SSHClientConnection:
    limit = int(properties["dialErrorLimit"])
    options = await _options(properties)
    failures, delay = 0, FIRST_DELAY
    while True:
        try:
            connection = await asyncssh.connect(properties["host"], int(properties["port"]), tunnel=tunnel, **options)
            _keep_alive(connection.get_extra_info("socket"))
            return connection
        except (OSError, asyncssh.Error) as error:
            if 0 <= limit <= failures:
                raise ProviderError(f"after {failures} failed attempts: {_reason(properties, error)}") from error
        failures += 1
        await call.status(f"{what} {failures}/{'inf' if limit < 0 else limit} failed: retrying")
        await _pause(call, delay)
        delay = min(delay * BACKOFF, LONGEST_DELAY)


def _keep_alive(connection: Any) -> None:
    """Notice a vanished peer after 150 s of silence, with the times of the real plugin's network library."""
    over_tcp = connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6)
    if over_tcp and hasattr(socket, "TCP_KEEPIDLE"):
        for option, value in ((socket.TCP_KEEPIDLE, 15), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 9)):
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


async def _pause(call: Call, seconds: float) -> None:
    """Wait, but not after the user has cancelled the run."""
    try:
        await asyncio.wait_for(call.cancelled.wait(), seconds)
    except TimeoutError:
        return
    raise ProviderError("context canceled")


async def _options(properties: Properties) -> dict[str, Any]:
    """Return asyncssh's options; this user's own SSH configuration, keys and known hosts are not used."""
    options: dict[str, Any] = {
        "username": properties["user"],
        "password": properties.get("password"),
        "client_keys": await _client_keys(properties),
        "agent_path": None,
        "config": None,
        "known_hosts": None,
        "connect_timeout": properties["perDialTimeout"] or None,
    }
    if "hostKey" in properties:
        key = _host_key(properties["hostKey"])
        # The real plugin offers only the key's own type, so an RSA key fails with servers that sign by rsa-sha2 only.
        options |= {"known_hosts": ([key], [], []), "server_host_key_algs": [key.algorithm.decode()]}
    return options


def _host_key(text: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(text)
    except asyncssh.KeyImportError as error:
        raise ProviderError("failed to parse host key: ssh: no key found") from error


async def _client_keys(properties: Properties) -> list[Any] | None:
    """Return the private key, or else the agent's keys, or None: an agent is not used if a key is given."""
    if "privateKey" in properties:
        return [_private_key(properties["privateKey"], properties.get("privateKeyPassword"))]
    path = properties.get("agentSocketPath") or os.environ.get("SSH_AUTH_SOCK")
    if not path:
        return None
    try:
        agent = await asyncssh.connect_agent(path)
    except OSError as error:
        raise ProviderError(f"dial unix {path}: connect: {_system_reason(error)}") from error
    return list(await agent.get_keys())


def _private_key(text: str, password: str | None) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(text, password)
    except asyncssh.KeyEncryptionError as error:
        raise ProviderError(f"the private key cannot be opened with its password: {error}") from error
    except asyncssh.KeyImportError as error:
        locked = "passphrase" in str(error).lower()
        raise ProviderError(
            "ssh: this private key is passphrase protected" if locked else "ssh: no key found"
        ) from error


def _reason(properties: Properties, error: OSError | asyncssh.Error) -> str:
    """Return why a dial failed, with the text of the real plugin's SSH library."""
    if properties.get("hostKey", "").startswith("ssh-rsa ") and isinstance(error, _NO_AGREEMENT):
        return "ssh: handshake failed: ssh: no common algorithm for host key; we offered: [ssh-rsa]"
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return "ssh: handshake failed: ssh: host key mismatch"
    if isinstance(error, asyncssh.PermissionDenied):
        tried = ["none"] + [method for name, method in _METHODS.items() if name in properties]
        methods = f"attempted methods [{' '.join(tried)}], no supported methods remain"
        return f"ssh: handshake failed: ssh: unable to authenticate, {methods}"
    if isinstance(error, asyncssh.ChannelOpenError):
        return f"ssh: rejected: connect failed ({error.reason})"
    if isinstance(error, asyncssh.Error):
        return f"ssh: handshake failed: {error.reason}"
    if isinstance(error, socket.gaierror):
        return f"dial tcp: lookup {properties['host']}: no such host"
    return f"dial tcp {properties['host']}:{int(properties['port'])}: {_system_reason(error)}"


_NO_AGREEMENT = (asyncssh.KeyExchangeFailed, asyncssh.ConnectionLost, ConnectionResetError)
_METHODS = {"privateKey": "publickey", "password": "password"}


def _system_reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "i/o timeout"
    return f"connect: {os.strerror(error.errno).lower()}" if error.errno else str(error)
