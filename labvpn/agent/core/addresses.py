"""Further addresses of the host on its loopback interface, by which VPN clients reach what the host itself serves."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import List, Optional

from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import UNIT_FILE

UNIT_TEXT = """[Unit]
Description=An address of this host for the clients of its VPN
After=network-pre.target
Before=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c "ip address replace {0}/32 dev lo"
ExecStop=/bin/sh -c "ip address delete {0}/32 dev lo"

[Install]
WantedBy=multi-user.target
"""


class Addresses(Handler):
    """`address 192.168.31.1 interface=lo`: SecureNAT connects from the host itself, so no firewall rule is needed.

    A VPN client cannot reach the address that it dials through its own tunnel (its route to it goes around the tunnel).
    A unit of ours holds each address, so that it is there again after a reboot.
    """

    kind = "address"

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def unit(self, line: Line) -> str:
        """The unit that holds an address."""
        return "labvpn-address-" + line.name

    def read(self, line: Line) -> Optional[Values]:
        there = " {}/32 ".format(line.name) in self.machine.run(["ip", "-o", "address", "show", "dev", "lo"]).output
        lasting = self.machine.path(UNIT_FILE.format(self.unit(line))).exists()
        if not there and not lasting:
            return None
        return {"interface": "lo" if there and lasting else "lo(now)" if there else "none"}

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            name = self.unit(change.line)
            self.machine.write(UNIT_FILE.format(name), UNIT_TEXT.format(change.line.name))
            self.machine.must(["systemctl", "daemon-reload"])
            self.machine.must(["systemctl", "enable", "--quiet", name])
            self.machine.must(["systemctl", "restart", name])

    def remove(self, lines: List[Line]) -> None:
        for line in lines:
            for word in ("disable", "stop"):
                self.machine.run(["systemctl", "--quiet", word, self.unit(line)])
            self.machine.delete(UNIT_FILE.format(self.unit(line)))
        self.machine.must(["systemctl", "daemon-reload"])
