"""The name kept by a program of another project, through the real engine, on BIND and knot."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import network, values, zones
from tests.rehearsal.conftest import Rehearsal
from tests.rehearsal.dns_program import ADDRESS, Program

NO_CHANGES = ("preview", "--expect-no-changes")


@pytest.fixture(scope="module")
def program(machines: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program.make(machines, tmp_path_factory.mktemp("program"))
    # Other files of tests have left records in the zones that they share.
    for zone, at in ((zones.KNOT_ZONE, network.KNOT), (zones.BIND_ZONE, network.PRIMARY)):
        program.by_another(at, zone, f"delete vpn.{zone} A", f"delete alias.{zone} CNAME")
    return program


@pytest.fixture
def destroyed(program: Program) -> Iterator[Program]:
    yield program
    program.destroy()


def test_a_name_with_marker_and_alias_from_nothing_to_nothing(program: Program) -> None:
    zone, at = zones.KNOT_ZONE, network.KNOT
    program.declare(zone=zone, server=at, marker=True, aliases=["alias"], addresses=[ADDRESS, "203.0.113.21"])
    assert f"vpn.{zone}: no A at the name server, 203.0.113.20, 203.0.113.21 here" in program.run_engine("preview")
    assert program.asked(at, f"vpn.{zone}") == []
    output = program.up()
    assert f"vpn.{zone}: ns1.{zone} ({at}) shows the change" in output
    assert "resolvers that asked before the change follow within 5 s" in output
    assert program.asked(at, f"vpn.{zone}") == [ADDRESS, "203.0.113.21"]
    assert program.asked(at, f"_labvpn.vpn.{zone}", "TXT") == ['"heritage=labvpn,owner=example/own"']
    assert program.asked(at, f"alias.{zone}", "CNAME") == [f"vpn.{zone}."]
    assert_no_secret(program, output + program.run_engine(*NO_CHANGES, "--diff"))
    program.destroy()
    assert not any(program.asked(at, f"{host}.{zone}", "ANY") for host in ("vpn", "alias", "_labvpn.vpn"))


def assert_no_secret(program: Program, output: str) -> None:
    """Neither in what was printed nor in the state; the engine itself seals the configuration into its provider's."""
    secret = values.read(program.machines.state)["dnsKey"]
    encrypted = program.run_engine("stack", "export")
    opened = json.loads(program.run_engine("stack", "export", "--show-secrets"))["deployment"]["resources"]
    ours = [resource for resource in opened if not resource["type"].startswith("pulumi:providers:")]
    files = [path for path in (program.folder / "state").rglob("*") if path.is_file()]
    assert "heritage=labvpn" in json.dumps(ours)
    assert not any(secret in text for text in (output, encrypted, json.dumps(ours), *map(Path.read_text, files)))


def test_a_change_by_hand_shows_in_a_plain_preview_is_repaired_and_others_survive_destroy(program: Program) -> None:
    zone, at = zones.BIND_ZONE, network.PRIMARY
    program.declare(zone=zone, server=at)
    program.up()
    program.by_another(at, zone, f"delete vpn.{zone} A", f"add vpn.{zone} 60 A 203.0.113.9")
    assert f"vpn.{zone}: A 203.0.113.9 at the name server, {ADDRESS} here" in program.refusal(*NO_CHANGES)
    program.up()
    assert program.asked(at, f"vpn.{zone}") == [ADDRESS]
    program.by_another(at, zone, f"add vpn.{zone} 60 A 203.0.113.9", f"add vpn.{zone} 60 TXT theirs")
    program.destroy()
    assert program.asked(at, f"vpn.{zone}") == ["203.0.113.9"]
    assert program.asked(at, f"vpn.{zone}", "TXT") == ['"theirs"']
    program.by_another(at, zone, f"delete vpn.{zone}")


def test_a_record_of_somebody_else_is_refused_in_a_preview_and_kept_unless_adopted(program: Program) -> None:
    zone, at = zones.BIND_ZONE, network.PRIMARY
    program.by_another(at, zone, f"add kept.{zone} 60 A 203.0.113.9")
    program.declare(zone=zone, server=at, host="kept")
    assert f"shows A 203.0.113.9 for kept.{zone}, which this stack did not put there" in program.refusal("preview")
    assert program.asked(at, f"kept.{zone}") == ["203.0.113.9"]
    program.declare(zone=zone, server=at, host="vpn-is-an-alias", adopt=True)
    assert f"shows that vpn-is-an-alias.{zone} is an alias (CNAME ns1.{zone}.)" in program.refusal("preview")
    program.declare(zone=zone, server=at, host="kept", adopt=True)
    program.up()
    assert program.asked(at, f"kept.{zone}") == [ADDRESS]
    program.destroy()
    assert program.asked(at, f"kept.{zone}") == ["203.0.113.9"]


