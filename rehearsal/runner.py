"""The rehearsal's first process: `python -m rehearsal.runner STATE TOOLS BARE` in fresh namespaces.

It makes one root for all light machines (the caller's system with the tools beneath it and changes kept apart), starts
everything, and adopts orphaned processes. When it ends, everything ends.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from rehearsal import guest_paths, images, kernel, network, places

LAYERED = ("usr", "etc", "var")
OWN = {*LAYERED, "proc", "sys", "run", "lost+found"}
ROOT = Path("/run")


def main(state: Path, tools: Path, bare: Path) -> None:
    """Bring everything up, then wait until killed; exits 1 if it could not be brought up."""
    kernel.die_with_parent()
    for image in (tools, bare):
        images.lock_image(image)
    keep = [state, places.cache(), places.PROJECT, Path.cwd()]
    _make_root(tools, [path for path in keep if path.is_dir()])
    # A rehearsal keeps the image that it started from, whatever the cache contains later.
    guest_paths.SERVER.mkdir(parents=True)
    guest_paths.IMAGE.symlink_to(bare)
    # By a short path, since the box opens a socket there (107 bytes at most, unix(7)).
    guest_paths.FORTIGATE.symlink_to(state / "fortigate")
    pid = os.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "rehearsal.setup", str(state)])  # noqa: S606
    _reap(pid)


def _reap(first: int) -> None:
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            sys.exit(0)
        if pid == first and status:
            sys.exit(1)


def _make_root(tools: Path, keep: list[Path]) -> None:
    # The mount over /run hides the system's sockets and is itself the new root.
    kernel.mount("tmpfs", ROOT, "tmpfs", options="mode=755")
    for path in Path("/").iterdir():
        if path.name not in OWN:
            _show(path, ROOT / path.name)
    for name in LAYERED:
        _layer(Path("/", name), tools / name, name)
    for name in ("proc", "sys", "run"):
        (ROOT / name).mkdir(exist_ok=True)
    for path in keep:
        _keep(path)
    kernel.mount("proc", ROOT / "proc", "proc")
    kernel.mount("sysfs", ROOT / "sys", "sysfs", flags=kernel.RDONLY)
    kernel.mount("tmpfs", ROOT / "run", "tmpfs", options="mode=755")
    kernel.pivot(ROOT)
    _furnish()


def _show(path: Path, target: Path) -> None:
    if path.is_symlink():
        target.symlink_to(path.readlink())
        return
    target.mkdir() if path.is_dir() else target.touch()
    kernel.bind(path, target)


def _layer(own: Path, beneath: Path, name: str) -> None:
    upper, work, target = (ROOT / ".changes" / name / part for part in ("upper", "work", ""))
    target = ROOT / name
    for folder in (upper, work, target):
        folder.mkdir(parents=True, exist_ok=True)
    layers = f"lowerdir={own}:{beneath},upperdir={upper},workdir={work}"
    kernel.mount("overlay", target, "overlay", options=layers)


def _keep(path: Path) -> None:
    """Let writes to one of the caller's folders through, although it is where changes are kept apart."""
    if path.parts[1:2] and path.parts[1] in LAYERED:
        kernel.bind(path, ROOT / path.relative_to("/"))


def _furnish() -> None:
    network.NAMESPACES.mkdir(parents=True)
    for name in network.NAMES:
        folder = Path("/etc/netns", name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "resolv.conf").write_text(f"nameserver {network.RESOLVER}\noptions timeout:2 attempts:2\n")
    # The file that it is bound over may be a link into the system's /run.
    with suppress(FileNotFoundError):
        Path("/etc/resolv.conf").unlink()
    Path("/etc/resolv.conf").touch()


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
