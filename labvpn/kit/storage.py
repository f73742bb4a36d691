"""The folder of the kits: readable by its owner alone, ignored by git, one kit for each user."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

ENCRYPTED = ".html"
MARK = ".labvpn-kits"
"""The file by which a folder is known as one of kits."""

LIST = ".labvpn-kit"
"""The file by which a kit is known as one, with the names of its files: nothing else in it is ever removed."""

DRAFT = ".labvpn-new-"
PAGE = "<!-- labvpn-kit -->\n"
"""The end of an encrypted page, by which it is recognised."""

OLD_PAGE, SHEET, OLD_SHEET = ('id="lock"', "const box = {"), "sheet.html", "@page { size: A4; margin: 14mm }"
"""By which kits are known that were made before there were marks."""

OLD_FILES = re.compile(
    r"sheet\.html|[^/]+\.mobileconfig|windows-(?:l2tp|sstp)\.ps1|openvpn-(?:connect-)?(?:udp|tcp)-\d+\.ovpn"
    r"|softether\.vpn|authority\.crt"
)
"""The files of such a kit: nothing else in it is removed."""

PROFILES = (".ovpn", ".vpn", ".mobileconfig", ".ps1", ".html", ".crt")


class FolderError(ValueError):
    """No kit can be kept in the folder, whosever it is."""


@contextmanager
def _refusing() -> Iterator[None]:
    """Raises ValueError for an error of the file system."""
    try:
        yield
    except OSError as error:
        name = error.filename if isinstance(error.filename, str) else "the folder of the kits"
        raise ValueError(f"{name} cannot be used: {error.strerror}; mend that, or give another --folder") from None


class KitStorage:
    """A folder of kits, made at first need. A kit is the folder USER, or the encrypted page USER.html.

    Only what this program made is ever removed or replaced. Every method raises FolderError for a folder that is not
    for kits and not empty or cannot be made, and ValueError for what is in a kit's place and is not one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @_refusing()
    def put(self, user: str, files: Mapping[str, bytes]) -> Path:
        """Keep a kit as a folder in place of the user's old one; a cut leaves the old one, the new one or none."""
        place = self._free(user)
        with self._draft(files) as draft:
            self.remove(user)
            if place.exists():  # what is in it and not ours stays
                for path in draft.iterdir():
                    if os.path.lexists(place / path.name):
                        raise ValueError(f"{place / path.name} is not of a kit; move it away, and run this again")
                    path.rename(place / path.name)
                draft.rmdir()
            else:
                draft.rename(place)
        return place

    @_refusing()
    def put_encrypted(self, user: str, page: str) -> Path:
        """Keep a kit as an encrypted page in place of the user's old one."""
        place = self._free(user + ENCRYPTED)
        self._free(user)
        with self._draft({place.name: (page + PAGE).encode()}) as draft:
            self.remove(user)
            (draft / place.name).rename(place)
        return place

    @contextmanager
    def _draft(self, files: Mapping[str, bytes]) -> Iterator[Path]:
        """A folder with these files and their list, which is gone in the end; what runs that were cut left goes too.

        One run at a time: the draft of another that runs now stays.
        """
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self._clear_drafts()
            draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=self.folder))
            try:
                for name, content in {LIST: json.dumps(sorted(files)).encode(), **files}.items():
                    _write(draft / name, content)
                yield draft
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        finally:
            os.close(folder)

    def _clear_drafts(self) -> None:
        for path in self.folder.glob(f"{DRAFT}*"):
            if path.is_dir() and _is_kit(path):
                with suppress(ValueError):  # a list that was cut: nobody knows what is ours
                    _clear(path)

    @_refusing()
    def remove(self, user: str) -> bool:
        """Remove a user's kit; whether there was one."""
        if not self._is_ours():
            return False
        place, page = self._place(user), self._place(user + ENCRYPTED)
        # The folder of a user whose own name ends so is not an encrypted page.
        found = [path for path in (place, page) if path.is_file() == (path == page) and _is_kit(path)]
        for path in found:
            _clear(path)
        return bool(found)

    @_refusing()
    def has_encrypted(self, user: str) -> bool:
        """Whether the user's kit is an encrypted page."""
        page = self._place(user + ENCRYPTED)
        return page.is_file() and _is_kit(page)

    @_refusing()
    def unknown_users(self, users: Iterable[str]) -> list[str]:
        """The users of the kits kept here who are not among these."""
        if not self._is_ours():
            return []
        kits = [path for path in self.folder.iterdir() if not path.name.startswith(".") and _is_kit(path)]
        return sorted(
            {path.name.removesuffix(ENCRYPTED) if path.is_file() else path.name for path in kits} - set(users)
        )

    def _is_ours(self) -> bool:
        """Whether the folder is there and is one of kits; its kits may be from before it was marked."""
        if self.folder.is_symlink() or not self.folder.is_dir():
            return False
        held = [path for path in self.folder.iterdir() if not path.name.startswith(".")]
        marked = _is_file(self.folder / MARK) or (_is_ignored(self.folder) and all(map(_is_kit, held)))
        return marked and not _is_home(self.folder)

    def _prepare(self) -> None:
        """Make the folder, or see that it is one for kits."""
        if self.folder.is_symlink() or _is_home(self.folder):
            raise FolderError(f"{self.folder} is not a folder for kits alone; give --folder a new one, such as kits")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise FolderError(f"{self.folder} cannot be made: {error.strerror}; give another --folder") from None
        if not self._is_ours() and (held := sorted(path.name for path in self.folder.iterdir())):
            examples = ", ".join(held[:3])
            raise FolderError(
                f"{self.folder} has files that are not kits ({examples}), which are kept apart; give --folder a new one"
            )
        self.folder.chmod(0o700)
        for name, text in ((MARK, b""), (".gitignore", b"*\n")):
            with suppress(FileExistsError):
                _write(self.folder / name, text)

    def _free(self, name: str) -> Path:
        """A place in the prepared folder with nothing in it but a kit."""
        place = self._place(name)
        self._prepare()
        if (place.exists() or place.is_symlink()) and not _is_kit(place):
            raise ValueError(f"{place} is in the place of a kit and is not one; move it away, and run this again")
        return place

    def _place(self, name: str) -> Path:
        # The name comes from the outputs and becomes a path: it must stay one below the folder.
        if name.startswith(".") or "/" in name or "\0" in name:
            raise ValueError(f"'{name}' is not a name that a file can have here; rename the user")
        return self.folder / name


