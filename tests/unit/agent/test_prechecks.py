"""What the agent says before it changes the firewall: what cannot be, what closes, and what opens a closed port."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.lists import covers
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.paths import RETURNED
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.listening_ports import is_loopback, listening
from labvpn.agent.firewalld.prechecks import MANAGERS, Prechecks
from labvpn.agent.firewalld.rollback import Rollback
from labvpn.model.firewall import Manager
from tests.unit.agent.fakes import Answers, FakeMachine

UP: Answers = {"systemctl is-active": Outcome(3), "systemctl is-active --quiet firewalld": ""}
DOWN: Answers = {"systemctl is-active": Outcome(3), "sshd -T": "port 22\n"}
START = "unit firewalld enabled=yes active=yes\n"
CLOSED = "closed public/8000/tcp only=203.0.113.20\n"
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def prechecks(root: Path, answers: Answers) -> tuple[Prechecks, FakeMachine]:
    machine = FakeMachine(root, answers)
    machine.write("/usr/bin/firewall-cmd", "")
    machine.write("/usr/lib/firewalld/zones/public.xml", '<zone><service name="ssh"/></zone>')
    machine.write("/usr/lib/firewalld/services/ssh.xml", '<service><port port="22" protocol="tcp"/></service>')
    machine.write("/usr/lib/firewalld/services/web.xml", '<service><port port="7990-8010" protocol="tcp"/></service>')
    machine.path("/sys/class/net/eth0").mkdir(parents=True)
    return Prechecks(Firewalld(machine), Rollback(State(machine, "firewall"))), machine


def tcp(address: str, state: str = "0A", inode: int = 77) -> str:
    return f"   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1\n"


def zones(*parts: str, name: str = "public") -> Answers:
    text = "".join(f"  {part}\n" for part in parts)
    return {**UP, "firewall-cmd --list-all-zones": f"{name}\n{text}", "firewall-cmd --permanent": f"{name}\n{text}"}


def openings(root: Path, *parts: str) -> list[str]:
    asked, _ = prechecks(root, zones("interfaces: eth0", *parts))
    return asked.warnings(parse(CLOSED))


def test_zones_and_interfaces_that_are_not_there_are_refused_all_at_once(tmp_path: Path) -> None:
    asked, _ = prechecks(tmp_path, DOWN)
    wanted = parse("zone pubic services=vpnserver\nsource 192.0.2.1 zone=wrk\ninterface eth9 zone=public\n")
    assert [what for what, _ in asked.refusals(wanted)] == [
        "has no firewalld zone pubic",
        "has no firewalld zone wrk",
        "has no network interface eth9",
    ]
    assert all("name one that exists" in remedy for _, remedy in asked.refusals(wanted))


def test_another_manager_is_refused_unless_it_is_named(tmp_path: Path) -> None:
    asked, _ = prechecks(tmp_path, {**DOWN, "systemctl is-active --quiet nftables": ""})
    ((what, remedy),) = asked.refusals(parse(START))
    assert "already has a firewall managed by nftables" in what
    assert "name it in `firewall.beside`" in remedy
    assert asked.refusals(parse(START.replace("active=yes", "active=yes beside=nftables"))) == []


def test_ufw_that_is_switched_off_is_no_manager(tmp_path: Path) -> None:
    asked, machine = prechecks(tmp_path, {**DOWN, "systemctl is-active --quiet ufw": ""})
    machine.write("/etc/ufw/ufw.conf", "ENABLED=no\n")
    assert asked.refusals(parse(START)) == []


def test_a_manager_beside_a_running_firewalld_is_said(tmp_path: Path) -> None:
    asked, _ = prechecks(tmp_path, {**UP, "systemctl is-active --quiet ferm": ""})
    assert asked.warnings(parse(START)) == [
        "beside firewalld the VPN host already has a firewall managed by ferm; each may undo the other's rules"
    ]


def test_every_port_that_the_start_closes_is_named_with_its_program(tmp_path: Path) -> None:
    asked, machine = prechecks(tmp_path, DOWN)
    rows = [
        tcp("00000000:1F40"),
        tcp("0100007F:2328"),
        tcp("00000000:0016"),
        tcp("00000000:01BB"),
        tcp("00000000:1F41", "01"),
    ]
    machine.write("/proc/net/tcp", HEAD + "".join(rows))
    machine.write("/proc/4/comm", "python3\n")
    machine.write("/proc/4/cgroup", "0::/system.slice/jupyterhub.service\n")
    machine.path("/proc/4/fd").mkdir()
    machine.path("/proc/4/fd/3").symlink_to("socket:[77]")
    assert asked.warnings(parse(START + "service vpnserver ports=443/tcp\nzone public services=vpnserver\n")) == [
        "starting firewalld closes 8000/tcp (python3, jupyterhub.service) to everyone outside"
    ]


def test_udp_sockets_that_wait_for_answers_only_are_no_servers(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    rows = [tcp("00000000:01F4", "07"), tcp("00000000:9C40", "07"), tcp("00000000:0044", "07")]
    machine.write("/proc/net/udp", HEAD + "".join(rows))
    assert [port for port, _ in listening(machine)] == ["500/udp"]


@pytest.mark.parametrize(
    ("address", "loopback"),
    [("0100007F", True), ("00000000", False), ("0" * 24 + "01000000", True), ("0" * 32, False)],
)
def test_loopback_is_known_as_the_kernel_writes_it(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


@pytest.mark.parametrize(
    ("part", "by"),
    [
        ("ports: 8000/tcp", "to everyone by port 8000/tcp"),
        ("ports: 7000-9000/tcp", "to everyone by port 7000-9000/tcp"),
        ("services: web", "to everyone by service web"),
        ("protocols: tcp", "to everyone by protocol tcp"),
        ("target: ACCEPT", "to everyone by its target ACCEPT"),
        (
            'rich rules: \n\trule family="ipv4" source address="192.0.2.0/24" port port="8000" protocol="tcp" accept',
            "to 192.0.2.0/24 by the rich rule rule family=ipv4 source address=192.0.2.0/24",
        ),
        ('rich rules: \n\trule service name="web" accept', "to everyone by the rich rule rule service name=web"),
        ("rich rules: \n\trule family=ipv4 accept", "to everyone over IPv4 by the rich rule"),
    ],
)
def test_whatever_opens_a_closed_port_is_found(tmp_path: Path, part: str, by: str) -> None:
    (sentence,) = openings(tmp_path, part)
    assert sentence.startswith("8000/tcp should be closed, but zone public of firewalld opens it " + by)


@pytest.mark.parametrize(
    "part",
    [
        "ports: 8000/udp 800/tcp",
        "services: ssh",
        'rich rules: \n\trule family="ipv4" source address="203.0.113.20" port port="8000" protocol="tcp" accept',
        'rich rules: \n\trule port port="8000" protocol="tcp" drop',
        "rich rules: \n\trule family=ipv4 masquerade accept",
    ],
)
def test_what_leaves_a_closed_port_closed_is_not_mentioned(tmp_path: Path, part: str) -> None:
    assert openings(tmp_path, part) == []


def test_a_zone_that_no_packet_comes_to_opens_nothing(tmp_path: Path) -> None:
    asked, _ = prechecks(tmp_path, zones("ports: 8000/tcp", name="work"))
    assert asked.warnings(parse(CLOSED)) == []


def test_rules_that_returned_are_said_in_the_next_preview(tmp_path: Path) -> None:
    asked, machine = prechecks(tmp_path, {})
    machine.write(RETURNED, "\n")
    assert "returned to its old rules" in asked.warnings([])[0]


def test_a_range_holds_its_ends_and_only_its_transport() -> None:
    assert [covers("7000-9000/tcp", port) for port in ("7000/tcp", "9000/tcp", "9001/tcp", "8000/udp")] == [
        True,
        True,
        False,
        False,
    ]


def test_the_agent_knows_every_manager_that_the_configuration_may_name() -> None:
    assert get_args(Manager) == MANAGERS
