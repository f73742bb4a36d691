"""How long many users take: the first run, one changed, nothing changed, all removed."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from rehearsal import bench_today, machine, places, stack, stack_config

SIZES = (10, 1_000, 10_000)
"""The last is the server's own limit."""

OTHER_HOPS = ("fortigate", "firewall", "dns", "expect")
"""Left out with what is expected of them, so that only the users are measured."""

STEPS = (
    "first `pulumi up`",
    "`pulumi up` without a change",
    "`pulumi up`, one user changed",
    "`pulumi up`, all removed",
)


MEMORY = """
import resource, subprocess
subprocess.run(["/usr/local/lib/labvpn/agent", "check"], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def figures(sizes: tuple[int, ...] = SIZES) -> Iterator[tuple[str, str, str]]:
    """Rows of what was measured, how long it took, its aim. The rehearsal must be up, with nothing applied."""
    state = places.state()
    file = stack.configured(state, lambda _sentence: None)
    with TemporaryDirectory(prefix="labvpn-bench-") as name:
        folder = Path(name)
        alone = _alone(file, folder)
        try:
            _up(state, alone, folder, 1)
            for size in sizes:
                yield from _of_size(state, alone, folder, size)
            yield from bench_today.figures(state, folder)
        finally:
            _pulumi(state, ["destroy", "--yes", "--skip-preview"], alone)


def _of_size(state: Path, file: Path, folder: Path, size: int) -> Iterator[tuple[str, str, str]]:
    taken = [_up(state, file, folder, size), _up(state, file, folder, size)]
    memory = _memory()
    taken += [_up(state, file, folder, size, changed=True), _up(state, file, folder, 1)]
    aims = ("", "", f"{taken[1] + 3:.1f} s", "")
    for what, seconds, aim in zip(STEPS, taken, aims, strict=True):
        yield f"{what}, {size:,} users", f"{seconds:.1f} s", aim
    yield f"memory of the agent that checks {size:,} users", f"{memory:.0f} MB", "100 MB"


def _memory() -> float:
    """Peak memory of the agent while it checks everything it manages, in MB."""
    done = machine.output("server", ["python3", "-c", MEMORY])
    return int(done) / 1000


def _up(state: Path, file: Path, folder: Path, size: int, changed: bool = False) -> float:
    """Bring the stack to this many users; `changed` gives the first one another limit."""
    rows = [f"bench{number},{900 if changed and not number else ''}" for number in range(size)]
    (folder / "users.csv").write_text("\n".join(["name,AutoDisconnect", *rows]) + "\n")
    began = time.monotonic()
    _pulumi(state, ["up", "--yes", "--skip-preview"], file)
    return time.monotonic() - began


def _pulumi(state: Path, words: list[str], file: Path) -> None:
    words = ["--non-interactive", *words, "--config-file", str(file)]
    command, environment = stack.command(state, words, places.PROJECT)
    done = subprocess.run(machine.line("admin", command), env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"pulumi {words[1]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _alone(file: Path, folder: Path) -> Path:
    """The lab's configuration without the other hops, and with the users of the bench."""
    settings: dict[str, Any] = yaml.safe_load(file.read_text())
    for hop in OTHER_HOPS:
        settings["config"].pop(f"labvpn:{hop}", None)
    settings["config"]["labvpn:users"] = {"file": str(folder / "users.csv"), "mayRemove": True}
    alone = folder / stack_config.FILE
    alone.touch(0o600)
    alone.write_text(yaml.safe_dump(settings))
    return alone


if __name__ == "__main__":
    for row in figures():
        print(*row, sep="\t", flush=True)
