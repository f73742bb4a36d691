"""An archive of SoftEther's server as `install: tarball` takes it, made of the programs of Debian's package."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from rehearsal import images

PACKAGES = "srv/packages"
PROGRAM, WORDS = "usr/libexec/softether/vpnserver/vpnserver", "usr/share/softether-common/hamcore.se2"

FOLDERS = """
set -e
for folder in /var/lib /var/log /run; do ln -s /usr/local/vpnserver $folder/softether; done
echo 'L /run/softether - - - - /usr/local/vpnserver' >/etc/tmpfiles.d/softether.conf
"""
"""What the host needs: Debian's program has its folders built in, and an archive keeps everything beside it."""


def packages(system: str) -> Path:
    """The folder with SoftEther's packages for a host of this system: Debian 12's where its own image has none."""
    own = images.HOSTS[system].path / PACKAGES
    return own if any(own.glob("softether-vpnserver_*")) else images.BARE.path / PACKAGES


def pack(file: Path, system: str, more: Mapping[str, str] | None = None) -> Path:
    """Write an archive for a host of this system, with further files by their names; a program of ours replaces it."""
    with TemporaryDirectory(prefix="labvpn-archive-") as name, tarfile.open(file, "w:gz") as archive:
        folder = Path(name)
        for package in packages(system).glob("softether-*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
        places = {"vpnserver": folder / PROGRAM, "hamcore.se2": folder / WORDS}
        for path, text in (more or {}).items():
            places[path] = folder / f"{path}.own"
            places[path].write_text(text)
            places[path].chmod(0o755)
        for path, place in places.items():
            archive.add(place, f"vpnserver/{path}")
    return file
