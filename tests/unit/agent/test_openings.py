"""Who may reach a port by firewalld's settings: judged by who arrives in a zone, in the order of its rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.openings import Openings
from labvpn.agent.firewalld.prechecks import Prechecks
from labvpn.agent.firewalld.rich_rule import read_rule
from labvpn.agent.firewalld.rollback import Rollback
from tests.unit.agent.fakes import Answers, FakeMachine

UP: Answers = {"systemctl is-active": Outcome(3), "systemctl is-active --quiet firewalld": ""}
CLOSED = "unit firewalld enabled=yes active=yes\nclosed public/8000/tcp only=203.0.113.20\n"
DOCKER = "docker (active)\n  target: ACCEPT\n  interfaces: docker0 br-0123456789ab\n"
SERVICES = {
    "web": '<port port="8000" protocol="tcp"/>',
    "bundle": '<include service="web"/>',
    "loop": '<include service="loop"/>',
    "group": '<port port="8000" protocol="tcp"/><destination ipv4="224.0.0.251"/>',
    "sender": '<source-port port="20" protocol="tcp"/>',
    "whole": '<protocol value="tcp"/>',
    "lost": '<include service="nowhere"/>',
    "later": '<gate value="9"/>',
    "bound": '<port port="8000" protocol="tcp"/><destination ipv4="203.0.113.99"/>',
    "six": '<port port="8000" protocol="tcp"/><destination ipv6="2001:db8::7"/>',
    "both": '<port port="8000" protocol="tcp"/><destination ipv4="224.0.0.251" ipv6="2001:db8::7"/>',
    "around": '<include service="bound"/>',
}


def host(root: Path, zones: str, policies: str = "", more: tuple[str, ...] = ()) -> FakeMachine:
    given: Answers = {
        f"firewall-cmd --list-all-{kind}": text for kind, text in (("zones", zones), ("policies", policies))
    }
    lasting: Answers = {
        f"firewall-cmd --permanent --list-all-{kind}": text for kind, text in (("zones", zones), ("policies", policies))
    }
    machine = FakeMachine(root, {**UP, **given, **lasting})
    machine.write("/usr/bin/firewall-cmd", "")
    for name, inner in SERVICES.items():
        machine.write(f"/usr/lib/firewalld/services/{name}.xml", f"<service>{inner}</service>")
    for name in ("lo", "eth0", *more):
        machine.path(f"/sys/class/net/{name}").mkdir(parents=True)
    return machine


def zone(*parts: str, name: str = "public") -> str:
    return f"{name} (active)\n" + "".join(f"  {part}\n" for part in parts)


def policy(*parts: str) -> str:
    return zone("ingress-zones: ANY", "egress-zones: HOST", *parts, name="inward")


def ways(root: Path, zones: str, policies: str = "", port: str = "8000/tcp", more: tuple[str, ...] = ()) -> list[str]:
    openings = Openings(Firewalld(host(root, zones, policies, more)), lasting=False)
    return [f"{one.verdict} {one.place} {one.whom}" for one in (*openings.of_port(port), *openings.led_to(port))]


def rich(text: str) -> str:
    return f"rich rules: \n\t{text}"


def warnings(root: Path, zones: str, policies: str = "", more: tuple[str, ...] = ()) -> list[str]:
    machine = host(root, zones, policies, more)
    return Prechecks(Firewalld(machine), Rollback(State(machine, "firewall"))).warnings(parse(CLOSED))


def test_a_zone_of_this_hosts_containers_neither_opens_a_port_nor_hides_that_it_is_shut(tmp_path: Path) -> None:
    zones = zone("interfaces: eth0") + "\n" + DOCKER
    assert warnings(tmp_path, zones, more=("docker0",)) == []
    prechecks = Prechecks(Firewalld(machine := host(tmp_path / "2", zones)), Rollback(State(machine, "firewall")))
    assert "does not open 443/tcp" in next(iter(prechecks.unopened(parse("listener 443 enabled=yes\n"))))


def test_a_network_card_in_a_zone_of_containers_counts(tmp_path: Path) -> None:
    zones = zone("interfaces: eth0") + "\n" + zone("target: ACCEPT", "interfaces: docker0 eth1", name="docker")
    assert ways(tmp_path, zones, more=("docker0", "eth1")) == ["open zone docker everyone"]


def test_a_bridge_with_a_network_card_in_it_counts(tmp_path: Path) -> None:
    machine = host(
        tmp_path, zone("interfaces: eth0") + "\n" + zone("target: ACCEPT", "interfaces: virbr0", name="libvirt")
    )
    machine.path("/sys/class/net/virbr0/bridge").mkdir(parents=True)
    machine.path("/sys/class/net/virbr0/brif/eth1").mkdir(parents=True)
    assert [one.place for one in Openings(Firewalld(machine), lasting=False).of_port("8000/tcp")] == ["zone libvirt"]


@pytest.mark.parametrize("part", ["ports: 8000/tcp", "services: bundle", "target: ACCEPT", "protocols: 6"])
def test_a_policy_from_anywhere_to_the_host_opens_a_port(tmp_path: Path, part: str) -> None:
    (sentence,) = warnings(tmp_path, zone("interfaces: eth0"), policy("priority: 5", part))
    assert sentence.startswith("8000/tcp should be closed, but policy inward of firewalld opens it to everyone by ")


@pytest.mark.parametrize(
    "parts",
    [
        ("ingress-zones: work", "egress-zones: HOST"),
        ("ingress-zones: ANY", "egress-zones: ANY"),
        ("ingress-zones: HOST", "egress-zones: ANY"),
    ],
)
def test_a_policy_for_other_ways_opens_nothing_here(tmp_path: Path, parts: tuple[str, ...]) -> None:
    assert ways(tmp_path, zone("interfaces: eth0"), zone(*parts, "ports: 8000/tcp", name="other")) == []


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("services: bundle", ["open zone public everyone"]),
        ("services: loop", []),
        ("services: group", []),
        ("services: whole", ["open zone public everyone"]),
        ("services: sender", ["open zone public everyone"]),
        ("services: lost", ["unclear zone public everyone"]),
        ("services: later", ["unclear zone public everyone"]),
        ("services: nobody-defines", ["unclear zone public everyone"]),
        ("source-ports: 20/tcp", ["open zone public everyone"]),
        ("source-ports: 123/udp", []),
        ("forward-ports: port=9000:proto=tcp:toport=8000:toaddr=", ["open zone public everyone over IPv4"]),
        (
            "forward-ports: port=9000:proto=tcp:toport=7000-9000:toaddr=127.0.0.1",
            ["open zone public everyone over IPv4"],
        ),
        ("forward-ports: \n\tport=9000:proto=tcp:toport=8000:toaddr=10.0.0.9", []),
        ("forward-ports: port=8000:proto=tcp:toport=80:toaddr=10.0.0.9", ["away zone public everyone over IPv4"]),
        ("forward-ports: port=8000:proto=tcp:toport=80:toaddr=2001:db8::9", ["away zone public everyone over IPv6"]),
        ("forward-ports: port=8000:proto=tcp:toport=:toaddr=127.0.0.1", ["open zone public everyone over IPv4"]),
        (
            "forward-ports: port=8000:proto=tcp:toport=80:toaddr=\n  ports: 8000/tcp",
            ["away zone public everyone over IPv4", "open zone public everyone over IPv6"],
        ),
        ("gates: 8000", ["unclear zone public everyone"]),
        ("ingress-priority: 0", []),
        ("target: MAYBE", ["unclear zone public everyone"]),
        (rich('rule priority="-1" service name="web" drop') + "\n  ports: 8000/tcp", []),
        (rich('rule service name="web" reject') + "\n  ports: 8000/tcp", []),
        (
            rich('rule priority="9" port port="8000" protocol="tcp" drop') + "\n  ports: 8000/tcp",
            ["open zone public everyone"],
        ),
        (
            rich('rule family="ipv4" port port="8000" protocol="tcp" drop') + "\n  ports: 8000/tcp",
            ["open zone public everyone over IPv6"],
        ),
        (
            rich('rule port port="8000" protocol="tcp" reject limit value="1/m"') + "\n  ports: 8000/tcp",
            ["unclear zone public everyone"],
        ),
        (rich('rule source NOT address="192.0.2.0/24" accept'), ["open zone public NOT 192.0.2.0/24"]),
        (rich('rule source mac="00:11:22:33:44:55" accept'), ["open zone public 00:11:22:33:44:55"]),
        (rich('rule source ipset="trusted" accept'), ["open zone public ipset:trusted"]),
        (rich('rule destination address="224.0.0.251" accept'), []),
        (rich('rule port port="8000" protocol="tcp" mark set="1"'), []),
        (
            rich('rule port port="8000" protocol="tcp" log prefix="a b" accept limit value="9/s"'),
            ["unclear zone public everyone"],
        ),
        (rich('rule port port="8000" protocol="tcp" gate="9" accept'), ["unclear zone public everyone"]),
        (rich('rule gate name="9" drop'), ["unclear zone public everyone"]),
        (rich('rule icmp-type name="echo-request" accept'), []),
        (rich('rule source-port port="20" protocol="tcp" accept'), ["open zone public everyone"]),
        (rich('rule forward-port port="80" protocol="tcp" to-port="8000"'), ["open zone public everyone"]),
        ("services: lost\n  ports: 8000/tcp", ["open zone public everyone"]),
        ("gates: 8000\n  ports: 8000/tcp", ["unclear zone public everyone"]),
        ("ingress-priority: -10\n  ports: 8000/tcp", ["unclear zone public everyone"]),
    ],
)
def test_each_kind_of_entry_is_judged_for_what_it_is(tmp_path: Path, part: str, found: list[str]) -> None:
    assert ways(tmp_path, zone("interfaces: eth0", part)) == found


def test_what_is_denied_to_a_network_is_not_open_to_a_part_of_it(tmp_path: Path) -> None:
    rules = [
        'rule priority="-2" family="ipv4" source address="192.0.2.0/24" drop',
        'rule family="ipv4" source address="192.0.2.7" accept',
        'rule family="ipv4" source address="198.51.100.7" accept',
    ]
    assert ways(tmp_path, zone("interfaces: eth0", rich("\n\t".join(rules)))) == ["open zone public 198.51.100.7"]


def test_a_policy_that_denies_first_closes_what_a_zone_opens(tmp_path: Path) -> None:
    denied = policy("priority: -1", "target: DROP")
    assert ways(tmp_path, zone("interfaces: eth0", "ports: 8000/tcp"), denied) == []
    after = policy("priority: 1", "target: DROP")
    assert ways(tmp_path / "2", zone("interfaces: eth0", "ports: 8000/tcp"), after) == ["open zone public everyone"]


def test_who_comes_by_a_source_is_named_and_the_whole_world_is_everyone(tmp_path: Path) -> None:
    zones = zone("sources: 203.0.113.128/25", "ports: 8000/tcp", name="campus")
    assert ways(tmp_path, zones) == ["open zone campus 203.0.113.128/25"]
    for place, source, family in (("2", "0.0.0.0/0", 4), ("3", "0.0.0.0/1 128.0.0.0/1", 4), ("4", "::/0", 6)):
        found = ways(tmp_path / place, zones.replace("203.0.113.128/25", source))
        assert found == [f"open zone campus everyone over IPv{family}"]
    assert ways(tmp_path / "5", zones.replace("203.0.113.128/25", "0.0.0.0/0 ::/0")) == ["open zone campus everyone"]


def test_the_default_zone_takes_every_interface_that_no_zone_has(tmp_path: Path) -> None:
    bound = zone("ports: 8000/tcp") + "\n" + zone("interfaces: eth+", name="work")
    assert ways(tmp_path, bound) == []
    assert ways(tmp_path / "2", bound, more=("wlan0",)) == ["open zone public everyone"]


def test_what_others_opened_is_told_with_the_program_behind_it(tmp_path: Path) -> None:
    zones = zone("interfaces: eth0", "services: ssh dhcpv6-client vpnserver", "ports: 8000/tcp 443/tcp")
    machine = host(tmp_path, zones)
    (note,) = Prechecks(Firewalld(machine), Rollback(State(machine, "firewall"))).notes(
        parse("service vpnserver ports=443/tcp\nzone public services=vpnserver\n")
    )
    assert note == "zone public of firewalld also lets in what this stack does not manage: port 8000/tcp for everyone"


def test_a_needed_port_that_only_some_may_reach_is_neither_open_nor_shut(tmp_path: Path) -> None:
    rule = 'rule family="ipv4" source address="203.0.113.128/25" port port="443" protocol="tcp" accept'
    machine = host(tmp_path, zone("interfaces: eth0", rich(rule)))
    prechecks = Prechecks(Firewalld(machine), Rollback(State(machine, "firewall")))
    assert list(prechecks.unopened(parse("listener 443 enabled=yes\n"))) == [
        "firewalld, which this stack does not manage, opens 443/tcp to 203.0.113.128/25 only"
    ]


def test_a_rule_is_read_in_either_spelling() -> None:
    quoted = read_rule('rule priority="-5" family="ipv4" source NOT address="192.0.2.7" service name="ssh" accept')
    assert quoted == read_rule("rule priority=-5 family=ipv4 source NOT address=192.0.2.7 service name=ssh accept")
    assert (quoted.source, quoted.priority, quoted.unknown) == ("NOT 192.0.2.7", -5, [])
    assert read_rule('rule family="ipv4').unknown
