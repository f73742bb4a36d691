"""Knocks through the VPN: `python -m labvpn.rehearsal.soak.through` dials from the phone, knocks there and hangs up.

It is a process of its own since the rehearsal that it works on is the one that its environment names. Takes the login
and what to ask as JSON on standard input.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from labvpn.rehearsal import machine
from labvpn.rehearsal.dial import Login, dialled
from labvpn.rehearsal.soak.lab import Lab, must
from labvpn.rehearsal.soak.sweep import KNOCK

SECONDS = 200


def through(lab: Lab, user: str, ask: Mapping[str, Any]) -> dict[str, list[int]]:
    """The ports that open to a user of the VPN, by address; RehearsalError if the dial fails."""
    shown = ["stack", "output", "--show-secrets", "--json"]
    outputs = json.loads(must(Lab(lab.name).pulumi(*shown), shown))
    one = outputs["users"][user]
    hub = one.get("hub", outputs["hub"])
    network = outputs["networks"][hub]
    login = {"user": f"{user}@{hub}", "password": one["password"]}
    login["router"] = network["router"] if network["routes"] else None
    told = json.dumps({"login": {"server": outputs["address"], **login}, "ask": ask})
    opened: dict[str, list[int]] = json.loads(lab.module(__name__, stdin=told))
    return opened


def main() -> None:
    """Dial, knock, print what opened."""
    told = json.load(sys.stdin)
    with dialled("phone", Login(**told["login"])) as dial:
        if dial.address is None:
            sys.exit(f"the phone could not dial in: {dial.log[-2000:]}")
        done = machine.run("phone", ["python3", "-c", KNOCK], json.dumps(told["ask"]), SECONDS)
    if done.returncode:
        sys.exit(done.stderr)
    print(done.stdout)


if __name__ == "__main__":
    main()
