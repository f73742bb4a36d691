"""The map of the network: vantage points, the FortiGate, the host's firewall and the server, green or red. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from labvpn.probe import text
from labvpn.probe.fault_localisation import FIREWALLD, FORTIGATE, OWN, SERVER, WAY, Hop
from labvpn.probe.observation import OPEN
from labvpn.probe.report import ProbeReport
from labvpn.probe.scan import VantageView

WIDTH = 1120.0
"""The width of every drawing of the page, in its own units."""

_WIDTH, _LINE, _GAP = 210.0, 17.0, 22.0
_COLUMNS = {WAY: 15.0, FORTIGATE: 345.0, FIREWALLD: 615.0, SERVER: 885.0}
_TITLES = {FORTIGATE: "FortiGate", FIREWALLD: "Host firewall (firewalld)", SERVER: "VPN server (SoftEther)"}


@dataclass(frozen=True)
class MapBox:
    """A machine on the map: its place and size in pixels, its title, and the lines below it; `kind` is its colour."""

    x: float
    y: float
    title: str
    lines: tuple[str, ...]
    kind: str
    width: float = _WIDTH

    @property
    def height(self) -> float:
        """Room for the title and every line."""
        return 36 + _LINE * len(self.lines)

    @property
    def middle(self) -> float:
        """The y of the lines that meet the box at its side."""
        return self.y + self.height / 2


@dataclass(frozen=True)
class MapLink:
    """A line between two boxes, as SVG writes a path; `kind` is its colour."""

    path: str
    kind: str


@dataclass(frozen=True)
class NetworkMap:
    """The outside at the left, the server at the right, campus and VPN below."""

    height: float
    boxes: tuple[MapBox, ...]
    links: tuple[MapLink, ...]


def network_map(made: ProbeReport) -> NetworkMap:
    """The map of one report."""
    tall = _bottom(_column(made, ("outside",), 0).values())
    middle = 20 + max(tall, 90) / 2
    outside = _column(made, ("outside",), middle - tall / 2)
    hops = _hop_boxes(made, middle)
    below = _column(made, ("campus", "vpn"), max(_bottom(outside.values()), _bottom(hops)) + _GAP)
    links = [_way(view, box, hops) for view, box in (outside | below).items()]
    boxes = (*outside.values(), *below.values(), *hops)
    return NetworkMap(_bottom(boxes) + 20, boxes, (*links, *_inner(hops)))


def closed_ports(made: ProbeReport) -> dict[Hop, list[str]]:
    """The ports that should be open and are closed, by the hop that closes them."""
    found: dict[Hop, list[str]] = {}
    for one in made.ports:
        if one.should_be_open and one.blame and one.blame.hop:
            found.setdefault(one.blame.hop, []).append(str(one.port) + ("" if one.blame.certain else " (likely)"))
    return found


def _hop_boxes(made: ProbeReport, middle: float) -> list[MapBox]:
    closing = closed_ports(made)
    boxes = [_hop_box(made, kind, closing.get(Hop(kind), [])) for kind in _TITLES if kind not in made.wanted.without]
    return [replace(box, y=middle - box.height / 2) for box in boxes]


def _hop_box(made: ProbeReport, kind: str, closed: list[str]) -> MapBox:
    wrong = [f"closes {ports}" for ports in _in_pairs(closed)]
    known = {SERVER: (made.address,), FORTIGATE: made.wanted.fortigate}.get(kind, ())
    lines = [address for address in known if address]
    if kind == SERVER:
        intruded = (one for one in made.ports if not (one.should_be_open or one.as_expected))
        wrong += [f"{one.port} open, should be closed" for one in intruded]
        lines += [f"seen from here as {view.name}" for view in made.views if view.place == "host" and not view.trouble]
    reached = _reached(made, kind)
    if not wrong:
        lines.append("not reached" if not reached else "answers" if kind == SERVER else "lets through what it should")
    return MapBox(_COLUMNS[kind], 0, _TITLES[kind], (*lines, *wrong), "bad" if wrong else "ok" if reached else "off")


def _view_box(made: ProbeReport, view: VantageView, y: float) -> MapBox:
    closed = [port for kind in OWN for port in closed_ports(made).get(Hop(kind, view.name), [])]
    sees = sum(one.state == OPEN for one in view.observations)
    lines = ["did not report"] if view.trouble else [f"sees {sees} of {len(view.observations)} ports open"]
    lines += [f"way closes {ports}" for ports in _in_pairs(closed)]
    kind = "off" if view.trouble else "bad" if closed else "ok"
    return MapBox(_COLUMNS[WAY], y, text.place(view.name, view.place), tuple(lines), kind)


def _way(view: VantageView, box: MapBox, hops: list[MapBox]) -> MapLink:
    """The line from a vantage point: to the FortiGate, to the campus's side of it, or from the VPN to the server."""
    if view.place == "outside":
        return _straight(box, hops[0], box.kind)
    end = hops[-1] if view.place == "vpn" else hops[0]
    below = f"H {end.x + end.width / 2:g} V {end.y + end.height:g}"
    return MapLink(f"M {box.x + box.width:g} {box.middle:g} {below}", box.kind)


def _inner(hops: list[MapBox]) -> Iterator[MapLink]:
    for left, right in pairwise(hops):
        yield _straight(left, right, "off" if right.kind == "off" else "ok")


def _straight(left: MapBox, right: MapBox, kind: str) -> MapLink:
    return MapLink(f"M {left.x + left.width:g} {left.middle:g} L {right.x:g} {right.middle:g}", kind)


def _reached(made: ProbeReport, kind: str) -> bool:
    """Whether any packet came as far as this hop."""
    order = (FORTIGATE, FIREWALLD, SERVER)
    places = ("outside", "campus", "vpn", "host") if kind == SERVER else ("outside", "campus")
    names = {view.name for view in made.views if view.place in places and not view.trouble}
    for one in made.ports:
        stops = dict(one.blame.stops) if one.blame else {}
        ends = [stops[name].kind if name in stops else SERVER for name in names]
        if any(end in order and order.index(end) >= order.index(kind) for end in ends):
            return True
    return False


def _column(made: ProbeReport, places: tuple[str, ...], top: float) -> dict[VantageView, MapBox]:
    """The boxes of the vantage points at these places, below each other."""
    placed: dict[VantageView, MapBox] = {}
    for view in made.views:
        if view.place in places:
            placed[view] = _view_box(made, view, top)
            top += placed[view].height + _GAP
    return placed


def _bottom(boxes: Iterable[MapBox]) -> float:
    return max((box.y + box.height for box in boxes), default=0)


def _in_pairs(ports: list[str]) -> list[str]:
    return [", ".join(ports[at : at + 2]) for at in range(0, len(ports), 2)]