def _is_ignored(folder: Path) -> bool:
    """Whether git ignores all of the folder, as it did before kits had a mark."""
    ignored = folder / ".gitignore"
    return _is_file(ignored) and ignored.read_text("utf-8", "replace") == "*\n"


def _is_home(folder: Path) -> bool:
    """Whether kits may not live here: the root, what is in it, a home, the folder one is in, or one above."""
    place = folder.resolve()
    above = [one for path in (Path.home().resolve(), Path.cwd()) for one in (path, *path.parents)]
    return place in above or place.parent in (Path("/"), Path("/home"))


def _is_kit(path: Path) -> bool:
    """Whether this program made it, as its content shows."""
    if path.is_symlink():
        return False
    if path.is_file():
        text = path.read_text("utf-8", "replace") if path.suffix == ENCRYPTED else ""
        return text.endswith(PAGE) or all(part in text for part in OLD_PAGE)
    if not path.is_dir():
        return False
    names = {each.name for each in path.iterdir()}
    old = SHEET in names and all(name.endswith(PROFILES) for name in names)
    old = old and _is_file(path / SHEET) and LIST not in names
    return _is_file(path / LIST) or (old and OLD_SHEET in (path / SHEET).read_text("utf-8", "replace"))


def _is_file(path: Path) -> bool:
    """Whether there is a file, and not a link to one elsewhere."""
    return path.is_file() and not path.is_symlink()


def _clear(kit: Path) -> None:
    """Remove a kit's files, and its folder unless there is more in it."""
    if kit.is_file():
        kit.unlink()
        return
    for name in _files(kit):
        (kit / name).unlink(missing_ok=True)
    (kit / LIST).unlink(missing_ok=True)
    if not any(kit.iterdir()):
        kit.rmdir()


def _files(kit: Path) -> list[str]:
    """The names of a kit's own files."""
    if not _is_file(kit / LIST):
        return [path.name for path in kit.iterdir() if _is_file(path) and OLD_FILES.fullmatch(path.name)]
    try:
        names = json.loads((kit / LIST).read_text())
        return [name for name in names if Path(name).name == name and (kit / name).is_file()]
    except (ValueError, TypeError):
        raise ValueError(f"{kit / LIST} is damaged; move {kit} away, and run this again") from None


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError:
        path.unlink()  # nothing half-written is taken for whole later
        raise
