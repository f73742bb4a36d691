"""A VPN host of another system, and the ways in which SoftEther comes onto it: from Debian's own programs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from rehearsal import images
from tests.rehearsal.guarded_host import Guessed
from tests.rehearsal.stack import Stack

PACKAGES = "/srv/packages"
# Debian's program has its folders built in; what an archive brings keeps everything beside the program.
FOLDERS = """
set -e
for folder in /var/lib /var/log /run; do ln -s /usr/local/vpnserver $folder/softether; done
echo 'L /run/softether - - - - /usr/local/vpnserver' >/etc/tmpfiles.d/softether.conf
"""
BY_HAND = """
set -e
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends netbase {}
systemctl is-active softether-vpnserver
"""


class OtherHost(Guessed, Stack):
    """A rehearsal whose VPN host has this system; SoftEther comes to it by `way`: package, tarball or present."""

    def __init__(self, system: str, way: str, folder: Path) -> None:
        super().__init__(f"{system}-{way}", {"LABVPN_REHEARSAL_HOST": system})
        self.system, self.way, self.folder = system, way, folder

    def begin(self) -> None:
        """Machines without a stack; skips the tests where this system's image cannot be had here."""
        done = self.command("ready", "--quiet", timeout=1200)
        if done.returncode:
            pytest.skip(f"the image of {self.system} cannot be had here: {' '.join(done.stderr.split()[-40:])}")
        self.stop()
        self.start()

    @property
    def programs(self) -> Path:
        """The image whose packages SoftEther's programs come from: Debian 12's where the system's own has none."""
        own = images.HOSTS[self.system].path / PACKAGES.lstrip("/")
        return own if any(own.glob("softether-vpnserver_*")) else images.BARE.path / PACKAGES.lstrip("/")

    def prepare(self) -> dict[str, Any]:
        """Put onto the host what the way needs, and return the configuration of the server."""
        server: dict[str, Any] = {**self.example["server"], "install": self.way}
        if self.way == "tarball":
            self.output("server", "sh", "-c", FOLDERS)
            archive = self.archive("vpnserver.tar.gz")
            digest = hashlib.sha256(archive.read_bytes()).hexdigest()
            server["tarball"] = {"file": str(archive), "sha256": digest}
        elif self.way == "present":
            # The command's own folders are the caller's, so what it installs is put on the host's first.
            files = [str(file) for file in self.programs.glob("softether-[cv]*_*.deb") if "vpncmd" not in file.name]
            self.output("server", "sh", "-c", BY_HAND.format(" ".join(files)), timeout=600)
        return server

    def archive(self, name: str, **more: str) -> Path:
        """An archive of the programs, with further files by their names."""
        root, file = self.folder / "root", self.folder / name
        for package in self.programs.glob("softether-*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, root], check=True)
        with tarfile.open(file, "w:gz") as pack:
            pack.add(root / "usr/libexec/softether/vpnserver/vpnserver", "vpnserver/vpnserver")
            pack.add(root / "usr/share/softether-common/hamcore.se2", "vpnserver/hamcore.se2")
            for path, text in more.items():
                (self.folder / path).write_text(text)
                pack.add(self.folder / path, f"vpnserver/{path}")
        return file

    def boot(self) -> None:
        """Cut the host's power and boot it again."""
        done = self.command("reboot", "server")
        assert done.returncode == 0, done.stderr


def chosen(system: str, way: str) -> bool:
    """Whether a row of the matrix is run: one by every run of the tests, all by the soak."""
    return (system, way) == ("debian-13", "tarball") or bool(os.environ.get("LABVPN_MATRIX"))
