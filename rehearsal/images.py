"""The images of the rehearsal, built once from this machine's Debian sources and kept in the cache.

`bare` is the root of the VPN host: a minimal Debian with systemd and sshd, without SoftEther and firewalld, and with a
folder of packages (/srv/packages) from which it can install them without a network. `debian-11` and `debian-13` are the
same of other releases, for a rehearsal that LABVPN_REHEARSAL_HOST asks to have such a host. `tools` holds the programs
that the other machines need and the caller's own system may lack.
"""

from __future__ import annotations

import fcntl
import hashlib
import inspect
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from rehearsal import base_system, places
from rehearsal.locks import alone
from rehearsal.problems import RehearsalError
from rehearsal.system import debian_archive, debian_sources, fetch_settings

RELEASE = "bookworm"
HOOKS = Path("/usr/share/mmdebstrap/hooks/merged-usr")


@dataclass(frozen=True)
class Recipe:
    """What an image contains, in mmdebstrap's terms, and the step that finishes it; `seconds` is how long it takes."""

    name: str
    variant: str
    packages: tuple[str, ...]
    options: tuple[str, ...]
    seconds: int
    finish: Callable[[Path], None]
    release: str = RELEASE

    @property
    def key(self) -> str:
        """A digest of everything the image depends on, so that a changed recipe is built again."""
        finish = base_system.source() if self.finish is base_system.finish else inspect.getsource(self.finish)
        release = [self.release] if self.release != RELEASE else []
        facts = [self.variant, *self.packages, *self.options, finish, *release]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]

    @property
    def path(self) -> Path:
        """The image's folder; it exists only when it is complete."""
        return places.cache() / "images" / f"{self.name}-{self.key}"


def _finish_tools(root: Path) -> None:
    # Laid beneath the caller's own system, it must bring no settings of apt.
    shutil.rmtree(root / "etc/apt", ignore_errors=True)


BARE = Recipe(
    "bare",
    "minbase",
    ("systemd", "systemd-sysv", "dbus", "openssh-server", "python3", "iproute2", "ca-certificates", "sudo", "nftables"),
    (f"--customize-hook={base_system.DOWNLOAD}",),
    45,
    base_system.finish,
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
        "freeradius",
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
    _finish_tools,
)
RECIPES = (BARE, TOOLS)


def _host(name: str, release: str, packages: Sequence[str]) -> Recipe:
    """The root of a VPN host of another release, which can install these packages."""
    download = base_system.DOWNLOAD.replace(" ".join(base_system.PACKAGES), " ".join(packages))
    return replace(BARE, name=name, release=release, options=(f"--customize-hook={download}",))


# Debian 13 has no package of SoftEther (its next release has one again).
WITHOUT_SOFTETHER = [name for name in base_system.PACKAGES if not name.startswith("softether")]
HOSTS = {
    "debian-11": _host("debian-11", "bullseye", base_system.PACKAGES),
    "debian-12": BARE,
    "debian-13": _host("debian-13", "trixie", WITHOUT_SOFTETHER),
}
"""The roots that the VPN host can have, by the name of its system."""


def host() -> Recipe:
    """The root of this rehearsal's VPN host, by LABVPN_REHEARSAL_HOST. Raises RehearsalError for an unknown name."""
    name = os.environ.get("LABVPN_REHEARSAL_HOST") or "debian-12"
    if name not in HOSTS:
        raise RehearsalError(f"LABVPN_REHEARSAL_HOST is {name!r}; the VPN host can be {', '.join(HOSTS)}")
    return HOSTS[name]


def missing() -> list[Recipe]:
    """The images that this rehearsal needs and that still have to be built."""
    return [recipe for recipe in (host(), TOOLS) if not recipe.path.is_dir()]


def ensure(say: Callable[[str], None]) -> None:
    """Build the missing images in parallel; raises RehearsalError with the end of mmdebstrap's output."""
    if not missing():
        return
    sources = debian_sources(say)
    folder = places.cache() / "images"
    with alone(folder), ThreadPoolExecutor() as pool:
        for path in folder.glob(".*.building"):
            shutil.rmtree(path)
        for _ in pool.map(lambda recipe: _build(recipe, sources, say), missing()):
            pass


def _build(recipe: Recipe, sources: list[Path], say: Callable[[str], None]) -> None:
    say(f"building the image '{recipe.name}' from this machine's Debian sources (about {recipe.seconds} s, once)")
    began = time.monotonic()
    root = recipe.path.with_name(f".{recipe.path.name}.building")
    _mmdebstrap(recipe, root, sources)
    recipe.finish(root)
    # Only a complete image gets its name, so that an interrupted build is never used.
    root.rename(recipe.path)
    _drop_older(recipe)
    say(f"the image '{recipe.name}' is ready after {time.monotonic() - began:.0f} s")


def _mmdebstrap(recipe: Recipe, root: Path, sources: list[Path]) -> None:
    # Another release comes from the same archive as this machine's own.
    named = sources if recipe.release == RELEASE else [f"deb {debian_archive()} {recipe.release} main"]
    # It has its own mounts and processes, which end with us even if we are killed.
    contained = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    arguments = [f"--variant={recipe.variant}", f"--include={','.join(recipe.packages)}", *recipe.options]
    with NamedTemporaryFile("w", suffix=".conf") as settings:
        settings.write(fetch_settings())
        settings.flush()
        line = [
            "mmdebstrap",
            "--mode=root",
            "--format=directory",
            *arguments,
            f"--aptopt={settings.name}",
            recipe.release,
        ]
        done = subprocess.run(
            [*contained, *line, root, *named],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-15:])
        raise RehearsalError(f"mmdebstrap could not build the image '{recipe.name}' ({done.returncode}):\n{end}")


def lock_image(image: Path) -> None:
    """Keep an image from being removed while this process lives."""
    fcntl.flock(os.open(image, os.O_RDONLY | os.O_DIRECTORY), fcntl.LOCK_SH)


def _drop_older(recipe: Recipe) -> None:
    for path in recipe.path.parent.glob(f"{recipe.name}-*"):
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        # An image that a running rehearsal uses stays until a later build.
        with suppress(BlockingIOError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path != recipe.path:
                shutil.rmtree(path)
        os.close(folder)
