"""The security log of a hub: each of its files that grows, whatever its name, line by line as the server ends them."""

import calendar
import errno
import os
import re
import stat
import time
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Tuple

from labvpn.agent.core.machine import Machine
from labvpn.agent.softether.installations import installation

# At most this many bytes of a file are read at once; the first time, from the file's end.
MOST_AT_ONCE = 8 << 20
# Bytes by which a file is known again: the first line, whose time is to the millisecond.
HEAD = 256
# Bytes of a line's time, behind a mark of UTF-8.
STAMP = 27
# The server's lines of one moment may be in another order, by this many seconds.
OUT_OF_ORDER_SECONDS = 5.0
# While fewer bytes are free, the server deletes its logs, the current one too (AutoDeleteCheckDiskFreeSpaceMin).
LEAST_ROOM = 100 << 20
# What the server calls its files.
OF_SERVER = re.compile(r"(?:sec|vpn)(?:_\d+)*\.log$")
# A file that was written so long before the newest one, in seconds, is read only from where it may grow again.
RECENT_SECONDS = 3600.0


class Place(NamedTuple):
    """Where a file was left: how it begins, how far it was read, and whether within a line that is dropped."""

    head: bytes
    offset: int
    within: bool = False


class LogFile(NamedTuple):
    """A file of a log: when it was written last, where it is, and which one it is, whatever its name."""

    written: float
    path: Path
    identity: Tuple[int, int]


