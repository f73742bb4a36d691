"""A VPN host on which some users give a code, and how they dial with it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from labvpn.agent.codes.verifier import STEP, code_of
from labvpn.model.lab import Lab
from labvpn.parse.host import HostState
from labvpn.plan.host import drifted
from labvpn.render.documents import Concern, documents
from rehearsal import dial
from rehearsal.dial import Login
from tests.rehearsal import softether_client
from tests.rehearsal.agent_host import AGENT, SECRETS, SOURCE
from tests.rehearsal.guarded_host import GuardedHost
from tests.rehearsal.hub_lab import SERVER, HubHost
from tests.unit.samples import lab

NAMES = ("anna", "ben", "carl", "dora", "emil", "fay", "gus", "hana", "ida", "jon", "kim", "max", "nia", "otto")
USERS = (*NAMES, *(f"user{number}" for number in range(12)))
"""Each test has users of its own, since a code of theirs is good once."""

OWNER = "owner"
LEFT = 13
"""Seconds of the present code that a dial needs, so that it is still the present one at its end."""


def coded(reset: tuple[str, ...] = (), without: str = "") -> Lab:
    """The hub with a group whose users give a code, and an owner in it who is exempt."""
    names = [name for name in USERS if name != without]
    users: list[dict[str, Any]] = [{"name": OWNER, "group": "staff", "reach": "free", "MultiLogins": 0}]
    users += [{"name": name, "group": "staff", "MultiLogins": 0, "resetCode": int(name in reset)} for name in names]
    factor = {"groups": ["staff"], "exempt": [OWNER]}
    hub = {"groups": {"staff": {}}, "secondFactor": factor}
    return lab(users=users, hubs={"LAB": hub}, vpn={"secureNat": {"routes": []}, "sessions": {"enforced": False}})


class CodeHost(HubHost, GuardedHost):
    """The host, with its verifier."""

    lab = coded()

    def begin_coded(self) -> list[str]:
        """Everything that the lab declares; what the bare host had before."""
        self.begin()
        before = self.listing()
        self.converge("host", documents(self.lab, SOURCE)[Concern.HOST])
        self.converge("server")
        self.apply(self.lab)
        return before

    def converged(self, one: Lab) -> subprocess.CompletedProcess[str]:
        """A run that may fail."""
        request = {"desired": documents(one, "")[Concern.HUB], "secrets": self.secrets_of(one)}
        return self.ssh(f"{AGENT} converge hub", json.dumps(request))

    def account(self, user: str) -> dict[str, str]:
        found: dict[str, str] = self.secrets_of(self.lab)["codes"][f"LAB/{user}"]
        return found

    def word(self, user: str, skew: int = 0) -> str:
        """A password with the code of some steps before or after the present one, which lasts for one dial."""
        if (left := STEP - time.time() % STEP) < LEFT:
            time.sleep(left + 0.5)
        return self.password(user) + code_of(self.account(user)["secret"], int(time.time()) // STEP + skew)

    def password(self, user: str) -> str:
        """What goes before the code."""
        return self.account(user)["password"]

    def openvpn(self, user: str, word: str) -> bool:
        """Whether OpenVPN's client gets in; where it does not, the server has refused its password."""
        with dial.dialled("campus", Login(SERVER, user, word)) as client:
            assert client.address or client.refused, client.log
            return client.address is not None

    def softether(self, folder: Path, user: str, word: str) -> bool:
        """Whether SoftEther's own client gets in, as a kit sets it up."""
        folder.mkdir(exist_ok=True)
        account = softether_client.by_hand(SERVER, user)
        with softether_client.dialling(self, "campus", folder, account, word, kind="radius") as client:
            return client.becomes("Connected", 15)

    def l2tp(self, user: str, word: str, method: str = "mschapv2", machine: str = "campus") -> bool:
        """Whether a whole dial of L2TP inside IPsec gets in and packets pass."""
        program = [sys.executable, "-m", "tests.rehearsal.l2tp_client", SERVER, user, method]
        said = json.loads(self.output(machine, *program, input=f"{word}\n{SECRETS['ipsec']}\n"))
        assert said.get("passes") or said.get("why") == "login-refused", said
        return bool(said.get("passes"))

    def status_now(self) -> dict[str, Any]:
        """What `labvpn status` reads of the second factor."""
        found: dict[str, Any] = json.loads(self.agent("status"))["secondFactor"]
        return found

    def drift_sentences(self) -> list[str]:
        """What a preview says that somebody changed."""
        snapshot = self.snapshot(self.lab)
        seen = HostState(snapshot["observed"], snapshot["applied"], renewed=tuple(snapshot["renewed"] or ()))
        return drifted(seen, documents(self.lab, "")[Concern.HUB])

    def checked(self) -> list[str]:
        """What `labvpn check` finds about the second factor."""
        found: list[str] = json.loads(self.agent("check"))["hub"]["failing"]
        return found
