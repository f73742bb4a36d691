"""The agent on each server that a user can have: 4.44, 5.01 and 5.02, played by the twin of their JSON-RPC."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.core.state import State
from labvpn.agent.softether import syslog
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.config_file import Edits, Tree
from labvpn.agent.softether.hub import HubConcern
from labvpn.agent.softether.installations import PACKAGED
from labvpn.agent.softether.rpc import Answer
from labvpn.agent.softether.server import ServerConcern
from tests.unit.agent.fakes import SECRETS, FakeMachine
from tests.unit.agent.twin import STARTED, Twin

SERVER = (
    "administrator password=current\nudp ports=1194,1195\nprotocol openvpn enabled=yes\nprotocol sstp enabled=no\n"
    "tls minimum=1.2\nsyslog send=security host=10.98.0.2 port=514\n"
)
HUB = "hub LAB online=yes exclusive=no password=current\nradius LAB server=198.51.100.9 port=1812 retry=1000\n"
USER = 'user LAB/guest1 password=current realname="" note="until spring"{} group=none expires=never Access=yes\n'
FIXED = USER.format(" address=192.168.30.210")
VERSIONS = pytest.mark.parametrize("version", [444, 501, 502])


class TwinSoftEther(SoftEther):
    """The agent's own client on a twin."""

    def __init__(self, root: Path, version: int) -> None:
        super().__init__(FakeMachine(root), Secrets(copy.deepcopy(SECRETS)))
        self.machine.write(PACKAGED.program, "")
        self.twin = Twin(version)

    def call(self, method: str, **parameters: Any) -> Answer:
        return self.twin.call(method, **parameters)

    def tree(self) -> Tree:
        return self.twin.tree

    def start(self, seconds: float = 0.0) -> None:
        """It runs."""

    def edit_stopped(self, edits: Edits) -> None:
        for (*place, key), (_, value) in edits.items():
            block = self.twin.tree
            for name in place:
                block = block.setdefault(name, {})
            block[key] = value
        self.twin.restart()


class Played:
    """The two concerns on one twin."""

    def __init__(self, root: Path, version: int) -> None:
        self.softether = TwinSoftEther(root, version)
        self.twin = self.softether.twin

    @property
    def server(self) -> ServerConcern:
        return ServerConcern(State(self.softether.machine, "server"), self.softether)

    @property
    def hub(self) -> HubConcern:
        return HubConcern(State(self.softether.machine, "hub"), self.softether)

    def user(self) -> Any:
        return self.twin.users({"HubName_str": "LAB"})["guest1"]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[int], Played]:
    return lambda version: Played(tmp_path, version)


@VERSIONS
def test_every_server_is_converged_and_a_second_run_changes_nothing(
    play: Callable[[int], Played], version: int
) -> None:
    played = play(version)
    assert played.server.converge(SERVER)
    assert played.hub.converge(HUB + USER.format(""))
    assert played.server.converge(SERVER) == []
    assert played.hub.converge(HUB + USER.format("")) == []
    assert played.server.software()["release"][0] == version


@VERSIONS
def test_a_run_on_every_server_is_undone_as_a_whole(play: Callable[[int], Played], version: int) -> None:
    played = play(version)
    played.server.converge(SERVER)
    played.hub.converge(HUB + USER.format(""))
    played.hub.remove()
    played.server.remove()
    assert played.twin.tree["VirtualHUB"] == {}
    assert played.twin.settings.get("Proto", {}).get("WireGuard", {}).get("Enabled", "true") == "true"


def test_wireguard_is_switched_off_and_shown_as_drift_when_it_is_on_again(play: Callable[[int], Played]) -> None:
    played = play(502)
    assert "- wireguard" in played.server.converge(SERVER)
    assert played.twin.settings["Proto"]["WireGuard"]["Enabled"] == "false"
    played.twin.settings["Proto"]["WireGuard"]["Enabled"] = "true"
    observed = played.server.observe(parse(SERVER), played.server.state.lines())
    assert [line.text for line in observed if line.kind == "wireguard"] == ["wireguard enabled=yes"]
    assert played.server.converge(SERVER) == ["- wireguard"]


def test_wireguard_that_is_kept_stays_as_it_is(play: Callable[[int], Played]) -> None:
    played = play(502)
    kept = SERVER + "wireguard enabled=kept\n"
    assert not [line for line in played.server.converge(kept) if "wireguard" in line]
    assert played.twin.settings["Proto"]["WireGuard"]["Enabled"] == "true"
    assert played.server.converge(kept) == []


@VERSIONS
def test_wireguard_that_is_no_longer_kept_is_switched_off(play: Callable[[int], Played], version: int) -> None:
    played = play(version)
    played.server.converge(SERVER + "wireguard enabled=kept\n")
    played.server.converge(SERVER)
    assert played.twin.settings.get("Proto", {}).get("WireGuard", {}).get("Enabled") in (None, "false")
    assert played.server.converge(SERVER) == []


