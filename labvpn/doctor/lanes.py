"""One lane for each port and vantage point: green as far as packets come, an end where a hop closes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from labvpn.doctor import words
from labvpn.doctor.blame import CAMPUS, FIREWALLD, FORTIGATE, PATHS, SERVER, WAY, Hop, Witness, path
from labvpn.doctor.drawing import Element, drawing, element, line
from labvpn.doctor.drawing import words as text
from labvpn.doctor.judgement import PortReport
from labvpn.doctor.report import Report
from labvpn.doctor.sighting import OPEN, Sighting
from labvpn.doctor.views import View

_WIDTH, _LANE, _START, _SAID = 1120.0, 26.0, 100.0, 655.0
_AT = {WAY: 190.0, CAMPUS: 190.0, FORTIGATE: 320.0, FIREWALLD: 450.0, SERVER: 580.0}
_HEADS = {WAY: "the way", CAMPUS: "campus", FORTIGATE: "FortiGate", FIREWALLD: "firewalld", SERVER: "VPN server"}


def lanes(made: Report, view: View) -> Element:
    """All lanes of one vantage point."""
    height = 40 + _LANE * len(view.sightings)
    heads = [text(_AT[kind], 18, _HEADS[kind], "head", "middle") for kind in PATHS[view.place]]
    bands = [
        element("rect", x=_AT[kind] - 32, y=28, width=64, height=height - 34, rx=10, class_="band")
        for kind in PATHS[view.place]
    ]
    drawn = [_lane(made, view, sighting, 44 + _LANE * number) for number, sighting in enumerate(view.sightings)]
    return drawing(_WIDTH, height, f"Ports as seen from {view.name}", *heads, *bands, *drawn)


def _lane(made: Report, view: View, sighting: Sighting, y: float) -> Element:
    judged = next(one for one in made.ports if one.port == sighting.port)
    witness = Witness(view.name, view.place, "")
    stop = _stop(judged, witness)
    hops = path(witness)
    good = (sighting.state == OPEN) == judged.wanted_open or _inside(judged, view)
    kind = "ok" if good else "bad"
    until = _AT[stop.kind] if stop else _AT[SERVER]
    parts = [
        text(_START - 14, y + 4, str(sighting.port), "port", "end"),
        line(_START, y, until, y, "ok" if stop else kind),
        line(until, y, _AT[SERVER], y, "off"),
        *_marks(hops, stop, y, kind),
        text(_SAID, y + 4, words.seen(sighting, made.address, made.wanted.fortigate), f"said {kind}"),
    ]
    return element("g", *parts)


def _marks(hops: tuple[Hop, ...], stop: Hop | None, y: float, kind: str) -> Iterator[Element]:
    for hop in hops:
        x = _AT[hop.kind]
        if hop == stop:
            yield _end(x, y, kind)
            return
        yield element("circle", cx=f"{x:g}", cy=f"{y:g}", r=5, class_=f"dot {kind if stop is None else 'ok'}")


def _end(x: float, y: float, kind: str) -> Element:
    """A cross where a port is closed that shall be open, a bar where it is closed as wanted."""
    if kind == "ok":
        return element("g", line(x, y - 8, x, y + 8, "ok wide"))
    disc = element("circle", cx=f"{x:g}", cy=f"{y:g}", r=9, class_="disc bad")
    return element("g", disc, line(x - 4, y - 4, x + 4, y + 4, "cross"), line(x - 4, y + 4, x + 4, y - 4, "cross"))


def _stop(judged: PortReport, witness: Witness) -> Hop | None:
    stops = dict(judged.blame.stops) if judged.blame else {}
    return stops.get(witness.name)


def _inside(judged: PortReport, view: View) -> bool:
    """Whether the vantage point may see open what shall be closed to the outside."""
    return not judged.wanted_open and view.place != "outside"
