"""The kernel's own rules: a packet walked through nft's rule set, and what is missing of firewalld's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.state import State
from labvpn.agent.firewalld import kernel_rules as module
from labvpn.agent.firewalld.firewall import FirewallConcern
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.kernel_rules import KernelRules
from labvpn.agent.firewalld.packets import ACCEPT, DROP, UNKNOWN, Packet, Ruleset
from tests.unit.agent.fakes import CASES, Answers, FakeMachine

NFT = (CASES / "agent/nft.json").read_text()
ZONES = "public (active)\n  target: default\n  interfaces: eth0\n  services: ssh\n  ports: 22/tcp\n  rich rules: \n"


def changed(*more: dict[str, Any], without: str = "") -> str:
    """firewalld's rules, with others before them, and without those that hold a word."""
    items = [item for item in json.loads(NFT)["nftables"] if not (without and without in json.dumps(item))]
    return json.dumps({"nftables": [*more, *items]})


def rule(*expressions: dict[str, Any], chain: str = "filter_INPUT") -> dict[str, Any]:
    return {"rule": {"family": "inet", "table": "firewalld", "chain": chain, "expr": list(expressions)}}


def match(left: dict[str, Any], right: Any, operator: str = "==") -> dict[str, Any]:
    return {"match": {"left": left, "op": operator, "right": right}}


PORT = match({"payload": {"protocol": "tcp", "field": "dport"}}, 8000)
TAKEN: dict[str, Any] = {"accept": None}


def verdicts(text: str, port: int = 8000, source: str = "192.0.2.77", interface: str = "eth0") -> set[str]:
    return Ruleset(text).verdicts(Packet(interface, source, "tcp", port))


def test_firewalls_rules_let_in_what_its_zone_opens_and_refuse_the_rest() -> None:
    assert verdicts(NFT, 22) == verdicts(NFT, 22, "2001:db8::77") == {ACCEPT}
    assert verdicts(NFT) == verdicts(NFT, 8000, "2001:db8::77") == {DROP}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ((), {ACCEPT}),
        ((match({"meta": {"key": "iifname"}}, "eth*"),), {ACCEPT}),
        ((match({"meta": {"key": "iifname"}}, {"set": ["eth1", "eth0"]}),), {ACCEPT}),
        ((match({"meta": {"key": "iifname"}}, "eth0", "!="),), {DROP}),
        (
            (match({"payload": {"protocol": "ip", "field": "saddr"}}, {"prefix": {"addr": "192.0.2.0", "len": 24}}),),
            {ACCEPT},
        ),
        ((match({"payload": {"protocol": "ip", "field": "saddr"}}, {"range": ["192.0.2.9", "192.0.2.70"]}),), {DROP}),
        ((match({"payload": {"protocol": "ip6", "field": "saddr"}}, "2001:db8::1"),), {DROP}),
        ((match({"payload": {"protocol": "udp", "field": "dport"}}, 8000),), {DROP}),
        ((match({"ct": {"key": "state"}}, ["new", "established"], "in"),), {ACCEPT}),
        ((match({"meta": {"key": "mark"}}, 7),), {ACCEPT, DROP}),
        ((match({"payload": {"protocol": "ip", "field": "daddr"}}, "203.0.113.20"),), {ACCEPT, DROP}),
        (({"limit": {"rate": 1}},), {UNKNOWN, DROP}),
        (({"xt": {"type": "match", "name": "owner"}},), {UNKNOWN, DROP}),
        (({"counter": {"packets": 1, "bytes": 2}}, {"log": None}), {ACCEPT}),
    ],
)
def test_a_condition_that_is_not_known_is_never_guessed(condition: tuple[dict[str, Any], ...], found: set[str]) -> None:
    assert verdicts(changed(rule(PORT, *condition, TAKEN))) == found


def test_a_set_is_looked_into_and_one_that_is_not_there_is_unknown() -> None:
    held = {"set": {"family": "inet", "table": "firewalld", "name": "held", "elem": [{"elem": {"val": "192.0.2.77"}}]}}
    named = rule(match({"payload": {"protocol": "ip", "field": "saddr"}}, "@held"), TAKEN)
    assert verdicts(changed(held, named)) == {ACCEPT}
    assert verdicts(changed(named)) == {ACCEPT, DROP}


