"""The stack's promises against what the host shows."""

import pytest

from labvpn.parse.host import HostState
from labvpn.probe.check_findings import CheckFinding, inside, offered, to_json
from tests.unit.probe.samples import good

USER = "user LAB/a password=current MultiLogins=1\n"


def test_a_host_as_the_stack_left_it_keeps_every_promise() -> None:
    assert list(inside({"hub": HostState(USER, applied=USER)})) == []


def test_a_hand_made_change_is_a_sentence_with_its_hop_and_remedy() -> None:
    (broken,) = inside({"hub": HostState(USER.replace("=1", "=0"), applied=USER)})
    assert str(broken).startswith("SoftEther: user a: MultiLogins is 0 on the server")
    assert "pulumi up" in broken.remedy


@pytest.mark.parametrize(
    "line",
    [
        USER,
        "hub LAB online=yes password=current\n",
        "ipsec - l2tp=yes key=current\n",
        "radius LAB server=198.51.100.9 port=1812 secret=current\n",
    ],
)
def test_what_only_the_stack_can_compare_is_not_called_broken(line: str) -> None:
    assert list(inside({"hub": HostState(line.replace("current", "differs"), applied=line)})) == []


def test_a_host_that_the_stack_never_touched_is_said_to_be_so() -> None:
    (broken,) = inside({})
    assert "never applied" in broken.says


def test_a_protocol_that_is_offered_and_does_not_answer_is_named() -> None:
    (broken,) = offered(good(), {"OpenVPN": True, "SSTP": True})
    assert broken.says == "SSTP is offered and answers at no TCP port"
    assert list(offered(good(), {"OpenVPN": True, "SSTP": False})) == []


def test_the_findings_are_told_to_a_program() -> None:
    told = to_json(list(inside({})))
    assert told["kept"] is False
    assert set(told["findings"][0]) == {"hop", "says", "remedy"}


def test_of_several_servers_a_finding_names_its_own() -> None:
    broken = CheckFinding("SoftEther", "user a is missing", "run `pulumi up`", "203.0.113.22")
    assert str(broken) == "203.0.113.22, SoftEther: user a is missing; run `pulumi up`"
    assert to_json([broken])["findings"][0]["server"] == "203.0.113.22"
