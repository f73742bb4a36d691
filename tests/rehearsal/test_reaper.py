"""The reaper on a real server: real OpenVPN clients at the end of their time, and beyond their number."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import network
from tests.rehearsal import softether_client
from tests.rehearsal.agent_host import SECRETS, AgentHost
from tests.rehearsal.openvpn_client import IN, REFUSED, dialling

LIMIT, HOLD, GRACE = 8, 15, 30


@pytest.fixture(scope="module")
def host() -> Iterator[AgentHost]:
    """A server whose guest has eight seconds, and a reaper that holds for fifteen."""
    host = AgentHost("reaper")
    host.begin_with_server()
    host.converge("hub", document(host, LIMIT))
    yield host
    host.stop()


def document(host: AgentHost, limit: int) -> str:
    text = host.documents()["hub"].replace("interval=5 hold=60", f"interval=1 hold={HOLD}")
    lines = text.splitlines()
    return "\n".join(
        line.replace("AutoDisconnect=1800", f"AutoDisconnect={limit}") if "LAB/guest1" in line else line
        for line in lines
    )


def journal(host: AgentHost) -> str:
    return host.output("server", "journalctl", "-u", "labvpn-reaper", "--no-pager", "-o", "cat")


def test_softethers_own_client_ends_its_session_itself_and_stays_off(host: AgentHost, tmp_path: Path) -> None:
    account = softether_client.by_hand(network.SERVER, "guest1")
    with softether_client.dialling(host, "campus", tmp_path, account, SECRETS["users"]["LAB/guest1"]) as client:
        assert client.becomes("Connected"), client.status()
        assert client.becomes("Offline", LIMIT + 30), client.status()
        assert not client.becomes("Connected", HOLD + 5)


def test_a_client_left_running_is_cut_at_its_limit_and_its_own_redial_ends_it(host: AgentHost, tmp_path: Path) -> None:
    with dialling(host, tmp_path) as client:
        assert client.reads(IN), client.log
        began = time.monotonic()
        assert client.reads(REFUSED), client.log
        assert client.client.wait(10) == 0
        assert LIMIT - 1 < time.monotonic() - began < LIMIT + 30
    said = re.search(rf"of guest1 from {network.ADMIN} in LAB: (\d+) s old, the limit is {LIMIT} s", journal(host))
    assert said and LIMIT <= int(said[1]) <= LIMIT + 2


def test_a_client_that_never_gives_up_stays_off_and_a_person_gets_in_again(host: AgentHost, tmp_path: Path) -> None:
    time.sleep(HOLD)
    with dialling(host, tmp_path, "--auth-retry", "nointeract", "--connect-retry", "2", "3") as client:
        assert client.reads(IN), client.log
        assert client.reads(REFUSED), client.log
        assert not client.reads(IN, 2 * HOLD), client.log
        assert client.client.poll() is None
    time.sleep(HOLD + 4)
    with dialling(host, tmp_path) as client:
        assert client.reads(IN), client.log


def test_a_second_session_from_the_same_address_ends_the_older_one(host: AgentHost, tmp_path: Path) -> None:
    host.converge("hub", document(host, 1800))
    time.sleep(HOLD)
    with dialling(host, tmp_path / "first") as older:
        assert older.reads(IN), older.log
        with dialling(host, tmp_path / "second") as newer:
            assert newer.reads(IN), newer.log
            # Before the grace is over it might be the same client that dialled again.
            assert older.reads(REFUSED, GRACE + 30), older.log
            assert newer.client.poll() is None
    assert "2 sessions at once, the limit is 1" in journal(host)


def test_the_reaper_has_the_hubs_password_alone_and_root_alone_may_read_it(host: AgentHost) -> None:
    orders = "/var/lib/labvpn/reaper.json"
    assert host.output("server", "stat", "-c", "%a %U", orders) == "600 root"
    text = host.output("server", "cat", orders)
    assert SECRETS["hubs"]["LAB"] in text
    assert SECRETS["administrator"] not in text
    assert "canary" not in host.output("server", "ps", "axww", "-o", "args") + journal(host)


def test_without_the_reaper_nobody_stays_held(host: AgentHost) -> None:
    text = "".join(f"{line}\n" for line in document(host, 1800).splitlines() if not line.startswith("reaper"))
    assert host.converge("hub", text) == ["- reaper"]
    host.rpc(("GetUser", {"HubName_str": "LAB", "Name_str": "guest1"}))
    assert host.run("server", "systemctl", "cat", "labvpn-reaper").returncode != 0
    assert host.output("server", "systemctl", "is-system-running") == "running"
