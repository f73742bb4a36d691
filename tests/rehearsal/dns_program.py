"""The example program as a stack of its own on the administrator's machine, with a state of its own."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rehearsal import network, stack, values
from tests.rehearsal.conftest import HERE, Rehearsal

EXAMPLE = HERE.parents[1] / "examples" / "dns.py"
ADDRESS = "203.0.113.20"


@dataclass
class Program:
    """A folder that holds the example as its whole program."""

    machines: Rehearsal
    folder: Path
    engine: stack.Engine

    @classmethod
    def make(cls, machines: Rehearsal, folder: Path) -> Program:
        (folder / "state").mkdir()
        shutil.copy(EXAMPLE, folder / "__main__.py")
        settings = {"name": "example", "runtime": "python", "options": {"refresh": "always"}}
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
        (folder / "passphrase").write_text("only here")
        program = cls(machines, folder, stack.ready(machines.state, print))
        program.run_engine("stack", "init", "own")
        secret = values.read(machines.state)["dnsKey"]
        program.run_engine("config", "set", "--secret", "tsigSecret", stdin=secret)
        return program

    def declare(self, address: str = ADDRESS, **name: Any) -> None:
        """Declare this name in the configuration; encrypted values in it stay."""
        file = self.folder / "Pulumi.own.yaml"
        settings = yaml.safe_load(file.read_text())
        whole = {"roots": [network.ROOT], "key": {"name": "labvpn"}, "ttl": 60, "wait": 10, **name}
        settings["config"] |= {"example:address": address, "example:name": whole}
        file.write_text(yaml.safe_dump(settings))

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        own = {
            **self.engine.environment(self.machines.state),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.folder / "passphrase"),
            "PULUMI_STACK": "own",
        }
        line = [str(self.engine.pulumi), "--non-interactive", "--color", "never", *words]
        machines = Rehearsal(self.machines.name, own)
        return machines.run("admin", *line, cwd=self.folder, input=stdin)

    def run_engine(self, *words: str, stdin: str = "") -> str:
        """What the engine printed; it must have succeeded."""
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def refusal(self, *words: str) -> str:
        """What the engine printed; it must have failed."""
        done = self.run(*words)
        assert done.returncode != 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self) -> str:
        return self.run_engine("up", "--yes", "--skip-preview")

    def destroy(self) -> str:
        return self.run_engine("destroy", "--yes", "--skip-preview")

    def asked(self, server: str, name: str, kind: str = "A") -> list[str]:
        found = self.machines.output("admin", "dig", "+norecurse", "+short", f"@{server}", name, kind)
        return sorted(found.splitlines())

    def by_another(self, server: str, zone: str, *changes: str) -> None:
        """Somebody else changes the zone."""
        secret = values.read(self.machines.state)["dnsKey"]
        lines = [f"key hmac-sha256:labvpn {secret}", f"server {server}", f"zone {zone}"]
        lines += [*(f"update {change}" for change in changes), "send", ""]
        self.machines.output("admin", "nsupdate", "-v", input="\n".join(lines))
