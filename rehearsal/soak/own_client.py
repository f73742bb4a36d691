"""Dials in with SoftEther's own client on one machine, to which it is sent as text, and runs a program there.

Takes JSON on standard input: `server`, `hub`, `user`, `password`, the addresses `inside` that lie behind the VPN, the
`router` to them (null: the one the hub gives), and the `program` with its `stdin`. It must run in its own
mount and process namespaces, whose end ends the client, since the client keeps its state in the server's folders. Only
the standard library.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
PROGRAM = "/usr/libexec/softether/vpnclient/vpnclient"
FOLDERS = {"lib": "/var/lib/softether", "log": "/var/log/softether", "run": "/run/softether"}
SECONDS = 30
CARD = "vpn_vpn"


def main() -> None:
    """Dial, run the program, print what it prints."""
    request = json.load(sys.stdin)
    with TemporaryDirectory(prefix="labvpn-own-") as name:
        home = Path(name)
        for folder, place in FOLDERS.items():
            (home / folder).mkdir()
            Path(place).mkdir(parents=True, exist_ok=True)
            must("mount", "--bind", str(home / folder), place)
        must(PROGRAM, "start")
        try:
            dial(home, request)
            lead(home, request["inside"], request["router"])
            line = ["python3", "-c", request["program"]]
            done = subprocess.run(line, input=request["stdin"], capture_output=True, text=True, check=True)
        finally:
            subprocess.run([PROGRAM, "stop"], stdout=subprocess.DEVNULL)
            for place in FOLDERS.values():
                subprocess.run(["umount", "-l", place])
    print(done.stdout)


def dial(home: Path, request: dict[str, Any]) -> None:
    """Connect the client; its commands are in a file, so the password is not an argument."""
    until("About", "Version")
    commands = (
        "NicCreate VPN",
        f"AccountCreate lab /SERVER:{request['server']}:443 /HUB:{request['hub']} "
        f"/USERNAME:{request['user']} /NICNAME:VPN",
        f"AccountPasswordSet lab /PASSWORD:{request['password']} /TYPE:standard",
        "AccountConnect lab",
    )
    file = home / "commands"
    file.touch(0o600)
    file.write_text("\n".join(commands) + "\n")
    must("vpncmd", "localhost", "/CLIENT", f"/IN:{file}")
    until("AccountList", "|Connected")


def until(question: str, answer: str) -> None:
    """Ask the client until it gives this answer."""
    end = time.monotonic() + SECONDS
    while True:
        asked = ["vpncmd", "localhost", "/CLIENT", "/CMD", question]
        said = subprocess.run(asked, capture_output=True, text=True).stdout
        if answer in said:
            return
        if time.monotonic() > end:
            sys.exit(f"the client does not answer {answer}: {said}")
        time.sleep(0.3)


def lead(home: Path, inside: list[str], router: str | None) -> None:
    """Take the address that the hub gives, and route the inside addresses through the VPN."""
    script = home / "lease"
    script.write_text(f'#!/bin/sh\n[ "$1" != bound ] || echo "$ip $mask $router" > {home}/bound\n')
    script.chmod(0o700)
    must("udhcpc", "-i", CARD, "-n", "-q", "-t", "10", "-s", str(script))
    address, mask, *given = (home / "bound").read_text().split()
    must("ip", "address", "add", f"{address}/{mask}", "dev", CARD)
    for each in inside:
        must("ip", "route", "add", each, "via", router or given[0], "dev", CARD)


def must(*line: str) -> None:
    """Run to the end; exit with its output if it fails."""
    done = subprocess.run(line, capture_output=True, text=True, env=dict(os.environ))
    if done.returncode:
        sys.exit(f"{line[0]} failed: {done.stdout[-500:]}{done.stderr[-500:]}")


if __name__ == "__main__":
    main()
