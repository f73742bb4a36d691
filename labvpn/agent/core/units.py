"""systemd units: enabled, active."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import Callable, Dict, List, Optional

from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine

START_SECONDS = 90
ENABLED = ("enabled", "enabled-runtime", "alias", "static", "indirect", "generated")


class Units(Handler):
    """`unit NAME enabled=yes active=yes`; `ready` waits, unit by unit, until a started service really serves."""

    kind = "unit"

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.ready: Dict[str, Callable[[], None]] = {}
        # Names in the document whose unit has another name on this machine, since someone else installed it.
        self.real: Dict[str, Callable[[], str]] = {}

    def named(self, line: Line) -> str:
        """The unit's name on this machine."""
        return self.real[line.name]() if line.name in self.real else line.name

    def read(self, line: Line) -> Optional[Values]:
        unit = self.named(line)
        output = self.machine.run(
            ["systemctl", "show", "-p", "LoadState", "-p", "UnitFileState", "-p", "ActiveState", unit + ".service"]
        ).output
        state = dict(word.partition("=")[::2] for word in output.splitlines())
        if state.get("LoadState") not in ("loaded", "masked"):
            return None
        values = {
            "enabled": "yes" if self.enabled(unit, state.get("UnitFileState", "")) else "no",
            "active": "yes" if state.get("ActiveState") in ("active", "reloading") else "no",
        }
        return {key: values[key] for key in line.values if key in values}

    def enabled(self, unit: str, file_state: str) -> bool:
        """Whether it starts with the machine; systemd 219 shows nothing for an init script and has to be asked."""
        if file_state in ("", "bad"):
            return self.machine.run(["systemctl", "is-enabled", "--quiet", unit]).status == 0
        return file_state in ENABLED

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            if change.want:
                self.settle(change.want)

    def settle(self, want: Line) -> None:
        """Enable or disable a unit, start or stop it."""
        values, unit = want.values, self.named(want)
        if values.get("enabled") == "yes":
            self.machine.must(["systemctl", "unmask", unit])
        if "enabled" in values:
            self.machine.must(["systemctl", "enable" if values["enabled"] == "yes" else "disable", unit])
        if values.get("active") == "yes":
            self.start(unit)
        elif values.get("active") == "no":
            self.machine.must(["systemctl", "stop", unit], START_SECONDS)

    def start(self, name: str) -> None:
        """Start a unit and see it active: SoftEther's start command succeeds even where the server did not start."""
        if self.machine.run(["systemctl", "is-active", "--quiet", name]).status != 0:
            self.machine.must(["systemctl", "start", name], START_SECONDS)
        if self.machine.run(["systemctl", "is-active", "--quiet", name]).status != 0:
            raise AgentError("{0} was started on the VPN host and exited at once: see `journalctl -u {0}`".format(name))
        if name in self.ready:
            self.ready[name]()

    def remove(self, lines: List[Line]) -> None:
        for line in lines:
            for word in ("disable", "stop"):
                self.machine.run(["systemctl", word, self.named(line)], START_SECONDS)
