"""Expectations proven with packets: by whom, from where, and what an answer, a refusal and silence prove."""

from __future__ import annotations

import string
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import pytest

from labvpn.model.outputs import ExpectedPackets
from labvpn.probe import expected, proving
from labvpn.probe.expected import BROKEN, KEPT, UNPROVEN, Asked, Proof
from labvpn.probe.observation import Observation, Refusal
from labvpn.probe.proof_words import BY_LANGUAGE, said
from labvpn.probe.remote_vantage import vantage
from labvpn.probe.scan import VantageView
from labvpn.probe.targets import ProbedPort, Targets

HOST = "203.0.113.20"
OPEN: dict[str, Any] = {"connected": True}
ANSWERED: dict[str, Any] = {"services": ("IKE",)}
SILENT: dict[str, Any] = {}
RESET: dict[str, Any] = {"refusal": Refusal("ECONNREFUSED")}
PROHIBITED: dict[str, Any] = {"refusal": Refusal("EHOSTUNREACH", 13, "198.51.100.1")}
NO_HOST: dict[str, Any] = {"refusal": Refusal("EHOSTUNREACH", 1, "198.51.100.1")}


@dataclass
class Point:
    """A vantage point that sees these ports, and everything else as silent."""

    name: str
    place: str
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    trouble: str = ""
    asked: list[str] = field(default_factory=list)

    def observe(self, wanted: Targets, address: str) -> VantageView:
        ports: list[ProbedPort] = [*wanted.opened, *wanted.closed]
        self.asked += [f"{address}:{port}" for port in ports]
        seen = tuple(Observation(port, 1, **self.seen.get(str(port), SILENT)) for port in ports)
        return VantageView(self.name, self.place, () if self.trouble else seen, trouble=self.trouble)


def packets(port: str, reach: bool, place: str = "outside", **more: Any) -> ExpectedPackets:
    given = {"place": place, "address": HOST, "ports": port.split(","), "reach": reach, "sentence": "x should do y"}
    return ExpectedPackets.model_validate({**given, **more})


def dialled(states: dict[Asked, str] | str) -> expected.Dial:
    return lambda _user, _asked: states


def proof(
    *given: ExpectedPackets,
    points: Collection[Point] = (),
    dial: dict[Asked, str] | str = "",
    users: Collection[str] = (),
    own: Collection[Asked] = (),
) -> Proof:
    (one,) = expected.proofs(given, [*points], dialled(dial), [*users], {*own})
    return one


@pytest.mark.parametrize(
    ("seen", "reach", "state"),
    [
        (OPEN, True, KEPT),
        (OPEN, False, BROKEN),
        (SILENT, True, BROKEN),
        (SILENT, False, KEPT),
        (PROHIBITED, True, BROKEN),
        (PROHIBITED, False, KEPT),
        (RESET, True, UNPROVEN),
        (RESET, False, UNPROVEN),
        (NO_HOST, True, UNPROVEN),
        (NO_HOST, False, UNPROVEN),
    ],
)
def test_what_a_tcp_port_proves(seen: dict[str, Any], reach: bool, state: str) -> None:
    assert proof(packets("8000/tcp", reach), points=[Point("here", "outside", {"8000/tcp": seen})]).state == state


@pytest.mark.parametrize(
    ("seen", "reach", "state"),
    [
        (ANSWERED, True, KEPT),
        (ANSWERED, False, BROKEN),
        (SILENT, True, UNPROVEN),
        (SILENT, False, UNPROVEN),
        (PROHIBITED, False, KEPT),
        ({"refusal": Refusal("ECONNREFUSED", 3, HOST)}, False, UNPROVEN),
    ],
)
def test_what_a_udp_port_proves(seen: dict[str, Any], reach: bool, state: str) -> None:
    assert proof(packets("500/udp", reach), points=[Point("here", "outside", {"500/udp": seen})]).state == state