class SecurityLog:
    """The log of one hub; each call of `lines` goes on where the last one ended.

    The server begins another file by the hour, the day or the month, or never (`sec.log`), and by its clock, which may
    have been wrong: so the names do not show which file is the newest. Others rename, link and copy files.
    """

    def __init__(self, machine: Machine, hub: str) -> None:
        self.machine = machine
        self.hub = hub
        self.places: Dict[Tuple[int, int], Place] = {}
        self.began = False
        # The time of the newest line that was read, in seconds by the server's clock, without a time zone.
        self.newest = 0.0
        self.trouble = ""
        """Why nothing can be read, or nothing is written; '' where something can be."""

    @property
    def folder(self) -> Path:
        """The folder of the hub's files."""
        return self.machine.path(installation(self.machine).logs + "/security_log") / self.hub

    def lines(self) -> Iterator[str]:
        """The whole lines since the last call, at the first one the end of the files that were written last."""
        self.trouble = ""
        try:
            files, self.trouble = log_files(self.folder)
            if not files and not self.trouble:
                self.trouble = "{}: no log file".format(self.folder)
            self.trouble = self.trouble or no_space(self.folder)
        except OSError as error:
            files = []
            self.trouble = "{}: {}".format(error.filename or self.folder, error.strerror)
        newest = min([time.time(), *[one.written for one in files][-1:]])
        self.places = {one.identity: self.places[one.identity] for one in files if one.identity in self.places}
        found = [line for one in files for line in self.follow(one, newest - one.written > RECENT_SECONDS)]
        # Many lines have one and the same second.
        self.newest = max([self.newest, *filter(is_past, map(moment_of, {line[:19] for line in found}))])
        self.began = True
        return iter(found)

    def follow(self, file: LogFile, old: bool) -> List[str]:
        """The whole lines that a file has more than at the last call; one that cannot be read stops no other."""
        try:
            descriptor = os.open(str(file.path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                return self.more(file, descriptor, old)
            finally:
                os.close(descriptor)
        except OSError as error:
            self.trouble = "{}: {}".format(file.path, error.strerror)
            return []

    def more(self, file: LogFile, descriptor: int, old: bool) -> List[str]:
        """The same of an open file."""
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "not a plain file", str(file.path))
        place = self.places[file.identity] = self.place(file, descriptor, facts.st_size, old)
        data = os.pread(descriptor, MOST_AT_ONCE, place.offset) if place.offset < facts.st_size else b""
        whole = data[: data.rfind(b"\n") + 1]
        if len(data) == MOST_AT_ONCE and not whole:
            # A line that is longer than any that the server writes.
            self.places[file.identity] = place._replace(offset=place.offset + len(data), within=True)
        elif whole:
            # What is being written now is read whole the next time.
            self.places[file.identity] = place._replace(offset=place.offset + len(whole), within=False)
        return texts_of(whole)[1 if place.within else 0 :]

    def place(self, file: LogFile, descriptor: int, size: int, old: bool) -> Place:
        """Where to begin: a file that is new or was cut from its top, one that is known where it was left.

        A new one that begins before what was read is a copy of that, or was written anew: only what it gets more is.
        """
        head = os.pread(descriptor, HEAD, 0)
        known = self.places.get(file.identity)
        if known and known.offset <= size and head.startswith(known.head):
            return known._replace(head=head)
        if self.began and not self.was_read(head):
            return Place(head, 0)
        start = size if old or self.began else max(0, size - MOST_AT_ONCE)
        return Place(head, start, within=start > 0 and os.pread(descriptor, 1, start - 1) != b"\n")

    def was_read(self, head: bytes) -> bool:
        """Whether a file begins as one that is known, or before what was read."""
        if any(len(one.head) > STAMP and head.startswith(one.head) for one in self.places.values()):
            return True
        return 0 < moment_of(texts_of(head + b"\n")[0]) < self.newest - OUT_OF_ORDER_SECONDS


def log_files(folder: Path) -> Tuple[List[LogFile], str]:
    """The files of a hub's log, the one that was written last at the end, and which one cannot be read.

    A file with several names counts once; what is not a plain file is told where it has a name that the server gives.
    OSError without a folder.
    """
    files: Dict[Tuple[int, int], LogFile] = {}
    trouble = ""
    with os.scandir(str(folder)) as found:
        for one in sorted((one for one in found if one.name.endswith(".log")), key=lambda one: one.name):
            facts = one.stat(follow_symlinks=False)
            if stat.S_ISREG(facts.st_mode):
                identity = facts.st_dev, facts.st_ino
                files.setdefault(identity, LogFile(facts.st_mtime, Path(one.path), identity))
            elif OF_SERVER.match(one.name):
                trouble = "{} is not a plain file and not read; move it away".format(one.path)
    return sorted(files.values()), trouble


def no_space(folder: Path) -> str:
    """That the server deletes its logs for want of space, or may write none; '' where there is room."""
    room = os.statvfs(str(folder))
    if room.f_bfree * room.f_frsize >= LEAST_ROOM and (room.f_ffree or not room.f_files):
        return ""
    said = "{}: less than 100 MB are free there, so SoftEther deletes its logs and failed logins are missed; make room"
    return said.format(folder)


def moment_of(line: str) -> float:
    """The time with which a line of the log begins, in seconds by its own clock; 0 where it begins with none."""
    try:
        return float(calendar.timegm(time.strptime(line[:19], "%Y-%m-%d %H:%M:%S")))
    except ValueError:
        return 0.0


def is_past(moment: float) -> bool:
    """Whether a time of the log has been, in any time zone: a stranger's text may have another one."""
    return moment < time.time() + 14 * 3600


def texts_of(data: bytes) -> List[str]:
    """The lines of whole lines in bytes: the line feed alone ends one, whatever a stranger's name may contain."""
    return [line.decode("utf-8", "replace").lstrip("\ufeff").rstrip("\r") for line in data.split(b"\n")[:-1]]


def newest_lines(folder: Path, files: int, most: int) -> List[str]:
    """The end of the files that were written last, at most `most` bytes of each, the older one first."""
    found: List[str] = []
    try:
        paths = [one.path for one in log_files(folder)[0][-files:]]
    except OSError:
        return found
    for path in paths:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - most))
            data = file.read(most)
        found += texts_of(data[: data.rfind(b"\n") + 1])
    return found
