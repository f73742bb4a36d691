"""Who may reach a port by rules that are asked before firewalld's zones, or that nobody can show."""

from __future__ import annotations

from pathlib import Path

from labvpn.agent.core.document import parse
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.prechecks import Prechecks
from labvpn.agent.firewalld.rollback import Rollback
from tests.unit.agent.test_openings import CLOSED, host, zone


def test_a_direct_rule_of_iptables_is_not_judged_in_silence(tmp_path: Path) -> None:
    machine = host(tmp_path, zone("interfaces: eth0"))
    machine.answers["busctl"] = 'a(sssias) 1 "ipv4" "filter" "INPUT" 0 4 "-p" "tcp" "-j" "ACCEPT"\n'
    machine.write("/etc/firewalld/firewalld.conf", "FirewallBackend=iptables\n")
    prechecks = Prechecks(Firewalld(machine), Rollback(State(machine, "firewall")))
    found = [one for one in prechecks.warnings(parse(CLOSED)) if "unknown" in one]
    assert found
    assert "-p tcp -j ACCEPT" in found[0]


def test_a_rule_of_iptables_before_firewalls_own_is_told(tmp_path: Path) -> None:
    rules = (
        "-P INPUT ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        "-A INPUT -p tcp -m tcp --dport 8000 -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\n"
        "-A INPUT -j INPUT_ZONES\n-A INPUT -j REJECT --reject-with icmp-host-prohibited\n"
    )
    machine = host(tmp_path, zone("interfaces: eth0"))
    machine.answers["iptables -S INPUT"] = rules
    machine.write("/etc/firewalld/firewalld.conf", "FirewallBackend=iptables\n")
    prechecks = Prechecks(Firewalld(machine), Rollback(State(machine, "firewall")))
    assert prechecks.warnings(parse(CLOSED)) == [
        "8000/tcp should be closed, but a rule of iptables lets it in before firewalld's own rules: "
        "-A INPUT -p tcp -m tcp --dport 8000 -j ACCEPT"
    ]


def test_rules_of_the_kernel_that_nobody_can_show_are_not_taken_for_closed(tmp_path: Path) -> None:
    machine = host(tmp_path, zone("interfaces: eth0"))
    machine.answers["nft"] = Outcome(127)
    prechecks = Prechecks(Firewalld(machine), Rollback(State(machine, "firewall")))
    assert "unknown" in prechecks.warnings(parse(CLOSED))[0]
    assert "unknown" in prechecks.notes(parse(CLOSED))[0]