def test_silence_of_a_udp_port_is_a_proof_where_it_answers_somebody_else() -> None:
    answers = packets("500/udp", True, sentence="internet should reach it")
    closed = packets("500/udp", False, "campus")
    points = [Point("here", "outside", {"500/udp": ANSWERED}), Point("campus", "campus")]
    first, second = expected.proofs([answers, closed], points, dialled({}), [], set())
    assert (first.state, second.state) == (KEPT, KEPT)
    broken, _ = expected.proofs([packets("500/udp", True), answers], points[::-1], dialled({}), [], set())
    assert broken.state == KEPT


@pytest.mark.parametrize(
    ("name", "one"),
    [
        ("campus-library", packets("1/tcp", False, "campus")),
        ("library", packets("1/tcp", False, "interface", origin="library")),
        ("vlan-10", packets("1/tcp", False, "interface", origin="VLAN.10")),
        ("198-51-100-7-32", packets("1/tcp", False, "network", origin="198.51.100.7/32")),
        ("jp", packets("1/tcp", False, "country", origin="JP")),
        ("vpn-guest1", packets("1/tcp", False, "vpn", origin="guests", users=["guest1"])),
    ],
)
def test_a_vantage_point_proves_what_is_about_senders_who_are_where_it_is(name: str, one: ExpectedPackets) -> None:
    there = vantage(f"{name}=ssh me@there labvpn")
    point, other = Point(there.name, there.place), Point("phone", "elsewhere")
    assert proof(one, points=[point, other]).state == KEPT
    assert (point.asked, other.asked) == ([f"{HOST}:1/tcp"], [])


def test_a_point_that_is_called_after_a_sender_does_not_stand_for_the_internet() -> None:
    point = Point("library", "outside", {"22/tcp": OPEN})
    library = packets("22/tcp", True, "interface", origin="library", sentence="library should")
    internet = packets("22/tcp", False, sentence="internet should not")
    first, second = expected.proofs([library, internet], [point], dialled({}), [], set())
    assert (first.state, second.state, second.packets) == (KEPT, UNPROVEN, ())


@pytest.mark.parametrize(
    ("one", "remedy"),
    [
        (packets("1/tcp", True), '--vantage "outside=ssh'),
        (packets("1/tcp", True, "campus"), '--vantage "campus=ssh'),
        (packets("1/tcp", True, "network", origin="198.51.100.0/24"), '--vantage "198-51-100-0-24=ssh'),
        (packets("1/tcp", True, "vpn", users=["guest1", "owner"]), "--dial guest1"),
    ],
)
def test_what_nobody_could_prove_says_what_would(one: ExpectedPackets, remedy: str) -> None:
    made = proof(one, points=[Point("vpn", "vpn"), Point("host", "host")])
    assert made.state == UNPROVEN
    assert remedy in made.reasons()[0]


def test_a_point_that_does_not_report_proves_nothing() -> None:
    made = proof(packets("1/tcp", False), points=[Point("here", "outside", trouble="it is down")])
    assert made.state == UNPROVEN
    assert "it did not report: it is down" in made.reasons()[0]


@pytest.mark.parametrize(
    ("seen", "reach", "state"),
    [
        ("open", True, KEPT),
        ("open", False, BROKEN),
        ("silent", True, BROKEN),
        ("silent", False, KEPT),
        ("closed", True, UNPROVEN),
        ("closed", False, UNPROVEN),
    ],
)
def test_a_dial_proves_from_inside(seen: str, reach: bool, state: str) -> None:
    one = packets("8000/tcp", reach, "vpn", users=["guest1"])
    assert proof(one, dial={(HOST, "8000/tcp"): seen}, users=["guest1"]).state == state


