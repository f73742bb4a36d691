"""The report as one HTML page with its map, readable without a network. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from labvpn.doctor import words
from labvpn.doctor.drawing import Element, element, written
from labvpn.doctor.lanes import lanes
from labvpn.doctor.names import Lookup, Resolution
from labvpn.doctor.report import PortReport, Report
from labvpn.doctor.style import STYLE
from labvpn.doctor.topology import topology


def page(made: Report) -> str:
    """The whole page; it refers to nothing outside itself."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{made.host}: the VPN from outside"),
        element("style", STYLE),
    )
    return written(element("html", head, element("body", *_body(made)), lang="en"))


def _body(made: Report) -> Iterator[Element]:
    yield element("h1", made.host)
    yield element("p", _subtitle(made), class_="soft")
    yield _banner(made)
    yield element("div", topology(made), class_="card")
    yield from _findings(made)
    for view in made.views:
        yield element("h2", f"Seen from {words.place(view.name, view.place)}")
        yield element("div", lanes(made, view) if view.sightings else element("p", view.trouble), class_="card")
    yield from _name(made.resolution)
    yield from _certificates(made)


def _subtitle(made: Report) -> str:
    when = datetime.fromtimestamp(made.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    where = f"{made.address}, " if made.address and made.address != made.host else ""
    return f"{where}probed on {when} in {made.seconds:.1f} s"


def _banner(made: Report) -> Element:
    wrong = sum(not one.as_expected for one in made.ports) + len(made.problems)
    if not wrong:
        return element("div", "All is as expected", class_="banner ok")
    return element("div", f"{wrong} {'thing is' if wrong == 1 else 'things are'} not as expected", class_="banner bad")


def _findings(made: Report) -> Iterator[Element]:
    found = [_finding(one) for one in made.ports if not one.as_expected]
    found += [element("div", element("b", problem), class_="card finding") for problem in made.problems]
    if found:
        yield element("h2", "What is wrong, and what to do")
        yield from found
    for note in made.notes:
        yield element("p", f"Note: {note}", class_="soft")


def _finding(one: PortReport) -> Element:
    reasons = element("ul", *(element("li", reason) for reason in one.because))
    return element("div", element("b", f"{one.says}."), reasons, element("p", one.remedy), class_="card finding")


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
    ports: dict[object, list[str]] = {}
    for port, certificate in made.certificates().items():
        ports.setdefault(certificate, []).append(str(port))
    if not ports:
        return
    yield element("h2", "Certificates")
    rows = [
        element(
            "tr",
            element("td", ", ".join(ports[one])),
            element("td", ", ".join(one.names)),
            element("td", _day(one.not_after)),
            element("td", element("code", one.fingerprint)),
        )
        for one in dict.fromkeys(made.certificates().values())
    ]
    yield element("div", _table(("ports", "names", "expires", "SHA-256 fingerprint"), rows), class_="card")


def _day(moment: int | None) -> str:
    return "unknown" if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def _table(heads: tuple[str, ...], rows: list[Element]) -> Element:
    return element("table", element("tr", *(element("th", head) for head in heads)), *rows)
