"""Who reaches what, as one HTML page with a picture, readable without a network. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from labvpn.model.untrusted import plain
from labvpn.reach.table import NOTHING, Change, Reached

ROW, TOP, LEFT, RIGHT, WIDTH = 34, 30, 330, 770, 1100
"""The picture's measures, in its own units: senders end at LEFT, hosts begin at RIGHT."""


class End(NamedTuple):
    """A sender or a host in the picture: its name and the height of its middle."""

    name: str
    y: int


class Line(NamedTuple):
    """A line of the picture: from a sender to a host, with what is open; `kind` is its colour."""

    start: int
    end: int
    kind: str
    words: str


class Picture(NamedTuple):
    """Senders at the left, hosts at the right, and a line wherever a port is or may be open."""

    senders: tuple[End, ...]
    hosts: tuple[End, ...]
    lines: tuple[Line, ...]
    height: int


def picture(rows: Sequence[Reached]) -> Picture:
    """The picture of a table."""
    senders, hosts = _ends([one.sender for one in rows]), _ends([one.target for one in rows])
    lines = [
        Line(senders[one.sender], hosts[one.target], *_drawn(one))
        for one in rows
        if (one.open, one.unclear) != (NOTHING, NOTHING)
    ]
    height = TOP + ROW * max(len(senders), len(hosts), 1)
    left, right = (tuple(End(*one) for one in ends.items()) for ends in (senders, hosts))
    return Picture(left, right, tuple(lines), height)


def _ends(names: Sequence[str]) -> dict[str, int]:
    return {name: TOP + ROW * place for place, name in enumerate(dict.fromkeys(names))}


def _drawn(one: Reached) -> tuple[str, str]:
    return ("open", one.open) if one.open != NOTHING else ("unclear", f"perhaps {one.unclear}")


def page(rows: Sequence[Reached], changes: Sequence[Change] | None) -> str:
    """The whole page; it refers to nothing outside itself."""
    made = Environment(
        loader=PackageLoader("labvpn.reach"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value, keep="\n\t") if type(value) is str else value,
    )
    template = made.get_template("reach.html.j2")
    sizes = {"width": WIDTH, "left": LEFT, "right": RIGHT}
    return template.render(rows=rows, changes=changes, picture=picture(rows), nothing=NOTHING, **sizes)
