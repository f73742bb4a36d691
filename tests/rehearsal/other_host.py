"""A VPN host of another system, and the ways in which SoftEther comes onto it: from Debian's own programs."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from rehearsal import server_archive
from tests.rehearsal.guarded_host import Guessed
from tests.rehearsal.stack import Stack

BY_HAND = """
set -e
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends netbase /srv/softether-*.deb
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

    def prepare(self) -> dict[str, Any]:
        """Put onto the host what the way needs, and return the configuration of the server."""
        server: dict[str, Any] = {**self.example["server"], "install": self.way}
        if self.way == "tarball":
            self.output("server", "sh", "-c", server_archive.FOLDERS)
            archive = server_archive.pack(self.folder / "vpnserver.tar.gz", self.system)
            digest = hashlib.sha256(archive.read_bytes()).hexdigest()
            server["tarball"] = {"file": str(archive), "sha256": digest}
        elif self.way == "present":
            for file in server_archive.packages(self.system).glob("softether-*.deb"):
                text = base64.b64encode(file.read_bytes()).decode()
                self.output("server", "sh", "-c", f"base64 -d >/srv/{file.name}", input=text)
            self.output("server", "sh", "-c", BY_HAND, timeout=600)
        return server

    def boot(self) -> None:
        """Cut the host's power and boot it again."""
        done = self.command("reboot", "server")
        assert done.returncode == 0, done.stderr
