"""The security log of a hub: each of its files that grows, whatever its name, line by line as the server ends them."""

import errno
import os
import stat
import time
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Tuple

from labvpn.agent.core.machine import Machine
from labvpn.agent.softether.installations import installation

# At most this many bytes of a file are read at once; the first time, from the file's end.
MOST_AT_ONCE = 8 << 20
# A file that was written so long before the newest one, in seconds, is read only from where it may grow again.
RECENT_SECONDS = 3600.0


class Place(NamedTuple):
    """Where a file was left: which one it was, how far it was read, and whether within a line that is dropped."""

    inode: int
    offset: int
    within: bool = False


class SecurityLog:
    """The log of one hub; each call of `lines` goes on where the last one ended.

    The server begins another file by the hour, the day or the month, or never (`sec.log`), and by its clock, which may
    have been wrong: so the names do not show which file is the newest.
    """

    def __init__(self, machine: Machine, hub: str) -> None:
        self.machine = machine
        self.hub = hub
        self.places: Dict[str, Place] = {}
        self.began = False
        self.trouble = ""
        """Why nothing can be read, '' where something can."""

    @property
    def folder(self) -> Path:
        """The folder of the hub's files."""
        return self.machine.path(installation(self.machine).logs + "/security_log") / self.hub

    def lines(self) -> Iterator[str]:
        """The whole lines since the last call, at the first one the end of the files that were written last."""
        self.trouble = ""
        try:
            files = log_files(self.folder)
        except OSError as error:
            files = []
            self.trouble = "{}: {}".format(error.filename, error.strerror)
        newest = min([time.time(), *[at for at, _ in files][-1:]])
        if not files and not self.trouble:
            self.trouble = "{}: no log file".format(self.folder)
        self.places = {str(path): self.places[str(path)] for _, path in files if str(path) in self.places}
        found = [line for at, path in files for line in self.follow(path, newest - at > RECENT_SECONDS)]
        self.began = True
        return iter(found)

    def follow(self, path: Path, old: bool) -> List[str]:
        """The whole lines that a file has more than at the last call; one that cannot be read stops no other."""
        try:
            descriptor = os.open(str(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                return self.more(str(path), descriptor, old)
            finally:
                os.close(descriptor)
        except OSError as error:
            self.trouble = "{}: {}".format(path, error.strerror)
            return []

    def more(self, name: str, descriptor: int, old: bool) -> List[str]:
        """The same of an open file."""
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "no plain file", name)
        place = self.places[name] = self.place(name, facts, old)
        data = os.pread(descriptor, MOST_AT_ONCE, place.offset) if place.offset < facts.st_size else b""
        whole = data[: data.rfind(b"\n") + 1]
        if len(data) == MOST_AT_ONCE and not whole:
            # A line that is longer than any that the server writes.
            self.places[name] = Place(facts.st_ino, place.offset + len(data), within=True)
        elif whole:
            # What is being written now is read whole the next time.
            self.places[name] = Place(facts.st_ino, place.offset + len(whole))
        return texts_of(whole)[1 if place.within else 0 :]

    def place(self, name: str, facts: os.stat_result, old: bool) -> Place:
        """Where to begin: a file that is new or was cut from its top, one that is known where it was left."""
        known = self.places.get(name)
        if known and known.inode == facts.st_ino and known.offset <= facts.st_size:
            return known
        if self.began:
            return Place(facts.st_ino, 0)
        start = facts.st_size if old else max(0, facts.st_size - MOST_AT_ONCE)
        return Place(facts.st_ino, start, within=0 < start < facts.st_size)


def log_files(folder: Path) -> List[Tuple[float, Path]]:
    """The files of a hub's log with their times, the one that was written last at the end; OSError without a folder."""
    with os.scandir(str(folder)) as found:
        names = [
            (one.stat(follow_symlinks=False).st_mtime, Path(one.path)) for one in found if one.name.endswith(".log")
        ]
    return sorted(names)


def texts_of(data: bytes) -> List[str]:
    """The lines of whole lines in bytes: the line feed alone ends one, whatever a stranger's name may contain."""
    return [line.decode("utf-8", "replace").lstrip("\ufeff").rstrip("\r") for line in data.split(b"\n")[:-1]]


def newest_lines(folder: Path, files: int, most: int) -> List[str]:
    """The end of the files that were written last, at most `most` bytes of each, the older one first."""
    found: List[str] = []
    try:
        paths = [path for _, path in log_files(folder)[-files:] if path.is_file() and not path.is_symlink()]
    except OSError:
        return found
    for path in paths:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - most))
            data = file.read(most)
        found += texts_of(data[: data.rfind(b"\n") + 1])
    return found