def test_another_table_that_drops_wins_over_one_that_accepts() -> None:
    chain = {"family": "ip", "table": "sly", "name": "in", "type": "filter", "hook": "input", "prio": 0}
    assert verdicts(changed({"chain": {**chain, "policy": "drop"}}), 22) == {DROP}
    assert verdicts(changed({"chain": {**chain, "policy": "accept"}}), 8000) == {DROP}


def kernel(root: Path, text: str, **answers: Outcome | str) -> KernelRules:
    given: Answers = {"nft -j list ruleset": text, "firewall-cmd --list-all-zones": ZONES, "iptables": Outcome(127)}
    machine = FakeMachine(root, {**given, "firewall-cmd --list-all-policies": Outcome(2), **answers})
    for name in ("lo", "eth0"):
        machine.path(f"/sys/class/net/{name}").mkdir(parents=True)
    return KernelRules(Firewalld(machine))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RELOADING", 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"nftables": []}', "none of its rules"),
        (changed(without='"name": "filter_INPUT"'), "does not evaluate its rules"),
        (changed(without='"rule"'), "passes on eth0"),
        (changed(without='"reject"'), "passes on eth0"),
        (changed(without='"right": 22'), "opens 22/tcp, and its rules do not"),
        (changed({"table": {"family": "inet", "name": "firewalld_policy_drop"}}), "blocks every new connection"),
    ],
)
def test_whatever_is_missing_of_firewalls_rules_is_seen(tmp_path: Path, text: str, words: str) -> None:
    found = kernel(tmp_path, text, **{"firewall-cmd --query-panic": Outcome(1)}).lost()
    assert words in "; ".join(found)


def test_rules_that_are_all_there_are_no_loss_nor_are_those_that_nobody_can_read(tmp_path: Path) -> None:
    assert kernel(tmp_path, NFT).lost() == []
    assert kernel(tmp_path / "2", "Error: JSON support not compiled-in").lost() == []


def test_panic_mode_is_no_loss(tmp_path: Path) -> None:
    assert kernel(tmp_path, changed({"table": {"family": "inet", "name": "firewalld_policy_drop"}})).lost() == []


def test_rules_of_iptables_are_looked_for_where_nft_has_none(tmp_path: Path) -> None:
    whole = "-P INPUT ACCEPT\n-A INPUT -j INPUT_ZONES\n-A INPUT -j REJECT --reject-with icmp-host-prohibited\n"
    assert kernel(tmp_path, '{"nftables": []}', **{"iptables -S INPUT": whole}).lost() == []
    assert kernel(tmp_path / "2", '{"nftables": []}', **{"iptables -S INPUT": "-P INPUT ACCEPT\n"}).lost()


def test_a_firewalld_without_rules_is_active_in_name_only_and_is_started_anew_instead_of_reloaded(
    tmp_path: Path,
) -> None:
    machine = kernel(tmp_path, '{"nftables": []}').machine
    assert isinstance(machine, FakeMachine)
    machine.write("/usr/bin/firewall-cmd", "")
    machine.answers["systemctl show"] = "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\n"
    concern = FirewallConcern(State(machine, "firewall"))
    (line,) = concern.observe(parse("unit firewalld enabled=yes active=yes\n"), {})
    assert line.values["active"] == "without-its-rules-in-the-kernel"
    concern.renew()
    assert "systemctl stop firewalld" in machine.ran
    assert "firewall-cmd --reload" not in machine.ran


def test_what_a_stopped_firewalld_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    theirs = {"table": {"family": "ip", "name": "theirs"}}
    one = kernel(tmp_path, changed(theirs, {"table": {"family": "inet", "name": "firewalld_policy_drop"}}))
    one.clear()
    assert isinstance(one.machine, FakeMachine)
    assert one.machine.commands("nft delete") == [
        "nft delete table inet firewalld",
        "nft delete table inet firewalld_policy_drop",
    ]