@pytest.mark.parametrize("version", [444, 501])
def test_a_server_without_wireguard_is_never_asked_for_it(play: Callable[[int], Played], version: int) -> None:
    played = play(version)
    played.server.converge(SERVER)
    assert not [method for method, _ in played.twin.calls if "Proto" in method or "Wgk" in method]


def test_every_registered_key_of_wireguard_is_named_with_its_user_and_never_as_a_whole(
    play: Callable[[int], Played],
) -> None:
    played = play(502)
    assert not [one for one in played.server.warnings([]) if "WireGuard" in one]
    played.twin.tree["WireGuardKeyList"] = {"aGVsbG8gd29ybGQ=": {"Hub": "LAB", "User": "mallory"}}
    (said,) = [one for one in played.server.warnings([]) if "WireGuard" in one]
    assert "aGVsbG8g... of mallory@LAB" in said
    assert "aGVsbG8gd29ybGQ=" not in said


def test_the_hubs_gateway_of_5_02_survives_a_new_password(play: Callable[[int], Played]) -> None:
    played = play(502)
    played.hub.converge(HUB)
    block = played.twin.hub({"HubName_str": "LAB"})
    block["Option"].update(DefaultGateway="3232243201", DefaultSubnet="4294967040")
    block["HashedPassword"] = "of another"
    assert played.hub.converge(HUB) == ["~ hub LAB: password set again"]
    assert block["Option"] == {"DefaultGateway": "3232243201", "DefaultSubnet": "4294967040"}


def test_the_retry_time_of_radius_survives_a_change_of_its_server(play: Callable[[int], Played]) -> None:
    played = play(502)
    played.hub.converge(HUB)
    block = played.twin.hub({"HubName_str": "LAB"})
    block["RadiusRetryTimeout"] = "9"
    played.hub.converge(HUB.replace("198.51.100.9", "198.51.100.10"))
    assert (block["RadiusServerName"], block["RadiusRetryTimeout"]) == ("198.51.100.10", "9")


def test_a_fixed_address_is_set_by_the_note_and_read_back_from_it(play: Callable[[int], Played]) -> None:
    played = play(502)
    played.hub.converge(HUB + FIXED)
    assert played.user()["Note"] == "until spring IPv4:192.168.30.210"
    assert played.hub.converge(HUB + FIXED) == []
    played.user()["Note"] = "until spring ipv4: 192.168.30.99"
    observed = played.hub.observe(parse(HUB + FIXED), {})
    assert [line.values["address"] for line in observed if line.kind == "user"] == ["192.168.30.99"]
    assert played.hub.converge(HUB + FIXED) == ["~ user LAB/guest1: address 192.168.30.99 -> 192.168.30.210"]


def test_a_fixed_address_that_leaves_the_list_leaves_the_note(play: Callable[[int], Played]) -> None:
    played = play(502)
    played.hub.converge(HUB + FIXED)
    played.hub.converge(HUB + USER.format(""))
    assert played.user()["Note"] == "until spring"
    assert played.hub.converge(HUB + USER.format("")) == []


@pytest.mark.parametrize("version", [444, 501])
def test_a_fixed_address_is_refused_where_the_server_has_no_way_to_give_one(
    play: Callable[[int], Played], version: int
) -> None:
    played = play(version)
    ((what, remedy),) = played.hub.refusals(parse(HUB + FIXED))
    assert what == f"runs SoftEther {version / 100:.2f}, which cannot give guest1 a fixed address: only 5.02 can"
    assert "take `address` out" in remedy
    with pytest.raises(AgentError, match="cannot give guest1 a fixed address"):
        played.hub.converge(HUB + FIXED)
    assert played.twin.tree["VirtualHUB"] == {}


@VERSIONS
def test_syslog_goes_on_after_each_start_of_the_server(
    play: Callable[[int], Played], version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = play(version)
    machine = played.softether.machine
    monkeypatch.setattr(syslog, "SoftEther", lambda *_: played.softether)
    played.server.converge(SERVER)
    assert played.twin.heard == (version < 500), "the converge ended with a restart"
    silent = [one for one in played.server.warnings(parse(SERVER)) if "by syslog" in one]
    assert bool(silent) == (version >= 500)
    said = syslog.set_again(machine, STARTED)
    assert played.twin.heard
    assert bool(said) == (version >= 500)
    assert syslog.set_again(machine, STARTED) == []
    assert not [one for one in played.server.warnings(parse(SERVER)) if "by syslog" in one]
    played.twin.restart()
    syslog.set_again(machine, "another start")
    assert played.twin.heard


def test_syslog_that_is_off_is_not_switched_on_by_a_start(
    play: Callable[[int], Played], monkeypatch: pytest.MonkeyPatch
) -> None:
    played = play(501)
    monkeypatch.setattr(syslog, "SoftEther", lambda *_: played.softether)
    assert syslog.set_again(played.softether.machine, STARTED) == []
    assert "SetSysLog" not in [method for method, _ in played.twin.calls]
