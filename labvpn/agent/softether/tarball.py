"""SoftEther's archive: fetched, compared by its SHA-256, unpacked beside the installation, built where it must be."""

import hashlib
import http.client
import os
import platform
import re
import shutil
import tarfile
import time
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, List, Optional
from urllib.parse import unquote
from urllib.request import urlopen

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine, last_words
from labvpn.agent.core.packages import install_lines
from labvpn.agent.core.paths import KEPT_ARCHIVE
from labvpn.agent.core.reading import opened
from labvpn.agent.softether.installations import UNPACKED
from labvpn.agent.softether.libraries import libraries_remedy, missing_libraries

ON_HOST = "file://"
HOMES = ON_HOST + "~"
# What the stack brings to the home of its user; earlier ones brought it to /var/tmp.
SENT_NAME = "labvpn-*.tar.gz"
SENT = "/var/tmp/labvpn-"  # noqa: S108 -- whatever is there, its SHA-256 is compared after it was copied
DRAFT = UNPACKED.folder + ".new"
FETCH_SECONDS = 600.0
SILENCE_SECONDS = 30.0
BUILD_SECONDS = 600.0
COPY_BYTES = 1 << 20
COMPILER = ("make", "gcc", "ranlib")
# What an archive's Makefile calls the target that asks nothing: since 4.38, and before.
QUIET_TARGET = re.compile(r"^(main|i_read_and_agree_the_license_agreement):", re.MULTILINE)


