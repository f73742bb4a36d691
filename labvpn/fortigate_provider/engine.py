"""The engine's own commands, as the move uses them, in the folder of a stack."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labvpn.model.fortios_provider import Provider
from labvpn.model.replacing import replace_file

LOCKED = (
    "the stack is locked by another run, or by one that was killed: if none is at work, run `pulumi cancel`, "
    "then this again"
)


class MoveError(Exception):
    """Why the objects were not moved, and what to do."""


@dataclass(frozen=True)
class Stack:
    """The stack that is selected in a folder; `settings` is its configuration file, if it is not the usual one."""

    folder: Path
    settings: Path | None = None

    @property
    def name(self) -> str:
        """The stack's name."""
        return self._ask("stack", "--show-name").strip()

    @property
    def project(self) -> str:
        """The project's name, which settings begin with."""
        for line in (self.folder / "Pulumi.yaml").read_text("utf-8").splitlines():
            if line.startswith("name:"):
                return line.partition(":")[2].strip().strip("\"'")
        raise MoveError(f"{self.folder / 'Pulumi.yaml'} names no project; run this in the project's folder")

    def export(self) -> Any:
        """The whole state; its secrets stay encrypted."""
        return json.loads(self._ask("stack", "export"))

    def restore(self, copy: Path) -> None:
        """Put a state back."""
        self._ask("stack", "import", "--file", str(copy))

    def use(self, provider: Provider) -> None:
        """Write which package the stack uses."""
        self._ask("config", "set", *self._file, "--path", f"{self.project}:fortigate.provider", provider.value)

    def forget(self, urn: str) -> None:
        """Take a provider out of the state, with everything that depends on it; nothing is deleted anywhere else."""
        self._ask("state", "delete", urn, "--target-dependents", "--force", "--yes")

    def preview(self) -> Sequence[Any]:
        """The steps of the next `pulumi up`."""
        steps: Sequence[Any] = json.loads(self._ask("preview", "--json", *self._file)).get("steps") or ()
        return steps

    def up(self) -> None:
        """Apply, with the engine's own words on the terminal."""
        done = subprocess.run(self._line("up", "--yes", "--skip-preview", *self._file), cwd=self.folder, check=False)
        if done.returncode:
            raise MoveError("`pulumi up` failed; its words above say why")

    @property
    def _file(self) -> list[str]:
        return ["--config-file", str(self.settings.resolve())] if self.settings else []

    def _line(self, *words: str) -> list[str]:
        return ["pulumi", "--non-interactive", *words]

    def _ask(self, *words: str) -> str:
        try:
            done = subprocess.run(self._line(*words), cwd=self.folder, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise MoveError("pulumi is not on PATH here; run this where the stack is") from None
        if done.returncode and "currently locked" in f"{done.stdout}{done.stderr}":
            raise MoveError(LOCKED)
        if done.returncode:
            said = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if "error:" in line]
            last = (said or done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
            raise MoveError(f"`pulumi {' '.join(words[:2])}` failed: {last.strip()}")
        return done.stdout


def write(place: Path, text: str) -> None:
    """Write a file whole or not at all, readable only by its owner."""
    replace_file(place, text.encode(), 0o600)
