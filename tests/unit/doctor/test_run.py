"""Who is asked for which address of the server."""

from dataclasses import dataclass, field, replace

from labvpn.doctor import run
from labvpn.doctor.judgement import judge
from labvpn.doctor.sighting import Refusal, Sighting
from labvpn.doctor.targets import Targets, targets
from labvpn.doctor.views import View
from tests.unit.doctor.samples import FINE, HTTPS, SERVER

INNER = "192.168.31.1"


@dataclass(frozen=True)
class Recorder:
    place: str
    asked: list[str] = field(default_factory=list)
    name: str = "there"

    def look(self, _wanted: Targets, address: str) -> View:
        self.asked.append(address)
        return View(self.name, self.place, (FINE,))


def seen(place: str, wanted: Targets) -> tuple[View, list[str]]:
    point = Recorder(place)
    (view,) = run.probe(wanted, run.NOWHERE, [point]).views
    return view, point.asked


def test_a_client_in_the_vpn_is_asked_for_the_servers_inner_address() -> None:
    view, asked = seen("vpn", targets(SERVER, tcp="443", inner=INNER))
    assert (view.address, asked) == (INNER, [INNER])


def test_everybody_else_is_asked_for_the_address_that_users_dial() -> None:
    for place in ("outside", "campus", "host"):
        view, asked = seen(place, targets(SERVER, tcp="443", inner=INNER))
        assert (view.address, asked) == ("", [SERVER])


def test_a_client_in_the_vpn_is_not_asked_for_an_address_that_leads_around_the_tunnel() -> None:
    view, asked = seen("vpn", targets(SERVER, tcp="443"))
    assert not asked
    assert "--inner" in view.trouble


def test_a_refusal_from_the_inner_address_is_the_servers_own() -> None:
    refused = Sighting(HTTPS, 1, refusal=Refusal("EHOSTUNREACH", 10, INNER))
    view = replace(View("vpn", "vpn", (refused,)), address=INNER)
    blamed = judge(HTTPS, True, [view], (SERVER, ()), ()).blame
    assert blamed and blamed.hop and blamed.hop.kind == "firewalld"