class Tarball:
    """An archive on its way to a folder of programs that can run; the running server is not touched by any of it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.draft = machine.path(DRAFT)

    def prepare(self, source: str, digest: str) -> Path:
        """The folder with the archive's programs, ready to run."""
        self.machine.delete(DRAFT)
        self.fetch(source, digest)
        self.unpack()
        self.build()
        self.try_out()
        return self.draft

    def fetch(self, source: str, digest: str) -> None:
        """Have the archive in the agent's own folder; AgentError where it differs from the wanted one."""
        if self.digest(KEPT_ARCHIVE) != digest:
            fetched = KEPT_ARCHIVE + ".new"
            self.copy(source, fetched)
            found = self.digest(fetched)
            if found != digest:
                self.machine.delete(fetched)
                raise AgentError(
                    "the archive at {} has SHA-256 {} and not {}, so nothing was installed: "
                    "compare both with the digest that its publisher gives".format(source, found, digest)
                )
            self.machine.path(fetched).replace(self.machine.path(KEPT_ARCHIVE))
        self.discard(source)

    def discard(self, source: str) -> None:
        """Delete what the stack copied here; a file that the configuration names is not ours."""
        if source.startswith((ON_HOST + SENT, HOMES)):
            self.machine.delete(place_of(source))

    def copy(self, source: str, name: str) -> None:
        """Copy the archive from its address into a file that root alone may read."""
        path = self.machine.path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        end = time.monotonic() + FETCH_SECONDS
        try:
            with self.open(source) as stream, path.open("wb") as file:
                for block in iter(lambda: stream.read(COPY_BYTES), b""):
                    file.write(block)
                    if time.monotonic() > end:
                        raise OSError("it took longer than {:.0f} s".format(FETCH_SECONDS))
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise AgentError(
                "the VPN host cannot get the archive at {} ({}): fix that, or give the archive as a `file`, "
                "which the stack copies to the host".format(source, reason)
            ) from None

    def open(self, source: str) -> IO[bytes]:
        """The archive as a stream."""
        if source.startswith(ON_HOST):
            return opened(self.machine.path(place_of(source)))
        stream: IO[bytes] = urlopen(source, timeout=SILENCE_SECONDS)  # noqa: S310 -- the model allows http and https
        return stream

    def digest(self, name: str) -> Optional[str]:
        """A file's SHA-256."""
        path = self.machine.path(name)
        if not path.exists():
            return None
        whole = hashlib.sha256()
        with path.open("rb") as file:
            for block in iter(lambda: file.read(COPY_BYTES), b""):
                whole.update(block)
        return whole.hexdigest()

    def unpack(self) -> None:
        """Unpack the kept archive into the draft, without the one folder that it may have at its top."""
        self.draft.mkdir(mode=0o700, parents=True)
        try:
            with tarfile.open(str(self.machine.path(KEPT_ARCHIVE)), "r:*") as archive:
                members = [one for one in archive.getmembers() if parts_of(one)]
                tops = {parts_of(one)[0] for one in members}
                depth = 1 if len(tops) == 1 and any(len(parts_of(one)) > 1 for one in members) else 0
                for member in members:
                    put(archive, member, self.draft.joinpath(*parts_of(member)[depth:]))
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise AgentError(
                "the archive of SoftEther cannot be unpacked ({}), so nothing was installed: give a .tar.gz".format(
                    error
                )
            ) from None

    def build(self) -> None:
        """Link the programs where the archive holds them in parts, as SoftEther's own archives do."""
        if (self.draft / "vpnserver").exists():
            return
        makefile = self.machine.read(DRAFT + "/Makefile")
        if makefile is None:
            raise AgentError(
                "the archive contains neither the program vpnserver nor a Makefile that builds it, so nothing was "
                "installed: give an archive of SoftEther VPN Server for Linux, not of its sources"
            )
        missing = [name for name in COMPILER if self.machine.run([name, "--version"]).status == 127]
        if missing:
            raise AgentError(
                "the archive has to be built and the VPN host lacks {}, so nothing was installed: {}, then run "
                "again".format(" and ".join(missing), install_lines("gcc make libc6-dev", "gcc make"))
            )
        target = QUIET_TARGET.search(makefile)
        self.machine.must(["make", "-C", str(self.draft)] + ([target.group(1)] if target else []), BUILD_SECONDS)
        if not (self.draft / "vpnserver").exists():
            raise AgentError(
                "the archive's Makefile did not build the program vpnserver, so nothing was installed: "
                "give an archive of SoftEther VPN Server for Linux"
            )

    def try_out(self) -> None:
        """AgentError where the program is for another machine, or lacks a library here."""
        program = self.draft / "vpnserver"
        try:
            outcome = self.machine.run([str(program), "help"])
            trouble = last_words(outcome) if outcome.status in (126, 127) else ""
        except OSError as error:
            trouble = error.strerror or str(error)
        missing = missing_libraries(self.machine, str(program)) if trouble else []
        if missing:
            raise AgentError(
                "the program of the archive lacks {} on the VPN host, so nothing was installed: {}, then run "
                "again".format(" and ".join(missing), libraries_remedy(missing))
            )
        if trouble:
            raise AgentError(
                "the program of the archive does not run on the VPN host ({}), so nothing was installed: give an "
                "archive for Linux on {}".format(trouble, platform.machine())
            )

    def clear(self) -> None:
        """Take away what a run that was cut off has left, and the archive itself."""
        home = place_of("{}{}/x".format(HOMES, os.environ.get("SUDO_USER", "root"))).rpartition("/")[0]
        for folder in (home, SENT.rpartition("/")[0]):
            for path in self.machine.path(folder).glob(SENT_NAME):
                path.unlink()
        for name in (DRAFT, KEPT_ARCHIVE, KEPT_ARCHIVE + ".new"):
            self.machine.delete(name)


def place_of(source: str) -> str:
    """The file on this host that an address `file://` names; `~USER` is that user's home."""
    name = unquote(source[len(ON_HOST) :])
    return os.path.expanduser(name) if source.startswith(HOMES) else name  # noqa: PTH111 -- Path refuses unknown users


def parts_of(member: tarfile.TarInfo) -> List[str]:
    """The place of an archive's member; AgentError where it lies outside of the archive."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise AgentError(
            "the archive contains {}, which points outside of it: nothing was installed".format(member.name)
        )
    return list(path.parts)


def put(archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    """Write one member, which belongs to root whoever packed it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if member.isdir():
        place.mkdir(exist_ok=True)
    elif member.issym():
        place.symlink_to(member.linkname)
    elif member.isfile() or member.islnk():
        content = archive.extractfile(member)
        if content is not None:
            with content, place.open("wb") as file:
                shutil.copyfileobj(content, file)
            os.chmod(str(place), member.mode & 0o755 | 0o600)  # noqa: PTH101 -- as elsewhere, for Python 3.6
    else:
        raise AgentError("the archive contains {}, which is not a file: nothing was installed".format(member.name))
