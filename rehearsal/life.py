"""The rehearsal's life cycle: start, stop, reboot and status."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rehearsal import cgroup, nsenter, places
from rehearsal.locks import alone
from rehearsal.places import MODULE, PROJECT
from rehearsal.problems import RehearsalError

PATIENCE = 60.0
"""Seconds that a start may take once the images are there."""


def is_up(state: Path) -> bool:
    """Whether the rehearsal is up."""
    wrapper = nsenter.noted(state)
    return wrapper is not None and wrapper.alive and (state / "up").exists()


def prepare(say: Callable[[str], None]) -> None:
    """Get everything that a start needs and that is kept for the next one; raises RehearsalError."""
    from rehearsal import images, system

    problem = system.unavailable()
    if problem:
        raise RehearsalError(problem)
    if images.missing():
        system.ensure_programs(say)
        images.ensure(say)


def start(say: Callable[[str], None]) -> None:
    """Bring up whatever is missing of the rehearsal; raises RehearsalError with what went wrong."""
    state = places.state()
    with alone(places.all_states()):
        if is_up(state):
            _mend(state, say)
            return
        _refuse_others(state)
        prepare(say)
        _end(state)
        _launch(state, say)


def _launch(state: Path, say: Callable[[str], None]) -> None:
    from rehearsal import images, values

    began = time.monotonic()
    say(f"starting the machines of the rehearsal '{state.name}' (about 3 s)")
    values.ensure(state)
    fresh = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    folders = (str(path) for path in (state, images.TOOLS.path, images.host().path))
    first = [*MODULE, "rehearsal.runner", *folders]
    with (state / "log").open("w") as log:
        process = subprocess.Popen(
            nsenter.noting(state, [*fresh, *first]),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=_environment(),
        )
    _await_up(state, process)
    say(f"the rehearsal is up after {time.monotonic() - began:.1f} s")


def _environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    programs = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {**os.environ, "PYTHONPATH": path, "PATH": programs}


def _await_up(state: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (state / "up").exists():
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            end = "\n".join((state / "log").read_text().splitlines()[-8:])
            _end(state)
            raise RehearsalError(f"the rehearsal {'ended' if ended else 'was not up in time'} during its start:\n{end}")
        time.sleep(0.02)


def inside(state: Path, module: str, *words: str) -> str:
    """Run one of our modules inside the rehearsal; returns its output, or raises RehearsalError with its errors."""
    done = subprocess.run(
        [*MODULE, "rehearsal.run", state, *MODULE, f"rehearsal.{module}", state, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=_environment(),
    )
    if done.returncode:
        raise RehearsalError(done.stderr.strip())
    return done.stdout


def _mend(state: Path, say: Callable[[str], None]) -> None:
    started = inside(state, "setup").split()
    say(f"the rehearsal '{state.name}' is up" + (f"; started again: {', '.join(started)}" if started else ""))


def reboot(say: Callable[[str], None], name: str = "server") -> None:
    """Power-cycle a VPN host, or boot the second one for the first time; returns when sshd answers."""
    began = time.monotonic()
    inside(places.state(), "host", name)
    inside(places.state(), "setup", name)
    say(f"the VPN host {name} is up after {time.monotonic() - began:.1f} s")


def stop(say: Callable[[str], None]) -> None:
    """Stop the rehearsal, running or not, and remove everything of it."""
    state = places.state()
    with alone(places.all_states()):
        found = state.exists()
        if found:
            _refuse_others(state)
            _end(state)
            shutil.rmtree(state)
        with suppress(OSError):
            places.all_states().rmdir()
    say(f"the rehearsal '{state.name}' " + ("has stopped and left nothing" if found else "is not running"))


def _refuse_others(state: Path) -> None:
    """Raise RehearsalError if the rehearsal's folder belongs to something else."""
    from rehearsal import values

    held = state.is_symlink() or (state.exists() and (not state.is_dir() or any(state.iterdir())))
    if held and not values.are_in(state):
        raise RehearsalError(
            f"{state} is not the folder of a rehearsal; move it away, or set LABVPN_REHEARSAL to another name"
        )


def _end(state: Path) -> None:
    wrapper = nsenter.noted(state)
    if wrapper and wrapper.alive:
        wrapper.end()
    (state / "up").unlink(missing_ok=True)
    cgroup.remove(state)
