"""The map of the network: vantage points, the FortiGate, the host's firewall and the server, green or red. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from labvpn.doctor import words
from labvpn.doctor.blame import FIREWALLD, FORTIGATE, SERVER, WAY, Hop
from labvpn.doctor.drawing import Element, drawing, element, line
from labvpn.doctor.drawing import words as text
from labvpn.doctor.report import Report
from labvpn.doctor.views import View

_WIDTH, _BOX, _LINE, _GAP = 1120.0, 210.0, 17.0, 22.0
_COLUMNS = {WAY: 15.0, FORTIGATE: 345.0, FIREWALLD: 615.0, SERVER: 885.0}
_TITLES = {FORTIGATE: "FortiGate", FIREWALLD: "Host firewall (firewalld)", SERVER: "VPN server (SoftEther)"}


@dataclass(frozen=True)
class Box:
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
    """The map as a drawing."""
    outside = _stack([_view_box(made, view) for view in made.views if view.place in ("outside", "vpn")], 20)
    hops = _hop_boxes(made, max(_bottom(outside), 120) / 2 + 10)
    campus = _stack([_view_box(made, view) for view in made.views if view.place == "campus"], _bottom(hops) + 50)
    links = [*_outside_links(made, outside, hops[0]), *_campus_links(made, campus, hops[0]), *_inner_links(made, hops)]
    boxes = [_drawn(box) for box in (*outside, *campus, *hops)]
    height = max(_bottom(outside), _bottom(campus), _bottom(hops)) + 20
    return drawing(_WIDTH, height, "The network, hop by hop", *links, *boxes)


def blamed(made: Report) -> dict[Hop, list[str]]:
    """The ports that shall be open and are closed, by the hop that closes them."""
    found: dict[Hop, list[str]] = {}
    for one in made.ports:
        if one.wanted_open and one.blame and one.blame.hop:
            found.setdefault(one.blame.hop, []).append(str(one.port) + ("" if one.blame.certain else " (likely)"))
    return found


def _hop_boxes(made: Report, middle: float) -> list[Box]:
    closing = blamed(made)
    return [_centred(_hop_box(made, kind, closing.get(Hop(kind), [])), middle) for kind in _TITLES]


def _hop_box(made: Report, kind: str, closed: list[str]) -> Box:
    lines = [made.address] if kind == SERVER and made.address else []
    lines += [f"closes {ports}" for ports in _two_by_two(closed)]
    if kind == SERVER:
        lines += [
            f"{one.port} open, shall be closed" for one in made.ports if not one.wanted_open and not one.as_expected
        ]
        lines += [f"seen from here as {view.name}" for view in made.views if view.place == "host" and not view.trouble]
    wrong = any("close" in said for said in lines)
    return Box(
        _COLUMNS[kind], 0, _TITLES[kind], tuple(lines or ["lets through what it shall"]), "bad" if wrong else "ok"
    )


def _view_box(made: Report, view: View) -> Box:
    closed = blamed(made).get(Hop(WAY, view.name), [])
    sees = sum(one.state == "open" for one in view.sightings)
    lines = [view.trouble[:30]] if view.trouble else [f"sees {sees} of {len(view.sightings)} ports open"]
    lines += [f"way closes {ports}" for ports in _two_by_two(closed)]
    kind = "off" if view.trouble else "bad" if closed else "ok"
    return Box(_COLUMNS[WAY], 0, words.place(view.name, view.place), tuple(lines), kind)


def _outside_links(made: Report, boxes: list[Box], fortigate: Box) -> Iterable[Element]:
    views = [view for view in made.views if view.place in ("outside", "vpn")]
    for view, box in zip(views, boxes, strict=True):
        yield line(box.x + _BOX, box.middle, fortigate.x, fortigate.middle, _way_kind(made, view))


def _campus_links(made: Report, boxes: list[Box], fortigate: Box) -> Iterable[Element]:
    views = [view for view in made.views if view.place == "campus"]
    for number, (view, box) in enumerate(zip(views, boxes, strict=True)):
        x = fortigate.x + 40 + 24 * number
        path = f"M {box.x + _BOX:g} {box.middle:g} H {x:g} V {fortigate.y + fortigate.height:g}"
        yield element("path", d=path, fill="none", class_=f"line {_way_kind(made, view)}")


def _inner_links(made: Report, hops: list[Box]) -> Iterable[Element]:
    reach = "ok" if made.as_expected or any(one.as_expected and one.wanted_open for one in made.ports) else "off"
    for left, right in pairwise(hops):
        yield line(left.x + _BOX, left.middle, right.x, right.middle, reach)


def _way_kind(made: Report, view: View) -> str:
    if view.trouble:
        return "off"
    return "bad" if Hop(WAY, view.name) in blamed(made) else "ok"


def _drawn(box: Box) -> Element:
    frame = element(
        "rect", x=box.x, y=f"{box.y:g}", width=_BOX, height=f"{box.height:g}", rx=8, class_=f"box {box.kind}"
    )
    title = text(box.x + 14, box.y + 22, box.title, "title")
    lines = [text(box.x + 14, box.y + 23 + _LINE * n, said, "said") for n, said in enumerate(box.lines, 1)]
    return element("g", frame, title, *lines)


def _stack(boxes: list[Box], top: float) -> list[Box]:
    """The boxes below each other."""
    placed = []
    for box in boxes:
        placed.append(Box(box.x, top, box.title, box.lines, box.kind))
        top += box.height + _GAP
    return placed


def _centred(box: Box, middle: float) -> Box:
    return Box(box.x, middle - box.height / 2, box.title, box.lines, box.kind)


def _bottom(boxes: list[Box]) -> float:
    return max((box.y + box.height for box in boxes), default=0)


def _two_by_two(ports: list[str]) -> list[str]:
    return [", ".join(ports[at : at + 2]) for at in range(0, len(ports), 2)]
