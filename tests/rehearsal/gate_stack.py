"""The FortiGate's part of the stack alone, applied to a rehearsal by the real engine."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labvpn.rehearsal import sealed, values
from labvpn.rehearsal.fortigate import control
from labvpn.rehearsal.places import PROJECT
from labvpn.rehearsal.stack import ready
from tests.rehearsal.stack import Stack

PROGRAM = PROJECT / "tests/rehearsal/fortigate_program"
PATHS = ("firewall/policy", "firewall/address", "firewall/addrgrp", "firewall/vip", "firewall.service/custom")
Tables = dict[str, list[dict[str, Any]]]


@dataclass
class GateStack:
    """The stack, the folder of its configuration, and the box's own door for tests."""

    lab: Stack
    folder: Path

    @classmethod
    def make(cls, lab: Stack, folder: Path) -> GateStack:
        engine = ready(lab.state, print)
        sealed.ensure(lab.state, engine.pulumi, engine.environment(lab.state))
        return cls(lab, folder)

    @property
    def box(self) -> Path:
        return self.lab.state / "fortigate"

    def declare(self, vpn: dict[str, Any] | None = None, server: str = "203.0.113.20", **fortigate: Any) -> None:
        """Have the configuration say this of the FortiGate; the listener is one that the bare host answers at."""
        example = self.lab.example
        offered = {"listeners": [8000], "protocols": {"openvpn": True, "l2tpIpsec": True}, **(vpn or {})}
        self.lab.variant(
            self.folder,
            vpn=offered,
            server={"address": server, "ssh": {"host": "203.0.113.20"}},
            fortigate={**example["fortigate"], **fortigate},
        )

    def line(self, *words: str) -> list[str]:
        file = str(self.folder / sealed.FILE)
        return ["--non-interactive", *words, "--cwd", str(PROGRAM), "--config-file", file]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.lab.command("pulumi", "--", *self.line(*words), cwd=PROGRAM)

    def says(self, *words: str) -> str:
        """What the engine printed; it must have succeeded."""
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def up(self) -> str:
        return self.says("up", "--yes", "--skip-preview")

    def refusal(self, *words: str) -> str:
        """What the engine printed; it must have failed."""
        done = self.run(*words)
        assert done.returncode != 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def is_settled(self) -> bool:
        return self.run("preview", "--expect-no-changes").returncode == 0

    def destroy(self) -> None:
        self.says("destroy", "--yes", "--skip-preview")

    def tables(self) -> Tables:
        """The box, setting by setting, each table in its order."""
        return {path: self.rest("GET", path)["results"] for path in PATHS}

    def order(self) -> list[str]:
        return [str(policy["name"]) for policy in self.tables()["firewall/policy"]]

    def rest(self, method: str, path: str, query: str = "") -> dict[str, Any]:
        token = values.read(self.lab.state)["fortigateToken"]
        address = f"https://203.0.113.129/api/v2/cmdb/{path}?vdom=root{query}"
        header = f'header = "Authorization: Bearer {token}"'
        answer: dict[str, Any] = json.loads(
            self.lab.output("admin", "curl", "-sk", "-X", method, "-K", "-", address, input=header)
        )
        return answer

    def changes(self) -> list[str]:
        """The requests since the last question that changed something."""
        return [one for one in control.requests(self.box) if not one.startswith("GET ")]

    def opens(self, place: str, address: str = "203.0.113.20", port: int = 8000) -> bool:
        """Whether a page opens from a place."""
        return self.lab.run(place, "curl", "-sS", "-m", "2", f"http://{address}:{port}/").returncode == 0
