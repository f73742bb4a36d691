"""What the host says of whatever decides about packets, for the model of who reaches what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.paths import BAN_LIST, BAN_ORDERS
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.packet_facts import PacketFacts
from labvpn.agent.session import Session
from labvpn.agent.softether.hub import HubConcern
from labvpn.parse.host import read_answer
from labvpn.reach.firewalld import HostRules
from tests.unit.agent.fakes import DOCUMENTS, FakeMachine, FakeSoftEther
from tests.unit.agent.test_openings import host, policy, zone

ADDRESSES = (
    "1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet 203.0.113.20/28 brd 203.0.113.31 scope global eth0\n"
)
ROUTE = "default via 203.0.113.17 dev eth0 proto static \n"


def found(root: Path, *parts: str, policies: str = "", nft: str = "", **more: Any) -> dict[str, Any]:
    machine = host(root, zone("interfaces: eth0", *parts), policies)
    machine.answers.update({"ip -o -4 address show": ADDRESSES, "ip -o -4 route show default": ROUTE})
    machine.answers.update({"nft -j list ruleset": nft or json.dumps({"nftables": []}), **more})
    facts: dict[str, Any] = json.loads(json.dumps(PacketFacts(Firewalld(machine)).all()))
    return facts


def test_a_host_without_firewalld_says_nothing(tmp_path: Path) -> None:
    assert PacketFacts(Firewalld(FakeMachine(tmp_path))).all() == {}


def test_the_model_reads_what_the_host_says(tmp_path: Path) -> None:
    facts = found(
        tmp_path, "services: web", "ports: 22/tcp", policies=policy("rich rules:", "\trule service name=bundle drop")
    )
    rules = HostRules.of(facts)
    assert rules
    assert (facts["running"], rules.default, rules.gateway, rules.outside) == (True, "public", "eth0", ("eth0",))
    assert str((rules.interfaces or {})["eth0"][0]) == "203.0.113.20/28"
    web = [["8000/tcp"], [], [], [], {}]
    assert facts["services"] == {"web": [web], "bundle": [[[], [], [], [], {}], web]}


def test_a_service_that_is_not_defined_is_said_to_be_unknown(tmp_path: Path) -> None:
    assert found(tmp_path, "services: nowhere")["services"] == {"nowhere": None}


def test_bans_of_the_login_guard_are_no_rules_of_the_lab(tmp_path: Path) -> None:
    kept, ban = (f"rule family=ipv4 source address={at} service name=vpnserver reject" for at in ("a", "192.0.2.7"))
    machine = host(tmp_path, zone("interfaces: eth0", "rich rules:", f"\t{kept}", f"\t{ban}"))
    machine.write(BAN_ORDERS, json.dumps({"from": "vpnserver", "zones": "public"}))
    machine.write(BAN_LIST, json.dumps({"192.0.2.7": [9e12, 5]}))
    assert PacketFacts(Firewalld(machine)).all()["zones"]["public"]["rich rules"] == [kept]


@pytest.mark.parametrize(
    ("policy_", "rules", "words"),
    [
        ("accept", [], []),
        ("drop", [], ["table inet theirs of nft"]),
        ("accept", [[{"drop": None}]], ["table inet theirs of nft"]),
    ],
)
def test_what_filters_beside_firewalld_is_named(tmp_path: Path, policy_: str, rules: Any, words: list[str]) -> None:
    base = {"family": "inet", "table": "theirs", "name": "in", "type": "filter", "hook": "input", "prio": 0}
    items: list[dict[str, Any]] = [{"chain": {**base, "policy": policy_}}]
    items += [{"rule": {"family": "inet", "table": "theirs", "chain": "in", "expr": expr}} for expr in rules]
    items += [{"chain": {**base, "table": "firewalld", "policy": "drop"}}]
    assert found(tmp_path, nft=json.dumps({"nftables": items}))["beside"] == words


def test_zones_that_drift_and_two_gateways_are_said(tmp_path: Path) -> None:
    machine_facts = found(tmp_path, **{"ip -o -4 route show default": ROUTE + ROUTE.replace("eth0", "eth1")})
    assert (machine_facts["gateway"], machine_facts["drifting"]) == ("", False)
    again = host(tmp_path / "again", zone("interfaces: eth0"))
    again.write("/etc/firewalld/firewalld.conf", "AllowZoneDrifting=yes\n")
    assert PacketFacts(Firewalld(again)).all()["drifting"] is True


def test_a_firewalld_that_is_down_shows_what_is_permanent(tmp_path: Path) -> None:
    machine = host(tmp_path, zone("ports: 22/tcp"))
    machine.answers["systemctl is-active --quiet firewalld"] = Outcome(3)
    machine.answers["firewall-offline-cmd --list-all-zones"] = zone("ports: 23/tcp")
    facts = PacketFacts(Firewalld(machine)).all()
    assert (facts["running"], facts["zones"]["public"]["ports"], facts["beside"]) == (False, ["23/tcp"], [])


HAND = {"Active": "true", "Priority": "7", "Discard": "true", "Protocol": "17", "Note": "theirs", "Loss": "50"}


def test_the_access_rules_of_others_come_with_all_that_is_not_read_of_them(tmp_path: Path) -> None:
    softether = FakeSoftEther(FakeMachine(tmp_path))
    ports = {"SrcPortStart": "500", "SrcPortEnd": "600"}
    rules = {"0": {**HAND, **ports}, "1": {**HAND, "Note": "labvpn:rest", "Loss": "0"}}
    softether.tree()["VirtualHUB"]["LAB"]["AccessList"] = rules
    facts = HubConcern(State(softether.machine, "hub"), softether).facts(parse(DOCUMENTS["hub"]))
    expected = {"priority": "7", "action": "discard", "protocol": "udp", "from-port": "500-600", "title": "theirs"}
    assert facts == {"access": {"LAB": [{**expected, "unread": "Loss"}]}}


def test_facts_are_part_of_the_answer_and_an_answer_without_them_has_none(tmp_path: Path) -> None:
    assert "facts" in Session(FakeMachine(tmp_path), {}).inspect("firewall", "")
    state = read_answer('{"hub": {"observed": "", "applied": null}}')["hub"]
    assert state.facts == {}
    with pytest.raises(ValueError, match="expected shape"):
        read_answer('{"hub": {"observed": "", "applied": null, "facts": [1]}}')
