"""A check of a stack: every server's ports and host, and each finding said of its own server."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labvpn.connect.errors import HopError
from labvpn.model.ports import Protocols
from labvpn.model.releases import PACKAGED
from labvpn.parse.host import HostState
from labvpn.plan.release import Exposure
from labvpn.probe import check, dial_check, host_vantage, name_lookup, scan
from labvpn.probe.check import Check, CheckFinding, host_findings, protocol_findings, release_findings, to_json
from labvpn.probe.name_lookup import Lookup, Resolution
from labvpn.probe.observation import Observation
from labvpn.probe.scan import VantageView
from labvpn.probe.targets import TargetError, Targets
from tests.unit.probe.samples import FINE, HTTPS, ONE, SERVERS, TWO, good, stack

ACCOUNT = "user LAB/a password=current MultiLogins=1\n"
USER = "user LAB/a MultiLogins=1\n"
KEPT = json.dumps({"hub": {"observed": USER, "applied": USER}})
CHANGED = json.dumps({"hub": {"observed": "", "applied": USER}})
OWN = f"vpn-two.lab.example ({TWO})"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What each host's agent answers; a machine that is not in it is down."""
    answers: dict[str, str] = {}

    def execute(host: host_vantage.HostVantage, command: str, _stdin: str, _seconds: int) -> str:
        if host.server_outputs.ssh.host not in answers:
            raise HopError(host.server_outputs.ssh.host, "does not answer", "is it up?")
        seen = scan.to_json(VantageView("host", "host", (FINE,)))
        return answers[host.server_outputs.ssh.host] if command == check.AGENT else json.dumps(seen)

    def observe(name: str, place: str, address: str, _wanted: Targets) -> VantageView:
        return VantageView(name, place, (FINE if address in answers else Observation(HTTPS, 5),))

    def resolve(name: str, _resolver: str | None) -> Resolution:
        said = (TWO,) if "two" in name else (ONE, TWO)
        return Resolution(name, Lookup("9.9.9.9", said), "lab.example", (Lookup("ns1", said),))

    monkeypatch.setattr(host_vantage.HostVantage, "run", execute)
    monkeypatch.setattr(scan, "scan", observe)
    monkeypatch.setattr(name_lookup, "resolve", resolve)
    return answers


def found(outputs: str) -> list[str]:
    return [str(broken) for broken in check.check(outputs, "campus", None, None).findings]


def test_every_promise_is_kept_where_each_server_keeps_it(lab: dict[str, str]) -> None:
    lab.update({ONE: KEPT, TWO: KEPT})
    assert found(stack()) == []


def test_each_server_is_checked_and_a_finding_names_its_own(lab: dict[str, str]) -> None:
    lab.update({ONE: KEPT, TWO: CHANGED})
    (sentences,) = found(stack())
    assert sentences.startswith(f"{OWN}, SoftEther: user a ")


def test_a_server_that_is_down_is_told_on_every_hop_and_the_other_one_is_not_named(lab: dict[str, str]) -> None:
    lab.update({TWO: KEPT})
    sentences = found(stack())
    assert [line.split(": ")[0] for line in sentences] == [f"{ONE}, seen from here", f"{ONE}, SSH"]


def test_the_findings_of_one_server_are_said_as_ever(lab: dict[str, str]) -> None:
    lab.update({ONE: CHANGED})
    (sentences,) = found(stack(SERVERS[:1]))
    assert sentences.startswith("SoftEther: user a ")


