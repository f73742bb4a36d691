"""L2TP inside IPsec with each method of login, and that UDP 1701 without IPsec stays closed.

Raw L2TP is what only this test switches on. The product never does, and puts it right where somebody has.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal import network
from tests.rehearsal.agent_host import SECRETS, AgentHost

LAB = {"HubName_str": "LAB"}
RAW = {
    "L2TP_Raw_bool": True,
    "L2TP_IPsec_bool": True,
    "EtherIP_IPsec_bool": False,
    "L2TP_DefaultHub_str": "LAB",
    "IPsec_Secret_str": SECRETS["ipsec"],
}


class Host(AgentHost):
    """The VPN host, as a client elsewhere meets it."""

    def dial(self, user: str = "owner", method: str = "mschapv2", key: str = SECRETS["ipsec"]) -> dict[str, Any]:
        """What the client says at its end; without a key it speaks L2TP alone."""
        program = [sys.executable, "-m", "tests.rehearsal.l2tp_client", str(network.SERVER), user, method]
        word = SECRETS["users"].get(f"LAB/{user}", "none")
        answer: dict[str, Any] = json.loads(self.output("campus", *program, input=f"{word}\n{key}\n"))
        return answer

    def dial_raw(self) -> dict[str, Any]:
        return self.dial(key="")

    def listens(self) -> bool:
        return ":1701 " in self.output("server", "ss", "-Hlnu")

    def comes_to(self, listening: bool) -> bool:
        """Whether it listens or no longer does; SoftEther's UDP ports take some seconds to follow."""
        end = time.monotonic() + 20
        while self.listens() is not listening and time.monotonic() < end:
            time.sleep(0.5)
        return self.listens() is listening


@pytest.fixture(scope="module")
def closed() -> Iterator[Host]:
    """The host as the stack leaves it."""
    host = Host("l2tp")
    host.begin()
    host.converge_all()
    yield host
    host.stop()


@pytest.fixture(scope="module")
def switched(closed: Host) -> Host:
    """Raw L2TP is on; the firewall is as it was."""
    closed.rpc(("SetIPsecServices", RAW))
    assert closed.comes_to(listening=True)
    return closed


@pytest.mark.parametrize("method", ["mschapv2", "pap"])
def test_with_secure_nat_a_user_gets_an_address_and_packets_pass(closed: Host, method: str) -> None:
    said = closed.dial(method=method)
    assert said.get("address", "").startswith("192.168.30."), said
    assert (said["resolver"], said["passes"]) == ("192.168.30.1", True)


def test_a_user_who_was_changed_still_logs_in_as_phones_do(closed: Host) -> None:
    document = closed.documents()["hub"]
    closed.converge("hub", document.replace("AutoDisconnect=1800 MultiLogins=0", "AutoDisconnect=900 MultiLogins=0"))
    assert closed.dial()["passes"]
    closed.converge("hub")


@pytest.mark.parametrize("method", ["mschapv2", "pap"])
def test_an_unknown_user_ends_at_the_login(closed: Host, method: str) -> None:
    assert closed.dial("nobody", method) == {"stage": "authentication", "why": "login-refused"}


def test_nothing_of_ours_listens_on_1701(closed: Host) -> None:
    assert closed.dial_raw()["stage"] == "l2tp"
    assert not closed.listens()


def test_1701_is_closed_from_outside_even_where_somebody_has_switched_it_on(switched: Host) -> None:
    assert switched.listens()
    assert switched.dial_raw()["stage"] == "l2tp"


def test_without_the_firewall_raw_l2tp_would_let_users_in_in_clear(switched: Host) -> None:
    switched.output("server", "firewall-cmd", "-q", "--add-port=1701/udp")
    assert switched.dial_raw()["passes"]


def test_raw_l2tp_switched_on_by_hand_is_seen_and_put_right(switched: Host) -> None:
    assert any("raw=yes" in line for line in switched.drift()["server"])
    assert switched.converge("server") == ["~ ipsec: raw yes -> no"]
    assert switched.comes_to(listening=False)
    assert switched.dial_raw()["stage"] == "l2tp"
