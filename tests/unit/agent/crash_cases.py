"""A host whose server crashes, with the log of a real one."""

from __future__ import annotations

from pathlib import Path

from labvpn.agent.softether.installations import PACKAGED
from tests.unit.agent.fakes import FakeMachine

LOG = "/var/log/softether/server_log/vpn_20261130.log"
RULER = "-" * 54


START = [
    RULER,
    "SoftEther VPN Server Developer Edition Version 5.01 Build 9674   (English)",
    "The server has been started.",
]


def lines(*texts: str, at: str = "00:39:44.575") -> list[str]:
    return [f"2026-11-30 {text if text[2:3] == ':' else f'{at} {text}'}" for text in texts]


class Host(FakeMachine):
    """A host with a server of a watchdog and a child."""

    def process(self, pid: int, parent: int, start: int) -> None:
        folder = self.path(f"/proc/{pid}")
        folder.mkdir(parents=True, exist_ok=True)
        fields = [str(number) for number in range(3, 53)]
        fields[0], fields[1], fields[19] = "S", str(parent), str(start)
        (folder / "stat").write_text(f"{pid} (vpn) server) {' '.join(fields)}\n")
        (folder / "exe").unlink(missing_ok=True)
        (folder / "exe").symlink_to(self.path(PACKAGED.program))

    def end(self, pid: int) -> None:
        self.delete(f"/proc/{pid}")

    def log(self, *texts: str, at: str = "00:39:44.575") -> None:
        with self.path(LOG).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\r\n" for line in lines(*texts, at=at))

    @classmethod
    def serving(cls, folder: Path) -> Host:
        """One whose server runs."""
        host = cls(folder, {"systemctl show -p NRestarts": "NRestarts=0\n"})
        host.write(PACKAGED.program, "")
        host.write(LOG, "")
        host.process(757, 1, 100)
        host.process(758, 757, 101)
        return host
