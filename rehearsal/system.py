"""What the rehearsal needs from the caller's system, which it leaves unchanged except for mmdebstrap."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rehearsal.problems import RehearsalError

TUN = Path("/dev/net/tun")
POLICY = Path("/usr/sbin/policy-rc.d")
OURS = "#!/bin/sh\n# Of the lab's rehearsal: packages are installed, their services not started.\nexit 101\n"


def unavailable() -> str | None:
    """Why the rehearsal cannot run here, in one sentence with the remedy, or None if it can."""
    if sys.platform != "linux":
        return f"the rehearsal needs Linux and this is {platform.system()}: run it on a Debian 12 machine"
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    if (release.get("ID"), release.get("VERSION_ID")) != ("debian", "12"):
        return f"the rehearsal needs Debian 12 and this is {release.get('PRETTY_NAME', 'another')}: run it on one"
    if os.geteuid() != 0:
        return "the rehearsal makes network namespaces and needs root: run it as root (sudo -s, then the same command)"
    if not TUN.exists():
        return "the rehearsal needs /dev/net/tun: `modprobe tun`; in a container, start that with --device=/dev/net/tun"
    return _no_namespaces()


def _no_namespaces() -> str | None:
    trial = "mount -t tmpfs tmpfs /mnt && mkdir /mnt/a /mnt/b /mnt/c /mnt/d && ip link add type veth"
    trial += " && mount -t overlay -o lowerdir=/mnt/a,upperdir=/mnt/b,workdir=/mnt/c overlay /mnt/d"
    if not shutil.which("ip"):
        trial = trial.replace(" && ip link add type veth", "")
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "sh", "-c", trial]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return (
        f"this machine refuses new namespaces, mounts or links ({reason}): "
        "run on a machine of its own, or in a privileged container"
    )


def _apt(*arguments: str, what: str) -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
    if done.returncode:
        end = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
        raise RehearsalError(f"{what} failed; make `{' '.join(arguments)}` work on this machine:\n{end}")
    return done.stdout


def debian_sources(say: Callable[[str], None]) -> list[Path]:
    """The files of this machine's apt that name Debian's own archive; fetches the lists if there are none."""
    found = _known_sources()
    if not found:
        say("fetching this machine's package lists (apt-get update)")
        _apt("apt-get", "update", what="fetching the package lists")
        found = _known_sources()
    if not found:
        raise RehearsalError("apt on this machine knows no source of Debian 12: restore /etc/apt/sources.list")
    return found


def _known_sources() -> list[Path]:
    # apt itself knows which of its sources is Debian's, whatever mirror or proxy serves it.
    form = "$(ORIGIN)|$(SOURCESENTRY)"
    lines = _apt("apt-get", "indextargets", "--format", form, "Created-By: Packages", what="reading apt's sources")
    entries = {line.split("|", 1)[1].rsplit(":", 1)[0] for line in lines.splitlines() if line.startswith("Debian|")}
    return sorted(Path(entry) for entry in entries)


def debian_archive() -> str:
    """The address from which this machine's apt has Debian's archive of every release."""
    form = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    lines = _apt("apt-get", "indextargets", "--format", form, "Created-By: Packages", what="reading apt's sources")
    found = [line.rpartition("|")[2] for line in lines.splitlines() if line.startswith("Debian|Debian|")]
    if not found:
        raise RehearsalError("apt on this machine knows no source of Debian's archive: restore /etc/apt/sources.list")
    return found[0]


def fetch_settings() -> str:
    """How this machine's apt fetches (proxies, certificates, checks), in apt's own syntax."""
    lines = _apt("apt-config", "dump", "Acquire", what="reading apt's settings").splitlines()
    return "\n".join(line for line in lines if not line.startswith("Acquire::IndexTargets")) + "\n"


def ensure_programs(say: Callable[[str], None]) -> None:
    """Install mmdebstrap, the one program that building the images takes, if it is missing."""
    _forget_policy()
    if shutil.which("mmdebstrap"):
        return
    say("installing mmdebstrap on this machine (about 20 s; it is a program, no service, and no service is started)")
    with _no_service_starts():
        try:
            _install()
        except RehearsalError:
            _apt("apt-get", "update", what="fetching the package lists")
            _install()


def _install() -> None:
    _apt("apt-get", "install", "--yes", "--no-install-recommends", "mmdebstrap", what="installing mmdebstrap")


def _forget_policy() -> None:
    # Left behind by a killed installation.
    if POLICY.is_file() and POLICY.read_text() == OURS:
        POLICY.unlink()


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Prevent packages' services from starting during the block (invoke-rc.d asks policy-rc.d; 101 forbids)."""
    kept = (POLICY.read_bytes(), POLICY.stat().st_mode) if POLICY.exists() else None
    POLICY.write_text(OURS)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        if kept is None:
            POLICY.unlink(missing_ok=True)
        else:
            POLICY.write_bytes(kept[0])
            POLICY.chmod(kept[1])
