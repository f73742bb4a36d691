"""firewalld: lists with their marks, its own words read, and SSH kept open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labvpn.agent.core.connection import ssh_ports
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.lists import entries, listed
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.paths import RETURNED, SAVED
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewall import FirewallConcern
from labvpn.agent.firewalld.firewalld import Firewalld, listing, sections
from labvpn.agent.firewalld.rollback import Rollback
from tests.unit.agent.fakes import CASES, Answers, FakeMachine

ZONES = (CASES / "agent/zones.txt").read_text()
PUBLIC = '<zone><service name="ssh"/><port port="8080" protocol="tcp"/></zone>'
DOWN: Answers = {"systemctl is-active": Outcome(3), "sshd -T": "port 22\nport 2222\naddressfamily any\n"}


def firewall(root: Path, answers: Answers) -> tuple[FirewallConcern, FakeMachine]:
    machine = FakeMachine(root, answers)
    machine.write("/usr/bin/firewall-cmd", "")
    machine.write("/usr/lib/firewalld/zones/public.xml", PUBLIC)
    return FirewallConcern(State(machine, "firewall")), machine


def test_a_list_is_shown_in_the_wanted_order_and_says_where_an_entry_is_missing() -> None:
    assert listed(["b", "a"], ["a", "b"], ["b", "a"]) == "b,a"
    assert listed(["a"], [], []) == "none"
    assert listed(["a", "b"], ["a"], ["b", "443/tcp"]) == "a(permanent),b(now),443/tcp(now)"
    assert entries("a(permanent),b(now)") == ["a", "b"]


def test_a_firewalld_that_is_down_is_judged_by_its_files() -> None:
    assert listed(["a"], ["a"], None) == "a"


def test_firewalls_own_words_are_read() -> None:
    zones = sections(ZONES)
    assert zones["public"]["services"] == ["dhcpv6-client", "ssh", "vpnserver"]
    assert zones["public"]["rich rules"] == ['rule family="ipv4" source address="10.0.0.1" service name="http" accept']
    assert zones["work"]["ports"] == []
    assert listing("vpnserver\n  ports: 443/tcp 500/udp\n  protocols: \n")["ports"] == ["443/tcp", "500/udp"]


def test_what_somebody_added_for_now_is_told_from_what_is_permanent(tmp_path: Path) -> None:
    answers: Answers = {"firewall-cmd --list-all-zones": ZONES, "firewall-cmd --permanent": "public\n  ports: \n"}
    added = Firewalld(FakeMachine(tmp_path, answers)).for_now_only()["public"]
    assert "--add-port=12345/tcp" in added
    assert any("--add-rich-rule=rule family" in option for option in added)


def test_ssh_is_allowed_at_its_real_ports_before_firewalld_starts(tmp_path: Path) -> None:
    concern, machine = firewall(tmp_path, DOWN)
    concern.keep_ssh_open(["public"])
    assert machine.commands("--add-port") == ["firewall-offline-cmd --zone=public --add-port=2222/tcp"]


def test_the_port_of_this_very_connection_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 4000 10.0.0.2 2200")
    assert ssh_ports(FakeMachine(tmp_path, DOWN)) == [22, 2200, 2222]


def test_firewalld_is_not_started_beside_another_manager(tmp_path: Path) -> None:
    concern, _ = firewall(tmp_path, {"systemctl is-active": Outcome(3), "systemctl is-active --quiet ufw": ""})
    with pytest.raises(AgentError, match="managed by ufw"):
        concern.converge("unit firewalld enabled=yes active=yes\n")


def test_an_entry_of_a_stopped_firewalld_goes_by_the_option_that_it_knows(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path, DOWN)
    machine.write("/usr/lib/firewalld/zones/public.xml", PUBLIC)
    Firewalld(machine).enter("public", "--remove-service=", ["vpnserver"])
    assert machine.ran[-1] == "firewall-offline-cmd --zone=public --remove-service-from-zone=vpnserver"


def test_a_zone_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="no zone nowhere"):
        Firewalld(FakeMachine(tmp_path)).enter("nowhere", "--add-service=", ["vpnserver"])


def rollback(root: Path, monkeypatch: pytest.MonkeyPatch, connection: str) -> Rollback:
    monkeypatch.setenv("SSH_CONNECTION", connection)
    return Rollback(State(FakeMachine(root), "firewall"))


def test_the_old_rules_are_saved_before_the_timer_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way_back = rollback(tmp_path, monkeypatch, "a 1 b 22")
    way_back.machine.write("/etc/firewalld/zones/public.xml", "old")
    way_back.arm()
    assert way_back.machine.read(SAVED + "/settings/zones/public.xml") == "old"
    assert way_back.saved()["connection"] == "a 1 b 22"


def test_rules_saved_before_an_unconfirmed_change_stay_the_ones_to_return_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    way_back = rollback(tmp_path, monkeypatch, "a 1 b 22")
    way_back.machine.write("/etc/firewalld/zones/public.xml", "old")
    way_back.arm()
    way_back.machine.write("/etc/firewalld/zones/public.xml", "new")
    way_back.arm()
    assert way_back.machine.read(SAVED + "/settings/zones/public.xml") == "old"


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
@pytest.mark.parametrize("name", ["state.json", "changed.json"])
def test_the_way_back_is_taken_with_a_damaged_memory_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    way_back = rollback(tmp_path, monkeypatch, "a 1 b 22")
    way_back.machine.write("/etc/firewalld/zones/public.xml", "old")
    way_back.arm()
    way_back.machine.write("/etc/firewalld/zones/public.xml", "new")
    way_back.machine.write(f"{SAVED}/{name}", text)
    assert way_back.restore() == ["the old rules are back"]
    assert way_back.machine.read("/etc/firewalld/zones/public.xml") == "old"
    assert not way_back.armed()


def test_the_same_connection_confirms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rollback(tmp_path, monkeypatch, "a 1 b 22").arm()
    with pytest.raises(AgentError, match="new SSH connection"):
        rollback(tmp_path, monkeypatch, "a 1 b 22").confirm()
    assert rollback(tmp_path, monkeypatch, "a 2 b 22").confirm()
    assert not rollback(tmp_path, monkeypatch, "a 2 b 22").armed()


def test_rules_that_have_returned_are_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way_back = rollback(tmp_path, monkeypatch, "a 2 b 22")
    way_back.machine.write(RETURNED, "\n")
    with pytest.raises(AgentError, match="returned to its old rules"):
        way_back.confirm()
    assert way_back.confirm() == []


def test_returning_brings_back_files_and_the_document_that_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    way_back = rollback(tmp_path, monkeypatch, "a 1 b 22")
    way_back.state.record("zone public services=none\n")
    way_back.machine.write("/etc/firewalld/zones/public.xml", "old")
    way_back.arm()
    way_back.machine.write("/etc/firewalld/zones/public.xml", "new")
    way_back.state.record("zone public services=vpnserver\n")
    assert way_back.restore() == ["the old rules are back"]
    assert way_back.machine.read("/etc/firewalld/zones/public.xml") == "old"
    assert State(way_back.machine, "firewall").applied == "zone public services=none\n"
    assert json.loads(way_back.machine.read(SAVED + "/state.json") or "{}") == {}
