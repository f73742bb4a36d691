"""For those who try the rehearsal: one manual change on each hop, and a guest who dials in and opens a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from rehearsal import lab, machine, places
from rehearsal.dial import dialled
from rehearsal.problems import RehearsalError
from rehearsal.proof import WORKSTATION


class Breakage(StrEnum):
    """What can be changed by hand."""

    USER = "user"
    PORT = "port"
    POLICY = "policy"
    NAME = "name"


DONE = {
    Breakage.USER: "on the SoftEther server: the user guest2 is deleted",
    Breakage.PORT: "in firewalld on the VPN host: UDP 500 is closed, so no phone gets past phase 1 of L2TP/IPsec",
    Breakage.POLICY: "on the FortiGate: the policy vpn-allow is switched off, so nobody reaches the VPN from outside",
    Breakage.NAME: "at the name server: vpn.lab.example points to 203.0.113.9",
}


def change(what: Breakage) -> str:
    """Make a manual change with the password, token or key that its administrator would use; returns what was done."""
    from rehearsal.soak.lab import Lab
    from rehearsal.soak.manual_changes import ManualChanges

    manual = ManualChanges(Lab(places.name()))
    if what is Breakage.USER:
        manual.call("DeleteUser", HubName_str="LAB", Name_str="guest2")
    elif what is Breakage.PORT:
        manual.firewalld("--service=vpnserver --remove-port=500/udp")
    elif what is Breakage.POLICY:
        manual.box("PUT", "firewall/policy/{vpn-allow}", {"status": "disable"})
    else:
        manual.zone("delete vpn.lab.example. A", "add vpn.lab.example. 60 A 203.0.113.9")
    return DONE[what]


def visit(user: str) -> Iterator[str]:
    """Dial in from the phone with a real OpenVPN client and fetch the workstation's page; a sentence for each step."""
    stack = lab.outputs()
    if user not in stack.users:
        raise RehearsalError(f"unknown user {user}: choose one of {', '.join(sorted(stack.users))}")
    yield f"{user} dials {stack.name} from the phone, which is behind the carrier's NAT ..."
    with dialled("phone", stack.login(user)) as dial:
        if dial.address is None:
            last = " / ".join(dial.log.strip().splitlines()[-2:])
            raise RehearsalError(f"{user} did not get in: {last}; `labvpn diagnose` explains such a log")
        yield f"connected: the phone has the address {dial.address} inside the VPN"
        page = machine.output("phone", ["curl", "-sS", "-m", "15", WORKSTATION])
    yield f"{WORKSTATION} through the VPN: {_title(page)}"
    yield ""
    yield from page.splitlines()


def _title(page: str) -> str:
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    return f"“{found[1].strip()}”" if found else "a page without a title"
