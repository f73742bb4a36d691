"""Many OpenVPN clients on one machine of the rehearsal, each with its own process and device.

As a program, `python -m rehearsal.crowd PROFILE`: each line of its input is the number of clients to have
connected; it answers each with a line of JSON, and ends all clients at the end of its input.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rehearsal import machine
from rehearsal.dial import Login, outcome, profile_of

AT_ONCE = 4
"""Simultaneous dials of one machine."""

QUIET = ("--route-noexec", "--remap-usr1", "SIGTERM", "--connect-retry-max", "1")
"""A client's device is up with its lease, since a client waits while it is not, but no route uses it. It dials
once and ends with its session."""


@dataclass(frozen=True)
class CrowdStep:
    """The result of several dials: how long each successful one took, and the last output of a failed one."""

    alive: int
    seconds: tuple[float, ...]
    failed: int = 0
    words: str = ""


class Crowd:
    """The crowd of one machine, as seen by the process that started it."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program

    def resize(self, count: int) -> CrowdStep:
        """Have this many clients connected, if possible; returns the result."""
        assert self._program.stdin is not None and self._program.stdout is not None  # noqa: S101  (both were asked for)
        self._program.stdin.write(f"{count}\n")
        self._program.stdin.flush()
        answer = json.loads(self._program.stdout.readline() or "{}")
        return CrowdStep(answer["alive"], tuple(answer["seconds"]), answer["failed"], answer["words"])


@contextmanager
def crowd(host: str, login: Login) -> Iterator[Crowd]:
    """A crowd on a machine until the block ends, empty at first."""
    with TemporaryDirectory(prefix="labvpn-crowd-") as name:
        words: list[str | Path] = [sys.executable, "-m", __name__, profile_of(Path(name), host, login)]
        pipe = subprocess.PIPE
        program = subprocess.Popen(machine.line(host, words), stdin=pipe, stdout=pipe, text=True)
        try:
            yield Crowd(program)
        finally:
            assert program.stdin is not None  # noqa: S101  (it was asked for)
            program.stdin.close()
            program.terminate()
            program.wait(60)


def steps(profile: str, counts: Iterator[int]) -> Iterator[CrowdStep]:
    """Have each number of clients connected in turn, on this machine."""
    clients: list[subprocess.Popen[str]] = []
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for count in counts:
            clients = [client for client in clients if client.poll() is None]
            more = range(count - len(clients))
            dials = list(pool.map(lambda _, into=clients: _dial(profile, into), more))
            yield _step(clients, dials)
    finally:
        # A second signal must not interrupt the clean-up.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pool.shutdown(wait=False, cancel_futures=True)
        for client in clients:
            client.terminate()
        for client in clients:
            client.wait()


def _dial(profile: str, clients: list[subprocess.Popen[str]]) -> tuple[float, str]:
    """Add a client; returns the seconds that its dial took, and its last output if it was not let in."""
    began = time.monotonic()
    line = ["openvpn", "--config", profile, *QUIET]
    client = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    clients.append(client)
    dial = outcome(client)
    if dial.address is None:
        client.terminate()
        client.wait()
    words = "" if dial.address else (dial.log.strip() or "no output from the client")
    return time.monotonic() - began, words[-300:]


def _step(clients: Sequence[subprocess.Popen[str]], dials: Sequence[tuple[float, str]]) -> CrowdStep:
    failed = [words for _, words in dials if words]
    alive = sum(client.poll() is None for client in clients)
    seconds = tuple(round(seconds, 3) for seconds, words in dials if not words)
    return CrowdStep(alive, seconds, len(failed), failed[-1] if failed else "")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Each client needs a pipe.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for step in steps(sys.argv[1], map(int, sys.stdin)):
        print(json.dumps(asdict(step)), flush=True)
