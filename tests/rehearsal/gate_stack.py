"""The FortiGate's part of the stack alone, applied to a rehearsal by the real engine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal import stack_config
from rehearsal.fortigate import control, store
from rehearsal.fortigate.gate import Faults
from rehearsal.fortigate.initial import VERSION
from rehearsal.places import PROJECT
from rehearsal.stack import configured
from tests.rehearsal.stack import Stack, Tables
from tests.unit.boxes import policy

PROGRAM = PROJECT / "tests/rehearsal/fortigate_program"
UP = ("up", "--yes", "--skip-preview")
SECONDS = 120


@dataclass
class GateStack:
    """The stack, the folder of its configuration, its program, and the box's control channel for tests."""

    lab: Stack
    folder: Path
    program: Path
    box: Path
    applied: bool = False

    @classmethod
    def make(cls, lab: Stack, folder: Path) -> GateStack:
        state = lab.state
        configured(state, print)
        # Of its own: `fortigate-provider` keeps copies of the state beside the program.
        program = shutil.copytree(PROGRAM, folder / "program", ignore=shutil.ignore_patterns("__pycache__"))
        return cls(lab, folder, program, state / "fortigate")

    @contextmanager
    def beside(self, *decoys: str, firmware: str = VERSION) -> Iterator[Tables]:
        """The box's tables with others' policies; in the end the stack goes, and all must be as it was.

        The first decoy stands above the campus's policies and denies, the second below and accepts.
        """
        control.reset(self.box)
        control.set_firmware(self.box, firmware)
        outcomes = zip(decoys, (("campus", "deny"), ("dmz", "accept")), strict=False)
        control.add(self.box, [policy(name, "wan1", *outcome) for name, outcome in outcomes])
        self.move(decoys[0], "campus-any")
        first = self.lab.tables()
        yield first
        control.set_faults(self.box, Faults())
        self.destroy()
        for copy in self.program.glob("fortigate-provider.*"):
            copy.unlink()
        control.set_firmware(self.box, firmware)
        assert self.lab.tables() == first
        control.set_firmware(self.box, VERSION)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the rehearsal in the program's folder."""
        return self.lab.command(*words, cwd=self.program)

    def provider_move(self, provider: str, how: str = "--yes") -> list[str]:
        """The words of the move to a package of the provider."""
        file = str(self.folder / stack_config.FILE)
        return ["labvpn", "--", "fortigate-provider", provider, how, "--config-file", file]

    def declare(
        self, vpn: dict[str, Any] | None = None, server: str = "203.0.113.20", protect: bool = False, **fortigate: Any
    ) -> None:
        """Set the FortiGate in the configuration; the listener is a port at which the bare host answers."""
        example = self.lab.example
        example["fortigate"].pop("behindVpn")
        offered = {"listeners": [8000], "protocols": {"openvpn": True, "l2tpIpsec": True}, **(vpn or {})}
        self.lab.variant(
            self.folder,
            vpn=offered,
            protect=protect or None,
            server={"address": server, "ssh": {"host": "203.0.113.20"}},
            firewall={**example["firewall"], "closed": []},
            fortigate={**example["fortigate"], **fortigate},
        )

    def words(self, *words: str) -> list[str]:
        file = str(self.folder / stack_config.FILE)
        return ["pulumi", "--", "--non-interactive", *words, "--cwd", str(self.program), "--config-file", file]

    def pulumi(self, *words: str) -> str:
        """The engine's output; it must succeed."""
        done = self.command(*self.words(*words))
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    def refusal(self, *words: str) -> str:
        """The engine's output; it must fail."""
        done = self.command(*self.words(*words))
        assert done.returncode != 0, done.stdout + done.stderr
        return str(done.stdout + done.stderr)

    def up(self) -> str:
        self.applied = True
        return self.pulumi(*UP)

    def settles(self) -> bool:
        """Whether another `up` finds nothing to change and only reads."""
        control.requests(self.box)
        self.pulumi(*UP, "--expect-no-changes")
        return self.changes() == []

    def destroy(self) -> None:
        if self.applied:
            self.pulumi("destroy", "--yes", "--skip-preview")
        self.applied = False

    def names(self) -> list[str]:
        """The policies by their names, in their order."""
        return [str(policy["name"]) for policy in self.lab.manual.box("GET", "firewall/policy")]

    @contextmanager
    def every_order(self) -> Iterator[list[list[str]]]:
        """Every order of the enabled policies that the box has during the block, in sequence."""
        orders: list[list[str]] = []
        ended = threading.Event()

        def record() -> None:
            while not ended.wait(0.003):
                rows = json.loads((self.box / store.NAME).read_text())["tables"]["firewall/policy"]
                order = [str(row["name"]) for row in rows if row["status"] == "enable"]
                if not orders or orders[-1] != order:
                    orders.append(order)

        watch = threading.Thread(target=record)
        watch.start()
        try:
            yield orders
        finally:
            ended.set()
            watch.join()

    def move(self, name: str, before: str) -> None:
        """Move a policy by hand."""
        self.lab.manual.box("PUT", f"firewall/policy/{{{name}}}", None, f"&action=move&before={{{before}}}")

    def changes(self) -> list[str]:
        """The modifying requests since the last call."""
        return [one for one in control.requests(self.box) if not one.startswith("GET ")]

    def opens(self, place: str, address: str = "203.0.113.20", port: int = 8000) -> bool:
        """Whether a page opens from a place."""
        return self.lab.run(place, "curl", "-sS", "-m", "2", f"http://{address}:{port}/").returncode == 0

    def silenced_in_the_middle(self, sentence: str) -> str:
        """The output of an `up` whose box falls silent after its first change; two Ctrl-C end it at a sentence."""
        control.requests(self.box)
        threading.Thread(target=self._fall_silent).start()
        run = subprocess.Popen(
            self.lab.line(*self.words(*UP)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.lab.environment,
        )
        assert run.stdout is not None
        output, until = "", time.monotonic() + SECONDS
        for text in run.stdout:
            output += text
            if sentence in text or time.monotonic() > until:
                break
        for _ in range(2):
            run.send_signal(signal.SIGINT)
            time.sleep(1)
        output += run.communicate(timeout=SECONDS)[0]
        control.set_faults(self.box, Faults())
        return output

    def killed(self, *words: str, after: int) -> None:
        """A run whose engine is killed by signal 9 once the box has seen this many changes; the stack is unlocked."""
        control.requests(self.box)
        run = subprocess.Popen(
            self.lab.line(*self.words(*words)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self.lab.environment,
        )
        seen, until = 0, time.monotonic() + SECONDS
        while seen < after and run.poll() is None and time.monotonic() < until:
            seen += len(self.changes())
            time.sleep(0.005)
        for engine in _engines(run.pid):
            os.kill(engine, signal.SIGKILL)
        run.wait(SECONDS)
        self.unlock()

    def unlock(self) -> None:
        """Remove the lock of an engine that was killed."""
        words = ["pulumi", "--", "--non-interactive", "cancel", "--yes", "lab", "--cwd", str(self.program)]
        done = self.command(*words)
        assert done.returncode == 0, done.stdout + done.stderr

    def _fall_silent(self) -> None:
        until = time.monotonic() + SECONDS
        while not self.changes() and time.monotonic() < until:
            time.sleep(0.02)
        control.set_faults(self.box, Faults(then="hang"))


def _engines(process: int) -> list[int]:
    """The engines among a process and its descendants."""
    try:
        name = Path(f"/proc/{process}/comm").read_text().strip()
        children = [one.read_text().split() for one in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:
        return []
    below = [each for child in children for number in child for each in _engines(int(number))]
    return [process] if name == "pulumi" else below