def test_name_servers_of_two_companies_are_found_before_anything_is_written(program: Program) -> None:
    zone = zones.REGISTRAR_ZONE
    program.declare(zone=zone, server=network.PRIMARY)
    output = program.refusal("preview")
    assert f"The zone {zone} is delegated to ns1.{zone} ({network.KNOT}), but the updates would go to" in output
    assert "Traceback" not in output
    assert program.asked(network.PRIMARY, f"vpn.{zone}") == []


def test_changes_at_a_hidden_primary_are_awaited_at_both_secondaries(program: Program) -> None:
    zone, secondaries = zones.HIDDEN_ZONE, (network.KNOT, network.ROOT)
    program.declare(zone=zone, server=network.PRIMARY, host="old", aliases=["new"])
    assert_awaited(program.up(), zone)
    assert [program.asked(server, f"old.{zone}") for server in secondaries] == [[ADDRESS], [ADDRESS]]
    # Each name takes the place of the other, which only one update can do.
    program.declare(zone=zone, server=network.PRIMARY, host="new", aliases=["old"])
    assert_awaited(program.up(), zone)
    for server in secondaries:
        assert program.asked(server, f"new.{zone}") == [ADDRESS]
        assert program.asked(server, f"old.{zone}", "CNAME") == [f"new.{zone}."]
    assert_a_preview_goes_on_while_the_server_sleeps(program)
    assert_awaited(program.destroy(), zone)
    assert not any(program.asked(server, f"new.{zone}") for server in secondaries)


def assert_awaited(output: str, zone: str) -> None:
    for server in (f"ns1.{zone} ({network.KNOT})", f"ns2.{zone} ({network.ROOT})"):
        assert f"{server} shows the change" in output
    assert "resolvers that asked before the change follow within" in output


def assert_a_preview_goes_on_while_the_server_sleeps(program: Program) -> None:
    program.machines.output("names", "sh", "-c", "kill -STOP $(cat /run/labvpn/pid/named-primary)")
    try:
        output = program.run_engine("preview")
    finally:
        program.machines.output("names", "sh", "-c", "kill -CONT $(cat /run/labvpn/pid/named-primary)")
    assert "Not verified: The name server 198.51.100.53 gives no answer by TCP" in output


def test_an_update_that_is_refused_is_one_sentence_and_no_traceback(program: Program) -> None:
    program.declare(zone=zones.ZONE, server=network.PRIMARY, host="forbidden")
    output = program.refusal("up", "--yes", "--skip-preview")
    assert f"The name server {network.PRIMARY} refused the update of lab.example (REFUSED)" in output
    assert "Traceback" not in output


def test_a_name_set_by_hand_is_warned_of_until_it_is_there(destroyed: Program) -> None:
    zone, at = zones.BIND_ZONE, network.PRIMARY
    destroyed.declare(zone=zone, mode="manual", key=None)
    output = destroyed.up()
    assert f"is not there yet: enter in the control panel of {zone}: name vpn, type A, value {ADDRESS}" in output
    assert f"no A at ns1.{zone} ({at}), {ADDRESS} here" in output
    assert any("knows no such name" in problem for problem in probe_problems(destroyed, zone))
    destroyed.declare(zone=zone, mode="manual", key=None, missing="fail")
    assert "run this again" in destroyed.refusal("up", "--yes", "--skip-preview")
    destroyed.by_another(at, zone, f"add vpn.{zone} 60 A {ADDRESS}")
    assert "control panel" not in destroyed.up()
    assert probe_problems(destroyed, zone) == []
    destroyed.by_another(at, zone, f"delete vpn.{zone} A")


def probe_problems(program: Program, zone: str) -> list[str]:
    """Its sentences on the zone's own servers: the resolver may remember what was not there."""
    line = ["-m", "labvpn", "doctor", "probe", f"vpn.{zone}", "--tcp", "443", "--address", ADDRESS, "--json"]
    output = json.loads(program.machines.run("phone", sys.executable, *line).stdout)
    return [problem for problem in output["problems"] if f"a server of {zone}" in problem]


def test_the_example_stays_as_short_as_a_manual(program: Program) -> None:
    assert len((Path(program.folder) / "__main__.py").read_text().splitlines()) <= 25
