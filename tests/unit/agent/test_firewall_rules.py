"""The agent's entries in zones: sources, interfaces, rich rules, protocols, and ports that the VPN alone reaches."""

from __future__ import annotations

from pathlib import Path

from labvpn.agent.core.document import Change, parse
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewall import FirewallConcern
from tests.unit.agent.fakes import Answers, FakeMachine

RULE = "rule family=ipv4 source address=192.0.2.7 service name=ssh accept"
ACTUAL = 'rule family="ipv4" source address="192.0.2.7" service name="ssh" accept'
ONLY = 'rule family="ipv4" source address="203.0.113.20" port port="8000" protocol="tcp" accept'


def actual(root: Path, desired: str, lasting: str, now: str | None = None, **answers: str) -> tuple[str, FakeMachine]:
    """What is observed of a document, where a zone `work` holds these parts permanently and now."""
    work = {
        "firewall-cmd --permanent --list-all-zones": f"work\n{lasting}",
        "firewall-cmd --list-all-zones": f"work\n{lasting if now is None else now}",
    }
    machine = FakeMachine(root, {**work, **answers})
    machine.write("/usr/bin/firewall-cmd", "")
    machine.write("/usr/lib/firewalld/zones/work.xml", '<zone><protocol value="esp"/></zone>')
    concern = FirewallConcern(State(machine, "firewall"))
    return "".join(line.text + "\n" for line in concern.observe(parse(desired), {})), machine


def test_a_source_in_its_zone_is_as_desired(tmp_path: Path) -> None:
    text = "source 192.0.2.0/24 zone=work\n"
    assert actual(tmp_path, text, "  sources: 192.0.2.0/24\n")[0] == text


def test_a_source_in_no_zone_does_not_exist(tmp_path: Path) -> None:
    assert actual(tmp_path, "source 192.0.2.0/24 zone=work\n", "  sources: \n")[0] == ""


def test_a_source_that_is_only_permanent_is_shown_so(tmp_path: Path) -> None:
    found, _ = actual(tmp_path, "source 192.0.2.7 zone=work\n", "  sources: 192.0.2.7\n", "  sources: \n")
    assert found == 'source 192.0.2.7 zone="work(permanent)"\n'


def test_an_interfaces_permanent_zone_is_asked_of_firewalld(tmp_path: Path) -> None:
    asked: Answers = {"firewall-cmd --permanent --get-zone-of-interface=eth1": "work\n"}
    text = "interface eth1 zone=work\n"
    found, machine = actual(tmp_path, text, "  interfaces: eth1\n", **asked)  # type: ignore[arg-type]
    assert found == text
    assert machine.commands("--get-zone-of-interface=eth1")


def test_a_rich_rule_is_found_in_firewalls_own_spelling(tmp_path: Path) -> None:
    text = f'rich work/1f0c rule="{RULE}"\n'
    assert actual(tmp_path, text, f"  rich rules: \n\t{ACTUAL}\n")[0] == text


def test_a_rich_rule_that_holds_now_only_is_marked(tmp_path: Path) -> None:
    found, _ = actual(tmp_path, f'rich work/1f0c rule="{RULE}"\n', "  rich rules: \n", f"  rich rules: \n\t{ACTUAL}\n")
    assert found == f'rich work/1f0c rule="{RULE}(now)"\n'


def test_a_closed_port_is_the_one_rule_for_the_vpns_address(tmp_path: Path) -> None:
    text = "closed work/8000/tcp only=203.0.113.20\n"
    assert actual(tmp_path, text, f"  rich rules: \n\t{ONLY}\n")[0] == text
    assert actual(tmp_path, text, "  rich rules: \n")[0] == ""


def test_a_protocol_stands_in_its_zone(tmp_path: Path) -> None:
    text = "zone work protocols=esp\n"
    assert actual(tmp_path, text, "  protocols: esp\n")[0] == text


def test_another_address_of_a_closed_port_goes_and_the_wanted_one_comes(tmp_path: Path) -> None:
    old = ONLY.replace("203.0.113.20", "203.0.113.9")
    _, machine = actual(tmp_path, "", f"  rich rules: \n\t{old}\n")
    machine.answers["firewall-cmd --permanent --zone=work --query-rich-rule"] = Outcome(1)
    machine.answers["firewall-cmd --zone=work --query-rich-rule"] = Outcome(1)
    concern = FirewallConcern(State(machine, "firewall"))
    (want,), (have,) = (
        parse("closed work/8000/tcp only=203.0.113.20\n"),
        parse("closed work/8000/tcp only=203.0.113.9\n"),
    )
    concern.handlers["closed"].apply([Change(want, have)])
    assert [
        line.split("--")[-1][:16] for line in machine.commands("e-rich-rule=") + machine.commands("add-rich-rule")
    ] == ["remove-rich-rule", "remove-rich-rule", "add-rich-rule=ru", "add-rich-rule=ru"]
