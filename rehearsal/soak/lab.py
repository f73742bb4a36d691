"""The lab of the trials: its machines, and plain pulumi as its administrator runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from rehearsal import places, values
from rehearsal.problems import RehearsalError

SECONDS = 300
"""How long one command may take."""

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Lab:
    """A rehearsal by its name, driven by its commands; `configuration` replaces the example's file."""

    name: str
    configuration: Path | None = None
    more: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """The folder of its secrets and logs."""
        return places.all_states() / self.name

    @cached_property
    def secrets(self) -> dict[str, str]:
        """The values that the rehearsal generated, by their names in the configuration."""
        return values.read(self.state)

    def rehearsal(self, *words: str, stdin: str = "", seconds: float = SECONDS) -> Done:
        """A command of `labvpn rehearsal`; one that takes too long ends with status 124."""
        return self._run("rehearsal", *words, stdin=stdin, seconds=seconds)

    def module(self, name: str, *words: str, stdin: str = "", seconds: float = SECONDS) -> str:
        """The output of another module; raises RehearsalError if it fails."""
        return must(self._run(name, *words, stdin=stdin, seconds=seconds), [name])

    def encrypt(self, path: str, value: str) -> None:
        """Set a further secret in the configuration."""
        words = ["config", "set", "--secret", "--path", f"labvpn:{path}", "--config-file", str(self.configuration)]
        must(self.rehearsal("pulumi", "--", "--non-interactive", *words, stdin=value), words)

    def _run(self, module: str, *words: str, stdin: str, seconds: float) -> Done:
        environment = {**os.environ, "LABVPN_REHEARSAL": self.name, "PYTHONPATH": str(places.PROJECT), **self.more}
        line = [sys.executable, "-m", module, *words]
        try:
            return subprocess.run(
                line, env=environment, cwd=places.PROJECT, input=stdin, capture_output=True, text=True, timeout=seconds
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(line, 124, "", f"not finished after {seconds:.0f} s")

    def on(self, machine: str, *command: str, stdin: str = "") -> str:
        """The output of a command on a machine; raises RehearsalError if it fails."""
        return must(self.rehearsal("exec", machine, "--", *command, stdin=stdin), command)

    def pulumi(self, *words: str, seconds: float = SECONDS) -> Done:
        """Plain pulumi on the administrator's machine."""
        named = ["--config-file", str(self.configuration)] if self.configuration else []
        return self.rehearsal("pulumi", "--", "--non-interactive", *words, *named, seconds=seconds)

    def bring_up(self) -> None:
        """Bring up the machines and the example's stack."""
        must(self.rehearsal("lab", seconds=1200), ["lab"])

    def stop(self) -> None:
        """Stop it and leave nothing."""
        must(self.rehearsal("stop"), ["stop"])


def must(done: Done, command: Sequence[str]) -> str:
    """The output of a command that must succeed."""
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        title = " ".join(word.strip().partition("\n")[0][:80] for word in command[:3])
        raise RehearsalError(f"`{title}` failed ({done.returncode}): {' / '.join(said)}")
    return done.stdout
