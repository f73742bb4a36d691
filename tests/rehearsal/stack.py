"""The stack applied to a rehearsal, as its tests drive it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from rehearsal import stack as engine
from rehearsal.places import PROJECT
from rehearsal.soak.lab import Lab
from rehearsal.soak.manual_changes import ManualChanges
from tests.rehearsal.conftest import Rehearsal

TABLES = ("firewall/policy", "firewall/address", "firewall/addrgrp", "firewall/vip", "firewall.service/custom")
BARE = (
    "dpkg-query -W -f '${Package} ${Status}\\n'",
    "systemctl list-unit-files --no-legend --state=enabled",
    "ss -Hlntu | awk '{print $1, $5}' | sort",
    "ls /var/lib /etc /usr/local/lib /usr/local/sbin",
    "nft list ruleset 2>/dev/null || true",
)
HEAR = """
import socket, sys
ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ear.bind(("", int(sys.argv[1])))
print("listening")
while True:
    print(ear.recv(65536).decode("utf-8", "replace"))
"""
Tables = dict[str, list[dict[str, Any]]]


@contextmanager
def not_applied(name: str) -> Iterator[Stack]:
    """New machines with a configuration and no stack, until the block ends."""
    made = Stack(name)
    made.stop()
    made.start()
    engine.configured(made.state, print)
    yield made
    made.stop()


class Stack(Rehearsal):
    """A rehearsal with the stack `lab` on it."""

    def pulumi(self, *words: str, **how: Any) -> subprocess.CompletedProcess[str]:
        """Plain pulumi in the project's folder, as on the administrator's machine."""
        return self.command("pulumi", "--", "--non-interactive", *words, cwd=PROJECT, **how)

    def up(self, *words: str) -> str:
        done = self.pulumi("up", "--yes", "--skip-preview", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    def is_settled(self, *words: str) -> bool:
        """Whether a plain preview finds no changes."""
        return self.pulumi("preview", "--expect-no-changes", *words).returncode == 0

    def proofs(self) -> dict[str, bool]:
        """Every proof from outside, by its words."""
        done = self.command("prove", "--json")
        return {f"{proof['hop']} {proof['what']}: {proof['words']}": proof["kept"] for proof in json.loads(done.stdout)}

    def listening(self, machine: str, port: int, act: Callable[[], object]) -> str:
        """What arrives by UDP at a port of a machine while `act` runs."""
        line = self.line("exec", machine, "--", "python3", "-u", "-c", HEAR, str(port))
        ear = subprocess.Popen(line, env=self.environment, stdout=subprocess.PIPE, text=True)
        assert ear.stdout and ear.stdout.readline() == "listening\n"
        act()
        time.sleep(2)
        ear.terminate()
        return ear.communicate(timeout=10)[0]

    def variant(self, folder: Path, **changes: Any) -> Path:
        """A configuration file like the lab's, with some keys changed, or removed if None.

        What the example expects of its own hubs and FortiGate is not expected of others.
        """
        if changes.keys() & {"hubs", "fortigate", "users"}:
            changes = {"expect": None, **changes}
        file = folder / "Pulumi.lab.yaml"
        values = yaml.safe_load((self.state / "project" / "Pulumi.lab.yaml").read_text())
        for key, value in changes.items():
            values["config"].pop(f"labvpn:{key}", None)
            if value is not None:
                values["config"][f"labvpn:{key}"] = value
        file.write_text(yaml.safe_dump(values))
        return file

    def with_secret(self, file: Path, key: str, value: str) -> None:
        """Set a secret in such a file, encrypted by the engine."""
        shutil.copyfile(PROJECT / "Pulumi.yaml", file.parent / "Pulumi.yaml")
        words = ["--cwd", str(file.parent), "config", "set", "--secret", "--path", key]
        done = self.command("pulumi", "--", "--non-interactive", *words, input=value)
        assert done.returncode == 0, done.stderr

    @property
    def example(self) -> dict[str, Any]:
        """The worked example's configuration, without the project's name before the keys."""
        values: dict[str, Any] = yaml.safe_load((PROJECT / "Pulumi.lab.yaml").read_text())["config"]
        return {key.removeprefix("labvpn:"): value for key, value in values.items()}

    def bare(self, *machines: str) -> dict[str, str]:
        """The state of these VPN hosts, the FortiGate and the zone, for a later comparison."""
        seen = {f"{each}: {line}": self.output(each, "sh", "-c", line) for each in machines for line in BARE}
        seen["fortigate"] = json.dumps(self.tables(), sort_keys=True)
        seen["zone"] = self.output("admin", "dig", "+short", "vpn.lab.example", "@198.51.100.53")
        return seen

    @property
    def manual(self) -> ManualChanges:
        """Manual changes on every hop."""
        return ManualChanges(Lab(self.name))

    def tables(self) -> Tables:
        """The FortiGate, setting by setting, each table in its order."""
        rows = self.manual.work("admin", [["rest", "GET", path, None, ""] for path in TABLES])
        return dict(zip(TABLES, rows, strict=True))
