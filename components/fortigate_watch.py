"""A FortiGate that stays silent while a run waits for it: the provider would wait for an hour, so the run is ended.

The program watches while it runs. Before it (refresh) and without it (destroy) the process of the dynamic resources
does, with what the configuration has: only one of them at a time. What asks a FortiGate is loaded with the first
question, which most runs have ended before.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

from pulumi.dynamic import Config

from labvpn.connect.errors import HopError
from labvpn.plan.fortigate.error_text import PATIENCE, SLOW, ended, slow, waiting

GRACE = 5
"""Seconds that the engine has after the first interrupt to end by itself."""

PAUSE = 5
"""Seconds between two questions to a box that a run is at work on."""

Place = tuple[str, str]
"""A box and its virtual domain."""

Say = Callable[[str], None]

_held: list[socket.socket] = []


def watch(place: Place, token: str, ca: str, say: Say) -> None:
    """Watch in a thread: say when the FortiGate stops answering, and end the run when it stays silent.

    Nothing is watched without an engine, as in a test.
    """
    engine = engine_of(os.getppid())
    if engine is not None and _is_ours(engine):
        threading.Thread(target=_watch, args=(place, token, ca, say, engine), name="fortigate", daemon=True).start()


def watch_as_configured(config: Config) -> None:
    """Watch from the process of the dynamic resources, whose words the engine shows."""
    try:
        section = json.loads(config.get("fortigate") or "{}")
    except ValueError:
        return
    token, ca = config.get("fortigateToken"), config.get("fortigateCa")
    if section.get("host") and token and ca:
        place = (str(section["host"]), str(section.get("vdom") or "root"))
        watch(place, token, ca, lambda words: print(words, flush=True))


def _watch(place: Place, token: str, ca: str, say: Say, engine: int) -> None:
    """Ask again and again; from the first silence on, count the seconds until an answer comes."""
    slowest = float(SLOW)
    while True:
        time.sleep(PAUSE)
        began = time.monotonic()
        failure = _failure(place, token, ca)
        took = time.monotonic() - began
        if failure is None:
            if took >= slowest:
                say(slow(place[0], took))
                slowest = 2 * took
            continue
        since = time.monotonic()
        say(waiting(failure))
        while failure is not None and time.monotonic() - since < PATIENCE:
            time.sleep(1)
            failure = _failure(place, token, ca)
        if failure is not None:
            say(ended(place[0]))
            interrupt(engine)
            return


def _failure(place: Place, token: str, ca: str) -> str | None:
    from labvpn.connect import fortigate as api

    try:
        asyncio.run(api.ask_once(api.Place(*place), token, ca))
    except HopError as error:
        return str(error)
    return None


def interrupt(engine: int) -> None:
    """End the engine as Ctrl-C does: the first asks its plugins to stop, the second leaves what they do not answer."""
    for _ in range(2):
        try:
            os.kill(engine, signal.SIGINT)
        except OSError:
            return
        time.sleep(GRACE)


def engine_of(process: int) -> int | None:
    """The nearest ancestor that is the engine; None where there is none."""
    return next((number for number, name in _ancestors(process) if name.rpartition("/")[2] == "pulumi"), None)


def _ancestors(process: int) -> Iterator[tuple[int, str]]:
    while process > 1:
        done = subprocess.run(["ps", "-o", "ppid=,comm=", "-p", str(process)], capture_output=True, text=True)
        parent, _, name = done.stdout.strip().partition(" ")
        if not parent.isdigit():
            return
        yield process, name.strip()
        process = int(parent)


def _is_ours(engine: int) -> bool:
    """Whether no other process watches for this engine: the kernel frees the name however its owner ends."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0labvpn-fortigate-{engine}")
    except OSError:
        name.close()
        return False
    _held.append(name)
    return True