def test_a_wrong_name_is_of_no_server(lab: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    lab.update({ONE: KEPT, TWO: KEPT})
    said = Lookup("ns1", (ONE,))
    monkeypatch.setattr(name_lookup, "resolve", lambda name, _: Resolution(name, said, "lab.example", (said,)))
    shared, own = sorted(found(stack()), key=len)[0], sorted(found(stack()), key=len)[-1]
    assert shared.startswith("seen from here: ns1, a server of lab.example, lacks 203.0.113.22 for vpn.lab.example")
    assert own.startswith(f"{OWN}, seen from here: ns1")


def test_a_key_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    (broken,) = check.check(stack(), "campus", tmp_path / "nowhere", None).findings
    assert "cannot be read" in broken.message


def test_a_host_as_the_stack_left_it_keeps_every_promise() -> None:
    assert list(host_findings({"hub": HostState(ACCOUNT, applied=ACCOUNT)})) == []


def test_a_hand_made_change_is_a_sentence_with_its_hop_and_remedy() -> None:
    (broken,) = host_findings({"hub": HostState(ACCOUNT.replace("=1", "=0"), applied=ACCOUNT)})
    assert str(broken).startswith("SoftEther: user a: MultiLogins is 0 on the server")
    assert "pulumi up" in broken.remedy


@pytest.mark.parametrize(
    "line",
    [
        ACCOUNT,
        "hub LAB online=yes password=current\n",
        "ipsec - l2tp=yes key=current\n",
        "radius LAB server=198.51.100.9 port=1812 secret=current\n",
    ],
)
def test_what_only_the_stack_can_compare_is_not_called_broken(line: str) -> None:
    assert list(host_findings({"hub": HostState(line.replace("current", "differs"), applied=line)})) == []


def test_a_host_that_the_stack_never_touched_is_said_to_be_so() -> None:
    (broken,) = host_findings({})
    assert "never applied" in broken.message


def test_a_protocol_that_is_offered_and_does_not_answer_is_named() -> None:
    (broken,) = protocol_findings(good(), {"OpenVPN": True, "SSTP": True})
    assert broken.message == "SSTP is offered and answers at no TCP port"
    assert list(protocol_findings(good(), {"OpenVPN": True, "SSTP": False})) == []


def test_the_findings_are_told_to_a_program() -> None:
    data = to_json(Check(list(host_findings({})), []))
    assert data["kept"] is False
    assert set(data["findings"][0]) == {"hop", "says", "remedy"}


def test_of_several_servers_a_finding_names_its_own() -> None:
    broken = CheckFinding("SoftEther", "user a is missing", "run `pulumi up`", "203.0.113.22")
    assert str(broken) == "203.0.113.22, SoftEther: user a is missing; run `pulumi up`"
    assert to_json(Check([broken], []))["findings"][0]["server"] == "203.0.113.22"


def dialled(system: str, cause: str = "connected", *notes: str) -> dict[str, Any]:
    said = [{"id": note, "says": f"{note} was seen", "fault": note == "unlisted-reached"} for note in notes]
    return {"as": system, "connected": cause == "connected", "cause": cause, "detail": f"{cause}!", "notes": said}


def test_a_dial_that_fails_for_every_system_is_said_once() -> None:
    found = list(dial_check.findings("guest1", [dialled("mac", "wrong-psk"), dialled("windows", "wrong-psk")]))
    assert [message for _, message, _ in found] == ["L2TP/IPsec as guest1, as every system: wrong-psk: wrong-psk!"]


def test_a_dial_that_fails_for_some_names_them() -> None:
    found = list(dial_check.findings("guest1", [dialled("mac"), dialled("windows", "proposal-mismatch")]))
    assert [message.split(": ")[0] for _, message, _ in found] == ["L2TP/IPsec as guest1, as windows"]


def test_what_is_only_good_to_know_is_no_finding_and_what_a_guest_should_not_reach_is() -> None:
    notes = ("fails-there", "small-mtu", "fragments-lost-unneeded", "unlisted-reached")
    found = list(dial_check.findings("guest1", [dialled("mac", "connected", *notes)]))
    assert [message.split(": ")[1] for _, message, _ in found] == ["unlisted-reached"]


@pytest.mark.parametrize(
    ("offered", "dials"),
    [
        ({"l2tpIpsec": True, "sstp": True}, ["l2tp", "sstp"]),
        ({"l2tpIpsec": False, "sstp": True}, ["sstp"]),
        ({"l2tpIpsec": False, "sstp": False}, []),
    ],
)
def test_each_user_is_dialled_by_what_the_stack_offers(
    lab: dict[str, str], monkeypatch: pytest.MonkeyPatch, offered: dict[str, bool], dials: list[str]
) -> None:
    asked: list[tuple[str, str]] = []

    def dial(_text: str, user: str, _server: str, protocol: str, _language: str) -> list[dial_check.Finding]:
        asked.append((user, protocol))
        return [("dial", f"{user} by {protocol} failed", "look")]

    monkeypatch.setattr(dial_check, "dial", dial)
    lab.update({ONE: KEPT, TWO: KEPT})
    users = {"guest1": {"password": "x"}, "owner": {"password": "x"}}
    text = stack(protocols=offered, users=users, servers=[])
    made = check.check(text, "campus", None, None, ["guest1", "owner"])
    expected = [(user, protocol) for user in users for protocol in dials]
    assert asked == expected
    assert [one.message for one in made.findings if one.hop == "dial"] == [f"{u} by {p} failed" for u, p in expected]


def test_a_user_whom_the_stack_does_not_have_is_not_dialled() -> None:
    with pytest.raises(TargetError, match="no user nobody"):
        check.check(stack(), "outside", None, None, ["nobody"])


def test_a_certificate_that_is_not_renewed_is_found_with_what_to_do() -> None:
    sentence = "the certificate has not been renewed since 2027-03-12: rate limited; valid until 2027-04-01"
    (broken,) = host_findings({"server": HostState("", applied="", failing=(sentence,))})
    assert (broken.hop, broken.message) == ("VPN host", sentence)
    assert "systemctl start labvpn-renew" in broken.remedy


EXPOSED = Exposure((443,), Protocols())
OLD = {"server": HostState("", release=PACKAGED)}


def test_each_open_hole_of_the_server_is_a_finding_and_what_runs_is_a_note() -> None:
    found = list(release_findings(OLD, EXPOSED))
    wrong, notes = [one for one in found if not one.is_note], [one for one in found if one.is_note]
    assert [one.hop for one in wrong] == ["SoftEther"] * 4
    assert all("server.acceptKnownHoles" in one.remedy for one in wrong)
    assert "5.01 build 9674 of 2020-08-06 runs; newer: " in notes[0].message
    assert list(release_findings({}, EXPOSED)) == []


def test_accepted_holes_break_no_promise_and_are_told_apart() -> None:
    found = list(release_findings(OLD, replace(EXPOSED, accepted=True)))
    data = to_json(Check(found, []))
    assert (data["kept"], data["findings"]) == (True, [])
    assert all(set(note) == {"hop", "says"} for note in data["notes"])
    assert str(found[0]).startswith("SoftEther: SoftEther 5.01 build 9674")
    assert not str(found[0]).endswith("; ")


def test_a_host_is_judged_by_the_holes_that_its_own_server_accepts(lab: dict[str, str]) -> None:
    answer = json.dumps({"server": {"observed": "", "applied": "", "release": [501, 9674]}})
    lab.update({ONE: answer, TWO: answer})
    data = json.loads(stack())
    data["servers"][0]["acceptKnownHoles"] = True
    broken = [one for one in check.check(json.dumps(data), "campus", None, None).findings if not one.is_note]
    assert {one.server for one in broken} == {OWN}
    assert len(broken) == 4
