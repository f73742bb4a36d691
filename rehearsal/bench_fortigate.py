"""What a large FortiGate costs: 500 policies on the box, and 10, 200 and 500 sources that may dial, by both providers.

Beside the time of the clock stands the processor time of every program that a run starts, which other work on the
machine changes less.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from labvpn.model.fortios_provider import Provider
from rehearsal import places, stack, stack_config
from rehearsal.bench_preview import Cost
from rehearsal.fortigate import control
from rehearsal.machine import line

POLICIES, SIZES = 500, (10, 200, 500)
AIMED = 200
"""The number of sources that the aims are for: a preview in 3 s, the first `up` in 10 s."""

FIRMWARE = "v7.4.4"
"""The newest that both providers are for."""

DESTROY = ["destroy", "--yes", "--skip-preview"]
PROGRAM = places.PROJECT / "tests/rehearsal/fortigate_program"
"""The stack without the other hops, so that the figure is the FortiGate's alone."""


def figures() -> Iterator[tuple[str, str, str]]:
    """The rows of the bench: what was measured, how long it took, its aim. The box is reset at the end.

    The rehearsal must be up, with nothing applied to its FortiGate.
    """
    state = places.state()
    file = stack.configured(state, lambda _sentence: None)
    with TemporaryDirectory(prefix="labvpn-bench-") as folder:
        control.set_firmware(state / "fortigate", FIRMWARE)
        control.add(state / "fortigate", list(_policies()))
        try:
            for provider, sources in product(Provider, SIZES):
                large = _large(file, Path(folder), provider, sources)
                try:
                    yield from _measured(state, large, f"{provider}, {sources} sources")
                finally:
                    _pulumi(state, DESTROY, large)
        finally:
            control.reset(state / "fortigate")


def _measured(state: Path, file: Path, size: str) -> Iterator[tuple[str, str, str]]:
    """The rows of one provider and number of sources; nothing of it is left."""
    aimed = f" {AIMED} sources" in size
    steps = (
        ("first `pulumi preview`", ["preview"], "3 s" if aimed else ""),
        ("first `pulumi up`", ["up", "--yes", "--skip-preview"], "10 s" if aimed else ""),
        ("`pulumi preview` without changes", ["preview", "--expect-no-changes"], "3 s" if aimed else ""),
        ("`pulumi destroy`", DESTROY, ""),
    )
    for name, words, aim in steps:
        control.requests(state / "fortigate")
        cost = _pulumi(state, words, file)
        asked = control.requests(state / "fortigate")
        lists = sum(" /api/v2/cmdb/firewall/policy 200" in request for request in asked)
        yield f"{size}: {name}", f"{cost.wall:.1f} s; processor time {cost.processor:.1f} s", aim
        yield f"{size}: requests of it, and reads of all policies among them", f"{len(asked)}, {lists}", ""


def _pulumi(state: Path, words: list[str], file: Path) -> Cost:
    words = ["--non-interactive", *words, "--cwd", str(PROGRAM), "--config-file", str(file)]
    command, environment = stack.command(state, words, PROGRAM)
    environment["PYTHONPATH"] = str(places.PROJECT)
    began, before = time.monotonic(), os.times()
    done = subprocess.run(line("admin", command), env=environment, capture_output=True, text=True)
    after = os.times()
    if done.returncode:
        raise RuntimeError(f"pulumi {' '.join(words[:2])} failed:\n{done.stdout}{done.stderr}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.monotonic() - began, used)


def _large(file: Path, folder: Path, provider: Provider, sources: int) -> Path:
    """The lab's configuration with many sources, by a provider."""
    values: dict[str, Any] = yaml.safe_load(file.read_text())
    listed = [f"192.0.{2 + number // 200}.{number % 200 + 1}" for number in range(sources)]
    values["config"]["labvpn:fortigate"] |= {"sources": listed, "provider": provider.value}
    large = folder / stack_config.FILE
    large.touch(0o600)
    large.write_text(yaml.safe_dump(values))
    return large


def _policies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Policies such as a campus accumulates over the years, for addresses outside the lab."""
    for number in range(POLICIES):
        name, subnet = f"site-{number}", f"10.{number // 250}.{number % 250}.0 255.255.255.0"
        yield "firewall/address", {"name": name, "subnet": subnet}
        ends = {"srcintf": "wan1", "dstintf": "campus", "srcaddr": name, "dstaddr": "campus-net", "service": "HTTPS"}
        members = {field: [{"name": value}] for field, value in ends.items()}
        yield "firewall/policy", {"name": name, "schedule": "always", "action": "accept", **members}


if __name__ == "__main__":
    for row in figures():
        print(*row, sep="\t", flush=True)
