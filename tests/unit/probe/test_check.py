"""A check of a stack: every server's ports and host, and each finding said of its own server."""

import json
from pathlib import Path

import pytest

from labvpn.connect.errors import HopError
from labvpn.probe import check, host_vantage, name_lookup, scan
from labvpn.probe.name_lookup import Lookup, Resolution
from labvpn.probe.observation import Observation
from labvpn.probe.scan import View
from labvpn.probe.targets import Targets
from tests.unit.probe.samples import FINE, HTTPS, ONE, SERVERS, TWO, stack

USER = "user LAB/a MultiLogins=1\n"
KEPT = json.dumps({"hub": {"observed": USER, "applied": USER}})
CHANGED = json.dumps({"hub": {"observed": "", "applied": USER}})
OWN = f"vpn-two.lab.example ({TWO})"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What each host's agent answers; a machine that is not in it is down."""
    answers: dict[str, str] = {}

    def execute(host: host_vantage.HostVantage, command: str, _stdin: str, _seconds: int) -> str:
        if host.site.ssh.host not in answers:
            raise HopError(host.site.ssh.host, "does not answer", "is it up?")
        seen = scan.to_json(View("host", "host", (FINE,)))
        return answers[host.site.ssh.host] if command == check.AGENT else json.dumps(seen)

    def look(name: str, place: str, address: str, _wanted: Targets) -> View:
        return View(name, place, (FINE if address in answers else Observation(HTTPS, 5),))

    def resolve(name: str, _resolver: str | None) -> Resolution:
        said = (TWO,) if "two" in name else (ONE, TWO)
        return Resolution(name, Lookup("9.9.9.9", said), "lab.example", (Lookup("ns1", said),))

    monkeypatch.setattr(host_vantage.HostVantage, "run", execute)
    monkeypatch.setattr(scan, "scan", look)
    monkeypatch.setattr(name_lookup, "resolve", resolve)
    return answers


def found(outputs: str) -> list[str]:
    return [str(broken) for broken in check.check(outputs, "campus", None, None)]


def test_every_promise_is_kept_where_each_server_keeps_it(lab: dict[str, str]) -> None:
    lab.update({ONE: KEPT, TWO: KEPT})
    assert found(stack()) == []


def test_each_server_is_checked_and_a_finding_names_its_own(lab: dict[str, str]) -> None:
    lab.update({ONE: KEPT, TWO: CHANGED})
    (told,) = found(stack())
    assert told.startswith(f"{OWN}, SoftEther: user a ")


def test_a_server_that_is_down_is_told_on_every_hop_and_the_other_one_is_not_named(lab: dict[str, str]) -> None:
    lab.update({TWO: KEPT})
    told = found(stack())
    assert [line.split(": ")[0] for line in told] == [f"{ONE}, seen from here", f"{ONE}, SSH"]


def test_the_findings_of_one_server_are_said_as_ever(lab: dict[str, str]) -> None:
    lab.update({ONE: CHANGED})
    (told,) = found(stack(SERVERS[:1]))
    assert told.startswith("SoftEther: user a ")


def test_a_wrong_name_is_of_no_server(lab: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    lab.update({ONE: KEPT, TWO: KEPT})
    said = Lookup("ns1", (ONE,))
    monkeypatch.setattr(name_lookup, "resolve", lambda name, _: Resolution(name, said, "lab.example", (said,)))
    shared, own = sorted(found(stack()), key=len)[0], sorted(found(stack()), key=len)[-1]
    assert shared.startswith("seen from here: ns1, a server of lab.example, lacks 203.0.113.22 for vpn.lab.example")
    assert own.startswith(f"{OWN}, seen from here: ns1")


def test_a_key_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    (broken,) = check.check(stack(), "campus", tmp_path / "nowhere", None)
    assert "cannot be read" in broken.says
