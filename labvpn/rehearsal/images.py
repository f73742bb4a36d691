"""The images of the rehearsal, built once from the machine's own Debian sources and kept in the cache.

`bare` is the root of the VPN host: a minimal Debian with systemd and sshd, without SoftEther and firewalld, and with a
folder of packages (/srv/packages) from which it can install them without a network. `tools` holds the programs that the
other machines need and the caller's own system may lack.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from labvpn.rehearsal import bare, places
from labvpn.rehearsal.problems import RehearsalError
from labvpn.rehearsal.system import debian_sources, fetch_settings

RELEASE = "bookworm"
HOOKS = Path("/usr/share/mmdebstrap/hooks/merged-usr")


@dataclass(frozen=True)
class Recipe:
    """What an image holds, by mmdebstrap's terms, and what becomes of it afterwards; `seconds` is how long it takes."""

    name: str
    variant: str
    packages: tuple[str, ...]
    options: tuple[str, ...]
    seconds: int
    finish: Callable[[Path], None]

    @property
    def key(self) -> str:
        """A digest that changes with whatever the image depends on, so that a changed recipe is built anew."""
        facts = json.dumps(
            {**asdict(self), "finish": bare.source() if self.finish is bare.finish else ""}, sort_keys=True
        )
        return hashlib.sha256(facts.encode()).hexdigest()[:12]

    @property
    def path(self) -> Path:
        """The image's folder; it exists only when it is whole."""
        return places.cache() / "images" / f"{self.name}-{self.key}"


BARE = Recipe(
    "bare",
    "minbase",
    ("systemd", "systemd-sysv", "dbus", "openssh-server", "python3", "iproute2", "ca-certificates", "sudo"),
    (f"--customize-hook={bare.DOWNLOAD}",),
    45,
    bare.finish,
)
TOOLS = Recipe(
    "tools",
    "extract",
    (
        "nftables",
        "bind9",
        "bind9-dnsutils",
        "nmap",
        "ike-scan",
        "openssh-client",
        "openssh-server",
        "openvpn",
        "softether-vpnclient",
        "softether-vpncmd",
        "curl",
        "iperf3",
        "knot",
        "knot-dnsutils",
        "iproute2",
        "iputils-ping",
        "python3",
        "udhcpc",
        "tcpdump",
        "netcat-openbsd",
        "openssl",
        "procps",
        "ethtool",
        "util-linux",
    ),
    (f"--hook-dir={HOOKS}",),
    20,
    lambda root: None,
)
RECIPES = (BARE, TOOLS)


def missing() -> list[Recipe]:
    """The images that still have to be built."""
    return [recipe for recipe in RECIPES if not recipe.path.is_dir()]


def ensure(say: Callable[[str], None]) -> None:
    """Build the images that are missing, side by side; raises RehearsalError with the end of mmdebstrap's output."""
    wanted = missing()
    if not wanted:
        return
    sources = debian_sources(say)
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(lambda recipe: _build(recipe, sources, say), wanted):
            pass


def _build(recipe: Recipe, sources: list[Path], say: Callable[[str], None]) -> None:
    say(f"building the image '{recipe.name}' from this machine's Debian sources (about {recipe.seconds} s, once)")
    began = time.monotonic()
    recipe.path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f"{recipe.name}.", dir=recipe.path.parent, ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "root"
        _mmdebstrap(recipe, root, sources, Path(folder) / "apt.conf")
        recipe.finish(root)
        # Only a whole image gets its name, so that a build that was cut off is never used.
        root.rename(recipe.path)
    _drop_older(recipe)
    say(f"the image '{recipe.name}' is ready after {time.monotonic() - began:.0f} s")


def _mmdebstrap(recipe: Recipe, root: Path, sources: list[Path], settings: Path) -> None:
    settings.write_text(fetch_settings())
    arguments = [f"--variant={recipe.variant}", f"--include={','.join(recipe.packages)}", *recipe.options]
    done = subprocess.run(
        [
            "mmdebstrap",
            "--mode=root",
            "--format=directory",
            *arguments,
            f"--aptopt={settings}",
            RELEASE,
            root,
            *sources,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-15:])
        raise RehearsalError(f"mmdebstrap could not build the image '{recipe.name}' ({done.returncode}):\n{end}")


def _drop_older(recipe: Recipe) -> None:
    # A rehearsal that still runs on an older image keeps working on what it has open only in part: leave the newest.
    older = sorted(recipe.path.parent.glob(f"{recipe.name}-*"), key=lambda path: path.stat().st_mtime)
    for path in older[:-2]:
        if path != recipe.path:
            shutil.rmtree(path, ignore_errors=True)
