"""A service of the agent's own on the host: its unit, that it runs, and its end."""

from typing import List

from labvpn.agent.core.document import yes
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import AGENT, UNIT_FILE

SERVICE_TEXT = """[Unit]
Description={meaning}
After=firewalld.service softether-vpnserver.service vpnserver.service

[Service]
ExecStart={agent} {command}
Restart=always
RestartSec=2
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
"""


def settings(unit: str) -> List[str]:
    """The lines of a unit that systemd acts on."""
    return [line for line in unit.splitlines() if not line.startswith("Description=")]


class HostService:
    """A unit of ours with its whole text."""

    def __init__(self, machine: Machine, name: str, text: str) -> None:
        self.machine = machine
        self.name = name
        self.text = text

    @property
    def file(self) -> str:
        """The unit's file."""
        return UNIT_FILE.format(self.name)

    def active(self) -> str:
        """`yes` where it runs and will run after the next boot, `changed` where its settings differ, '' without it.

        The description does not count: it is for people, and earlier agents wrote it in other words.
        """
        unit = self.machine.read(self.file)
        if unit is None or settings(unit) != settings(self.text):
            return "" if unit is None else "changed"
        words = ("is-active", "is-enabled")
        return yes(all(self.machine.run(["systemctl", word, "-q", self.name]).status == 0 for word in words))

    def start(self) -> None:
        """Start it with its current unit and orders."""
        self.machine.write(self.file, self.text)
        self.machine.must(["systemctl", "daemon-reload"])
        self.machine.must(["systemctl", "enable", "--quiet", self.name])
        self.machine.must(["systemctl", "restart", self.name])

    def stop(self) -> None:
        """End it; its file goes by `forget`."""
        for word in ("disable", "stop"):
            self.machine.run(["systemctl", "--quiet", word, self.name])

    def forget(self, *orders: str) -> None:
        """Take away its file, and the files of its orders."""
        for name in (self.file, *orders):
            self.machine.delete(name)
        self.machine.must(["systemctl", "daemon-reload"])


class AgentService(HostService):
    """A unit that runs a command of the agent permanently; `meaning` is systemd's description of it.

    `more` are further lines of its service.
    """

    def __init__(self, machine: Machine, name: str, meaning: str, command: str, more: str = "") -> None:
        text = SERVICE_TEXT.format(meaning=meaning, agent=AGENT, command=command)
        super().__init__(machine, name, text.replace("\n[Install]", more + "\n[Install]"))
