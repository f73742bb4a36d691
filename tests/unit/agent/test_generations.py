"""The two generations of SoftEther: 4.x and 5.x keep OpenVPN's ports, OpenVPN and SSTP in other words and calls.

The answers are those of 4.44 (build 9807) and of 5.01 (build 9674), as the servers gave them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.core.concern import observed_text
from labvpn.agent.core.document import compare, parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.state import State
from labvpn.agent.softether.config_file import load
from labvpn.agent.softether.host import HostConcern, is_installation
from labvpn.agent.softether.initial_config import initial_config
from labvpn.agent.softether.rpc import Answer, Unreachable
from labvpn.agent.softether.server import ServerConcern
from tests.unit.agent.fakes import DOCUMENTS, SECRETS, FakeMachine, FakeSoftEther

FOUR = """declare root
{
	declare ServerConfiguration
	{
		uint CurrentBuild 9807
		bool DisableOpenVPNServer false
		bool DisableSSTPServer true
		string OpenVPN_UdpPortList 1194,$201195
	}
}
"""
FIVE = """declare root
{
	declare ServerConfiguration
	{
		string PortsUDP 1194,$201195
		declare Proto
		{
			declare OpenVPN
			{
				bool Enabled true
			}
			declare SSTP
			{
				bool Enabled false
			}
		}
	}
}
"""
OURS = "udp ports=1194,1195\nprotocol openvpn enabled=yes\nprotocol sstp enabled=no\n"
FIVE_HAS: Answer = {"EnableOpenVPN_bool": True, "EnableSSTP_bool": False}
FOUR_HAS: Answer = {**FIVE_HAS, "OpenVPNPortList_str": "1194, 1195"}


def speaking(root: Path, config: str, version: int, has: Answer) -> FakeSoftEther:
    softether = FakeSoftEther(FakeMachine(root), config)
    softether.answers["GetServerInfo"] = {"ServerVerInt_u32": version}
    softether.answers["GetOpenVpnSstpConfig"] = has
    return softether


def sent(softether: FakeSoftEther, text: str) -> list[tuple[str, object]]:
    """The calls that lead to a document, but for the questions."""
    concern = ServerConcern(State(softether.machine, "server"), softether)
    concern.change(compare(parse(text), concern.observe(parse(text), {})))
    return [(method, given) for method, given in softether.calls if not method.startswith("Get")]


@pytest.mark.parametrize("config", [FOUR, FIVE], ids=["4.x", "5.x"])
def test_the_same_document_is_shown_of_both_generations(tmp_path: Path, config: str) -> None:
    concern = ServerConcern(State(FakeMachine(tmp_path), "server"), FakeSoftEther(FakeMachine(tmp_path), config))
    assert observed_text(concern, OURS) == OURS


def test_the_udp_ports_of_a_4_x_server_are_a_list_beside_its_protocols(tmp_path: Path) -> None:
    four = speaking(tmp_path, FOUR, 444, FOUR_HAS)
    assert sent(four, "udp ports=1194\n") == [("SetOpenVpnSstpConfig", {**FOUR_HAS, "OpenVPNPortList_str": "1194"})]
    four.calls.clear()
    assert sent(four, "udp ports=none\n") == [("SetOpenVpnSstpConfig", {**FOUR_HAS, "OpenVPNPortList_str": ""})]


def test_the_udp_ports_of_a_5_x_server_have_a_call_of_their_own(tmp_path: Path) -> None:
    five = speaking(tmp_path, FIVE, 501, FIVE_HAS)
    assert sent(five, "udp ports=1194\n") == [("SetPortsUDP", {"Ports_u32": [1194]})]


def test_a_protocol_switched_on_a_4_x_server_keeps_the_udp_ports(tmp_path: Path) -> None:
    four = speaking(tmp_path, FOUR, 444, FOUR_HAS)
    assert sent(four, "protocol sstp enabled=yes\n") == [
        ("SetOpenVpnSstpConfig", {**FOUR_HAS, "EnableSSTP_bool": True})
    ]


def test_a_generation_that_is_overruled_and_is_another_is_named(tmp_path: Path) -> None:
    four, five = (speaking(tmp_path, config, 0, {}) for config in (FOUR, FIVE))
    with pytest.raises(AgentError, match="is of generation 5: remove `generation`"):
        sent(five, "generation number=4\n")
    assert sent(four, "generation number=4\n") == []


@pytest.mark.parametrize("config", [FOUR, FIVE], ids=["4.x", "5.x"])
def test_a_generation_that_leaves_the_configuration_is_forgotten_whatever_runs_now(tmp_path: Path, config: str) -> None:
    four = speaking(tmp_path, FOUR, 444, FOUR_HAS)
    State(four.machine, "server").record("generation number=4\n" + OURS)
    State(four.machine, "server").remember({"generation": {"number": "5"}})
    now = speaking(tmp_path, config, 0, FOUR_HAS)
    concern = ServerConcern(State(now.machine, "server"), now)
    said = concern.converge(OURS)
    assert said == ["- generation"]
    assert concern.state.applied == OURS
    assert "generation" not in State(now.machine, "server").before


def test_a_fresh_server_of_either_generation_finds_its_ports_in_the_seed() -> None:
    found = load(initial_config(parse(DOCUMENTS["server"]), str(SECRETS["administrator"])).splitlines())[
        "ServerConfiguration"
    ]
    assert (found["PortsUDP"], found["OpenVPN_UdpPortList"]) == ("1194", "1194")
    assert (found["DisableOpenVPNServer"], found["DisableSSTPServer"]) == ("false", "true")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"ServerVerInt_u32": 502, "ServerBuildInt_u32": 5187}, [502, 5187]),
        ({"ServerVerInt_u32": 444, "ServerBuildInt_u32": 9807}, [444, 9807]),
        ({}, None),
    ],
)
def test_a_snapshot_says_which_release_runs(tmp_path: Path, answer: Answer, found: object) -> None:
    softether = FakeSoftEther(FakeMachine(tmp_path), FIVE)
    softether.answers["GetServerInfo"] = answer
    assert ServerConcern(State(softether.machine, "server"), softether).software() == {"release": found}


def test_a_server_that_cannot_be_asked_is_of_no_known_release(tmp_path: Path) -> None:
    softether = FakeSoftEther(FakeMachine(tmp_path), FIVE)

    def refuse(method: str, **_: object) -> Answer:
        raise Unreachable(method)

    softether.call = refuse  # type: ignore[method-assign]
    assert softether.release() is None


def test_the_hosts_step_says_what_runs_after_an_installation_alone(tmp_path: Path) -> None:
    softether = FakeSoftEther(FakeMachine(tmp_path), FIVE)
    softether.answers["GetServerInfo"] = {"ServerVerInt_u32": 501, "ServerBuildInt_u32": 9674}
    host = HostConcern(State(softether.machine, "host"), softether)
    assert host.converge("administration from=127.0.0.1\n") == ["+ administration"]
    said = ["+ package softether-vpnserver", "+ archive vpnserver", "~ archive vpnserver: sha256 a -> b"]
    assert all(map(is_installation, said))
    others = ["+ package softether-vpncmd", "~ archive vpnserver: unit set again", "- archive vpnserver"]
    assert not any(map(is_installation, others))
    assert host.release_line() == ["SoftEther 5.01 build 9674 runs"]
