"""Tries ports through the VPN: `python -m rehearsal.soak.via_vpn` dials from the phone, tries them and disconnects.

It uses OpenVPN's client if OpenVPN is on, otherwise SoftEther's own. It is a separate process because its environment
selects the rehearsal that it works on. It takes the login and the request as JSON on standard input.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rehearsal import machine
from rehearsal.dial import Login, dialled
from rehearsal.soak import own_client
from rehearsal.soak.lab import Done, Lab, must
from rehearsal.soak.sweep import KNOCK

SECONDS = 200
OWN = Path(own_client.__file__).read_text()


def through(lab: Lab, user: str, ask: Mapping[str, Any], *, openvpn: bool) -> dict[str, list[int]]:
    """The ports that open to a user of the VPN, by address; raises RehearsalError if the dial fails."""
    words = ["stack", "output", "--show-secrets", "--json"]
    outputs = json.loads(must(Lab(lab.name).pulumi(*words), words))
    one = outputs["users"][user]
    hub = one.get("hub", outputs["hub"])
    network = outputs["networks"][hub]
    login = {"user": f"{user}@{hub}", "password": one["password"]}
    login["router"] = network["router"] if network["routes"] else None
    login["authority"] = outputs.get("certificate")
    request = json.dumps({"login": {"server": outputs["address"], **login}, "ask": ask, "openvpn": openvpn})
    opened: dict[str, list[int]] = json.loads(lab.module(__name__, stdin=request))
    return opened


def main() -> None:
    """Dial, try the ports, print those that opened."""
    request = json.load(sys.stdin)
    done = (by_openvpn if request["openvpn"] else by_own_client)(request["login"], request["ask"])
    if done.returncode:
        sys.exit(done.stderr)
    print(done.stdout)


def by_openvpn(login: dict[str, Any], ask: Mapping[str, Any]) -> Done:
    """Try ports while OpenVPN's client is connected."""
    with dialled("phone", Login(**login)) as dial:
        if dial.address is None:
            sys.exit(f"the phone could not dial in: {dial.log[-2000:]}")
        return machine.run("phone", ["python3", "-c", KNOCK], json.dumps(ask), SECONDS)


def by_own_client(login: dict[str, Any], ask: Mapping[str, Any]) -> Done:
    """Try ports while SoftEther's own client is connected."""
    user, _, hub = login["user"].partition("@")
    request = {
        **login,
        "user": user,
        "hub": hub,
        "inside": [*ask["connect"]],
        "program": KNOCK,
        "stdin": json.dumps(ask),
    }
    return machine.run("phone", [*own_client.ALONE, "python3", "-c", OWN], json.dumps(request), SECONDS)


if __name__ == "__main__":
    main()
