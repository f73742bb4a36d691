import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from labvpn.probe import metrics, page
from labvpn.probe.name_lookup import Lookup, Resolution
from labvpn.probe.report import ProbeReport
from labvpn.probe.scan import VantageView
from tests.unit.probe.samples import ANSWERED, CERTIFICATE, CLOSED, FINE, UP, blocked, good, report_of, round_of

ATTRIBUTES = {
    *("class", "style", "lang", "charset", "name", "content", "viewbox", "role", "aria-label", "fill", "text-anchor"),
    *("d", "r", "rx", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "width", "height"),
}
REPORTS = {"good": good(), "blocked": blocked(), "nothing seen": report_of()}


class Reader(HTMLParser):
    """The page's elements by tag, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def classes(self, tag: str) -> list[str]:
        return [attributes.get("class") or "" for name, attributes in self.found if name == tag]


@pytest.mark.parametrize("made", REPORTS.values(), ids=REPORTS.keys())
def test_the_page_refers_to_nothing_outside_itself(made: ProbeReport) -> None:
    text = page.page(made)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|<script|<link|<img", text)
    assert not any(name in attributes for _, attributes in Reader(text).found for name in ("src", "href"))


def test_the_hop_that_closes_a_port_is_red_on_the_map_and_the_others_are_green() -> None:
    boxes = [kind for kind in Reader(page.page(blocked())).classes("rect") if kind.startswith("box")]
    #        here, phone (silent), campus, FortiGate, firewalld, server (lets the notebook server be seen)
    assert boxes == ["box ok", "box off", "box ok", "box bad", "box ok", "box bad"]


def test_a_good_network_has_no_red_on_it() -> None:
    found = Reader(page.page(good()))
    assert not [
        kind
        for tag in ("rect", "line", "path", "circle", "div")
        for kind in found.classes(tag)
        if "bad" in kind.split()
    ]
    assert "All is as expected" in found.text


def test_a_hop_that_the_lab_does_not_have_is_not_drawn() -> None:
    bare = report_of(VantageView("here", "outside", (FINE, ANSWERED, CLOSED)), without="fortigate,firewalld")
    assert "FortiGate" not in page.page(bare).split("</svg>")[0]
    assert "firewalld" not in page.page(bare)


def test_every_finding_stands_on_the_page_with_its_remedy() -> None:
    text = Reader(page.page(blocked())).text
    for finding in blocked().findings:
        assert finding.headline in text and finding.remedy.replace("`", "") in text


def test_what_another_machine_said_cannot_become_markup() -> None:
    assert "<connect>" not in page.page(blocked())
    assert "&lt;connect&gt;" in page.page(blocked())


def test_no_text_of_another_machine_ends_an_element_or_an_attribute() -> None:
    hostile = "\"'><script>alert(1)</script>&amp;`<b>`\u202e\x1b[2J"
    certificate = replace(CERTIFICATE, names=(hostile,), fingerprint=hostile)
    seen = replace(FINE, detail=hostile, services=(hostile,), certificate=certificate)
    views = (VantageView(hostile, "outside", (seen, CLOSED)), VantageView("phone", "campus", trouble=hostile))
    lookup = Lookup(hostile, trouble=hostile)
    made = replace(report_of(*views), resolution=Resolution(hostile, Lookup(hostile, (hostile,)), None, (lookup,)))
    for text in (page.page(made), page.page_of_all(replace(round_of(UP, UP), reports=(made, made), host=hostile))):
        assert "<script" not in text and "\u202e" not in text and "\x1b" not in text
        assert "alert" in Reader(text).text
        assert all(set(attributes) <= ATTRIBUTES for _, attributes in Reader(text).found)


def test_the_metrics_are_those_of_the_report() -> None:
    lines = metrics.text(blocked()).splitlines()
    host = 'host="vpn.lab.example"'
    assert f"labvpn_probe_as_expected{{{host}}} 0.0" in lines
    assert f'labvpn_probe_port_open{{{host},port="500",protocol="udp",vantage="here"}} 0.0' in lines
    assert f'labvpn_probe_port_open{{{host},port="500",protocol="udp",vantage="campus"}} 1.0' in lines
    assert f'labvpn_probe_port_closed_by{{hop="fortigate",{host},port="500",protocol="udp"}} 1.0' in lines
    assert f'labvpn_probe_vantage_up{{{host},vantage="phone"}} 0.0' in lines
    assert any(
        line.startswith(f'labvpn_probe_certificate_expiry_timestamp_seconds{{{host},port="443"}}') for line in lines
    )


def test_a_good_report_counts_as_one() -> None:
    assert 'labvpn_probe_as_expected{host="vpn.lab.example"} 1.0' in metrics.text(good()).splitlines()
