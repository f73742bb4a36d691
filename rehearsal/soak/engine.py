"""Runs of the engine on the rehearsal, watched step by step."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal import stack
from rehearsal.machine import line
from rehearsal.places import PROJECT

SECONDS = 400
"""No run may take longer: the slowest one that ends by itself notices a vanished host after 150 s."""

ENDED_BY_HAND = "press Ctrl-C twice"
"""Printed by a run that waits for a silent FortiGate, for which its plugin would wait 250 s up to 17 times."""

OnEvent = Callable[["Event"], None]


@dataclass(frozen=True)
class Event:
    """A step of a run that began or ended: its operation, and the resource's name and type."""

    op: str
    name: str
    kind: str
    ended: bool

    @classmethod
    def read(cls, text: str) -> Event | None:
        """The event of a line of `pulumi ... --json`, if it is about a step."""
        try:
            data: Any = json.loads(text)
        except ValueError:
            return None
        if not isinstance(data, dict):
            return None
        for key, ended in (("resourcePreEvent", False), ("resOutputsEvent", True)):
            if about := data.get(key, {}).get("metadata"):
                return cls(about["op"], about["urn"].rpartition("::")[2], about["type"], ended)
        return None


@dataclass(frozen=True)
class Run:
    """A run that has ended; `code` is None if it had to be killed because it took too long."""

    words: tuple[str, ...]
    code: int | None
    output: str
    seconds: float

    @property
    def good(self) -> bool:
        """Whether it succeeded."""
        return self.code == 0

    @property
    def sentences(self) -> list[str]:
        """Its errors and warnings, one per line."""
        found = []
        for text in self.output.splitlines():
            try:
                data = json.loads(text).get("diagnosticEvent", {})
            except (ValueError, AttributeError):
                data = {"severity": "error", "message": text}
            if data.get("severity") in ("error", "warning"):
                found += data["message"].splitlines()
        return [sentence.strip() for sentence in found if sentence.strip()]


class Engine:
    """The engine, started on the administrator's machine of a rehearsal; `configuration` replaces its own."""

    def __init__(self, state: Path, configuration: Path | None = None) -> None:
        self.state = state
        self.configured = ["--config-file", str(configuration)] if configuration else []
        self.environment = {**os.environ, "LABVPN_REHEARSAL": state.name, "PYTHONPATH": str(PROJECT)}
        self.process: subprocess.Popen[str] | None = None

    def run(self, *words: str, seen: OnEvent | None = None, seconds: float = SECONDS) -> Run:
        """Run to the end; `seen` is called with each step as it happens."""
        command, environment = stack.command(self.state, ["--non-interactive", "--color", "never", *words], PROJECT)
        began = time.monotonic()
        self.process = subprocess.Popen(
            line("admin", command),
            cwd=PROJECT,
            env={**environment, "LABVPN_REHEARSAL": self.state.name, "PYTHONPATH": str(PROJECT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        late = threading.Timer(seconds, self.kill)
        late.start()
        output = "".join(self._lines(self.process, seen))
        code = self.process.wait()
        took = time.monotonic() - began
        late.cancel()
        return Run(words, None if took >= seconds else code, output, took)

    def _lines(self, process: subprocess.Popen[str], seen: OnEvent | None) -> list[str]:
        lines: list[str] = []
        ending: list[threading.Thread] = []
        assert process.stdout is not None  # noqa: S101  (it was asked for)
        for text in process.stdout:
            lines.append(text)
            if ENDED_BY_HAND in text and not ending:
                ending.append(self._end_by_hand(process))
            if seen is not None and (event := Event.read(text)):
                seen(event)
        return lines

    def _end_by_hand(self, process: subprocess.Popen[str]) -> threading.Thread:
        """Press Ctrl-C twice, as a waiting run asks its reader to do."""

        def press() -> None:
            for _ in range(2):
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)
                time.sleep(1)

        pressing = threading.Thread(target=press, daemon=True)
        pressing.start()
        return pressing

    def kill(self) -> None:
        """Kill the engine and its children with signal 9, like a power cut at the administrator's."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def up(self, *words: str, seen: OnEvent | None = None) -> Run:
        """`pulumi up`, with its events."""
        return self.run("up", "--yes", "--skip-preview", "--json", *(words or self.configured), seen=seen)

    def destroy(self, *words: str, seen: OnEvent | None = None) -> Run:
        """`pulumi destroy`, with its events."""
        return self.run("destroy", "--yes", "--skip-preview", "--json", *self.configured, *words, seen=seen)

    def again(self) -> tuple[Run, bool]:
        """The next plain `up`, after `pulumi cancel` if the engine asks for it, and whether it did."""
        first = self.up()
        if "pulumi cancel" not in first.output:
            return first, False
        self.run("cancel", "--yes", "lab")
        return self.up(), True

    def settled(self) -> bool:
        """Whether a preview finds nothing to change."""
        return self.run("preview", "--expect-no-changes", *self.configured).good
