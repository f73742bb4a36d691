"""The control group of the VPN host's systemd, which is the one thing that outlives a rehearsal that was killed."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from labvpn.rehearsal import kernel

_HIERARCHY = Path("/run/labvpn/cgroup")


def _path(state: Path) -> Path:
    return _HIERARCHY / f"labvpn-{hashlib.sha256(os.fsencode(state)).hexdigest()[:12]}"


def make(state: Path) -> Path:
    """Make the group of this rehearsal and return its folder; a process that writes 0 to its cgroup.procs is in it."""
    _HIERARCHY.mkdir(parents=True, exist_ok=True)
    if not _HIERARCHY.is_mount():
        kernel.mount("cgroup2", _HIERARCHY, "cgroup2")
    _path(state).mkdir(exist_ok=True)
    return _path(state)


def leave(pid: int) -> None:
    """Take a process out of the group, back to the hierarchy's root."""
    (_HIERARCHY / "cgroup.procs").write_text(str(pid))


def remove(state: Path) -> None:
    """Remove the group and those that systemd made in it; the caller's mounts stay as they are."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    with suppress(OSError):
        kernel.unshare(kernel.NEWNS)
        kernel.mount("tmpfs", Path("/run"), "tmpfs")
        _HIERARCHY.mkdir(parents=True)
        kernel.mount("cgroup2", _HIERARCHY, "cgroup2")
        for folder, _, _ in os.walk(_path(state), topdown=False):
            Path(folder).rmdir()
    os._exit(0)
