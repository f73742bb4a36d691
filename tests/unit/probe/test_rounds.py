"""A run over several servers: one verdict for each, and the name that they share."""

import io
import json
import re

from rich.console import Console

from labvpn.probe import metrics, page, report, rounds, table
from labvpn.probe.name_lookup import Lookup, Resolution
from labvpn.probe.report import ProbeReport
from labvpn.probe.rounds import Round, verdict
from labvpn.probe.scan import VantageView
from tests.unit.probe.samples import (
    ANSWERED,
    CLOSED,
    DOWN,
    FINE,
    IKE,
    ONE,
    SHARED,
    TWO,
    UP,
    blocked,
    denied,
    good,
    round_of,
)

OWN = f"vpn-two.lab.example ({TWO})"
WRONG = Resolution(SHARED, Lookup("9.9.9.9", (ONE,)), "lab.example", (Lookup("ns1", (ONE,)),))


def printed(made: Round | ProbeReport) -> str:
    said = io.StringIO()
    console = Console(file=said, width=200)
    table.show(made, console) if isinstance(made, ProbeReport) else table.show_all(made, console)
    return said.getvalue()


def test_a_server_that_is_down_is_named_and_the_other_one_said_to_answer() -> None:
    made = round_of(DOWN, UP)
    assert not made.as_expected
    assert list(made.verdicts) == [
        (False, f"{ONE} does not answer at any of its 2 ports"),
        (True, f"{OWN} answers, and all is as expected"),
    ]


def test_all_servers_and_their_name_must_be_as_expected() -> None:
    assert round_of(UP, UP).as_expected
    assert not round_of(UP, DOWN).as_expected
    assert not round_of(UP, UP, resolution=WRONG).as_expected


def test_a_verdict_tells_some_ports_from_none_and_from_a_server_that_nobody_saw() -> None:
    half = (VantageView("here", "outside", (FINE, denied(IKE), CLOSED)),)
    unseen = (VantageView("here", "outside", trouble="ssh: failed"),)
    partly, nothing = round_of(half, unseen).reports
    assert verdict(partly) == f"{ONE} answers, but 1 thing is not as expected"
    assert verdict(nothing) == f"{OWN} was not seen: no vantage point reported"


def test_a_server_that_only_its_own_host_reaches_does_not_answer() -> None:
    host = VantageView("host", "host", (FINE, ANSWERED, CLOSED))
    assert [made.answers for made in round_of((*DOWN, host), (host,)).reports] == [False, True]


def test_the_table_shows_every_server_and_ends_with_a_sentence_for_each() -> None:
    text = printed(round_of(DOWN, UP, resolution=WRONG))
    assert f"{ONE}, port by port" in text and f"{OWN}, port by port" in text
    assert "ns1, a server of lab.example, lacks 203.0.113.22 for vpn.lab.example" in text
    assert text.splitlines()[-3:] == [
        f"✗ {ONE} does not answer at any of its 2 ports",
        f"✓ {OWN} answers, and all is as expected",
        "3 things are not as expected (6 ports, 5.0 s).",
    ]


def test_one_server_is_printed_drawn_and_told_to_programs_as_ever() -> None:
    for made in (good(), blocked()):
        alone = Round(made.host, (made,))
        assert rounds.to_json(alone) == report.to_json(made)
        assert page.page_of_all(alone) == page.page(made)
        assert metrics.text_of_all(alone) == metrics.text(made)
        assert printed(alone) == printed(made)


def test_the_json_has_a_report_of_each_server_in_the_shape_of_one() -> None:
    made = round_of(DOWN, UP, resolution=WRONG)
    data = json.loads(json.dumps(rounds.to_json(made)))
    assert (data["host"], data["as_expected"], len(data["problems"])) == (SHARED, False, 1)
    assert data["name"]["resolver"]["addresses"] == [ONE]
    assert [(one["server"], one["address"], one["as_expected"]) for one in data["servers"]] == [
        (None, ONE, False),
        ("two", TWO, True),
    ]
    assert data["servers"][0]["says"] == f"{ONE} does not answer at any of its 2 ports"
    assert set(data["servers"][1]) == {"server", "says", *report.to_json(made.reports[1])}


def test_the_metrics_carry_each_server_and_the_name_that_they_share() -> None:
    lines = metrics.text_of_all(round_of(DOWN, UP, resolution=WRONG)).splitlines()
    assert f'labvpn_probe_as_expected{{host="{ONE}"}} 0.0' in lines
    assert 'labvpn_probe_as_expected{host="vpn-two.lab.example"} 1.0' in lines
    assert f'labvpn_probe_problems{{host="{SHARED}"}} 1.0' in lines
    assert f'labvpn_probe_port_open{{host="{ONE}",port="443",protocol="tcp",vantage="here"}} 0.0' in lines
    assert 'labvpn_probe_vantage_up{host="vpn-two.lab.example",vantage="here"} 1.0' in lines
    assert len([line for line in lines if line.startswith("# TYPE labvpn_probe_as_expected ")]) == 1


def test_the_page_has_a_map_for_each_server_and_says_which_one_is_down() -> None:
    text = page.page_of_all(round_of(DOWN, UP, resolution=WRONG))
    assert len(re.findall('aria-label="The network, hop by hop"', text)) == 2
    assert f"{ONE} does not answer at any of its 2 ports" in text
    assert "ns1, a server of lab.example, lacks" in text
    assert not re.search(r"https?:|//[a-z]|url\(|@import|<script|<link|<img", text)


def test_a_certificate_must_be_good_for_the_name_that_users_dial_and_the_servers_own() -> None:
    first, second = round_of(UP, UP).reports
    assert first.notes == ()
    assert second.notes == (
        "the certificate is for vpn.lab.example, not for vpn-two.lab.example: clients that check the name refuse it",
    )
