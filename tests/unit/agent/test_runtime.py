"""What firewalld holds for now comes back whole, and so do the rules that others have beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.core.machine import Outcome
from labvpn.agent.firewalld.bus import entries_of, quick
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.foreign_rules import ForeignRules, lost, returned, rules_of
from labvpn.agent.firewalld.kernel_rules import KernelRules
from labvpn.agent.firewalld.rollback import merged
from labvpn.agent.firewalld.runtime import Held, Runtime, differences_of, steps
from tests.unit.agent.fakes import FakeMachine

BEFORE: Held = {
    "zone dmz": {
        "masquerade": ["yes"],
        "forward": ["no"],
        "forward-ports": ["port=80:proto=tcp:toport=8080:toaddr="],
        "icmp-blocks": ["echo-request"],
        "interfaces": ["eth1"],
        "sources": ["192.0.2.0/24"],
        "ports": ["1/tcp", "2/tcp"],
        "rich rules": ['rule service name="ssh" drop'],
        "invented": ["something"],
    },
    "policy between": {"ingress-zones": ["home"], "services": ["http"]},
    "set held": {"entries": ["192.0.2.9"]},
    "daemon": {
        "direct getAllRules": ["ipv4 filter INPUT 0 -p tcp -j DROP"],
        "policies getLockdownWhitelistUids": ["7"],
    },
}
AFTER: Held = {
    "zone dmz": {"masquerade": ["no"], "forward": ["yes"], "services": ["ssh"], "ports": ["3/tcp"]},
    "policy between": {},
    "set held": {"entries": []},
    "daemon": {},
}


def test_each_kind_is_brought_back_by_its_own_option_and_what_came_goes() -> None:
    words = [" ".join(one) for one in steps(BEFORE, AFTER)]
    assert words == [
        "--zone=dmz --add-masquerade",
        "--zone=dmz --remove-forward",
        "--zone=dmz --add-forward-port=port=80:proto=tcp:toport=8080:toaddr=",
        "--zone=dmz --add-icmp-block=echo-request",
        "--zone=dmz --change-interface=eth1",
        "--zone=dmz --change-source=192.0.2.0/24",
        "--zone=dmz --add-port=1/tcp",
        "--zone=dmz --add-port=2/tcp",
        '--zone=dmz --add-rich-rule=rule service name="ssh" drop',
        "--policy=between --add-ingress-zone=home",
        "--policy=between --add-service=http",
        "--ipset=held --add-entry=192.0.2.9",
        "--direct --add-rule ipv4 filter INPUT 0 -p tcp -j DROP",
        "--quiet --add-lockdown-whitelist-uid=7",
        "--zone=dmz --remove-port=3/tcp",
        "--zone=dmz --remove-service=ssh",
    ]


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("--zone=dmz --add-port=1/tcp", "zone addPort sssi dmz 1 tcp 0"),
        ("--zone=dmz --remove-source-port=1-9/udp", "zone removeSourcePort sss dmz 1-9 udp"),
        ("--zone=dmz --add-masquerade", "zone addMasquerade si dmz 0"),
        ("--zone=dmz --add-icmp-block-inversion", "zone addIcmpBlockInversion s dmz"),
        (
            "--zone=dmz --add-forward-port=port=1:proto=tcp:toport=:toaddr=2001:db8::1",
            "zone addForwardPort sssssi dmz 1 tcp  2001:db8::1 0",
        ),
        ("--zone=dmz --change-source=192.0.2.0/24", "zone changeZoneOfSource ss dmz 192.0.2.0/24"),
        ("--zone=dmz --remove-interface=eth1", "zone removeInterface ss dmz eth1"),
        ("--ipset=held --add-entry=192.0.2.9", "ipset addEntry ss held 192.0.2.9"),
    ],
)
def test_what_the_bus_can_do_is_done_by_it(words: str, call: str) -> None:
    made = quick(words.split())
    assert made is not None
    assert " ".join(made) == "busctl call org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 " + (
        "org.fedoraproject.FirewallD1." + call
    )


@pytest.mark.parametrize("words", ["--zone=dmz --add-forward", "--policy=x --add-service=ssh", "--quiet --add-x=1"])
def test_what_the_bus_cannot_do_is_left_to_firewall_cmd(words: str) -> None:
    assert quick(words.split()) is None


def test_what_cannot_be_brought_back_is_told() -> None:
    assert "firewalld's zone dmz invented: lost something" in differences_of(BEFORE, AFTER)
    assert differences_of(BEFORE, BEFORE) == []


def test_lists_from_the_bus_are_read() -> None:
    assert entries_of("as 2 \"a b\" 'c'\n") == ["a b", "c"]
    assert entries_of("ai 1 1234\n") == ["1234"]
    assert entries_of("b true\n") == ["true"]
    assert entries_of("") == []
    rules = 'a(sssias) 2 "ipv4" "filter" "INPUT" 0 2 "-j" "DROP" "ipv6" "raw" "x" -1 3 "-m" "a b" "-j"\n'
    assert entries_of(rules) == ["ipv4 filter INPUT 0 -j DROP", "ipv6 raw x -1 -m 'a b' -j"]


def test_a_firewalld_that_does_not_know_policies_or_the_bus_is_read_all_the_same(tmp_path: Path) -> None:
    answers = {"busctl": Outcome(127), "firewall-cmd --list-all-policies": Outcome(2), "nft": Outcome(127)}
    zones = "public\n  forward-ports: port=1:proto=tcp:toport=2:toaddr=\n\tport=3:proto=tcp:toport=4:toaddr=\n"
    machine = FakeMachine(tmp_path, {**answers, "firewall-cmd --list-all-zones": zones})
    held = Runtime(Firewalld(machine)).held()
    assert held["zone public"]["forward-ports"] == [
        "port=1:proto=tcp:toport=2:toaddr=",
        "port=3:proto=tcp:toport=4:toaddr=",
    ]


def test_the_way_back_keeps_what_others_added_meanwhile_and_drops_what_the_change_added() -> None:
    saved: Held = {"zone public": {"ports": ["1/tcp"], "masquerade": ["no"], "rich rules": []}}
    now: Held = {"zone public": {"ports": ["443/tcp", "9/tcp"], "masquerade": ["yes"], "rich rules": ['rule "a"']}}
    back = merged(saved, now, {"ports": ["443/tcp"], "rich rules": ["rule a"]})
    assert back == {"zone public": {"ports": ["1/tcp", "9/tcp"], "masquerade": ["no"], "rich rules": []}}


SAVED = """\
*filter
:INPUT ACCEPT [0:0]
:DOCKER - [0:0]
:IN_public - [0:0]
-A INPUT -s 192.0.2.9/32 -j DROP
-A INPUT -j INPUT_ZONES
-A INPUT -j REJECT
-A DOCKER -d 172.17.0.2/32 -j ACCEPT
-A IN_public -j IN_public_allow
COMMIT
"""
RELOADED = """\
*filter
:INPUT ACCEPT [0:0]
-A INPUT -j INPUT_ZONES
-A INPUT -j REJECT
COMMIT
"""


def placed(text: str) -> dict[tuple[str, ...], list[str]]:
    return {("iptables-save", *place): rules for place, rules in rules_of(text).items()}


def test_rules_of_iptables_come_back_to_their_old_places_and_firewalls_own_are_its_own_affair() -> None:
    assert returned("iptables-save", placed(SAVED), placed(RELOADED)) == [
        "*filter",
        ":DOCKER - [0:0]",
        "-I INPUT 1 -s 192.0.2.9/32 -j DROP",
        "-I DOCKER 1 -d 172.17.0.2/32 -j ACCEPT",
        "COMMIT",
    ]
    assert lost(placed(SAVED), placed(SAVED)) == []


def test_rules_that_could_not_be_brought_back_are_told(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path, {"iptables-save": SAVED, "ip6tables-save": Outcome(127), "nft": Outcome(127)})
    foreign = ForeignRules(KernelRules(Firewalld(machine)))
    before = foreign.snapshot()
    machine.answers["iptables-save"] = RELOADED
    assert foreign.restore(before, 0) == [
        "iptables-save filter INPUT: -A INPUT -s 192.0.2.9/32 -j DROP",
        "iptables-save filter DOCKER: -A DOCKER -d 172.17.0.2/32 -j ACCEPT",
    ]
    assert machine.commands("iptables-restore --noflush")
