"""The map of the network: vantage points, the FortiGate, the host's firewall and the server, green or red. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from labvpn.probe import text as words
from labvpn.probe.drawing import Element, drawing, element, line
from labvpn.probe.drawing import words as text
from labvpn.probe.fault_localisation import FIREWALLD, FORTIGATE, OWN, SERVER, WAY, Hop
from labvpn.probe.observation import OPEN
from labvpn.probe.report import Report
from labvpn.probe.scan import View

_WIDTH, _SHAPE, _LINE, _GAP = 1120.0, 210.0, 17.0, 22.0
_COLUMNS = {WAY: 15.0, FORTIGATE: 345.0, FIREWALLD: 615.0, SERVER: 885.0}
_TITLES = {FORTIGATE: "FortiGate", FIREWALLD: "Host firewall (firewalld)", SERVER: "VPN server (SoftEther)"}


@dataclass(frozen=True)
class HopShape:
    """A machine on the map: its place and size in pixels, its title, and what there is to say of it."""

    x: float
    y: float
    title: str
    lines: tuple[str, ...]
    kind: str

    @property
    def height(self) -> float:
        """Room for the title and every line."""
        return 36 + _LINE * len(self.lines)

    @property
    def middle(self) -> float:
        """The y of the lines that meet the box at its side."""
        return self.y + self.height / 2


def topology(made: Report) -> Element:
    """The map as a drawing: the outside at the left, the server at the right, campus and VPN below."""
    tall = _bottom(_stack(made, ("outside",), 0))
    middle = 20 + max(tall, 90) / 2
    outside = _stack(made, ("outside",), middle - tall / 2)
    hops = _hop_shapes(made, middle)
    below = _stack(made, ("campus", "vpn"), max(_bottom(outside), _bottom(hops)) + _GAP)
    ways = [_way(made, view, box, hops) for view, box in (outside | below).items()]
    boxes = [*outside.values(), *below.values(), *hops]
    height = _bottom(boxes) + 20
    return drawing(_WIDTH, height, "The network, hop by hop", *ways, *_inner(hops), *map(_drawn, boxes))


def blamed(made: Report) -> dict[Hop, list[str]]:
    """The ports that shall be open and are closed, by the hop that closes them."""
    found: dict[Hop, list[str]] = {}
    for one in made.ports:
        if one.wanted_open and one.blame and one.blame.hop:
            found.setdefault(one.blame.hop, []).append(str(one.port) + ("" if one.blame.certain else " (likely)"))
    return found


def _hop_shapes(made: Report, middle: float) -> list[HopShape]:
    closing = blamed(made)
    kinds = [kind for kind in _TITLES if kind not in made.wanted.without]
    return [_centred(_hop_shape(made, kind, closing.get(Hop(kind), [])), middle) for kind in kinds]


def _hop_shape(made: Report, kind: str, closed: list[str]) -> HopShape:
    wrong = [f"closes {ports}" for ports in _two_by_two(closed)]
    known = {SERVER: (made.address,), FORTIGATE: made.wanted.fortigate}.get(kind, ())
    lines = [address for address in known if address]
    if kind == SERVER:
        intruded = (one for one in made.ports if not (one.wanted_open or one.as_expected))
        wrong += [f"{one.port} open, shall be closed" for one in intruded]
        lines += [f"seen from here as {view.name}" for view in made.views if view.place == "host" and not view.trouble]
    reached = _reached(made, kind)
    if not wrong:
        lines.append("not reached" if not reached else "answers" if kind == SERVER else "lets through what it shall")
    return HopShape(_COLUMNS[kind], 0, _TITLES[kind], (*lines, *wrong), "bad" if wrong else "ok" if reached else "off")


def _view_shape(made: Report, view: View, y: float) -> HopShape:
    closed = [port for kind in OWN for port in blamed(made).get(Hop(kind, view.name), [])]
    sees = sum(one.state == OPEN for one in view.sightings)
    lines = ["did not report"] if view.trouble else [f"sees {sees} of {len(view.sightings)} ports open"]
    lines += [f"way closes {ports}" for ports in _two_by_two(closed)]
    kind = "off" if view.trouble else "bad" if closed else "ok"
    return HopShape(_COLUMNS[WAY], y, words.place(view.name, view.place), tuple(lines), kind)


def _way(made: Report, view: View, box: HopShape, hops: list[HopShape]) -> Element:
    """The line from a vantage point: to the FortiGate, to the campus's side of it, or from the VPN to the server."""
    if view.place == "outside":
        return line(box.x + _SHAPE, box.middle, hops[0].x, hops[0].middle, box.kind)
    end = hops[-1] if view.place == "vpn" else hops[0]
    path = f"M {box.x + _SHAPE:g} {box.middle:g} H {end.x + _SHAPE / 2:g} V {end.y + end.height:g}"
    return element("path", d=path, fill="none", class_=f"line {box.kind}")


def _inner(hops: list[HopShape]) -> Iterator[Element]:
    for left, right in pairwise(hops):
        yield line(left.x + _SHAPE, left.middle, right.x, right.middle, "off" if right.kind == "off" else "ok")


def _reached(made: Report, kind: str) -> bool:
    """Whether any packet came as far as this hop."""
    order = (FORTIGATE, FIREWALLD, SERVER)
    from_there = ("outside", "campus", "vpn", "host") if kind == SERVER else ("outside", "campus")
    afar = {view.name for view in made.views if view.place in from_there and not view.trouble}
    for one in made.ports:
        stops = dict(one.blame.stops) if one.blame else {}
        ends = [stops[name].kind if name in stops else SERVER for name in afar]
        if any(end in order and order.index(end) >= order.index(kind) for end in ends):
            return True
    return False


def _drawn(box: HopShape) -> Element:
    frame = element(
        "rect", x=box.x, y=f"{box.y:g}", width=_SHAPE, height=f"{box.height:g}", rx=8, class_=f"box {box.kind}"
    )
    title = text(box.x + 14, box.y + 22, box.title, "title")
    lines = [text(box.x + 14, box.y + 23 + _LINE * n, said, "said") for n, said in enumerate(box.lines, 1)]
    return element("g", frame, title, *lines)


def _stack(made: Report, places: tuple[str, ...], top: float) -> dict[View, HopShape]:
    """The boxes of the vantage points that stand there, below each other."""
    placed: dict[View, HopShape] = {}
    for view in made.views:
        if view.place in places:
            placed[view] = _view_shape(made, view, top)
            top += placed[view].height + _GAP
    return placed


def _centred(box: HopShape, middle: float) -> HopShape:
    return HopShape(box.x, middle - box.height / 2, box.title, box.lines, box.kind)


def _bottom(boxes: Iterable[HopShape] | dict[View, HopShape]) -> float:
    drawn = boxes.values() if isinstance(boxes, dict) else boxes
    return max((box.y + box.height for box in drawn), default=0)


def _two_by_two(ports: list[str]) -> list[str]:
    return [", ".join(ports[at : at + 2]) for at in range(0, len(ports), 2)]
