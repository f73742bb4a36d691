"""L2TP and PPP as phones speak them inside IPsec, here without it: what SecureNAT is for, and that 1701 stays closed.

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

    def dial(
        self, user: str = "owner", password: str | None = None, way: str = "mschap", stay: float = 0
    ) -> dict[str, Any]:
        """What the client says at its end."""
        word = SECRETS["users"][f"LAB/{user}"] if password is None else password
        program = [sys.executable, "-m", "tests.rehearsal.l2tp.client", str(network.SERVER), user, way, str(stay)]
        answer: dict[str, Any] = json.loads(self.output("campus", *program, input=word))
        return answer

    def listens(self) -> bool:
        return ":1701 " in self.output("server", "ss", "-Hlnu")

    def comes_to(self, listening: bool) -> bool:
        """Whether it listens or no longer does; SoftEther's UDP ports take some seconds to follow."""
        end = time.monotonic() + 20
        while self.listens() is not listening and time.monotonic() < end:
            time.sleep(0.5)
        return self.listens() is listening

    def log(self) -> str:
        return self.output(
            "server", "sh", "-c", "cat /var/log/softether/server_log/* /var/log/softether/security_log/LAB/*"
        )


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


@pytest.fixture(scope="module")
def host(switched: Host) -> Host:
    """Raw L2TP is on, and until the next reload the firewall lets it in."""
    switched.output("server", "firewall-cmd", "-q", "--add-port=1701/udp")
    return switched


def test_nothing_of_ours_listens_on_1701(closed: Host) -> None:
    assert closed.dial()["stage"] == "tunnel"
    assert not closed.listens()


def test_1701_is_closed_from_outside_even_where_somebody_has_switched_it_on(switched: Host) -> None:
    assert switched.listens()
    assert switched.dial()["stage"] == "tunnel"


@pytest.mark.parametrize("way", ["mschap", "pap"])
def test_with_secure_nat_a_user_gets_an_address_and_packets_pass(host: Host, way: str) -> None:
    said = host.dial(way=way)
    assert said.get("address", "").startswith("192.168.30."), said
    assert (said["resolver"], said["passes"]) == ("192.168.30.1", True)


def test_a_user_who_was_changed_still_logs_in_as_phones_do(host: Host) -> None:
    host.converge(
        "hub", host.documents()["hub"].replace("AutoDisconnect=1800 MultiLogins=0", "AutoDisconnect=900 MultiLogins=0")
    )
    assert host.dial()["passes"]
    host.converge("hub")


def test_a_guest_gets_an_address_and_does_not_reach_the_router_itself(host: Host) -> None:
    said = host.dial("guest1")
    assert said.get("address", "").startswith("192.168.30."), said
    assert said["passes"] is False


@pytest.mark.parametrize("way", ["mschap", "pap"])
def test_a_wrong_password_ends_at_the_login(host: Host, way: str) -> None:
    assert host.dial(password="wrong", way=way)["stage"] == "login"


def test_a_session_is_cut_at_its_limit_and_the_user_held_off(host: Host) -> None:
    document = host.documents()["hub"].replace("interval=5 hold=60", "interval=1 hold=15")
    host.converge("hub", document.replace("AutoDisconnect=1800 CheckIP", "AutoDisconnect=8 CheckIP"))
    said = host.dial("guest1", stay=60)
    assert said.get("ended"), said
    assert host.dial("guest1")["stage"] == "login"
    host.converge("hub")


def test_without_secure_nat_the_login_succeeds_and_no_connection_comes_of_it(host: Host) -> None:
    # The field report's message on a Mac: "PPP server connection could not be established".
    host.rpc(("DisableSecureNAT", LAB))
    said = host.dial()
    assert said["stage"] == "address", said
    assert "DHCP" in host.log()
    host.rpc(("EnableSecureNAT", LAB))
    assert host.dial()["passes"]


def test_raw_l2tp_switched_on_by_hand_is_seen_and_put_right(host: Host) -> None:
    assert any("raw=yes" in line for line in host.drift()["server"])
    assert host.converge("server") == ["~ ipsec: raw yes -> no"]
    assert host.comes_to(listening=False)
    assert host.dial()["stage"] == "tunnel"
