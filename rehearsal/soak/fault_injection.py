"""Faults on the machines of a rehearsal: injecting and ending them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal import network
from rehearsal.fortigate import control
from rehearsal.fortigate.gate import Faults
from rehearsal.machine import line
from rehearsal.places import PROJECT
from rehearsal.problems import RehearsalError
from rehearsal.soak.engine import Engine

CUT = "for p in $(pgrep -f '^sshd: ' ); do grep -q listener /proc/$p/cmdline || kill -9 $p; done"
DROP = "table inet fault { chain in { type filter hook input priority -300; ip saddr %s tcp sport 22 drop; }; }"
FULL = "mount -o remount,size=$(df -k --output=used /run | tail -n 1)k /run"
ROOM = "mount -o remount,size=50% /run"
BIND = "kill -%s $(cat /run/labvpn/pid/named-primary)"
PAUSE = 5.0
"""Seconds for which BIND is stopped before it is resumed."""


@dataclass(frozen=True)
class FaultInjector:
    """Injects faults into a rehearsal and ends those that last."""

    state: Path
    engine: Engine

    def strike(self, fault: str) -> None:
        """Inject a fault now."""
        if fault.startswith(("answers ", "says ")):
            self._fortigate({"says nothing": "hang"}.get(fault, fault.removeprefix("answers ")))
        else:
            self._others()[fault]()

    def end(self) -> None:
        """End every lasting fault and start all servers again."""
        self._fortigate("pass")
        self._on("admin", "nft delete table inet fault 2>/dev/null || true")
        self._keeper(ROOM)
        self._keeper(BIND % "CONT" + " 2>/dev/null || true")
        self._rehearsal("start")

    def _others(self) -> dict[str, Callable[[], None]]:
        return {
            "engine killed": self.engine.kill,
            "SSH cut": lambda: self._on("server", CUT),
            "packets dropped": lambda: self._on("admin", f"nft '{DROP % network.SERVER}'"),
            "VPN host rebooted": lambda: self._rehearsal("reboot", "server"),
            "SoftEther killed": lambda: self._on("server", "kill -9 $(pidof vpnserver) 2>/dev/null || true"),
            "disk full": lambda: self._keeper(FULL),
            "BIND stopped": lambda: self._keeper(BIND % "STOP"),
            "BIND stopped and resumed": self._pause_bind,
            "BIND restarted": self._restart_bind,
        }

    def _restart_bind(self) -> None:
        self._keeper(BIND % "KILL")
        self._rehearsal("start")

    def _pause_bind(self) -> None:
        self._keeper(BIND % "STOP")
        threading.Timer(PAUSE, lambda: self._keeper(BIND % "CONT")).start()

    def _fortigate(self, how: Any) -> None:
        control.set_faults(self.state / "fortigate", Faults(then=how))

    def _on(self, machine: str, script: str) -> None:
        self._do(line(machine, ["sh", "-c", script]))

    def _keeper(self, script: str) -> None:
        """Run inside the rehearsal itself."""
        self._do([sys.executable, "-m", "rehearsal.run", str(self.state), "sh", "-c", script])

    def _rehearsal(self, *words: str) -> None:
        self._do([sys.executable, "-m", "rehearsal", *words])

    def _do(self, command: list[str]) -> None:
        done = subprocess.run(
            command, env=self.engine.environment, cwd=PROJECT, capture_output=True, text=True, timeout=120
        )
        if done.returncode:
            raise RehearsalError(f"a fault could not be injected: {done.stderr.strip()}")