def test_of_several_kinds_of_users_each_has_to_dial() -> None:
    one = packets("8000/tcp", False, "vpn", users=["guest1", "owner"])
    found = {(HOST, "8000/tcp"): "silent"}
    alone = proof(one, dial=found, users=["guest1"])
    assert (alone.state, alone.reasons()) == (UNPROVEN, ("nobody dialled as owner (--dial owner)",))
    assert proof(one, dial=found, users=["guest1", "owner"]).state == KEPT
    assert proof(one, dial={(HOST, "8000/tcp"): "open"}, users=["guest1"]).state == BROKEN


def test_a_dial_that_does_not_get_in_proves_nothing() -> None:
    one = packets("8000/tcp", False, "vpn", users=["guest1"])
    made = proof(one, dial="the dial as guest1 did not get in: wrong-psk", users=["guest1"])
    assert made.state == UNPROVEN
    assert "wrong-psk" in made.reasons()[0]


def test_of_a_range_both_ends_are_tried_and_one_that_is_open_breaks_it() -> None:
    one, ends = packets("7000-7010/tcp", False), Point("here", "outside")
    made = proof(one, points=[ends])
    assert sorted(ends.asked) == [f"{HOST}:7000/tcp", f"{HOST}:7010/tcp"]
    assert (made.state, made.reasons()) == (UNPROVEN, (said(expected.ENDS, "en"),))
    assert proof(one, points=[Point("here", "outside", {"7010/tcp": OPEN})]).state == BROKEN


def test_of_a_network_that_is_not_tried_whole_nothing_is_called_proven() -> None:
    assert proof(packets("1/tcp", False, partly=True), points=[Point("here", "outside")]).reasons() == (
        said(expected.PARTS, "en"),
    )


def test_where_this_machine_administers_the_lab_an_answer_says_nothing_of_others() -> None:
    own, points = {(HOST, "22/tcp")}, [Point("here", "outside", {"22/tcp": OPEN})]
    assert proof(packets("22/tcp", False), points=points, own=own).state == UNPROVEN
    assert proof(packets("22/tcp", True), points=points, own=own).state == KEPT
    elsewhere = [Point("outside", "outside", {"22/tcp": OPEN})]
    assert proof(packets("22/tcp", False), points=elsewhere, own=own).state == BROKEN


def test_a_finding_names_the_point_and_what_is_not_proven_is_a_note() -> None:
    broken = proof(packets("1/tcp", False, "campus"), points=[Point("campus", "campus", {"1/tcp": OPEN})])
    unproven = proof(packets("1/tcp", False, "campus"))
    found = list(proving.findings([broken, unproven]))
    said = f"x should do y, but a packet to 1/tcp of {HOST} was answered"
    assert found[0] == ("seen from campus", said, "`labvpn reach` names the rule that decides")
    assert (found[1][0], found[1][2]) == ("expectation", "")
    assert found[1][1].startswith("x should do y: not proven: no vantage point is there")
    assert expected.to_json(broken)["packets"] == [
        {"from": "campus", "address": HOST, "port": "1/tcp", "arrived": True}
    ]
    assert expected.to_json(unproven)["state"] == UNPROVEN


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_sentences_with_the_same_values() -> None:
    english, japanese = ({key: fields(text) for key, text in one.items()} for one in BY_LANGUAGE.values())
    assert english == japanese


def test_what_is_broken_and_what_is_not_proven_is_said_in_japanese_too() -> None:
    one = packets("1/tcp", False, "vpn", users=["guest1", "owner"])
    broken = proof(one, dial={(HOST, "1/tcp"): "open"}, users=["guest1"])
    unproven = proof(one, dial={(HOST, "1/tcp"): "closed"}, users=["guest1"])
    found = [message for _, message, _ in proving.findings([broken, unproven], "ja")]
    assert found[0] == f"x should do y：{HOST} の 1/tcp へのパケットに応答がありました"
    assert "owner として接続していません（--dial owner）" in found[1]
    assert f"guest1 のダイヤル接続から {HOST} の 1/tcp：拒否されました" in found[1]
    assert expected.to_json(unproven, "ja")["packets"][0]["from"] == "the dial of guest1"
