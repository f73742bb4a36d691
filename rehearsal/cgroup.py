"""The control groups of the VPN hosts' systemd, the one thing that outlives a killed rehearsal."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from rehearsal import kernel

_HIERARCHY = Path("/run/labvpn/cgroup")


def _path(state: Path, name: str = "") -> Path:
    return _HIERARCHY / f"labvpn-{hashlib.sha256(os.fsencode(state)).hexdigest()[:12]}-{name}"


def make(state: Path, name: str) -> Path:
    """Make the group of a host and return its folder; a process joins it by writing 0 to its cgroup.procs."""
    _HIERARCHY.mkdir(parents=True, exist_ok=True)
    if not _HIERARCHY.is_mount():
        kernel.mount("cgroup2", _HIERARCHY, "cgroup2")
    _path(state, name).mkdir(exist_ok=True)
    return _path(state, name)


def leave(pid: int) -> None:
    """Take a process out of the group, back to the hierarchy's root."""
    (_HIERARCHY / "cgroup.procs").write_text(str(pid))


def remove(state: Path) -> None:
    """Remove the groups and those that systemd made in them; the caller's mounts stay as they are."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    with suppress(OSError):
        kernel.unshare(kernel.NEWNS)
        kernel.mount("tmpfs", Path("/run"), "tmpfs")
        _HIERARCHY.mkdir(parents=True)
        kernel.mount("cgroup2", _HIERARCHY, "cgroup2")
        for group in _HIERARCHY.glob(f"{_path(state).name}*"):
            for folder, _, _ in os.walk(group, topdown=False):
                Path(folder).rmdir()
    os._exit(0)
