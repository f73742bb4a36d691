"""One lane for each port and vantage point: green as far as packets come, an end where a hop closes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from labvpn.probe import text as words
from labvpn.probe.drawing import Element, drawing, element, line
from labvpn.probe.drawing import words as text
from labvpn.probe.fault_localisation import CAMPUS, FIREWALLD, FORTIGATE, SERVER, TUNNEL, WAY, Hop, Witness, path
from labvpn.probe.observation import OPEN, Observation
from labvpn.probe.port_verdict import PortReport
from labvpn.probe.report import Report
from labvpn.probe.scan import View

_WIDTH, _LANE, _START, _SAID = 1120.0, 26.0, 100.0, 655.0
_AT = {WAY: 190.0, CAMPUS: 190.0, TUNNEL: 190.0, FORTIGATE: 320.0, FIREWALLD: 450.0, SERVER: 580.0}
_HEADS = {
    WAY: "the way",
    CAMPUS: "campus",
    TUNNEL: "tunnel",
    FORTIGATE: "FortiGate",
    FIREWALLD: "firewalld",
    SERVER: "VPN server",
}


def lanes(made: Report, view: View) -> Element:
    """All lanes of one vantage point, the ports in the report's order."""
    found = {sighting.port: sighting for sighting in view.sightings}
    pairs = [(judged, found[judged.port]) for judged in made.ports if judged.port in found]
    height = 40 + _LANE * len(pairs)
    hops = path(Witness(view.name, view.place, ""), made.wanted.without)
    heads = [text(_AT[hop.kind], 18, _HEADS[hop.kind], "head", "middle") for hop in hops]
    size = {"y": 28, "width": 64, "height": height - 34, "rx": 10}
    bands = [element("rect", x=_AT[hop.kind] - 32, class_="band", **size) for hop in hops]
    drawn = [_lane(made, view, *pair, 44 + _LANE * number) for number, pair in enumerate(pairs)]
    return drawing(_WIDTH, height, f"Ports as seen from {view.name}", *heads, *bands, *drawn)


def _lane(made: Report, view: View, judged: PortReport, sighting: Observation, y: float) -> Element:
    hops = path(Witness(view.name, view.place, ""), made.wanted.without)
    stop = dict(judged.blame.stops).get(view.name) if judged.blame else None
    inside = not judged.wanted_open and view.place != "outside"
    kind = "ok" if inside or (sighting.state == OPEN) == judged.wanted_open else "bad"
    # Where nobody knows which hop closes the port, nothing is known of its way.
    until = _AT[stop.kind] if stop else _AT[SERVER] if sighting.state == OPEN else _START
    parts = [
        text(_START - 14, y + 4, str(sighting.port), "port", "end"),
        line(_START, y, until, y, "ok" if stop else kind),
        line(until, y, _AT[SERVER], y, "off"),
        *(_marks(hops, stop, y, kind) if until > _START else ()),
        text(_SAID, y + 4, words.seen(sighting, view.address or made.address, made.wanted.fortigate), f"said {kind}"),
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
