"""Manual changes on every hop: with JSON-RPC and the shell on the VPN host, REST and nsupdate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rehearsal import network
from rehearsal.soak.lab import Lab

WORK = Path(__file__).with_name("on_machine.py").read_text()
SERVER, ADMIN = "server", "admin"
OF_NOW = "9998/tcp"
"""A port that others opened at runtime only."""

HAD = f"had=yes; firewall-cmd -q --query-port={OF_NOW} || had=no"
RELOAD = f'firewall-cmd -q --reload; [ "$had" != yes ] || firewall-cmd -q --add-port={OF_NOW}'
STOPPED = "systemctl stop softether-vpnserver; {}; systemctl start softether-vpnserver"

Step = list[Any]


class ManualChanges:
    """What an administrator can do by hand in a lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.held: list[tuple[str, Step]] | None = None
        self.edits: list[str] = []

    def work(self, machine: str, steps: list[Step]) -> list[Any]:
        """Do steps on a machine at once; raises RehearsalError naming the first that fails."""
        secrets = {"password": "administratorPassword", "token": "fortigateToken"}
        ask = {"steps": steps, **{name: self.lab.secrets[key] for name, key in secrets.items()}}
        answers: list[Any] = json.loads(self.lab.on(machine, "python3", "-c", WORK, stdin=json.dumps(ask)))
        return answers

    def do(self, machine: str, *step: Any) -> Any:
        """Do a step now, or later with the others."""
        if self.held is None:
            return self.work(machine, [list(step)])[0]
        self.held.append((machine, list(step)))
        return None

    def together(self, makes: Iterable[Callable[[ManualChanges], object]]) -> None:
        """Make several changes in one visit to each machine, and stop the server at most once."""
        self.held, self.edits = [], []
        for make in makes:
            make(self)
        held, self.held = self.held, None
        if self.edits:
            held.insert(0, (SERVER, ["ready"]))
            held.insert(0, (SERVER, ["shell", STOPPED.format("; ".join(self.edits))]))
        for machine in (SERVER, ADMIN):
            if steps := [step for at, step in held if at == machine]:
                self.work(machine, steps)

    def call(self, method: str, onto: str = "", **params: Any) -> Any:
        """A call of the SoftEther server; with `onto` the parameters override the answer of that call."""
        return self.do(SERVER, "call", method, params, onto)

    def without_rule(self, hub: str, memo: str) -> None:
        """Delete the rule of an access list that has this memo."""
        self.do(SERVER, "unrule", hub, memo)

    def shell(self, text: str, machine: str = SERVER) -> Any:
        """Lines of shell, as root, that stop at the first that fails."""
        return self.do(machine, "shell", text)

    def stopped(self, command: str) -> None:
        """A command while SoftEther is stopped, for settings in its file that have no call."""
        if self.held is None:
            self.work(SERVER, [["shell", STOPPED.format(command)], ["ready"]])
        self.edits.append(command)

    def firewalld(self, *changes: str) -> None:
        """Permanent changes, effective at once; runtime changes of others survive the reload."""
        lines = [f"firewall-cmd -q --permanent {change}" for change in changes]
        self.shell("\n".join([HAD, *lines, RELOAD]))

    def box(self, method: str, path: str, body: dict[str, Any] | None = None, query: str = "") -> Any:
        """A request to the FortiGate; `{NAME}` in path and query is a policy's number."""
        return self.do(ADMIN, "rest", method, path, body, query)

    def zone(self, *lines: str) -> None:
        """Updates of the zone at its primary, signed with the lab's key."""
        key = f"server {network.PRIMARY}\nkey hmac-sha256:labvpn {self.lab.secrets['dnsKey']}\n"
        update = "".join(f"update {line}\n" for line in lines)
        self.do(ADMIN, "nsupdate", f"{key}{update}send\n")
