"""The report as one HTML page, readable without a network: the values that the template draws. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

from jinja2 import Environment, PackageLoader, StrictUndefined

from labvpn.model.untrusted import plain
from labvpn.probe import text
from labvpn.probe.fault_localisation import CAMPUS, FIREWALLD, FORTIGATE, SERVER, TUNNEL, WAY, Hop, Witness, path
from labvpn.probe.network_map import WIDTH, NetworkMap, network_map
from labvpn.probe.observation import OPEN, Observation
from labvpn.probe.port_verdict import PortReport
from labvpn.probe.report import ProbeReport
from labvpn.probe.rounds import Round
from labvpn.probe.scan import VantageView

_ROW, _START, _END = 26.0, 100.0, 580.0
_AT = {WAY: 190.0, CAMPUS: 190.0, TUNNEL: 190.0, FORTIGATE: 320.0, FIREWALLD: 450.0, SERVER: _END}
_TITLES = {
    WAY: "the way",
    CAMPUS: "campus",
    TUNNEL: "tunnel",
    FORTIGATE: "FortiGate",
    FIREWALLD: "firewalld",
    SERVER: "VPN server",
}


@dataclass(frozen=True)
class PortRow:
    """One port as one vantage point sees it: how far its packets come (`until`) and which hops they pass on the way.

    `kind` is ok or bad; `way` is the colour of what they pass, and `is_stopped` says that a known hop closes the port.
    """

    port: str
    y: float
    kind: str
    way: str
    until: float
    passed: tuple[float, ...]
    is_stopped: bool
    text: str


@dataclass(frozen=True)
class ChartHop:
    """A hop's column in the chart."""

    title: str
    x: float


@dataclass(frozen=True)
class PortChart:
    """The ports as one vantage point sees them, in the report's order; `trouble` says why there are none."""

    name: str
    place: str
    height: float
    hops: tuple[ChartHop, ...]
    rows: tuple[PortRow, ...]
    trouble: str
    start: float = _START
    end: float = _END


@dataclass(frozen=True)
class ServerSection:
    """One server's part of the page."""

    report: ProbeReport
    map: NetworkMap
    charts: tuple[PortChart, ...]


def page(made: ProbeReport) -> str:
    """The whole page; it refers to nothing outside itself."""
    return _rendered(made.host, (made,))


def page_of_all(made: Round) -> str:
    """The same of every server, after what applies to all: one map for each, since each has a way of its own."""
    return _rendered(made.host, made.reports, made) if made.servers else page(made.reports[0])


def environment() -> Environment:
    """The templates of the probe; every value is escaped and made plain, and a missing one is an error."""
    made = Environment(
        loader=PackageLoader("labvpn.probe"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value, keep="\n\t") if type(value) is str else value,
    )
    made.filters["g"] = lambda number: f"{number:g}"
    made.filters["day"], made.filters["when"] = _day, _when
    return made


def port_chart(made: ProbeReport, view: VantageView) -> PortChart:
    """The chart of one vantage point."""
    found = {observation.port: observation for observation in view.observations}
    pairs = [(one, found[one.port]) for one in made.ports if one.port in found]
    hops = path(Witness(view.name, view.place, ""), made.wanted.without)
    return PortChart(
        view.name,
        text.place(view.name, view.place),
        40 + _ROW * len(pairs),
        tuple(ChartHop(_TITLES[hop.kind], _AT[hop.kind]) for hop in hops),
        tuple(_row(made, view, hops, *pair, 44 + _ROW * number) for number, pair in enumerate(pairs)),
        view.trouble,
    )


def _row(
    made: ProbeReport, view: VantageView, hops: tuple[Hop, ...], port: PortReport, observation: Observation, y: float
) -> PortRow:
    stop = dict(port.blame.stops).get(view.name) if port.blame else None
    inside = not port.should_be_open and view.place != "outside"
    kind = "ok" if inside or (observation.state == OPEN) == port.should_be_open else "bad"
    # Without a known hop that closes the port, nothing is known of its way.
    until = _AT[stop.kind] if stop else _END if observation.state == OPEN else _START
    passed = takewhile(lambda hop: hop != stop, hops) if until > _START else ()
    return PortRow(
        str(port.port),
        y,
        kind,
        "ok" if stop else kind,
        until,
        tuple(_AT[hop.kind] for hop in passed),
        stop is not None,
        text.seen(observation, view.address or made.address, made.wanted.fortigate),
    )


def _rendered(host: str, reports: tuple[ProbeReport, ...], made: Round | None = None) -> str:
    sections = [
        ServerSection(one, network_map(one), tuple(port_chart(one, view) for view in one.views)) for one in reports
    ]
    return environment().get_template("page.html.j2").render(host=host, sections=sections, round=made, width=WIDTH)


def _when(made: ProbeReport | Round) -> str:
    when = datetime.fromtimestamp(made.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"probed on {when} in {made.seconds:.1f} s"


def _day(moment: int | None) -> str:
    return "unknown" if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
