"""Dials in by SoftEther's own client on one machine and runs a program there, sent there as text.

Takes JSON on standard input: `server`, `hub`, `user`, `password`, the addresses `inside` that lie behind the VPN, the
`router` to them (null: the one that the hub gives), and the `program` with its `stdin`. Has to run in a mount and a
process namespace of its own, whose end ends the client, since the client keeps its state in the server's folders. Only
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
    """Have the client connect; what it is told comes by a file, so the password is no argument."""
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
    """Ask the client until it answers this."""
    end = time.monotonic() + SECONDS
    while True:
        asked = ["vpncmd", "localhost", "/CLIENT", "/CMD", question]
        said = subprocess.run(asked, capture_output=True, text=True).stdout
        if answer in said:
            return
        if time.monotonic() > end:
            sys.exit(f"the client does not say {answer}: {said}")
        time.sleep(0.3)


def lead(home: Path, inside: list[str], router: str | None) -> None:
    """Take the address that the hub gives, and lead what is for the inside through the VPN."""
    script = home / "lease"
    script.write_text(f'#!/bin/sh\n[ "$1" != bound ] || echo "$ip $mask $router" > {home}/bound\n')
    script.chmod(0o700)
    must("udhcpc", "-i", CARD, "-n", "-q", "-t", "10", "-s", str(script))
    address, mask, *given = (home / "bound").read_text().split()
    must("ip", "address", "add", f"{address}/{mask}", "dev", CARD)
    for each in inside:
        must("ip", "route", "add", each, "via", router or given[0], "dev", CARD)


def must(*line: str) -> None:
    """Run to the end; what it said is ours if it fails."""
    done = subprocess.run(line, capture_output=True, text=True, env=dict(os.environ))
    if done.returncode:
        sys.exit(f"{line[0]} failed: {done.stdout[-500:]}{done.stderr[-500:]}")


if __name__ == "__main__":
    main()
