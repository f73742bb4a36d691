"""The VPN host's root: what a bare machine of a lab has on it before us."""

from __future__ import annotations

import hashlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

from rehearsal import pages

PACKAGES = (
    "netbase",
    "firewalld",
    "softether-vpnserver",
    "softether-vpncmd",
    "dehydrated",
    "bind9-dnsutils",
    "openssl",
    "freeradius",
    "freeradius-python3",
)

# Runs while apt still has the lists of the real sources, and takes what the machine's own apt would ask for.
DOWNLOAD = (
    'mkdir -p "$1/srv/packages/partial" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get install --yes --quiet '
    f'--download-only --no-install-recommends -o Dir::Cache::archives="$1/srv/packages" {" ".join(PACKAGES)}'
)

ADMIN = "labadmin"

# A machine without devices, consoles and boot loader of its own has no use for these, and some would touch the kernel
# that it shares.
MASKED = (
    "systemd-udevd.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udev-trigger.service",
    "systemd-logind.service",
    "getty.target",
    "systemd-remount-fs.service",
    "systemd-modules-load.service",
    "systemd-sysctl.service",
    "systemd-binfmt.service",
    "proc-sys-fs-binfmt_misc.automount",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "kmod-static-nodes.service",
    "systemd-pstore.service",
    "systemd-firstboot.service",
    "systemd-random-seed.service",
    "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
    "systemd-timesyncd.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
)

PORTAL_UNIT = """\
[Unit]
Description=JupyterHub
After=network.target

[Service]
ExecStart=/usr/bin/python3 /opt/jupyterhub/pages.py portal 0.0.0.0 8000
User=nobody
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""


def source() -> str:
    """All that `finish` puts into the root, as text that changes with it."""
    return inspect.getsource(sys.modules[__name__]) + inspect.getsource(pages)


def finish(root: Path) -> None:
    """Make the unpacked root the machine that a lab already has: an administrator, a JupyterHub, its own packages."""
    _index(root / "srv/packages")
    _forget_the_builder(root)
    units = root / "etc/systemd/system"
    for unit in MASKED:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    _write(root / "opt/jupyterhub/pages.py", inspect.getsource(pages))
    _write(units / "jupyterhub.service", PORTAL_UNIT)
    (units / "multi-user.target.wants/jupyterhub.service").symlink_to("/etc/systemd/system/jupyterhub.service")
    _chroot(root, "useradd", "--create-home", "--shell", "/bin/bash", "--password", "*", ADMIN)
    _write(root / f"etc/sudoers.d/{ADMIN}", f"{ADMIN} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    _chroot(root, "apt-get", "update", "--quiet")


def _forget_the_builder(root: Path) -> None:
    # The machine has no way out but the FortiGate's, and must not know the builder's sources, proxies or keys.
    for path in [*root.glob("etc/apt/sources.list.d/*"), *root.glob("etc/ssh/ssh_host_*")]:
        path.unlink()
    (root / "etc/apt/apt.conf.d/99mmdebstrap").unlink(missing_ok=True)
    _write(root / "etc/machine-id", "")
    _write(root / "etc/apt/sources.list", "deb [trusted=yes] file:/srv/packages ./\n")


def _index(folder: Path) -> None:
    for rest in ("lock", "partial"):
        path = folder / rest
        path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
    _write(folder / "Packages", "\n".join(_stanza(path) for path in sorted(folder.glob("*.deb"))))


def _stanza(path: Path) -> str:
    # The fields that apt needs beside the package's own (Debian's repository format): place, size and digest.
    control = subprocess.run(["dpkg-deb", "--field", path], capture_output=True, text=True, check=True).stdout
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    lines = re.sub(r"\n+", "\n", control).strip()
    return f"{lines}\nFilename: ./{path.name}\nSize: {path.stat().st_size}\nSHA256: {digest}\n"


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _chroot(root: Path, *command: str) -> None:
    subprocess.run(["chroot", root, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
