"""One command on the remote host: its environment, its input, its output, and how it ended."""

import asyncio
import signal
from dataclasses import dataclass
from typing import Any

from labvpn.connect.library import asyncssh
from rehearsal.toolchain.kind import Call, ProviderError

_REFUSED = (
    "Unable to set '{name}'. This only works if your SSH server is configured to accept these variables via AcceptEnv; "
    "else give the command itself the variables, in the form 'VAR=value command'."
)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b"}
_ESCAPES |= {"\f": "\\f", "\v": "\\v"}


@dataclass(frozen=True)
class Order:
    """The command to run, its standard input, and its required and optional variables."""

    command: str
    stdin: str
    needed: dict[str, str]
    wanted: dict[str, str]
    logged: frozenset[str]  # of "stdout" and "stderr"


class _Session(asyncssh.SSHClientSession[bytes]):
    """Collects the output of a command, and requests each variable before the command is started.

    asyncssh sends variables without requesting a reply; the real plugin does, and fails if one is refused. So the
    request that starts the command waits until every variable has its reply.
    """

    def __init__(self, order: Order, call: Call) -> None:
        self.printed: dict[str, list[bytes]] = {"stdout": [], "stderr": [], "both": []}
        self.lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._order, self._call, self._rest = order, call, b""

    def connection_made(self, chan: Any) -> None:
        """Intercept the requests of the channel."""
        self._request = chan._make_request
        chan._make_request = self._with_environment

    async def _with_environment(self, request: bytes, *args: bytes) -> Any:
        for name, value in sorted(self._order.needed.items()):
            if not await self._request(b"env", asyncssh.packet.String(name), asyncssh.packet.String(value)):
                await self._call.error(_REFUSED.format(name=name))
                raise ProviderError(f'could not set environment variable "{name}": ssh: setenv failed')
        for name, value in self._order.wanted.items():
            if value and not await self._request(b"env", asyncssh.packet.String(name), asyncssh.packet.String(value)):
                await self._call.warn(_REFUSED.format(name=name))
        return await self._request(request, *args)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Keep the output, and report each complete line of the logged streams."""
        stream = "stderr" if datatype else "stdout"
        self.printed[stream].append(data)
        self.printed["both"].append(data)
        if stream in self._order.logged:
            *complete, self._rest = (self._rest + data).split(b"\n")
            for line in complete:
                self.lines.put_nowait(line.decode(errors="replace"))

    def connection_lost(self, exc: Exception | None) -> None:
        """End the reported lines."""
        if self._rest:
            self.lines.put_nowait(self._rest.decode(errors="replace"))
        self.lines.put_nowait(None)

    def text(self, stream: str) -> str:
        """Return the output."""
        return b"".join(self.printed[stream]).decode(errors="replace")


async def run(connection: asyncssh.SSHClientConnection, order: Order, call: Call) -> tuple[str, str]:
    """Run a command; return its stdout and stderr, each without the last line break."""
    session = _Session(order, call)
    try:
        ending = await _ended(connection, session, order, call)
    except (OSError, asyncssh.Error):
        ending = "EOF"
    if ending:
        # As in the real plugin, the error contains the whole command and its output.
        raise ProviderError(f"{ending}: running {quote(order.command)}:\n{session.text('both')}")
    return session.text("stdout").removesuffix("\n"), session.text("stderr").removesuffix("\n")


async def _ended(connection: asyncssh.SSHClientConnection, session: _Session, order: Order, call: Call) -> str:
    """Wait for a command to end; return how it failed, or nothing."""
    channel, _ = await connection.create_session(lambda: session, order.command, encoding=None)
    channel.write(order.stdin.encode())
    channel.write_eof()
    while (line := await session.lines.get()) is not None:
        await call.status(line)
    await channel.wait_closed()
    return _ending(channel)


def _ending(channel: Any) -> str:
    """Return how a command failed, or nothing."""
    if killed := channel.get_exit_signal():
        number = getattr(signal, f"SIG{killed[0]}", 0)
        return f"Process exited with status {128 + number} from signal {killed[0]}"
    status = channel.get_exit_status()
    if status is None:
        return "wait: remote command exited without exit status or exit signal"
    return f"Process exited with status {status}" if status else ""


def quote(text: str) -> str:
    """Return text quoted like the real plugin quotes a command."""
    return '"' + "".join(_escape(char) for char in text) + '"'


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
