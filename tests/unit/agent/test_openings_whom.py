"""For whom a port is open: whom no rule before has denied, by family, destination and zone."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.openings import Openings
from labvpn.agent.firewalld.prechecks import Prechecks
from labvpn.agent.firewalld.rollback import Rollback
from tests.unit.agent.test_openings import host, policy, rich, warnings, ways, zone

PORT = 'port port="8000" protocol="tcp"'
OPEN = "ports: 8000/tcp"
TAKES_ALL = zone("sources: 0.0.0.0/0", "target: DROP", name="block")


def decided(root: Path, *rules: str, opened: bool = True) -> list[str]:
    more = ("rich rules: \n\t" + "\n\t".join(rules),) if rules else ()
    found = ways(root, zone("interfaces: eth0", *([OPEN] if opened else []), *more))
    return [one.replace("zone public ", "") for one in found]


def notes(root: Path, *parts: str, policies: str = "") -> list[str]:
    machine = host(root, zone("interfaces: eth0", *parts), policies)
    return Prechecks(Firewalld(machine), Rollback(State(machine, "firewall"))).notes(parse(""))


def unopened(root: Path, zones: str, policies: str = "") -> list[str]:
    machine = host(root, zones, policies)
    prechecks = Prechecks(Firewalld(machine), Rollback(State(machine, "firewall")))
    return list(prechecks.unopened(parse("listener 8000 enabled=yes\n")))


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        (['family="ipv4" source NOT address="192.0.2.0/24" drop'], ["open 192.0.2.0/24", "open everyone over IPv6"]),
        (['source NOT ipset="japan" drop'], ["open ipset:japan"]),
        (['source NOT mac="00:11:22:33:44:55" reject'], ["open 00:11:22:33:44:55"]),
        (['source NOT ipset="japan" drop', 'family="ipv4" source address="192.0.2.7" drop'], ["open ipset:japan"]),
        (['priority="5" source NOT ipset="japan" drop'], ["open everyone"]),
        (
            ['source NOT ipset="japan" drop', 'priority="-1" source ipset="lab" accept'],
            ["open ipset:lab", "open ipset:japan"],
        ),
        (['source NOT ipset="japan" port port="22" protocol="tcp" drop'], ["open everyone"]),
        (['source NOT ipset="japan" drop limit value="9/m"'], ["unclear NOT ipset:japan", "open ipset:japan"]),
    ],
    ids=str,
)
def test_a_port_from_which_all_others_are_denied_is_open_to_those_alone(
    tmp_path: Path, rules: list[str], found: list[str]
) -> None:
    assert sorted(decided(tmp_path, *(f"rule {rule}" for rule in rules))) == sorted(found)


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        (["192.0.2.0/24", "192.0.2.0/25"], ["192.0.2.0/25"]),
        (["192.0.2.0/25", "192.0.2.0/24"], ["192.0.2.0/25"]),
        (["192.0.2.0/24", "198.51.100.0/24"], []),
    ],
)
def test_of_several_rules_that_deny_all_others_every_one_counts(
    tmp_path: Path, rules: list[str], found: list[str]
) -> None:
    denied = [f'rule family="ipv4" source NOT address="{one}" drop' for one in rules]
    left = decided(tmp_path, *denied, 'rule family="ipv6" drop')
    assert left == [f"open {one}" for one in found]


def test_networks_that_are_everyone_together_are_everyone(tmp_path: Path) -> None:
    halves = [f'rule family="ipv4" source address="{one}" drop' for one in ("0.0.0.0/1", "128.0.0.0/1")]
    assert decided(tmp_path / "1", *halves) == ["open everyone over IPv6"]
    assert decided(tmp_path / "2", 'rule family="ipv4" source address="0.0.0.0/0" drop') == ["open everyone over IPv6"]
    accepted = 'rule family="ipv4" source address="0.0.0.0/0" accept'
    assert decided(tmp_path / "3", accepted, opened=False) == ["open everyone over IPv4"]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (f'family="ipv4" destination address="203.0.113.99" {PORT} accept', ["unclear everyone over IPv4"]),
        (f'destination ipset="here" {PORT} accept', ["unclear everyone"]),
        (f'family="ipv4" destination NOT address="203.0.113.99" {PORT} accept', ["unclear everyone over IPv4"]),
        (f'family="ipv6" {PORT} accept', ["open everyone over IPv6"]),
        (f'family="ipv4" {PORT} accept', ["open everyone over IPv4"]),
        (f'{PORT} accept limit value="3/m"', ["unclear everyone"]),
        (f'family="ipv4" source address="192.0.2.7" {PORT} accept limit value="3/m"', ["unclear 192.0.2.7"]),
        ('service name="bound" accept', ["unclear everyone over IPv4"]),
    ],
)
def test_what_a_rule_opens_to_some_packets_is_not_open_to_all(tmp_path: Path, rule: str, found: list[str]) -> None:
    assert decided(tmp_path, f"rule {rule}", opened=False) == found


@pytest.mark.parametrize(
    ("service", "found"),
    [
        ("bound", ["unclear zone public everyone over IPv4"]),
        ("around", ["unclear zone public everyone over IPv4"]),
        ("six", ["unclear zone public everyone over IPv6"]),
        ("both", ["unclear zone public everyone over IPv6"]),
    ],
)
def test_a_service_at_an_address_of_its_own_does_not_open_the_host(
    tmp_path: Path, service: str, found: list[str]
) -> None:
    assert ways(tmp_path, zone("interfaces: eth0", f"services: {service}")) == found


def test_a_service_at_another_address_makes_nothing_unclear_but_its_ports(tmp_path: Path) -> None:
    assert ways(tmp_path, zone("interfaces: eth0", "services: bound", "ports: 443/tcp"), port="443/tcp") == [
        "open zone public everyone"
    ]


def test_a_denial_at_one_destination_leaves_an_open_port_in_doubt(tmp_path: Path) -> None:
    denied = f'rule family="ipv4" destination address="203.0.113.20" {PORT} drop'
    assert decided(tmp_path, denied) == ["unclear everyone over IPv4", "open everyone over IPv6"]


def test_users_dial_by_ipv4(tmp_path: Path) -> None:
    for family, said in (("ipv4", 0), ("ipv6", 1)):
        zones = zone("interfaces: eth0", rich(f'rule family="{family}" {PORT} accept'))
        assert len(unopened(tmp_path / family, zones)) == said
    assert "to everyone over IPv6 only" in unopened(tmp_path / "6", zones)[0]


def test_a_zone_of_all_sources_leaves_nothing_to_the_zones_of_interfaces(tmp_path: Path) -> None:
    zones = zone("interfaces: eth0", OPEN) + "\n" + TAKES_ALL
    assert ways(tmp_path / "1", zones) == ["open zone public everyone over IPv6"]
    assert "to everyone over IPv6 only" in unopened(tmp_path / "2", zones)[0]
    halves = zones.replace("0.0.0.0/0", "0.0.0.0/1") + "\n" + zone("sources: 128.0.0.0/1", name="rest")
    assert ways(tmp_path / "3", halves) == ["open zone public everyone over IPv6"]
    assert ways(tmp_path / "4", zones.replace("0.0.0.0/0", "10.0.0.0/8")) == ["open zone public everyone"]


def test_where_zones_drift_a_zone_of_sources_that_decides_nothing_is_not_the_end(tmp_path: Path) -> None:
    zones = zone("interfaces: eth0", OPEN) + "\n" + TAKES_ALL.replace("DROP", "default")
    machine = host(tmp_path, zones)
    machine.write("/etc/firewalld/firewalld.conf", "AllowZoneDrifting=yes\n")
    prechecks = Prechecks(Firewalld(machine), Rollback(State(machine, "firewall")))
    assert list(prechecks.unopened(parse("listener 8000 enabled=yes\n"))) == []


@pytest.mark.parametrize("state", ["yes", "no"])
def test_a_policy_that_is_switched_off_does_nothing(tmp_path: Path, state: str) -> None:
    found = ways(tmp_path, zone("interfaces: eth0"), policy(f"disable: {state}", "target: ACCEPT"))
    assert found == ([] if state == "yes" else ["open policy inward everyone"])


AWAY = "port=8000:proto=tcp:toport=80:toaddr=10.0.0.5"
RICH_AWAY = 'rule family="ipv4" forward-port port="8000" protocol="tcp" to-port="80" to-addr="10.0.0.5"'


@pytest.mark.parametrize(
    ("parts", "policies"),
    [
        ([f"forward-ports: {AWAY}"], ""),
        ([f"forward-ports: {AWAY.replace('8000', '7000-9000')}"], ""),
        ([rich(RICH_AWAY)], ""),
        ([], policy(f"forward-ports: {AWAY}")),
        ([], zone("ingress-zones: ANY", "egress-zones: ANY", f"forward-ports: {AWAY}", name="out")),
    ],
)
def test_a_port_that_is_led_away_does_not_reach_the_server(tmp_path: Path, parts: list[str], policies: str) -> None:
    zones = zone("interfaces: eth0", OPEN, *parts)
    assert "leads 8000/tcp from everyone over IPv4 elsewhere" in unopened(tmp_path / "1", zones, policies)[0]
    assert [one for one in warnings(tmp_path / "2", zones, policies) if "forward" in one] == []


def test_a_port_that_is_led_to_an_address_of_the_host_reaches_the_host(tmp_path: Path) -> None:
    machine = host(
        tmp_path, zone("interfaces: eth0", "forward-ports: port=9000:proto=tcp:toport=8000:toaddr=203.0.113.20")
    )
    machine.answers["ip -o -4 address show"] = "2: eth0    inet 203.0.113.20/28 brd 203.0.113.31 scope global eth0\n"
    (one,) = Openings(Firewalld(machine), lasting=False).led_to("8000/tcp")
    assert (one.verdict, one.whom) == ("open", "everyone over IPv4")


def test_a_port_that_is_led_away_for_some_is_open_to_the_others(tmp_path: Path) -> None:
    away = RICH_AWAY.replace("forward-port", 'source address="192.0.2.7" forward-port', 1)
    zones = zone("interfaces: eth0", OPEN, rich(away))
    assert ways(tmp_path / "1", zones) == ["open zone public everyone", "away zone public 192.0.2.7"]
    assert unopened(tmp_path / "2", zones) == []


def test_a_port_by_which_another_is_reached_does_not_open_that_itself(tmp_path: Path) -> None:
    zones = zone("interfaces: eth0", "forward-ports: port=9000:proto=tcp:toport=8000:toaddr=")
    assert "does not open 8000/tcp" in unopened(tmp_path / "1", zones)[0]
    assert "opens it to everyone over IPv4 by forward-port port=9000" in warnings(tmp_path / "2", zones)[0]


@pytest.mark.parametrize(
    "rule",
    [
        'rule priority="32767" log prefix="UNEXPECTED: " level="info" limit value="5/m"',
        'rule service name="http" log prefix="x" level="info"',
        'rule tcp-mss-clamp value="pmtu"',
        "rule masquerade",
        'rule icmp-block name="echo-request"',
        'rule priority="-5" nflog group="3"',
        'rule service name="http" log prefix="what you accept " level="info" drop',
        'rule service name="http" mark set="1"',
    ],
)
def test_a_rule_that_lets_nothing_in_is_not_said_to(tmp_path: Path, rule: str) -> None:
    assert notes(tmp_path, rich(rule)) == []


@pytest.mark.parametrize(
    "rule",
    [
        'rule service name="http" log prefix="x" accept',
        'rule family="ipv4" forward-port port="80" protocol="tcp" to-port="8000"',
        'rule gate name="9"',
    ],
)
def test_a_rule_that_may_let_something_in_is_told(tmp_path: Path, rule: str) -> None:
    (note,) = notes(tmp_path, rich(rule))
    assert note.endswith(rule.replace('"', "") + " for everyone")


def test_a_note_says_whom_a_port_lets_in(tmp_path: Path) -> None:
    (note,) = notes(tmp_path / "1", "services: web", OPEN, rich('rule source NOT ipset="japan" drop'))
    assert note.endswith("port 8000/tcp for ipset:japan; service web for ipset:japan")
    (note,) = notes(tmp_path / "2", OPEN, f"forward-ports: {AWAY}")
    assert note.endswith(f"manage: port 8000/tcp for everyone over IPv6; forward-port {AWAY} for everyone")


def test_a_thousand_sources_that_are_denied_cost_no_more_than_reading_them(tmp_path: Path) -> None:
    denied = [f'rule family="ipv4" source address="10.0.{n // 250}.{n % 250}" {PORT} reject' for n in range(1000)]
    assert decided(tmp_path, *denied) == ["open everyone"]
