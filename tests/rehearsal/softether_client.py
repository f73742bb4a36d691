"""SoftEther's own client on a machine of the rehearsal, with folders and a network card of its own."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rehearsal.conftest import Rehearsal

CARD = "VPN"
"""The kits' setting names this card; the client's interface for it is `vpn_vpn`."""

# The client keeps its state in the server's folders, so it gets others in a mount namespace of its own, whose end
# ends it. What it is told comes by files, so no password stands in an argument.
STAY = """
set -e
for name in lib log run; do
    mkdir -p {home}/$name
    case $name in run) at=/run/softether ;; *) at=/var/$name/softether ;; esac
    mkdir -p $at && mount --bind {home}/$name $at
done
program=/usr/libexec/softether/vpnclient/vpnclient
trap "$program stop" EXIT
$program start
for attempt in $(seq 20); do vpncmd localhost /CLIENT /CMD About >/dev/null 2>&1 && break; sleep 0.2; done
vpncmd localhost /CLIENT /IN:{home}/commands
echo READY
read -r end
"""


ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


class Client:
    """A running client that has imported a kit's setting."""

    def __init__(self, rehearsal: Rehearsal, machine: str, account: str) -> None:
        self.rehearsal, self.machine, self.account = rehearsal, machine, account

    def status(self) -> str:
        """What the client says of the connection: Connected, Connecting or Offline."""
        printed = self.rehearsal.run(self.machine, "vpncmd", "localhost", "/CLIENT", "/CMD", "AccountList").stdout
        found = re.search(r"^Status\s*\|(.*)$", printed, re.MULTILINE)
        return found[1].strip() if found else printed

    def becomes(self, status: str, seconds: float = 60) -> bool:
        """Whether the connection comes to a status in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.status() == status:
                return True
            time.sleep(0.5)
        return False

    def lease(self) -> str:
        """What the DHCP client says that asks through the tunnel once."""
        line = ("timeout", "20", "udhcpc", "-i", "vpn_vpn", "-n", "-q", "-t", "5", "-s", "/bin/true")
        return self.rehearsal.run(self.machine, *line).stderr


def by_setting(setting: Path) -> tuple[str, ...]:
    """The account's name, and the commands that make it from a kit's setting."""
    trusted = [f"CertAdd /{authority}"] if (authority := setting.parent / "authority.crt").exists() else []
    return _account(setting), f"AccountImport /{setting}", *trusted


def by_hand(server: str, user: str) -> tuple[str, ...]:
    """The account's name, and the command that makes it as people do by themselves."""
    return "by hand", f'AccountCreate "by hand" /SERVER:{server}:443 /HUB:LAB /USERNAME:{user} /NICNAME:{CARD}'


@contextmanager
def dialling(
    rehearsal: Rehearsal, machine: str, home: Path, account: tuple[str, ...], password: str, kind: str = "standard"
) -> Iterator[Client]:
    """A client that dials by an account until the block ends; for RADIUS its password is of another kind."""
    import subprocess

    name, *made = account
    commands = [
        f"NicCreate {CARD}",
        *made,
        f'AccountPasswordSet "{name}" /PASSWORD:"{password}" /TYPE:{kind}',
        f'AccountConnect "{name}"',
    ]
    (home / "commands").touch(0o600)
    (home / "commands").write_text("\n".join(commands) + "\n")
    line = rehearsal.line("exec", machine, "--", *ALONE, "sh", "-c", STAY.format(home=home))
    running = subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=rehearsal.environment
    )
    assert running.stdin is not None and running.stdout is not None
    try:
        said = []
        for line_said in running.stdout:
            said.append(line_said)
            if line_said == "READY\n":
                break
        assert not [text for text in said if "Error occurred" in text], "".join(said)
        yield Client(rehearsal, machine, name)
    finally:
        running.stdin.write("end\n")
        running.stdin.close()
        running.wait(30)


def _account(setting: Path) -> str:
    found = re.search(r"string AccountName (\S+)", setting.read_text("utf-8-sig"))
    assert found
    return re.sub(r"\$([0-9A-F]{2})", lambda byte: chr(int(byte[1], 16)), found[1])
