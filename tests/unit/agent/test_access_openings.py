"""Access rules that somebody made by hand, damaged ones, and what else lets through more than the document does."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import Line, parse
from labvpn.agent.core.state import State
from labvpn.agent.softether.access_list import AccessList, rule_values
from labvpn.agent.softether.hub import HubConcern
from labvpn.agent.softether.session_limits import Limits, SessionRules, live, verdicts
from labvpn.model.ports import Port, Transport
from labvpn.reach.access_list import AccessRule, Frame
from tests.unit.agent.fakes import DOCUMENTS, FakeMachine, FakeSoftEther

RULES_AND_HUB: list[Line] = parse(DOCUMENTS["hub"])
RULES = [line for line in RULES_AND_HUB if line.kind == "access"]
EVERYTHING: dict[str, Any] = {"Active": "true", "Priority": "1", "Discard": "false", "Protocol": "0", "Note": "mine"}


@pytest.fixture
def softether(tmp_path: Path) -> FakeSoftEther:
    return FakeSoftEther(FakeMachine(tmp_path))


def with_rules(softether: FakeSoftEther, *rules: dict[str, Any], **options: str) -> HubConcern:
    tree = softether.tree()
    block = tree["VirtualHUB"]["LAB"]
    block["AccessList"] = {str(number): rule for number, rule in enumerate(rules)}
    block.setdefault("Option", {}).update(options)
    return HubConcern(State(softether.machine, "hub"), softether)


def warned(softether: FakeSoftEther, *rules: dict[str, Any], text: str = DOCUMENTS["hub"], **options: str) -> list[str]:
    return with_rules(softether, *rules, **options).warnings(parse(text))


def test_a_rule_by_hand_that_lets_everything_pass_before_ours_is_warned_of(softether: FakeSoftEther) -> None:
    (said,) = warned(softether, EVERYTHING)
    assert said.startswith("a rule made by hand in LAB (mine) lets everything pass before the stack's own rules: ")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"Note": ""}, "(priority 1) lets everything pass"),
        ({"Note": "a\u2028b\nc"}, "(a?b?c) lets everything pass"),
        ({"Priority": "900000"}, "lets everything pass"),
        ({"Protocol": "6", "DestPortStart": "22", "DestPortEnd": "22"}, "lets tcp port 22 pass"),
        ({"DestIpAddress": "128.0.0.0", "DestSubnetMask": "128.0.0.0"}, "lets to 128.0.0.0/1 pass"),
        ({"SrcUsername": "guest1"}, "lets user guest1 pass"),
        ({"SrcIpAddress": "192.168.30.0", "SrcSubnetMask": "255.255.255.0"}, "lets from 192.168.30.0/24 pass"),
        ({"IsIPv6": "true"}, "lets ipv6 pass"),
    ],
)
def test_whatever_it_lets_pass_that_ours_would_not_is_said(
    softether: FakeSoftEther, rule: dict[str, str], words: str
) -> None:
    (said,) = warned(softether, {**EVERYTHING, **rule})
    assert words in said


@pytest.mark.parametrize(
    "rule",
    [
        {"Active": "false"},
        {"Discard": "true"},
        {"Priority": "900002"},
        {"SrcUsername": "Owner"},
        {"SrcUsername": "SecureNAT"},
    ],
)
def test_a_rule_that_opens_nothing_is_no_more_than_mentioned(softether: FakeSoftEther, rule: dict[str, str]) -> None:
    assert warned(softether, {**EVERYTHING, **rule}) == []
    assert "access rules made by hand in LAB: mine" in with_rules(softether, {**EVERYTHING, **rule}).notes(
        RULES_AND_HUB
    )


def test_every_rule_without_a_memo_is_seen_beside_the_others(softether: FakeSoftEther) -> None:
    nameless = {**EVERYTHING, "Note": ""}
    assert len(warned(softether, nameless, {**nameless, "Discard": "true"})) == 1
    assert len(warned(softether, nameless, {**nameless, "Priority": "2"})) == 2


@pytest.mark.parametrize(
    "damaged", [{"Active": "true"}, {"Active": "true", "DestSubnetMask": "255.25", "Priority": "x"}]
)
def test_a_rule_of_a_truncated_file_is_read_as_the_server_reads_it(
    softether: FakeSoftEther, damaged: dict[str, str]
) -> None:
    (said,) = warned(softether, damaged)
    assert "(priority 0)" in said


def test_where_the_rules_are_kept_as_somebody_made_them_nothing_is_warned_of(softether: FakeSoftEther) -> None:
    kept = "".join(f"{line.text}\n" for line in RULES_AND_HUB if line.kind != "access")
    assert warned(softether, EVERYTHING, text=kept) == []


def test_a_rule_with_our_mark_that_is_none_of_ours_is_drift_and_goes(softether: FakeSoftEther) -> None:
    false = {**EVERYTHING, "Note": "labvpn:helpful"}
    hub = with_rules(softether, false)
    actual = hub.observe(RULES, {})
    assert [line.key for line in actual] == ["access LAB/labvpn:helpful"]
    softether.answers["EnumAccess"] = {"AccessList": [{"Note_utf": "labvpn:helpful"}, {"Note_utf": "mine"}]}
    hub.access.remove(actual)
    written = next(given for method, given in softether.calls if method == "SetAccessList")
    assert written["AccessList"] == [{"Note_utf": "mine"}]


def test_a_second_rule_of_the_same_memo_is_drift(softether: FakeSoftEther) -> None:
    rest = next(line for line in RULES if line.name == "LAB/labvpn:rest")
    ours = {"Active": "true", "Priority": "900000", "Discard": "true", "Protocol": "0", "Note": "labvpn:rest"}
    access = AccessList(softether)
    with_rules(softether, ours)
    assert access.read(rest) == rest.values
    for copies in ([ours, {**ours, "Discard": "false", "Priority": "1"}], [{**ours, "Discard": "false"}, ours]):
        with_rules(softether, *copies)
        assert (access.read(rest) or {}).get("copies") == "2"


def test_a_damaged_rule_of_ours_is_shown_and_stops_nothing() -> None:
    assert rule_values({"DestIpAddress": "203.0", "DestSubnetMask": "255.255.255.255"})["to"] == "203.0/32"
    assert rule_values({"DestIpAddress": "203.0.113.1", "DestSubnetMask": "255.2"})["to"] == "203.0.113.1/255.2"


@pytest.mark.parametrize("mask", ["255.0.255.0", "0.0.255.255", "255.255.255.1", "0.255.0.0"])
@pytest.mark.parametrize(("side", "key"), [("Dest", "to"), ("Src", "from")])
def test_a_mask_with_gaps_is_no_network_and_leaves_who_reaches_what_in_doubt(mask: str, side: str, key: str) -> None:
    rule = {**EVERYTHING, f"{side}IpAddress": "10.0.5.0", f"{side}SubnetMask": mask}
    assert rule_values(rule)[key] == f"10.0.5.0/{mask}"
    made = AccessRule("by hand", rule_values(rule), ours=False)
    for address in ("10.0.5.7", "203.0.113.21"):
        frame = Frame(frozenset(), IPv4Address(address), IPv4Address(address), Port(8000, Transport.TCP))
        assert made.fits(frame) is None


@pytest.mark.parametrize(
    ("start", "end", "ports"),
    [
        ("0", "0", None),
        ("22", "22", "22"),
        ("22", "0", "22"),
        ("22", "21", "22"),
        ("22", "80", "22-80"),
        ("0", "1023", "1-1023"),
    ],
)
@pytest.mark.parametrize(("side", "key"), [("Dest", "port"), ("Src", "from-port")])
def test_the_ports_of_a_rule_are_those_that_softether_takes(
    start: str, end: str, ports: str | None, side: str, key: str
) -> None:
    rule = {**EVERYTHING, "Protocol": "6", f"{side}PortStart": start, f"{side}PortEnd": end}
    assert rule_values(rule).get(key) == ports


@pytest.mark.parametrize(
    ("option", "value", "lost"),
    [
        ("DropArpInPrivacyFilterMode", "false", "ARP passes"),
        ("DropBroadcastsInPrivacyFilterMode", "false", "broadcasts pass"),
        ("NoArpPolling", "true", "a silent device's MAC address"),
    ],
)
def test_an_option_that_takes_their_ground_from_the_policies_is_warned_of(
    softether: FakeSoftEther, option: str, value: str, lost: str
) -> None:
    (said,) = warned(softether, **{option: value})
    assert f"hub LAB has the option {option} at {value}, so {lost}" in said


def test_an_option_that_the_document_states_is_known(softether: FakeSoftEther) -> None:
    text = DOCUMENTS["hub"] + "option LAB/NoAddressPollingIPv4 value=1\n"
    assert warned(softether, text=text, NoArpPolling="true") == []


SESSION: dict[str, Any] = {
    "Name_str": "SID-ADMINISTRATOR-[OPENVPN_L3]-3",
    "Username_str": "Administrator",
    "ClientIP_ip": "198.51.100.7",
    "CreatedTime_dt": "2026-11-25T06:47:10.365Z",
}


def test_whoever_dials_by_the_hubs_password_is_told(softether: FakeSoftEther) -> None:
    softether.answers["EnumSession"] = {"SessionList": [SESSION, {**SESSION, "Username_str": "guest1"}]}
    (said,) = warned(softether)
    assert said.startswith("someone at 198.51.100.7 has dialled into LAB as its administrator")


def test_whoever_dials_by_the_hubs_password_is_cut_at_once() -> None:
    rules = SessionRules(interval=5, hold=60, grace=30, keep="newest")
    (verdict,) = verdicts(live([SESSION]), {"administrator": Limits(0, 0)}, rules, live([SESSION])[0].began)
    assert (verdict.session.user, verdict.why) == ("administrator", "nobody may dial in with the hub's own password")
