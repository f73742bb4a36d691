"""The figures of docs/figures.md, measured on this machine by `make bench` (COLD=1: with empty caches too)."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rehearsal.places import PROJECT

NAME = "bench"
LOGINS = "journalctl -u ssh --no-pager | grep -c 'Accepted publickey'"


@dataclass(frozen=True)
class Figure:
    """One measurement in seconds (or a count), with what it is measured against."""

    what: str
    value: str
    aim: str

    def __str__(self) -> str:
        """A row of a Markdown table."""
        return f"| {self.what} | {self.value} | {self.aim} |"


def cold() -> Iterator[Figure]:
    """The main job in a clone of the project, with all caches empty: ours, Go's and pip's."""
    with TemporaryDirectory(prefix="labvpn-bench-") as name:
        folder = Path(name)
        subprocess.run(["git", "clone", "-q", PROJECT, folder / "clone"], check=True)
        caches = {"XDG_CACHE_HOME": "xdg", "GOCACHE": "go-build", "GOMODCACHE": "go-mod", "PIP_CACHE_DIR": "pip"}
        environment = {key: str(folder / place) for key, place in caches.items()}
        environment |= {"UV_CACHE_DIR": str(folder / "uv"), "GOFLAGS": "-modcacherw"}
        seconds = _timed(["make", "lab"], folder / "clone", environment)
        _timed(["make", "stop"], folder / "clone", environment)
    yield Figure("`make lab` in a fresh clone, every cache empty", f"{seconds:.0f} s", "15 min")


def warm() -> Iterator[Figure]:
    """The main job with full caches, and how long the stack takes once the machines are up."""
    _timed(["make", "stop"], PROJECT)
    yield Figure("`make lab` with full caches", f"{_timed(['make', 'lab'], PROJECT):.0f} s", "60 s")
    _pulumi("destroy", "--yes", "--skip-preview")
    seconds = _pulumi("up", "--yes", "--skip-preview")
    yield Figure("`pulumi up` from the bare host", f"{seconds:.1f} s", "60 s")
    before = _logins()
    previews = [_pulumi("preview", "--expect-no-changes") for _ in range(5)]
    logins = (_logins() - before) / len(previews)
    yield Figure("`pulumi preview` without changes, median of 5", f"{median(previews):.1f} s", "8 s")
    yield Figure("SSH logins of such a preview", f"{logins:.0f}", "2")
    yield from _rows("rehearsal.bench_preview")
    probe = ["exec", "internet", "--", sys.executable, "-m", "labvpn", "doctor", "probe", "203.0.113.20"]
    ports = ["--tcp", "443,992,1194,5555", "--udp", "500,1194,4500", "--closed", "22,8000,1701/udp"]
    seconds = _timed([sys.executable, "-m", "labvpn", "rehearsal", *probe, *ports], PROJECT)
    yield Figure("`labvpn doctor probe` of ten ports, five tries each", f"{seconds:.1f} s", "12 s")
    _timed(["make", "stop"], PROJECT)


def gate() -> Iterator[Figure]:
    """A large FortiGate."""
    yield from _of("rehearsal.bench_fortigate")


def users() -> Iterator[Figure]:
    """Many users."""
    yield from _of("rehearsal.bench_users")


def scale() -> Iterator[Figure]:
    """What one server carries, on a lab that is up."""
    yield from _of("rehearsal.bench_scale", "lab")


def sessions() -> Iterator[Figure]:
    """How many sessions one server carries, on a lab that is up."""
    yield from _of("rehearsal.bench_sessions", "lab")


def dials() -> Iterator[Figure]:
    """How long a whole dial takes, on a lab that is up."""
    yield from _of("rehearsal.bench_dials", "lab")


def bans() -> Iterator[Figure]:
    """What a thousand banned sources cost against one, on a lab that is up."""
    yield from _of("rehearsal.bench_bans", "lab")


def hosts() -> Iterator[Figure]:
    """Debian 13 as the VPN host, and an upgrade there."""
    os.environ["LABVPN_REHEARSAL_HOST"] = "debian-13"
    try:
        yield from _of("rehearsal.bench_hosts")
    finally:
        del os.environ["LABVPN_REHEARSAL_HOST"]


def _of(module: str, first: str = "start") -> Iterator[Figure]:
    """The rows that a module prints, on machines of its own; `first` brings them up, bare or with the stack applied."""
    _timed([sys.executable, "-m", "rehearsal", first], PROJECT)
    try:
        yield from _rows(module)
    finally:
        _timed(["make", "stop"], PROJECT)


def _rows(module: str) -> Iterator[Figure]:
    """The rows that a module prints, on machines that are up."""
    command = [sys.executable, "-m", module]
    done = subprocess.run(command, cwd=PROJECT, env=_environment({}), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench: {module} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    yield from (Figure(*line.split("\t")) for line in done.stdout.splitlines() if line.count("\t") == 2)


def _pulumi(*words: str) -> float:
    return _timed([sys.executable, "-m", "labvpn", "rehearsal", "pulumi", "--", "--non-interactive", *words], PROJECT)


def _logins() -> int:
    command = [sys.executable, "-m", "rehearsal", "exec", "server", "--", "sh", "-c", LOGINS]
    return int(subprocess.run(command, env=_environment({}), capture_output=True, text=True, check=True).stdout)


def _timed(command: list[str], folder: Path, more: dict[str, str] | None = None) -> float:
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=_environment(more or {}), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench: {' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.monotonic() - began


def _environment(more: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "LABVPN_REHEARSAL": NAME, **more}


def main() -> None:
    """Measure and print a table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true", help="measure the main job with empty caches too: ten minutes")
    parts = [*([cold] if parser.parse_args().cold else []), warm, gate, users, scale, sessions, dials, bans, hosts]
    print("| what | measured | aim |\n|---|---|---|", flush=True)
    for part in parts:
        for figure in part():
            print(figure, flush=True)


if __name__ == "__main__":
    main()
