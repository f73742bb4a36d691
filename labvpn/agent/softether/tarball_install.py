"""SoftEther from an archive, under /usr/local/vpnserver, with a systemd unit of ours."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import os
from pathlib import Path
from typing import List, Optional

from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line, current
from labvpn.agent.core.paths import UNIT_FILE
from labvpn.agent.core.selinux import let_systemd_execute
from labvpn.agent.softether.administration import FirstStart
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.installations import UNPACKED
from labvpn.agent.softether.tarball import DRAFT, Tarball
from labvpn.agent.softether.upgrade import MARK, OLD, Upgrade

INSTALLED_MARK = UNPACKED.folder + "/" + MARK
"""The SHA-256 of the archive whose programs are in the folder; missing until they have proven themselves."""

# What the server itself keeps beside its programs: no archive replaces it, whatever it brings.
SERVERS_OWN = (
    *("vpn_server.config", "adminip.txt", "lang.config", "chain_certs", "backup.vpn_server.config"),
    *("server_log", "security_log", "packet_log"),
)
SERVER_FILE = UNIT_FILE.format(UNPACKED.unit)
# Every word of it is known to systemd 219, and none is left out by later ones.
SERVER_TEXT = """[Unit]
Description=SoftEther VPN Server
After=network.target

[Service]
Type=forking
ExecStart={program} start
ExecStop={program} stop
KillMode=process
Restart=on-failure
PrivateTmp=yes
ProtectHome=yes
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_RAW CAP_SYS_NICE
CapabilityBoundingSet=CAP_SYSLOG CAP_SETUID

[Install]
WantedBy=multi-user.target
""".format(program=UNPACKED.program)


class TarballInstall(Handler):
    """`archive vpnserver sha256=... from=https://... unit=current`; `from` says where to get it, not what is there."""

    kind = "archive"

    def __init__(self, softether: SoftEther, first: FirstStart) -> None:
        self.machine = softether.machine
        self.softether = softether
        self.first = first
        self.archive = Tarball(softether.machine)

    def exists(self) -> bool:
        """Whether anything is in the place of this installation, whoever put it there."""
        return any(self.machine.path(name).exists() for name in (UNPACKED.folder, SERVER_FILE))

    def placed(self) -> str:
        """The archive whose programs are there as a whole."""
        program = self.machine.path(UNPACKED.program).exists()
        return (self.machine.read(INSTALLED_MARK) or "none").strip() if program else "none"

    def read(self, line: Line) -> Optional[Values]:
        if not self.exists():
            return None
        values = {
            "sha256": self.placed(),
            "from": line.values.get("from", ""),
            "unit": current(self.machine.read(SERVER_FILE) == SERVER_TEXT),
        }
        return {key: values[key] for key in line.values or values}

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            wanted = change.line.values
            if self.placed() != wanted["sha256"]:
                self.install(wanted["from"], wanted["sha256"])
            # Left by a run that was cut off when the new server had proven itself.
            self.machine.delete(OLD)
            self.write_unit()

    def write_unit(self) -> None:
        """Have the unit that starts the server."""
        if self.machine.read(SERVER_FILE) != SERVER_TEXT:
            self.machine.write(SERVER_FILE, SERVER_TEXT)
            self.machine.must(["systemctl", "daemon-reload"])

    def install(self, source: str, digest: str) -> None:
        """Have another archive's programs; users and settings are files beside them, which no archive replaces."""
        former = self.softether.place
        moves = former != UNPACKED and self.softether.installed and self.softether.running()
        before = self.softether.tree() if moves else {}
        draft = self.archive.prepare(source, digest)
        self.first.secure(UNPACKED)
        upgrade = Upgrade(self.softether, SERVERS_OWN)
        proves = not moves and upgrade.is_one()
        if proves:
            upgrade.begin()
        self.place(draft)
        if proves:
            upgrade.prove()
        if moves:
            self.write_unit()
            upgrade.prove_move(before, former)
        self.machine.write(INSTALLED_MARK, digest + "\n")
        self.machine.delete(OLD)

    def place(self, draft: Path) -> None:
        """Rename the programs into their place one by one, the server last; cut off, it is done again as a whole."""
        folder = self.machine.path(UNPACKED.folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.machine.delete(INSTALLED_MARK)
        things = [one for one in draft.iterdir() if one.name not in SERVERS_OWN]
        for thing in sorted(things, key=lambda one: (one.name == "vpnserver", one.name)):
            target = folder / thing.name
            if thing.is_dir() or (target.is_dir() and not target.is_symlink()):
                self.machine.delete("{}/{}".format(UNPACKED.folder, thing.name))
            thing.replace(target)
        let_systemd_execute(self.machine, UNPACKED.folder)
        os.sync()
        self.machine.delete(DRAFT)

    def remove(self, lines: List[Line]) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the whole installation away, and what a run that was cut off has left of it."""
        if self.machine.path(SERVER_FILE).exists():
            self.machine.run(["systemctl", "disable", "--quiet", UNPACKED.unit])
            self.machine.run(["systemctl", "stop", UNPACKED.unit], 90)
            self.machine.delete(SERVER_FILE)
            self.machine.must(["systemctl", "daemon-reload"])
        for folder in (UNPACKED.folder, OLD, OLD + ".new"):
            self.machine.delete(folder)
        self.archive.clear()
