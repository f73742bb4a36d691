"""The one way to open a file of the host: what is not a file is neither waited for nor read without end."""

import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, Optional, TextIO

KINDS = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a folder"))


class NotAFile(OSError):
    """Something else is in a file's place; `strerror` says what."""


def opened(path: Path, follow: bool = True) -> BinaryIO:
    """A file to be read, a link to one only with `follow`. NotAFile for a folder, a pipe, a device and the like."""
    require_file(path, path.stat() if follow else path.lstat())
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    file = os.fdopen(os.open(str(path), flags), "rb")
    try:
        # It may have been replaced in between.
        require_file(path, os.fstat(file.fileno()))
    except OSError:
        file.close()
        raise
    return file


def require_file(path: Path, facts: os.stat_result) -> None:
    """NotAFile unless these are the facts of a regular file."""
    if not stat.S_ISREG(facts.st_mode):
        kind = next((words for is_so, words in KINDS if is_so(facts.st_mode)), "a special file")
        raise NotAFile(0, "is {}, not a file".format(kind), str(path))


def opened_text(path: Path, encoding: str = "utf-8", errors: str = "replace", newline: Optional[str] = None) -> TextIO:
    """The same as text; bytes that are none are replaced, so that they equal nothing and stop nobody."""
    return io.TextIOWrapper(opened(path), encoding=encoding, errors=errors, newline=newline)
