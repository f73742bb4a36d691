"""A VPN host's first process: makes its root from the image and becomes its systemd.

Runs in fresh namespaces, as `python -m rehearsal.boot STATE NAME`. The machine's writes are kept in a folder
beside the root, so booting again with it is a reboot.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from rehearsal import guest_paths, kernel, network
from rehearsal.base_system import ADMIN

SYSTEMD = "/lib/systemd/systemd"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "net/tun")
# Kernel settings that all machines share; a container's systemd expects them to be read-only.
SHARED = ("sys", "sysrq-trigger", "irq", "bus")


def main(state: Path, name: str) -> None:
    """Become the systemd of the VPN host of this name; does not return."""
    kernel.die_with_parent()
    folder = guest_paths.RUN / name
    root = folder / "root"
    _mount_root(folder)
    _mount_kernel(root)
    _mount_devices(root)
    _settle_in(folder, state)
    kernel.pivot(root)
    socket.sethostname(name)
    os.umask(0o022)
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "container": "rehearsal"}
    os.execve(SYSTEMD, [SYSTEMD, "--system", "--unit=multi-user.target"], environment)  # noqa: S606


def _mount_root(folder: Path) -> None:
    upper, work, root = folder / "upper", folder / "work", folder / "root"
    for folder in (upper, work, root):
        folder.mkdir(parents=True, exist_ok=True)
    upper.chmod(0o755)
    kernel.mount("overlay", root, "overlay", options=f"lowerdir={guest_paths.IMAGE},upperdir={upper},workdir={work}")


def _mount_kernel(root: Path) -> None:
    kernel.mount("proc", root / "proc", "proc")
    shared = [path for path in (root / "proc" / name for name in SHARED) if path.exists()]
    for path in shared:
        kernel.bind(path, path)
    # The machine's own network settings stay writable: this mount is apart from the one around it.
    kernel.bind(root / "proc/sys/net", root / "proc/sys/net")
    for path in shared:
        kernel.mount(None, path, flags=kernel.BIND | kernel.REMOUNT | kernel.RDONLY)
    kernel.mount("sysfs", root / "sys", "sysfs", flags=kernel.RDONLY)
    kernel.mount("cgroup2", root / "sys/fs/cgroup", "cgroup2")
    kernel.mount("tmpfs", root / "run", "tmpfs", kernel.NOSUID | kernel.NODEV, "mode=755")
    kernel.mount("tmpfs", root / "tmp", "tmpfs", kernel.NOSUID | kernel.NODEV, "mode=1777")


def _mount_devices(root: Path) -> None:
    dev = root / "dev"
    kernel.mount("tmpfs", dev, "tmpfs", kernel.NOSUID, "mode=755")
    for name in DEVICES:
        (dev / name).parent.mkdir(exist_ok=True)
        (dev / name).touch()
        kernel.bind(Path("/dev") / name, dev / name)
    for name, target in {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}.items():
        (dev / name).symlink_to(target)
    (dev / "pts").mkdir()
    kernel.mount("devpts", dev / "pts", "devpts", options="newinstance,ptmxmode=666,mode=620,gid=5")
    (dev / "ptmx").symlink_to("pts/ptmx")
    (dev / "shm").mkdir(mode=0o1777)


def _settle_in(folder: Path, state: Path) -> None:
    """Give the machine its name, its SSH host key and its administrators' keys, at its first boot only."""
    mark, root, name = folder / "settled", folder / "root", folder.name
    if mark.exists():
        return
    texts = {
        "etc/hostname": (f"{name}\n", 0o644),
        "etc/hosts": (f"127.0.0.1 localhost\n::1 localhost\n{network.HOSTS[name]} {name}\n", 0o644),
        "etc/resolv.conf": (f"nameserver {network.RESOLVER}\n", 0o644),
        "etc/ssh/ssh_host_ed25519_key": ((state / "ssh/host").read_text(), 0o600),
        "etc/ssh/ssh_host_ed25519_key.pub": ((state / "ssh/host.pub").read_text(), 0o644),
    }
    for name, (text, mode) in texts.items():
        _write(root / name, text, mode)
    for home in (root / "root", root / "home" / ADMIN):
        _let_in(home, (state / "ssh/admin.pub").read_text())
    mark.touch()


def _let_in(home: Path, key: str) -> None:
    owner = home.stat()
    _write(home / ".ssh/authorized_keys", key, 0o600)
    (home / ".ssh").chmod(0o700)
    for path in (home / ".ssh", home / ".ssh/authorized_keys"):
        os.chown(path, owner.st_uid, owner.st_gid)


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
