"""The caller's folders on the VPN host while one of their commands runs there.

The host has its own root. Folders of the caller that the host lacks are mounted at the same path, in a mount namespace
of the command. The last command to end removes the empty folders that this needs on the host.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from rehearsal import kernel

SYSTEM = {"bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "lost+found", "proc", "run", "sbin", "sys"}
SYSTEM |= {"usr", "var"}


def callers_folders() -> list[Path]:
    """The caller's top-level folders that are not the system's."""
    return [path for path in Path("/").iterdir() if path.name not in SYSTEM and path.is_dir() and not path.is_symlink()]


class BindMounts:
    """Folders picked up on the caller's side, mounted on the host, and unmounted at the end."""

    def __init__(self, book: Path, folder: Path) -> None:
        self._book = os.open(book, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        wanted = {*callers_folders(), folder, *folder.parents} - {Path("/")}
        self._trees = {path: kernel.pick_up(path) for path in sorted(wanted)}
        self._laid: list[Path] = []

    def __enter__(self) -> BindMounts:
        fcntl.flock(self._book, fcntl.LOCK_SH)
        return self

    def lay_down(self) -> None:
        """Mount, on the host, every folder that is missing there; to be called after entering it."""
        ours = self._noted()
        for path, tree in self._trees.items():
            covered = any(parent in self._laid for parent in path.parents)
            if not covered and (path in ours or not path.exists()):
                self._lay(path, tree)
            os.close(tree)

    def _lay(self, path: Path, tree: int) -> None:
        os.write(self._book, f"{path}\n".encode())
        path.mkdir(exist_ok=True)
        kernel.lay_down(tree, path)
        self._laid.append(path)

    def _noted(self) -> list[Path]:
        size = os.fstat(self._book).st_size
        return [Path(line) for line in dict.fromkeys(os.pread(self._book, size, 0).decode().splitlines())]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for path in self._laid:
            kernel.unmount(path)
        with suppress(BlockingIOError):
            fcntl.flock(self._book, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for path in reversed(self._noted()):
                with suppress(OSError):
                    path.rmdir()
            os.ftruncate(self._book, 0)
        os.close(self._book)
