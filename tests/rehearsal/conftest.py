"""Tests on real servers in namespaces; skipped with the reason if they are not available."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rehearsal import places, system

HERE = Path(__file__).parent
LONGEST = (
    "test_fortigate_providers",
    "test_lab",
    "test_guide",
    "test_fortigate_cut_off",
    "test_faults",
    "test_second_factor",
    "test_campus_radius",
    "test_found_fortigate",
    "test_found_changes",
    "test_drift",
    "test_hosts",
    "test_agent",
    "test_ports",
    "test_reach_packets",
    "test_fortigate_stack",
    "test_archive",
)
"""The files that take longest, in this order. Each is followed by some others: together they would keep the processors
busy for half an hour, and the others, which wait most of their time, would leave them idle for the next."""

OTHERS = 3
"""How many other files follow each of them."""


def pytest_configure(config: pytest.Config) -> None:
    """Test files that run in parallel have their rehearsals in separate folders."""
    worker = getattr(config, "workerinput", {}).get("workerid")
    if worker:
        os.environ["XDG_STATE_HOME"] = str(places.all_states().with_name(f"labvpn-tests-{worker}"))


@cache
def unavailable() -> str | None:
    return system.unavailable()


def in_order(files: Iterable[str]) -> Iterator[str]:
    """The names of the files in the order in which they begin, so that no worker is left alone with a long one."""
    names = list(dict.fromkeys(files))
    long = [one for one in LONGEST if one in names]
    for number, name in enumerate(one for one in names if one not in LONGEST):
        if number % OTHERS == 0 and long:
            yield long.pop(0)
        yield name
    yield from long


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    begins = {name: place for place, name in enumerate(in_order(item.path.stem for item in items))}
    items.sort(key=lambda item: begins[item.path.stem])
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.rehearsal)
            if (reason := unavailable()) is not None:
                item.add_marker(pytest.mark.skip(reason=reason))


@dataclass
class Rehearsal:
    """A rehearsal of this name, driven by its command line."""

    name: str
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        project = str(HERE.parents[1])
        return {**os.environ, "LABVPN_REHEARSAL": self.name, "PYTHONPATH": project, **self.more}

    def line(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "rehearsal", *words]

    def command(self, *words: str, **how: Any) -> subprocess.CompletedProcess[str]:
        how = {"capture_output": True, "text": True, "timeout": 240, **how}
        return subprocess.run(self.line(*words), env=self.environment, **how)

    def run(self, machine: str, *command: str, **how: Any) -> subprocess.CompletedProcess[str]:
        return self.command("exec", machine, "--", *command, **how)

    def output(self, machine: str, *command: str, **how: Any) -> str:
        done = self.run(machine, *command, **how)
        assert done.returncode == 0, done.stderr
        return str(done.stdout).strip()

    def status(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(self.command("status", "--json").stdout)
        return facts

    @property
    def state(self) -> Path:
        return Path(self.status()["state"])

    def bans(self) -> str:
        """The login guard's bans as the kernel of the VPN host has them; '' without any."""
        return self.output("server", "sh", "-c", "nft list table inet labvpn_bans 2>/dev/null || true")

    def start(self) -> None:
        done = self.command("start")
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        done = self.command("stop")
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def machines() -> Iterator[Rehearsal]:
    """The machines of a rehearsal shared by all tests of the session; nothing is installed on its VPN host."""
    rehearsal = Rehearsal("tests")
    rehearsal.stop()
    rehearsal.start()
    yield rehearsal
    rehearsal.stop()


@pytest.fixture
def fresh(request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    """A rehearsal of the test's own, not started."""
    rehearsal = Rehearsal("fresh")
    rehearsal.stop()
    yield rehearsal
    rehearsal.stop()
