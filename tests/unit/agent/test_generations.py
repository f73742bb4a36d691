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
from labvpn.agent.softether.generation import mismatch
from labvpn.agent.softether.initial_config import initial_config
from labvpn.agent.softether.rpc import Answer
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


def test_a_server_of_another_generation_than_the_stacks_is_named(tmp_path: Path) -> None:
    four, five = (speaking(tmp_path, config, 0, {}) for config in (FOUR, FIVE))
    said = ServerConcern(State(four.machine, "server"), four).warnings(parse(OURS))
    assert said == [mismatch("4")]
    assert ServerConcern(State(four.machine, "server"), four).warnings(parse("generation number=4\n" + OURS)) == []
    assert ServerConcern(State(five.machine, "server"), five).warnings(parse(OURS)) == []
    with pytest.raises(AgentError, match="is of generation 5: set `generation: 5`"):
        sent(five, "generation number=4\n")
    assert sent(four, "generation number=4\n") == []


def test_a_fresh_server_of_either_generation_finds_its_ports_in_the_seed() -> None:
    found = load(initial_config(parse(DOCUMENTS["server"]), str(SECRETS["administrator"])).splitlines())[
        "ServerConfiguration"
    ]
    assert (found["PortsUDP"], found["OpenVPN_UdpPortList"]) == ("1194", "1194")
    assert (found["DisableOpenVPNServer"], found["DisableSSTPServer"]) == ("false", "true")
