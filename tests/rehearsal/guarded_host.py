"""A VPN host with a guard of quick bounds, and guesses at it as a program makes them: many in a second."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rehearsal import network
from tests.rehearsal.agent_host import AgentHost
from tests.rehearsal.conftest import Rehearsal

RAW = Path(__file__).parent / "attacks" / "raw_login.py"
PATIENCE = 90
"""Seconds within which a thing that has to happen is waited for; nothing is counted against the clock."""

WRONG_PASSWORD, NO_SUCH_HUB = "9", "8"
"""Error numbers of SoftEther."""


class Guessed(Rehearsal):
    """A lab at whose server programs guess."""

    sources = 0

    def source(self) -> str:
        """An address on the campus from which nobody has dialled yet."""
        if not self.sources:
            add = "for n in $(seq 150 230); do ip address replace 203.0.113.$n/25 dev eth0; done"
            self.output("campus", "sh", "-c", add)
        self.sources += 1
        return f"203.0.113.{149 + self.sources}"

    def logins(
        self,
        source: str,
        *logins: dict[str, Any],
        port: int = 443,
        machine: str = "campus",
        server: str = network.SERVER,
    ) -> list[str]:
        """Log in by SoftEther's own protocol with whatever fields; how the server answered each."""
        words = ("python3", str(RAW), server, str(port), source)
        answers: list[str] = json.loads(self.output(machine, *words, input=json.dumps({"logins": logins})))
        return answers

    def guess(self, source: str, count: int, user: str = "guest1") -> list[str]:
        return self.logins(source, *[{"username": user}] * count)

    def reaches(self, source: str) -> bool:
        """Whether an address gets an answer of the server; nothing of it counts as a guess."""
        return self.logins(source, {"hubname": "NOPE"}) == [NO_SUCH_HUB]

    def shuts_out(self, source: str) -> bool:
        """Whether a source comes to be banned in the kernel."""
        return bool(eventually(lambda: source in self.bans()))


class GuardedHost(Guessed, AgentHost):
    """The worked example's host; nothing else than the guard holds anybody off."""

    def begin_guarded(self, **bounds: object) -> None:
        """Server, hub and firewall, with these bounds."""
        self.begin_with_server()
        hub = self.documents()["hub"].splitlines()
        self.converge("hub", "".join(f"{line}\n" for line in hub if not line.startswith("reaper")))
        self.guard(**bounds)

    def guarded(self, **bounds: object) -> str:
        """The firewall's document with a guard of these bounds."""
        given = {"slow": 5, "pause": 15, "most": 10, "seconds": 600, "exempt": "none", **bounds}
        words = " ".join(f"{name}={value}" for name, value in given.items())
        usual = "slow=5 pause=15 most=10 seconds=600 exempt=none"
        return self.documents()["firewall"].replace(usual, words)

    def guard(self, **bounds: object) -> None:
        self.converge("firewall", self.guarded(**bounds))
        self.confirm()

    def banned(self) -> dict[str, int]:
        """The banned sources, with their numbers of failures."""
        found = json.loads(self.run("server", "cat", "/run/labvpn/barred.json").stdout or "{}")
        return {source: failures for source, (_, failures) in found.get("value", found).items()}

    def hindered(self) -> str:
        """What stands in the guard's way, as `status` says."""
        return str(json.loads(self.agent("status"))["guard"])

    def bars(self, source: str) -> int:
        """The failures for which a source is barred, as soon as it is; 0 if it never is."""
        return int(eventually(lambda: self.banned().get(source, 0)))

    def bans_after(self, count: int, source: str) -> bool:
        """Whether a source that makes so many guesses is banned for exactly these."""
        self.guess(source, count)
        return self.bars(source) == count

    def journal(self) -> str:
        return self.output("server", "journalctl", "-u", "labvpn-bans", "--no-pager", "-o", "cat")

    def log(self) -> str:
        return self.output("server", "sh", "-c", "cat /var/log/softether/security_log/LAB/*.log")

    def in_logs(self, command: str) -> None:
        """Have a shell do something in the folder of the hub's logs, where `$log` is the one written last."""
        start = "cd /var/log/softether/security_log/LAB && log=$(ls -t sec*.log | head -n 1);"
        self.output("server", "sh", "-c", f"{start} {command}")


def eventually(happens: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """What a question answers when it first answers with something, or its last answer."""
    end = time.monotonic() + patience
    while not (answer := happens()) and time.monotonic() < end:
        time.sleep(0.3)
    return answer
