"""Which SoftEther runs, and what is known against it: the table, and the sentences for one stack's ports."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labvpn.agent.softether.installation_checks import STABLE
from labvpn.model.ports import Protocols
from labvpn.model.releases import HOLES, NEWEST, NEWEST_STABLE, PACKAGED, Release, holes_of, release_named
from labvpn.parse.host import HostState, read_answer
from labvpn.plan.release import Exposure, Installed, generation, mixed, notes, open_holes
from tests.unit.samples import lab

DEVELOPER = Release(502, 5187)
SERVER: dict[str, Any] = {"address": "203.0.113.20"}
STATED = {"CVE-2023-22308", "CVE-2023-23581", "CVE-2023-25774", "GHSA-q5g3-qhc6-pr3h"}


def exposure(accepted: bool | tuple[str, ...] = False, **protocols: bool) -> Exposure:
    return Exposure((443, 992), Protocols(**protocols), accepted)


def named(sentences: list[str]) -> set[str]:
    return {hole.name for hole in HOLES for sentence in sentences if hole.name in sentence}


def test_every_hole_is_named_once_and_fixed_by_a_release_of_its_own_generation() -> None:
    assert len({hole.name for hole in HOLES}) == len(HOLES)
    for hole in HOLES:
        assert hole.fixed
        assert all(first is None or first.generation == number for number, first in hole.fixed.items())


def test_debians_package_has_the_nine_holes_of_2023_and_the_newest_stable_release_none_of_them() -> None:
    assert len([hole for hole in holes_of(PACKAGED) if hole.name.startswith("CVE-2023")]) == 9
    assert holes_of(NEWEST_STABLE) == ()


@pytest.mark.parametrize(
    ("release", "holes"),
    [
        (Release(441, 9787), 6),
        (Release(442, 9798), 0),
        (Release(502, 5180), 11),
        (Release(502, 5181), 3),
        (Release(502, 5185), 2),
        (DEVELOPER, 2),
        (Release(600, 1), 0),
    ],
    ids=str,
)
def test_a_release_has_the_holes_that_a_later_one_fixed(release: Release, holes: int) -> None:
    assert len(holes_of(release)) == holes


def test_builds_are_compared_within_their_version_since_they_began_anew_at_5_02() -> None:
    assert PACKAGED < DEVELOPER
    assert max(NEWEST.values()) == DEVELOPER


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("https://example.org/softether-vpnserver-v4.44-9807-rtm-2025.04.16-linux-x64-64bit.tar.gz", NEWEST_STABLE),
        ("5.01.9674+git20200806+8181039+dfsg2-2+b1", PACKAGED),
        ("+ archive vpnserver\nSoftEther 4.44 build 9807 runs\n", NEWEST_STABLE),
        (str(PACKAGED), PACKAGED),
        ("vpnserver.tar.gz", None),
        ("https://10.4.44.9/5.tar.gz", None),
        ("", None),
    ],
)
def test_a_release_is_read_from_the_names_that_archives_and_packages_have(text: str, release: Release | None) -> None:
    assert release_named(text) == release


def test_the_archive_that_a_refusal_offers_is_the_newest_stable_release() -> None:
    assert release_named(STABLE) == NEWEST_STABLE


def test_each_hole_is_a_sentence_with_the_ports_of_this_stack_that_expose_it() -> None:
    said = open_holes(PACKAGED, exposure())
    assert named(said) == STATED
    assert [one for one in said if "CVE-2023-22308" in one and "UDP 1194 and TCP 443, 992" in one]
    assert [one for one in said if "CVE-2023-23581" in one and "reaches TCP 443, 992" in one]


def test_what_no_port_exposes_is_a_note_with_the_reason() -> None:
    assert named(open_holes(PACKAGED, exposure(openvpn=False))) == STATED - {"CVE-2023-22308"}
    (said,) = [one for one in notes(Installed(PACKAGED), exposure(openvpn=False)) if "no port of this stack" in one]
    assert "CVE-2023-22308 (OpenVPN, which is off)" in said
    assert "dynamic DNS, which this stack switches off" in said


def test_an_accepted_hole_is_a_note_and_the_others_stay_warnings() -> None:
    assert open_holes(PACKAGED, exposure(accepted=True)) == []
    one = exposure(accepted=("CVE-2023-22308",))
    assert named(open_holes(PACKAGED, one)) == STATED - {"CVE-2023-22308"}
    accepted = [line for line in notes(Installed(PACKAGED), one) if "acceptKnownHoles accepts it" in line]
    assert named(accepted) == {"CVE-2023-22308"}


@pytest.mark.parametrize(
    ("protocols", "ways"),
    [
        ({"l2tp_ipsec": True}, "UDP 500 and 4500 (with the pre-shared key)"),
        ({"l2tp_ipsec": False, "sstp": True}, "TCP 443, 992 (SSTP)"),
        ({"l2tp_ipsec": True, "sstp": True}, "UDP 500 and 4500 (with the pre-shared key) and TCP 443, 992 (SSTP)"),
    ],
)
def test_holes_of_5_02_in_ppp_are_named_with_its_protocols(protocols: dict[str, bool], ways: str) -> None:
    said = open_holes(DEVELOPER, exposure(**protocols))
    assert len(said) == 2
    assert all(f"reaches {ways} can" in one and "built from code of 2026-04-05" in one for one in said)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Installed(PACKAGED), "runs; newer: SoftEther 5.02 build 5187; the newest stable one is SoftEther 4.44"),
        (Installed(Release(438, 9760)), "of 2021-08-17 runs; newer: SoftEther 4.44 build 9807 of 2025-04-16 (looked"),
        (Installed(NEWEST_STABLE), "runs; no newer release of its kind is known (looked up on"),
        (Installed(NEWEST_STABLE, planned=True), "is to be installed; no newer"),
        (Installed(Release(600, 1)), "runs; nothing is known about this generation"),
    ],
)
def test_the_first_note_says_what_runs_and_whether_there_is_a_newer_one(found: Installed, words: str) -> None:
    assert words in notes(found, exposure())[0]


def test_what_runs_is_judged_unless_this_run_installs_another() -> None:
    runs = HostState("", release=PACKAGED)
    assert Installed.of(lab().server, {"server": runs}) == Installed(PACKAGED)
    assert Installed.of(lab().server, {}) is None
    bare = {"host": HostState("", candidate=PACKAGED)}
    assert Installed.of(lab().server, bare) == Installed(PACKAGED, planned=True)


@pytest.mark.parametrize(("name", "found"), [("v4.44-9807.tar.gz", NEWEST_STABLE), ("vpn.tar.gz", None)])
def test_an_archive_is_judged_by_its_name_until_it_is_installed(name: str, found: Release | None) -> None:
    tarball = {"address": f"https://example.org/{name}", "sha256": "a" * 64}
    server = lab(server={**SERVER, "install": "tarball", "tarball": tarball}).server
    planned = Installed(found, planned=True) if found else None
    assert Installed.of(server, {"server": HostState("", release=PACKAGED)}) == planned
    there = HostState(f"archive vpnserver sha256={'a' * 64} from=x unit=current\n")
    assert Installed.of(server, {"host": there, "server": HostState("", release=DEVELOPER)}) == Installed(DEVELOPER)


@pytest.mark.parametrize(
    ("said", "running", "applies", "number"),
    [
        ("+ archive vpnserver\nSoftEther 4.44 build 9807 runs\n", PACKAGED, True, 4),
        ("SoftEther 4.44 build 9807 runs\n", PACKAGED, False, 5),
        ("SoftEther 4.44 build 9807 runs\n", None, False, 4),
        ("nothing to change\n", NEWEST_STABLE, True, 4),
        ("", None, True, None),
    ],
)
def test_the_generation_is_what_runs_after_the_run(
    said: str, running: Release | None, applies: bool, number: int | None
) -> None:
    assert generation(said, running, applies) == number


def test_servers_of_two_generations_are_named_since_kits_fit_one() -> None:
    five, four = Installed(PACKAGED), Installed(NEWEST_STABLE)
    assert mixed([five, five, None]) == mixed([None]) == mixed([]) == []
    (said,) = mixed([five, None, four])
    assert said.startswith("the servers run SoftEther 4 and 5, and kits fit the first one's alone")


def test_an_answer_says_which_release_runs_and_nonsense_says_nothing() -> None:
    def release(value: object) -> Release | None:
        return read_answer(json.dumps({"server": {"observed": "", "applied": None, "release": value}}))[
            "server"
        ].release

    assert release([501, 9674]) == PACKAGED
    assert [release(value) for value in (None, [], [501], ["a", 1], "501")] == [None] * 5


def test_a_list_of_accepted_holes_may_name_only_known_ones() -> None:
    assert lab(server={**SERVER, "acceptKnownHoles": True}).server.accept_known_holes is True
    given = lab(server={**SERVER, "acceptKnownHoles": ["cve-2023-22308", "GHSA-Q5G3-qhc6-pr3h"]}).server
    assert given.accept_known_holes == ("CVE-2023-22308", "GHSA-q5g3-qhc6-pr3h")
    with pytest.raises(ValueError, match="'CVE-2023-1' is not a hole that is known here; known are CVE-2023-22308, "):
        lab(server={**SERVER, "acceptKnownHoles": ["CVE-2023-1"]})
