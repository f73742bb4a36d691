"""The folder of the kits: readable by its owner alone, ignored by git, one kit for each user."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

SEALED = ".html"


class Shelf:
    """A folder of kits, made at first need. A kit is the folder USER, or the sealed page USER.html."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, user: str, files: Mapping[str, bytes]) -> Path:
        """Keep a kit as a folder in place of the user's old one; a cut leaves the old one, the new one or none."""
        self._prepare()
        draft, place = self.folder / f".{user}.new", self._place(user)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        for name, content in files.items():
            _write(draft / name, content)
        self.remove(user)
        draft.rename(place)
        return place

    def put_sealed(self, user: str, page: str) -> Path:
        """Keep a kit as a sealed page in place of the user's old one."""
        self._prepare()
        place = self._place(user + SEALED)
        draft = self.folder / f".{user}.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.unlink(missing_ok=True)
        _write(draft, page.encode())
        self.remove(user)
        draft.rename(place)
        return place

    def remove(self, user: str) -> bool:
        """Remove a user's kit; whether there was one."""
        place, sealed = self._place(user), self._place(user + SEALED)
        found = place.is_dir() or sealed.is_file()
        if place.is_dir():
            shutil.rmtree(place)
        sealed.unlink(missing_ok=True)
        return found

    def strangers(self, users: Iterable[str]) -> list[str]:
        """The users of kits on the shelf who are none of these."""
        if not self.folder.is_dir():
            return []
        names = {path.name.removesuffix(SEALED) if path.is_file() else path.name for path in self.folder.iterdir()}
        return sorted(name for name in names - set(users) if not name.startswith("."))

    def _prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        (self.folder / ".gitignore").write_text("*\n")

    def _place(self, name: str) -> Path:
        # The name comes from the outputs and becomes a path: it must stay one below the folder.
        if name.startswith(".") or "/" in name or "\0" in name:
            raise ValueError(f"'{name}' is no name that a file can have here; rename the user")
        return self.folder / name


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
