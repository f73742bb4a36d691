"""A host in a folder and a SoftEther in memory: what the agent asks of them is recorded."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labvpn.agent.core.machine import Machine, Outcome
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.config_file import Tree, load
from labvpn.agent.softether.installations import PACKAGED
from labvpn.agent.softether.rpc import Answer

CASES = Path(__file__).parents[2] / "cases"
DOCUMENTS = {path.stem: path.read_text() for path in (CASES / "documents").glob("*.txt")}
CONFIG = (CASES / "agent" / "vpn_server.config").read_text(encoding="utf-8-sig")
SECRETS = {
    "administrator": "administrator-canary",
    "ipsec": "preshared-canary",
    "hubs": {"LAB": "hub-canary"},
    "users": {"LAB/owner": "owner-canary", "LAB/guest1": "guest1-canary"},
}


Answers = dict[str, Outcome | str]
"""What commands answer, by their beginning: an outcome, or the output of one that succeeds."""


class FakeMachine(Machine):
    """Files below a folder; commands answer what `answers` says for their beginning, else nothing with status 0."""

    def __init__(self, root: Path, answers: Answers | None = None) -> None:
        super().__init__(str(root))
        self.answers = dict(answers or {})
        self.ran: list[str] = []

    def run(self, command: Sequence[str], seconds: float = 60, environment: dict[str, str] | None = None) -> Outcome:
        line = " ".join(command)
        self.ran.append(line)
        found = [answer for start, answer in self.answers.items() if line.startswith(start)]
        answer = found[-1] if found else ""
        return Outcome(0, answer) if isinstance(answer, str) else answer

    def commands(self, word: str) -> list[str]:
        return [line for line in self.ran if word in line]


class FakeSoftEther(SoftEther):
    """An installed server whose configuration is a given text; calls are recorded and answered from `answers`."""

    def __init__(self, machine: Machine, config: str = CONFIG, secrets: Mapping[str, Any] = SECRETS) -> None:
        super().__init__(machine, Secrets(copy.deepcopy(dict(secrets))))
        machine.write(PACKAGED.program, "")
        self.text = config
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Answer] = {}

    def call(self, method: str, **parameters: Any) -> Answer:
        self.calls.append((method, parameters))
        return dict(self.answers.get(method, {}))

    def tree(self) -> Tree:
        if self.config is None:
            self.config = load(self.text.splitlines())
        return self.config

    def start(self, seconds: float = 0.0) -> None:
        """It runs."""

    def methods(self) -> list[str]:
        return [method for method, _ in self.calls]
