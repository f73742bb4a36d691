"""What takes the VPN's packets although firewalld lets them in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.prechecks import Prechecks
from labvpn.agent.firewalld.rollback import Rollback
from tests.unit.agent.test_kernel import changed, match
from tests.unit.agent.test_openings import host, zone

SERVICE = "service vpnserver ports=443/tcp,500/udp,4500/udp\n"
STATE_KNOWN = match({"ct": {"key": "state"}}, {"set": ["established", "related"]}, "in")
DROP: dict[str, Any] = {"drop": None}
ACCEPT: dict[str, Any] = {"accept": None}


def port(number: int, transport: str = "tcp") -> dict[str, Any]:
    return match({"payload": {"protocol": transport, "field": "dport"}}, number)


def table(*rules: list[dict[str, Any]], policy: str = "drop", hook: str = "input") -> str:
    """A table of the administrator's own beside firewalld's."""
    place = {"family": "inet", "table": "filter"}
    chain = {**place, "name": "input", "type": "filter", "hook": hook, "prio": 0, "policy": policy}
    own = [{"rule": {**place, "chain": "input", "expr": rule}} for rule in rules]
    return changed({"table": {"family": "inet", "name": "filter"}}, {"chain": chain}, *own)


def warnings(root: Path, ruleset: str = "", nat: str = "") -> list[str]:
    machine = host(root, zone("interfaces: eth0"))
    machine.answers["nft"] = ruleset or changed()
    machine.answers["iptables-save -t nat"] = nat if nat else Outcome(127)
    return Prechecks(Firewalld(machine), Rollback(State(machine, "firewall"))).warnings(parse(SERVICE))


def test_a_table_beside_firewalld_that_drops_ports_of_the_vpn_is_named_once(tmp_path: Path) -> None:
    found = warnings(tmp_path, table([STATE_KNOWN, ACCEPT], [port(22), ACCEPT], [port(443), ACCEPT]))
    assert found == [
        "table filter of nft, beside firewalld, drops 500/udp, 4500/udp on eth0, so no user reaches the VPN by it; "
        "open it there"
    ]


@pytest.mark.parametrize(
    "rules",
    [
        [[match({"payload": {"protocol": "ip", "field": "saddr"}}, "198.51.100.9"), DROP]],
        [[port(23), DROP]],
        [[{"limit": {"rate": 5}}, DROP]],
        [[match({"meta": {"key": "hour"}}, 3), DROP]],
    ],
    ids=["one banned source", "another port", "a limit", "an unread condition"],
)
def test_a_table_that_drops_others_or_under_conditions_is_not_called_an_obstacle(
    tmp_path: Path, rules: list[list[dict[str, Any]]]
) -> None:
    assert warnings(tmp_path, table(*rules, policy="accept")) == []


@pytest.mark.parametrize(
    ("rule", "to"),
    [
        (
            "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 443 -j DNAT --to-destination 172.17.0.2:8443",
            "172.17.0.2:8443",
        ),
        ("-A CNI-DN-4a2 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.42.0.8:443", "10.42.0.8:443"),
        ("-A PREROUTING -i eth0 -p tcp -m multiport --dports 80,440:450 -j DNAT --to-destination 10.0.0.9", "10.0.0.9"),
    ],
)
def test_a_port_that_is_led_to_a_container_is_told_with_the_rule(tmp_path: Path, rule: str, to: str) -> None:
    chain = rule.split()[1]
    found = warnings(tmp_path, nat=f"*nat\n:PREROUTING ACCEPT [0:0]\n:{chain} - [0:0]\n{rule}\nCOMMIT\n")
    assert found == [
        f"a rule of iptables leads 443/tcp to {to}, so users arrive there and not at the VPN: {rule}; "
        "give that service another port"
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 172.17.0.2:443",
        "-A DOCKER ! -i docker0 -p udp -m udp --dport 443 -j DNAT --to-destination 172.17.0.2:443",
        "-A DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 443 -j DNAT --to-destination 172.17.0.2:443",
        "-A KUBE-SVC -d 10.43.0.1/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.42.0.8:443",
        "-A PREROUTING -i virbr0 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.168.122.9:443",
        "-A KUBE-SEP-X -p tcp -m tcp -j DNAT --to-destination 10.42.0.8:443",
        "-A PREROUTING -i eth0 -p tcp -m tcp ! --dport 443 -j DNAT --to-destination 10.0.0.9",
        "-A PREROUTING -p tcp -m tcp --sport 53 --dport 443 -j DNAT --to-destination 10.0.0.9",
        "-A PREROUTING -p tcp -m set --match-set some src -m tcp --dport 443 -j DNAT --to-destination 10.0.0.9",
        "-A PREROUTING -p tcp -m tcp --dport 443 -m statistic --mode nth --every 2 -j DNAT --to-destination 10.0.0.9",
    ],
)
def test_a_rule_for_another_port_address_or_side_leads_nothing_of_ours_away(tmp_path: Path, rule: str) -> None:
    assert warnings(tmp_path, nat=f"*nat\n:X - [0:0]\n{rule}\nCOMMIT\n") == []


LED: dict[str, Any] = {"dnat": {"family": "ip", "addr": "10.88.0.2", "port": 8443}}


def test_a_port_that_a_table_of_nft_leads_to_a_container_is_told(tmp_path: Path) -> None:
    beside = match({"meta": {"key": "iifname"}}, "podman0", "!=")
    assert warnings(
        tmp_path, table([beside, port(443), {"counter": None}, LED], hook="prerouting", policy="accept")
    ) == [
        "table filter of nft leads 443/tcp to 10.88.0.2:8443, so users arrive there and not at the VPN; "
        "give that service another port"
    ]


@pytest.mark.parametrize(
    "conditions",
    [
        [port(8443)],
        [port(443, "udp")],
        [match({"payload": {"protocol": "ip", "field": "daddr"}}, "10.43.0.1"), port(443)],
        [match({"payload": {"protocol": "ip", "field": "saddr"}}, "198.51.100.9"), port(443)],
        [match({"meta": {"key": "iifname"}}, "podman0"), port(443)],
        [{"limit": {"rate": 5}}, port(443)],
        [],
    ],
)
def test_a_rule_of_nft_that_may_be_for_others_leads_nothing_of_ours_away(
    tmp_path: Path, conditions: list[dict[str, Any]]
) -> None:
    assert warnings(tmp_path, table([*conditions, LED], hook="prerouting", policy="accept")) == []


def test_what_a_firewalld_of_others_lets_in_may_be_led_away_too(tmp_path: Path) -> None:
    machine = host(tmp_path, zone("interfaces: eth0", "ports: 443/tcp"))
    machine.answers["nft"] = changed()
    rule = "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 443 -j DNAT --to-destination 172.17.0.2:443"
    machine.answers["iptables-save -t nat"] = f"*nat\n{rule}\nCOMMIT\n"
    prechecks = Prechecks(Firewalld(machine), Rollback(State(machine, "firewall")))
    found = list(prechecks.unopened(parse("listener 443 enabled=yes\n")))
    assert [one[:52] for one in found] == ["a rule of iptables leads 443/tcp to 172.17.0.2:443, "]
