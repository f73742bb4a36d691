"""What a preview without changes costs: an empty stack in Python and the lab's, in turn on the same engine.

Only the ratio says something on a machine that has other work too. Beside the time of the clock stands the processor
time of every program that the preview runs on the administrator's machine, which other work changes less.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rehearsal import machine, places, stack

PAIRS = 5

PROJECT = """\
name: empty
description: A stack in Python without a resource
runtime: python
"""

PROGRAM = "import pulumi\n"


@dataclass(frozen=True)
class Cost:
    """One preview: seconds by the clock, and of processor time."""

    wall: float
    processor: float


def figures(pairs: int = PAIRS) -> Iterator[tuple[str, str, str]]:
    """Rows of what was measured, how long it took, its aim. The rehearsal must be up, with the stack applied."""
    state = places.state()
    with TemporaryDirectory(prefix="labvpn-bench-") as name:
        folder = Path(name)
        empty = _empty(state, folder)
        lab = stack.command(state, ["--non-interactive", "preview", "--expect-no-changes"], places.PROJECT)
        for command in (empty, lab):
            _run(command, folder if command is empty else places.PROJECT)
        costs = [(_run(empty, folder), _run(lab, places.PROJECT)) for _ in range(pairs)]
    yield _row("an empty Python stack's preview", [one for one, _ in costs], "")
    yield _row("`pulumi preview` of the lab without changes, beside it", [other for _, other in costs], "")
    wall, processor = (median(other / one for one, other in _each(costs, what)) for what in ("wall", "processor"))
    yield "the lab's preview by the empty one's", f"{wall:.1f} times; by processor time {processor:.1f}", "2.5"


def _each(costs: list[tuple[Cost, Cost]], what: str) -> Iterator[tuple[float, float]]:
    return ((getattr(one, what), getattr(other, what)) for one, other in costs)


def _row(what: str, costs: list[Cost], aim: str) -> tuple[str, str, str]:
    wall, processor = median(cost.wall for cost in costs), median(cost.processor for cost in costs)
    return f"{what}, median of {len(costs)}", f"{wall:.2f} s; processor time {processor:.2f} s", aim


def _empty(state: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
    """The preview of a stack without a resource, with a state of its own."""
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "__main__.py").write_text(PROGRAM)
    own = {"PULUMI_BACKEND_URL": f"file://{folder}", "PULUMI_STACK": "empty"}
    line, environment = stack.command(state, ["--non-interactive", "stack", "init", "empty"], folder)
    _run((line, {**environment, **own}), folder)
    line, environment = stack.command(state, ["--non-interactive", "preview"], folder)
    return line, {**environment, **own}


def _run(command: tuple[list[str], dict[str, str]], folder: Path) -> Cost:
    line, environment = command
    began, before = time.monotonic(), os.times()
    done = subprocess.run(machine.line("admin", line), cwd=folder, env=environment, capture_output=True, text=True)
    after = os.times()
    if done.returncode:
        raise RuntimeError(f"{' '.join(line)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.monotonic() - began, used)


if __name__ == "__main__":
    for row in figures():
        print(*row, sep="\t", flush=True)
