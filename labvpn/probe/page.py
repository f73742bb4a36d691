"""The report as one HTML page with its map, readable without a network. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from labvpn.probe import text
from labvpn.probe.drawing import Element, element, written
from labvpn.probe.lanes import lanes
from labvpn.probe.name_lookup import Lookup, Resolution
from labvpn.probe.observation import Certificate
from labvpn.probe.port_verdict import PortFinding
from labvpn.probe.report import Report
from labvpn.probe.rounds import Round
from labvpn.probe.style import STYLE
from labvpn.probe.targets import Port
from labvpn.probe.topology import topology

_LEGEND = (
    "Green lets through what it shall. Red closes a port that shall be open, or leaves one open that shall be closed. "
    "In the lanes a cross marks the hop that closes a port, and a bar a port that is closed as wanted."
)


def page(made: Report) -> str:
    """The whole page; it refers to nothing outside itself."""
    return _page(made.host, (element("h1", made.host), *_body(made)))


def page_of_all(made: Round) -> str:
    """The same of every server, below what is to be said of all: one map for each, since their ways are their own."""
    if not made.servers:
        return page(made.reports[0])
    return _page(made.host, _bodies(made))


def _page(host: str, body: Iterable[Element]) -> str:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{host}: the VPN from outside"),
        element("style", STYLE),
    )
    return written(element("html", head, element("body", *body), lang="en"))


def _bodies(made: Round) -> Iterator[Element]:
    yield element("h1", made.host)
    yield element("p", f"{len(made.servers)} servers, {_when(made)}", class_="soft")
    yield _banner(made)
    rows = [element("li", sentence, class_="ok" if good else "bad") for good, sentence in made.verdicts]
    yield element("div", element("ul", *rows), class_="card")
    yield from (element("div", element("b", problem), class_="card finding") for problem in made.problems)
    yield from _name(made.resolution)
    for report in made.reports:
        yield element("h1", report.host)
        yield from _body(report)


def _body(made: Report) -> Iterator[Element]:
    yield element("p", _subtitle(made), class_="soft")
    yield _banner(made)
    yield element("div", topology(made), element("p", _LEGEND, class_="soft"), class_="card")
    yield from _findings(made)
    for view in made.views:
        yield element("h2", f"Seen from {text.place(view.name, view.place)}")
        yield element("div", lanes(made, view) if view.sightings else element("p", view.trouble), class_="card")
    yield from _name(made.resolution)
    yield from _certificates(made)


def _subtitle(made: Report) -> str:
    where = f"{made.address}, " if made.address and made.address != made.host else ""
    return f"{where}{_when(made)}"


def _when(made: Report | Round) -> str:
    when = datetime.fromtimestamp(made.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"probed on {when} in {made.seconds:.1f} s"


def _banner(made: Report | Round) -> Element:
    if made.as_expected:
        return element("div", "All is as expected", class_="banner ok")
    things = "1 thing is" if made.wrong == 1 else f"{made.wrong} things are"
    return element("div", f"{things} not as expected", class_="banner bad")


def _findings(made: Report) -> Iterator[Element]:
    found = [_finding(one) for one in made.findings]
    found += [element("div", element("b", problem), class_="card finding") for problem in made.problems]
    if found:
        yield element("h2", "What is wrong, and what to do")
        yield from found
    for note in made.notes:
        yield element("p", f"Note: {note}", class_="soft")


def _finding(one: PortFinding) -> Element:
    reasons = element("ul", *(element("li", reason) for reason in one.because))
    return element("div", element("b", one.headline), reasons, element("p", *_told(one.remedy)), class_="card finding")


def _told(text: str) -> Iterator[Element | str]:
    """A sentence whose commands stand between backticks."""
    for number, part in enumerate(text.split("`")):
        yield element("code", part) if number % 2 else part


def _name(resolution: Resolution | None) -> Iterator[Element]:
    if resolution is None:
        return
    yield element("h2", f"The name {resolution.name}")
    rows = [
        _lookup("resolver", resolution.resolver),
        *(_lookup("server of the zone", one) for one in resolution.authority),
    ]
    yield element("div", _table(("asked", "which is a", "answer"), rows), class_="card")


def _lookup(role: str, lookup: Lookup) -> Element:
    said = lookup.trouble or ", ".join(lookup.addresses) or "an alias"
    kind = "bad" if lookup.trouble else "ok"
    return element("tr", element("td", lookup.server), element("td", role), element("td", said, class_=kind))


def _certificates(made: Report) -> Iterator[Element]:
    if not made.certificates:
        return
    yield element("h2", "Certificates")
    rows = [_certificate(certificate, ports) for certificate, ports in made.certificates.items()]
    yield element("div", _table(("ports", "names", "expires", "SHA-256 fingerprint"), rows), class_="card")


def _certificate(certificate: Certificate, ports: list[Port]) -> Element:
    fingerprint = element("code", certificate.fingerprint)
    told = (", ".join(map(str, ports)), ", ".join(certificate.names), _day(certificate.not_after), fingerprint)
    return element("tr", *(element("td", one) for one in told))


def _day(moment: int | None) -> str:
    return "unknown" if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def _table(heads: tuple[str, ...], rows: list[Element]) -> Element:
    return element("table", element("tr", *(element("th", head) for head in heads)), *rows)
