"""Who is asked for which address of the server."""

from dataclasses import dataclass, field, replace

import pytest

from labvpn.probe import name_lookup, run, scan, servers
from labvpn.probe.name_lookup import Lookup, Resolution
from labvpn.probe.observation import Observation, Refusal
from labvpn.probe.port_verdict import verdicts
from labvpn.probe.scan import VantageView
from labvpn.probe.targets import TargetError, Targets, targets
from tests.unit.probe.samples import FINE, HTTPS, ONE, SERVER, SHARED, TWO, stack

INNER = "192.168.31.1"


@dataclass(frozen=True)
class Recorder:
    place: str
    asked: list[str] = field(default_factory=list)
    name: str = "there"

    def observe(self, _wanted: Targets, address: str) -> VantageView:
        self.asked.append(address)
        return VantageView(self.name, self.place, (FINE,))


def found(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """The names that are asked for, of which all have these addresses."""
    asked: list[str] = []

    def resolve(name: str, _resolver: str | None) -> Resolution:
        asked.append(name)
        return Resolution(name, Lookup("9.9.9.9", addresses), "lab.example", (Lookup("ns1", addresses),))

    monkeypatch.setattr(name_lookup, "resolve", resolve)
    return asked


def seen(place: str, wanted: Targets) -> tuple[VantageView, list[str]]:
    point = Recorder(place)
    (view,) = run.probe(wanted, run.NOWHERE, [point]).views
    return view, point.asked


def test_a_client_in_the_vpn_is_asked_for_the_servers_inner_address() -> None:
    view, asked = seen("vpn", targets(SERVER, tcp="443", inner=INNER))
    assert (view.address, asked) == (INNER, [INNER])


def test_every_other_vantage_point_is_asked_for_the_address_that_users_dial() -> None:
    for place in ("outside", "campus", "host"):
        view, asked = seen(place, targets(SERVER, tcp="443", inner=INNER))
        assert (view.address, asked) == ("", [SERVER])


def test_a_client_in_the_vpn_is_not_asked_for_an_address_that_leads_around_the_tunnel() -> None:
    view, asked = seen("vpn", targets(SERVER, tcp="443"))
    assert not asked
    assert "--inner" in view.trouble


def test_a_refusal_from_the_inner_address_is_the_servers_own() -> None:
    refused = Observation(HTTPS, 1, refusal=Refusal("EHOSTUNREACH", 10, INNER))
    view = replace(VantageView("vpn", "vpn", (refused,)), address=INNER)
    blamed = verdicts(HTTPS, True, [view], (SERVER, ()), ()).blame
    assert blamed and blamed.hop and blamed.hop.kind == "firewalld"


def test_a_place_in_the_vpn_or_on_a_host_looks_at_its_own_server_and_all_others_at_each() -> None:
    points = [Recorder("outside", name="phone"), Recorder("vpn", name="vpn-two"), Recorder("host", name="host")]
    made = run.each(*servers.wanted(None, stack(), inner=INNER), run.NOWHERE, points)
    assert [point.asked for point in points] == [[ONE, TWO], [INNER], [ONE]]
    assert [[view.name for view in report.views] for report in made.reports] == [
        ["phone", "host"],
        ["phone", "vpn-two"],
    ]


def test_this_machine_in_the_vpn_of_one_server_leaves_the_others_to_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, ONE, TWO)
    monkeypatch.setattr(
        scan, "scan", lambda name, place, address, _: VantageView(name, place, (FINE,), address=address)
    )
    made = run.each(*servers.wanted(None, stack(), inner=INNER), "vpn-two", [Recorder("outside", name="phone")])
    assert [[view.name for view in report.views] for report in made.reports] == [["phone"], ["here", "phone"]]
    with pytest.raises(TargetError, match="vpn-two' is not a place"):
        run.each(*servers.wanted(TWO, stack()), "vpn-two", [])


def test_the_shared_name_must_have_every_servers_address_and_an_own_name_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = found(monkeypatch, ONE, TWO)
    monkeypatch.setattr(scan, "scan", lambda name, place, *_: VantageView(name, place, (FINE,)))
    made = run.each(*servers.wanted(None, stack()), "outside", [])
    assert set(asked) == {SHARED, "vpn-two.lab.example"}
    assert made.problems == ()
    (problem,) = made.reports[1].problems
    assert "says 203.0.113.20 for vpn-two.lab.example, which does not belong to it" in problem


def test_every_address_of_a_name_is_probed_where_the_name_alone_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = found(monkeypatch, ONE, TWO)
    point = Recorder("outside")
    made = run.each(*servers.wanted(SHARED, None, tcp="443"), run.NOWHERE, [point])
    assert (point.asked, asked, made.as_expected) == ([ONE, TWO], [SHARED], True)
    found(monkeypatch, TWO)
    alone = run.each(*servers.wanted(SHARED, None, tcp="443"), run.NOWHERE, [point])
    assert (alone.servers, alone.reports[0].address) == ((), TWO)
