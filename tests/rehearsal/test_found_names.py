"""Zones as they are found: wildcards, redirections, a signer in between; what is not ours stays record by record."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal import network, zones
from tests.rehearsal.conftest import Rehearsal
from tests.rehearsal.dns_program import ADDRESS, Program
from tests.rehearsal.test_dns_delegation import Inspections, declared, looked

NO_CHANGES = ("preview", "--expect-no-changes")
WILD = {"BIND": (zones.WILD_ZONE, network.PRIMARY), "knot": (zones.WILD_KNOT_ZONE, network.KNOT)}
THEIRS = (
    *(("*", kind) for kind in ("A", "AAAA", "MX", "TXT")),
    *((name, "A") for name in ("www", "anybody", "x.east", "deep.north", "ns1")),
    *((name, "ANY") for name in ("north", "x.north", "old", "*.east")),
)


@pytest.fixture(scope="module")
def program(machines: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Program:
    return Program.make(machines, tmp_path_factory.mktemp("program"))


def theirs(program: Program, zone: str, at: str) -> dict[str, list[str]]:
    """What the zone says of every name that is not ours."""
    return {f"{name} {kind}": program.asked(at, f"{name}.{zone}", kind) for name, kind in THEIRS}


@pytest.mark.parametrize("server", WILD)
def test_beside_a_wildcard_the_name_is_made_kept_and_taken_away(program: Program, server: str) -> None:
    zone, at = WILD[server]
    before, answered = theirs(program, zone, at), program.asked(at, f"vpn.{zone}")
    assert answered == ["203.0.113.9"]
    program.declare(zone=zone, server=at, marker=True, aliases=["alias"])
    output = program.run_engine("preview")
    assert f"vpn.{zone}: no A at the name server, {ADDRESS} here" in output
    assert "AAAA" not in output
    assert f"ns1.{zone} ({at}) shows the change" in program.up()
    assert program.asked(at, f"vpn.{zone}") == [ADDRESS]
    assert program.asked(at, f"vpn.{zone}", "AAAA") == []
    assert program.asked(at, f"alias.{zone}", "CNAME") == [f"vpn.{zone}."]
    program.run_engine(*NO_CHANGES)
    assert theirs(program, zone, at) == before
    output = program.destroy()
    assert "not there yet" not in output
    assert program.asked(at, f"vpn.{zone}") == answered
    assert theirs(program, zone, at) == before


def test_a_wildcard_that_answers_just_what_is_declared_is_not_the_record(program: Program) -> None:
    zone, at = zones.WILD_ZONE, network.PRIMARY
    program.by_another(at, zone, f"delete *.{zone} A", f"add *.{zone} 60 A {ADDRESS}")
    before = theirs(program, zone, at)
    program.declare(zone=zone, server=at)
    program.up()
    program.by_another(at, zone, f"delete *.{zone} A", f"add *.{zone} 60 A 203.0.113.9")
    assert program.asked(at, f"vpn.{zone}") == [ADDRESS]
    program.by_another(at, zone, f"delete *.{zone} A", f"add *.{zone} 60 A {ADDRESS}")
    program.destroy()
    assert theirs(program, zone, at) == before
    program.by_another(at, zone, f"delete *.{zone} A", f"add *.{zone} 60 A 203.0.113.9")


def test_a_copy_that_is_signed_on_its_way_is_no_other_zone(program: Program) -> None:
    zone = zones.SIGNED_ZONE
    program.declare(zone=zone, server=network.PRIMARY)
    output = program.run_engine("preview")
    assert "but the updates would go to" not in output
    assert f"ns1.{zone} ({network.KNOT}) shows the change" in program.up()
    assert program.asked(network.KNOT, f"vpn.{zone}") == [ADDRESS]
    assert int(serial(program, network.KNOT)) > int(serial(program, network.PRIMARY))
    program.run_engine(*NO_CHANGES)
    program.destroy()
    assert program.asked(network.KNOT, f"vpn.{zone}") == []


def serial(program: Program, server: str) -> str:
    (soa,) = program.asked(server, zones.SIGNED_ZONE, "SOA")
    return soa.split()[2]


def test_a_name_given_in_full_is_one_name(program: Program) -> None:
    zone, at = zones.BIND_ZONE, network.PRIMARY
    program.declare(zone=f"{zone}.", server=at, host=f"full.{zone}.", key={"name": "LabVPN."})
    program.up()
    assert program.asked(at, f"full.{zone}") == [ADDRESS]
    assert program.asked(at, f"full.{zone}.{zone}") == []
    program.destroy()
    assert program.asked(at, f"full.{zone}") == []


def test_the_zones_own_name_keeps_what_stands_there(program: Program) -> None:
    zone, at = zones.BIND_ZONE, network.PRIMARY
    kinds = ("NS", "MX", "TXT", "AAAA")
    program.by_another(at, zone, f"add {zone} 60 MX 10 ns1.{zone}.", f'add {zone} 60 TXT "theirs"')
    before = {kind: program.asked(at, zone, kind) for kind in kinds}
    program.declare(zone=zone, server=at, host="@")
    program.up()
    assert program.asked(at, zone) == [ADDRESS]
    program.destroy()
    assert program.asked(at, zone) == []
    assert {kind: program.asked(at, zone, kind) for kind in kinds} == before
    program.by_another(at, zone, f"delete {zone} MX", f"delete {zone} TXT")


NAMES: dict[str, dict[str, Any]] = {
    "below a redirection": declared(zones.WILD_ZONE, host="vpn.old"),
    "of several labels": declared(zones.WILD_ZONE, host="vpn.west"),
    "beside an alias that is a wildcard": declared(zones.WILD_ZONE, host="vpn.east"),
    "in a zone below, not followed": declared(zones.BIND_ZONE, host="vpn.deep", delegation="private"),
}


@pytest.fixture(scope="module")
def inspections(machines: Rehearsal) -> Inspections:
    return looked(machines, NAMES)


def test_a_name_below_a_redirection_is_refused(inspections: Inspections) -> None:
    sentences = inspections["below a redirection"]["refuses"]
    assert any(f"lies below old.{zones.WILD_ZONE}, and all names there" in each for each in sentences)


def test_a_name_of_several_labels_is_let_and_says_whom_it_silences(inspections: Inspections) -> None:
    for label, above in (("of several labels", "west"), ("beside an alias that is a wildcard", "east")):
        assert inspections[label]["refuses"] == []
        assert any(f"for {above}.{zones.WILD_ZONE} and the names below" in each for each in inspections[label]["warns"])


def test_a_zone_below_is_found_where_no_delegation_is_followed(inspections: Inspections) -> None:
    sentences = inspections["in a zone below, not followed"]["refuses"]
    assert any(f"hands deep.{zones.BIND_ZONE} on to another zone" in each for each in sentences)
