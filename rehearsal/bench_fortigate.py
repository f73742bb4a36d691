"""How long it takes to inspect a large FortiGate: 500 policies on the box, 200 sources that may dial."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from rehearsal import places, stack, stack_config
from rehearsal.fortigate import control
from rehearsal.machine import line

POLICIES, SOURCES = 500, 200
LIMIT = 15.0
"""Seconds that a preview may take."""

PROGRAM = places.PROJECT / "tests/rehearsal/fortigate_program"
"""The stack without the other hops, so that the figure is the FortiGate's alone."""


def figures() -> list[tuple[str, str, str]]:
    """The rows of the bench: what was measured, how long it took, its aim. The box is reset at the end.

    The rehearsal must be up, with nothing applied to its FortiGate.
    """
    state = places.state()
    engine = stack.ready(state, lambda _sentence: None)
    file = stack_config.ensure(state, engine.pulumi, engine.environment(state))
    with TemporaryDirectory(prefix="labvpn-bench-") as folder:
        large = _large(file, Path(folder))
        control.add(state / "fortigate", list(_policies()))
        try:
            return [*_measured(state, large)]
        finally:
            _pulumi(state, ["destroy", "--yes", "--skip-preview"], large)
            control.reset(state / "fortigate")


def _measured(state: Path, file: Path) -> Iterator[tuple[str, str, str]]:
    size = f"FortiGate with {POLICIES} policies, {SOURCES} sources"
    steps = (
        ("first `pulumi preview`", ["preview"], f"{LIMIT:.0f} s"),
        ("`pulumi up`", ["up", "--yes", "--skip-preview"], ""),
        ("`pulumi preview` without changes", ["preview", "--expect-no-changes"], f"{LIMIT:.0f} s"),
    )
    for name, words, aim in steps:
        control.requests(state / "fortigate")
        began = time.monotonic()
        _pulumi(state, words, file)
        took = time.monotonic() - began
        asked = control.requests(state / "fortigate")
        lists = sum(" /api/v2/cmdb/firewall/policy 200" in request for request in asked)
        yield f"{name}, {size}", f"{took:.1f} s", aim
        yield f"requests of it, and reads of the whole list of policies: {name}", f"{len(asked)}, {lists}", ""


def _pulumi(state: Path, words: list[str], file: Path) -> None:
    words = ["--non-interactive", *words, "--cwd", str(PROGRAM), "--config-file", str(file)]
    command, environment = stack.command(state, words, PROGRAM)
    environment["PYTHONPATH"] = str(places.PROJECT)
    done = subprocess.run(line("admin", command), env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"pulumi {' '.join(words[:2])} failed:\n{done.stdout}{done.stderr}")


def _large(file: Path, folder: Path) -> Path:
    """The lab's configuration with many sources."""
    values: dict[str, Any] = yaml.safe_load(file.read_text())
    values["config"]["labvpn:fortigate"]["sources"] = [f"192.0.2.{number}" for number in range(1, SOURCES + 1)]
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
        print(*row, sep="\t")
