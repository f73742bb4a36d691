"""firewalld of a host that was set up by hand: what could become the stack's, who uses it, and what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import parse, parse_line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.found import FoundFirewalld
from labvpn.agent.firewalld.prechecks import Prechecks
from labvpn.agent.firewalld.rollback import Rollback
from labvpn.agent.firewalld.zones import ZoneEntries
from labvpn.agent.survey import Survey
from tests.unit.adopt.labs import config, text_of
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther
from tests.unit.agent.test_openings import host, rich, zone

OWN = "/etc/firewalld/services"
PORT = '<port port="443" protocol="tcp"/>'
USED = zone("interfaces: eth0", "services: vpn")
ELSEWHERE = "family=ipv4 source address=192.0.2.7 service name=vpn accept"


def found(machine: FakeMachine) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(json.dumps(FoundFirewalld(Firewalld(machine)).answer(["443/tcp"])))
    return answer


def made(root: Path, zones: str = USED, policies: str = "", **services: str) -> FakeMachine:
    machine = host(root, zones, policies)
    for name, inner in {"vpn": PORT, **services}.items():
        machine.write(f"{OWN}/{name}.xml", inner and f"<service>{inner}</service>")
    return machine


def prechecks(machine: FakeMachine) -> Prechecks:
    return Prechecks(Firewalld(machine), Rollback(State(machine, "firewall")))


def test_a_service_of_ports_alone_is_found_with_its_place(tmp_path: Path) -> None:
    one = found(made(tmp_path))
    assert (one["services"], one["uses"]) == ({"vpn": ["443/tcp"]}, {"vpn": ["zone public"]})


@pytest.mark.parametrize(
    "more",
    [
        '<protocol value="esp"/>',
        '<source-port port="500" protocol="udp"/>',
        '<include service="web"/>',
        '<include service="nowhere"/>',
        '<destination ipv4="203.0.113.99"/>',
        '<gate value="9"/>',
    ],
)
def test_a_service_that_is_more_than_ports_is_not_the_stacks_to_take(tmp_path: Path, more: str) -> None:
    assert found(made(tmp_path, vpn=PORT + more))["services"] == {}


@pytest.mark.parametrize(
    ("zones", "policies", "services", "place"),
    [
        (zone("services: vpn", name="work"), "", {}, "zone work"),
        (zone(rich(f"rule {ELSEWHERE}"), name="work"), "", {}, "a rich rule of zone work"),
        ("", zone("ingress-zones: lab", "egress-zones: work", "services: vpn", name="out"), {}, "policy out"),
        ("", zone("egress-zones: work", rich(f"rule {ELSEWHERE}"), name="out"), {}, "a rich rule of policy out"),
        ("", "", {"bundle": '<include service="vpn"/>'}, "service bundle"),
    ],
)
def test_every_use_of_a_service_is_found(
    tmp_path: Path, zones: str, policies: str, services: dict[str, str], place: str
) -> None:
    machine = made(tmp_path, USED + "\n" + zones, policies, **services)
    assert found(machine)["uses"]["vpn"] == ["zone public", place]


def test_a_use_for_now_alone_is_one_too(tmp_path: Path) -> None:
    machine = made(tmp_path)
    machine.answers["firewall-cmd --list-all-zones"] = USED + "\n" + zone("services: vpn", name="work")
    assert found(machine)["uses"]["vpn"] == ["zone public", "zone work"]


BROKEN = ["", "<service>", "no XML", '<?xml version="1.0" encoding="of-nobody"?><service/>']


@pytest.mark.parametrize("text", BROKEN)
@pytest.mark.parametrize("kind", ["services", "zones", "policies"])
def test_a_file_that_cannot_be_read_ends_nothing_and_is_named(tmp_path: Path, kind: str, text: str) -> None:
    machine = made(tmp_path)
    machine.write(f"/etc/firewalld/{kind}/old.xml", text)
    report = json.loads(Survey(machine, FakeSoftEther(machine, text_of(config()))).report())
    said = f"firewalld cannot read its file /etc/firewalld/{kind}/old.xml, and ignores it; it stays as it is"
    assert report["notes"].count(said) == 1
    assert report["firewalld"]["services"] == {"vpn": ["443/tcp"]}
    assert said in prechecks(machine).notes(parse(""))


def test_a_folder_in_the_place_of_a_file_ends_nothing(tmp_path: Path) -> None:
    machine = made(tmp_path)
    machine.path(f"{OWN}/old.xml").mkdir()
    assert found(machine)["services"] == {"vpn": ["443/tcp"]}


def test_what_firewalld_ships_holds_where_the_hosts_own_file_cannot_be_read(tmp_path: Path) -> None:
    machine = made(tmp_path, zone("interfaces: eth0"))
    machine.write("/etc/firewalld/zones/public.xml", "")
    handler = ZoneEntries(State(machine, "firewall"), Firewalld(machine))
    assert handler.read(parse_line("zone public services=vpnserver")) is None
    machine.write("/usr/lib/firewalld/zones/public.xml", '<zone><service name="ssh"/></zone>')
    assert handler.read(parse_line("zone public services=vpnserver")) == {"services": "none"}
    machine.write(f"{OWN}/web.xml", "<service>")
    assert Firewalld(machine).permanent_service("web") == ["8000/tcp"]


WANTED = "service {} ports=443/tcp,500/udp\n"


def test_a_service_that_firewalld_ships_is_never_the_stacks_to_define(tmp_path: Path) -> None:
    machine = made(tmp_path)
    ((what, remedy),) = prechecks(machine).refusals(parse(WANTED.format("web")))
    assert "firewalld ships" in what
    assert "a name that no service has" in remedy
    machine.write(f"{OWN}/web.xml", f"<service>{PORT}</service>")
    assert prechecks(machine).refusals(parse(WANTED.format("web")))
    with pytest.raises(AgentError, match="firewalld ships the service web"):
        Firewalld(machine).define("web", ["443/tcp"])
    assert machine.commands("--service=web") == machine.commands("--new-service") == []


@pytest.mark.parametrize("more", ['<port port="8080" protocol="tcp"/>', '<protocol value="esp"/>'])
def test_a_service_of_others_is_not_rewritten(tmp_path: Path, more: str) -> None:
    machine = made(tmp_path, lab=more + PORT)
    ((what, _),) = prechecks(machine).refusals(parse(WANTED.format("lab")))
    assert what == "has a service lab of others, which opens more than the VPN's ports"


def test_a_service_that_was_adopted_or_is_the_stacks_is_taken(tmp_path: Path) -> None:
    machine = made(tmp_path)
    assert prechecks(machine).refusals(parse(WANTED.format("vpn"))) == []
    assert prechecks(machine).refusals(parse(WANTED.format("new"))) == []
    machine.write(f"{OWN}/vpn.xml", '<service><port port="22" protocol="tcp"/></service>')
    machine.write(State(machine, "firewall").file("applied"), WANTED.format("vpn"))
    assert prechecks(machine).refusals(parse(WANTED.format("vpn"))) == []
