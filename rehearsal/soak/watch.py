"""Scans every process and file of a running rehearsal for secrets, as fast as it can, until its input ends.

Runs inside the rehearsal, whose process numbers cover all machines. Takes what to search for as one line of JSON on
standard input, since its own command line and environment are scanned too; prints findings as JSON.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

from rehearsal import guest_paths
from rehearsal.soak.canaries import occurring

FORK = multiprocessing.get_context("fork")
FILES_EVERY = 0.5
"""Seconds between two scans of the files; processes are scanned without pause."""

PACKAGES = ("usr/bin", "usr/lib", "usr/share", "var/cache", "var/lib/apt", "var/lib/dpkg")
FROM_PACKAGES = tuple(f"{guest_paths.SERVER}/upper/{name}" for name in PACKAGES)
"""Files of packages, hundreds of megabytes: scanned once at the end, or short-lived files would be missed."""


@dataclass(frozen=True)
class Leak:
    """A secret's form, and where it was found: `argv`, `environment` or the mode of the file at `place`."""

    secret: str
    kind: str
    place: str


@dataclass
class Watch:
    """What is searched for, where, and what was found so far; older files are searched only in the first folder."""

    needles: dict[bytes, str]
    folders: list[str]
    began: float = field(default_factory=time.time)
    scans: int = 0
    findings: set[Leak] = field(default_factory=set)
    processes: set[int] = field(default_factory=set)
    files: set[tuple[int, int, int]] = field(default_factory=set)

    def scan_processes(self) -> None:
        """Argument lists and environments; one that was seen before is not searched again."""
        self.scans += 1
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                argv, environ = ((process / name).read_bytes() for name in ("cmdline", "environ"))
                if environ and not argv:
                    # At the beginning of an exec the kernel shows no arguments yet.
                    argv = (process / "cmdline").read_bytes()
            except OSError:
                continue
            seen = hash((argv, environ))
            if seen not in self.processes:
                self.processes.add(seen)
                words = argv.replace(b"\0", b" ").decode(errors="replace")
                self._search(argv, "argv", words.split(" ")[0])
                self._search(environ, "environment", words)

    def scan_files(self, spared: tuple[str, ...] = FROM_PACKAGES) -> None:
        """Every new or changed file of the folders, except those spared."""
        for path in self._paths(spared):
            try:
                about = os.lstat(path)
                key = (about.st_ino, about.st_mtime_ns, about.st_size)
                if about.st_mode & 0o170000 != 0o100000 or key in self.files:
                    continue
                self.files.add(key)
                if about.st_ctime < self.began and not path.startswith(self.folders[0]):
                    continue
                text = Path(path).read_bytes()
            except OSError:
                continue
            self._search(text, f"{about.st_mode & 0o777:04o}", path)

    def _paths(self, spared: tuple[str, ...]) -> Iterator[str]:
        # Files on the VPN host come and go with the stack, so they are first.
        for folder in [*_server_folders(), *self.folders]:
            for place, folders, names in os.walk(folder):
                folders[:] = [each for each in folders if not _others(place, each) and f"{place}/{each}" not in spared]
                yield from (f"{place}/{name}" for name in names)

    def _search(self, text: bytes, kind: str, place: str) -> None:
        for found in occurring(self.needles, text):
            self.findings.add(Leak(self.needles[found], kind, place))


def _others(place: str, name: str) -> bool:
    """Whether a folder below /tmp is not one of our temporary ones, such as a clone of a project."""
    return place == "/tmp" and not name.startswith(("labvpn", "pulumi", "tmp"))  # noqa: S108


def _server_folders() -> list[str]:
    """The VPN host's written files and its in-memory file systems."""
    folders = [str(guest_paths.SERVER / "upper")]
    try:
        pid = int((guest_paths.SERVER / "pid").read_text())
        child = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]
    except (OSError, ValueError, IndexError):
        return folders
    return folders + [f"/proc/{child}/root/{name}" for name in ("run", "tmp", "dev/shm")]


def main() -> None:
    """Scan until the input ends, then report."""
    asked = json.loads(sys.stdin.readline())
    needles = {bytes.fromhex(form): name for form, name in asked["needles"].items()}
    watch = Watch(needles, asked["folders"])
    # Files have their own process: searching a large one would delay the scan of processes.
    ended, (receiver, sender) = FORK.Event(), FORK.Pipe(duplex=False)
    files = FORK.Process(target=_files, args=(watch, ended, sender))
    files.start()
    print("watching", flush=True)
    threading.Thread(target=lambda: _until_the_end(ended), daemon=True).start()
    while not ended.is_set():
        watch.scan_processes()
        time.sleep(0.002)
    in_files: Watch = receiver.recv()
    files.join()
    found = sorted(map(asdict, watch.findings | in_files.findings), key=str)
    about = {"scans": watch.scans, "processes": len(watch.processes), "files": len(in_files.files)}
    print(json.dumps({"findings": found, **about}))


def _until_the_end(ended: Event) -> None:
    sys.stdin.read()
    ended.set()


def _files(watch: Watch, ended: Event, sender: Connection) -> None:
    while not ended.wait(FILES_EVERY):
        watch.scan_files()
    watch.scan_files(spared=())
    sender.send(watch)


if __name__ == "__main__":
    main()
