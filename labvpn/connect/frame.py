"""A command's answer in a frame of its own, whatever a login prints before it, beside it or after it."""

from __future__ import annotations

import asyncio
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labvpn.connect.library import asyncssh

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for, whatever the login's start files say."""

FIXED = f"{PATH} HOME=/root LC_ALL=C.UTF-8"
"""The whole environment of a command: nothing of the login's own, PYTHONPATH and proxies included."""

MOST_BYTES = 64 << 20
"""What is read of one session at most; the answer of a server with 10,000 users has 5 MB."""

ENTERS = "\n" * 3
"""Sent first, for a start file that waits for Enter; the command skips what is left of them."""

EATEN = 97
"""The exit status where nothing is left of what the command was sent."""

LINGER_SECONDS = 2.0
"""How long error output is waited for once the answer is whole."""

_SCRIPT = (
    f"{PATH};export PATH;"
    'cd /;umask 022;m={nonce};l=;until test "$l" = "$m";do read -r l||exit {eaten};done;'
    'echo "[$m[";echo "[$m[">&2;env -i {environment} {command};s=$?;'
    'echo;echo "]$m]$s";echo "]$m]$s">&2;exit $s'
)


@dataclass(frozen=True)
class Frame:
    """Marks that nobody can know before: they are made of the nonce, and are neither in the line nor in the input."""

    nonce: str = field(default_factory=lambda: secrets.token_hex(16))

    def line(self, command: str, before: str = "") -> str:
        """The command as sh runs it, in quotes that every login shell (fish, tcsh, nushell) reads alike.

        `before` are words that lead to root. ValueError for a command that such quotes do not hold.
        """
        if re.search(r"['\\!\n]", command):
            raise ValueError("a command for a host holds no single quote, backslash, exclamation mark or line end")
        script = _SCRIPT.format(nonce=self.nonce, eaten=EATEN, environment=FIXED, command=command)
        return f"{before}/bin/sh -c '{script}'"

    def input(self, data: str) -> bytes:
        """What the session is sent: the command reads on from the line that is the nonce."""
        return f"{ENTERS}{self.nonce}\n{data}".encode()

    def begin(self) -> bytes:
        """The line before the answer."""
        return f"[{self.nonce}[\n".encode()

    def end(self) -> re.Pattern[bytes]:
        """The line after the answer, with the exit status."""
        return re.compile(rf"\n?^\]{self.nonce}\](\d+)$".encode(), re.MULTILINE)


@dataclass
class Said:
    """What a session printed so far, and the exit status that SSH itself told."""

    frame: Frame
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)
    exit_status: int | None = None

    @property
    def begun(self) -> bool:
        """Whether the command itself was reached."""
        return self.frame.begin() in self.out

    @property
    def status(self) -> int | None:
        """The command's exit status; None where it did not end."""
        ends = list(self.frame.end().finditer(self.out)) if self.begun else []
        return int(ends[-1][1]) if ends else None

    @property
    def answer(self) -> str:
        """What the command printed."""
        return self._within(self.out).decode(errors="replace")

    @property
    def complaint(self) -> str:
        """What the command printed as errors, as far as it was one that began."""
        return self._within(self.err).decode(errors="replace")

    def _within(self, printed: bytearray) -> bytes:
        _, began, rest = bytes(printed).partition(self.frame.begin())
        ends = list(self.frame.end().finditer(rest))
        return (rest[: ends[-1].start()] if ends else rest) if began else b""


async def hear(connection: asyncssh.SSHClientConnection, line: str, data: bytes, said: Said) -> None:
    """Run a line and fill `said` until its frame is whole, the session ends, or it has printed too much.

    A session that goes on after its answer (an agent that a start file left running) is not waited for.
    """
    process = await connection.create_process(line, encoding=None)
    errors = asyncio.create_task(_collect(process.stderr, said.err, said.frame))
    try:
        # Nobody may read it: what refused the command has said why by then.
        with suppress(OSError):
            process.stdin.write(data)
            process.stdin.write_eof()
        await _collect(process.stdout, said.out, said.frame)
        with suppress(TimeoutError):
            await asyncio.wait_for(errors, LINGER_SECONDS)
        if said.status is None and len(said.out) <= MOST_BYTES:
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait_closed(), LINGER_SECONDS)
        said.exit_status = process.exit_status
    finally:
        errors.cancel()
        process.close()


async def _collect(stream: asyncssh.SSHReader[bytes], into: bytearray, frame: Frame) -> None:
    end, longest = frame.end(), len(frame.nonce) + 16
    while len(into) <= MOST_BYTES:
        part = await stream.read(1 << 16)
        if not part:
            return
        fresh = max(0, len(into) - longest)
        into += part
        # Only a whole last line is one: its number may come in two parts.
        if (found := end.search(into, fresh)) and into[found.end() : found.end() + 1] == b"\n":
            return
