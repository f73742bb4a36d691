"""The calls of Linux for namespaces and mounts that Python's standard library lacks, through glibc."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

NEWNS, NEWUTS, NEWNET = 0x00020000, 0x04000000, 0x40000000

RDONLY, NOSUID, NODEV, REMOUNT, BIND, REC, PRIVATE = 0x1, 0x2, 0x4, 0x20, 0x1000, 0x4000, 0x40000

_DETACH = 2  # MNT_DETACH
_AT_FDCWD, _AT_RECURSIVE, _TREE_CLONE, _MOVE_EMPTY_PATH = -100, 0x8000, 1, 4
_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: int | bytes | None, about: str = "") -> int:
    result = int(getattr(_libc, name)(*arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}", about or None)
    return result


def setns(descriptor: int) -> None:
    """Enter the namespace of an open file of /proc/PID/ns; a pid namespace applies to children started afterwards."""
    _call("setns", descriptor, 0)


def unshare(kinds: int) -> None:
    """Leave the shared namespaces of these kinds for fresh ones; later mounts are invisible to others."""
    _call("unshare", kinds)
    if kinds & NEWNS:
        mount(None, Path("/"), flags=REC | PRIVATE)


def mount(source: str | Path | None, target: Path, kind: str | None = None, flags: int = 0, options: str = "") -> None:
    """Mount as mount(2) does; raises OSError with the target's name."""
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    _call("mount", *texts, flags, options.encode() or None, about=str(target))


def bind(source: Path, target: Path, flags: int = 0) -> None:
    """Mount `source` and all that is mounted below it at `target`; `flags` (RDONLY) apply to `source` itself."""
    mount(source, target, flags=BIND | REC)
    if flags:
        mount(None, target, flags=BIND | REMOUNT | flags)


def unmount(target: Path) -> None:
    """Detach a mount and what is below it at once, even while in use."""
    _call("umount2", os.fsencode(target), _DETACH, about=str(target))


def pivot(root: Path) -> None:
    """Make the mount at `root` the root of this mount namespace and detach the old one."""
    os.chdir(root)
    _call("pivot_root", b".", b".", about=str(root))
    unmount(Path())
    os.chdir("/")


def pick_up(path: Path) -> int:
    """An open copy of the mounts at `path`, to be laid down in another mount namespace."""
    return _call("open_tree", _AT_FDCWD, os.fsencode(path), os.O_CLOEXEC | _AT_RECURSIVE | _TREE_CLONE, about=str(path))


def lay_down(tree: int, path: Path) -> None:
    """Mount what was picked up, at `path` of the present mount namespace."""
    _call("move_mount", tree, b"", _AT_FDCWD, os.fsencode(path), _MOVE_EMPTY_PATH, about=str(path))


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies."""
    _call("prctl", _SET_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)
