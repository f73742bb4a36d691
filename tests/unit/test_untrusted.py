"""Text of strangers in every output: it is shown, and it steers nothing."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import StringIO

import pytest
from jinja2 import DictLoader
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from labvpn.agent.core.errors import AgentError, harmless
from labvpn.connect.errors import HopError
from labvpn.diagnose.lines import read as read_log
from labvpn.kit.sheet import environment
from labvpn.model.untrusted import for_engine, json_text, plain
from labvpn.probe import page as probe_page
from labvpn.probe.table import _marked
from labvpn.status import metrics, table
from labvpn.status.report import StatusReport, to_json

AT = datetime(2027, 1, 31, 12, tzinfo=UTC)
HOSTILE = {
    "escape sequence": "\x1b[2J\x1b]0;title\x07root",
    "8-bit escape sequence": "\x9b31mroot",
    "line ends": "a\nb\rc\x0bd\x0ce\x1cf\x1dg\x1eh\x85i\u2028j\u2029k",
    "bidi override": "user\u202egnp.exe\u2066\u2069\u200f",
    "invisible": "ro\u200bot\u00ad\ufeff\u2060\U000e0041",
    "markup of rich": "[red]root[/red][link=https://evil.example]x[/link]\\",
    "closing markup": "[/]",
    "emoji code": "root:warning:",
    "html": "<script>alert(1)</script>&amp;\"'><img src=x onerror=alert(1)>",
    "label": 'root",source="192.0.2.1"} 1\nlabvpn_sessions 0\n#\\',
    "template": "{{ 7*7 }}{% raw %}",
    "zero": "a\0b",
    "surrogate": "a\udcffb",
    "private": "\ue000\U0010ffff",
}
names = pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ue000]")


def report(name: str) -> StatusReport:
    text = name.encode("utf-8", "replace").decode()
    session = {"hub": text, "name": text, "user": text, "source": text, "since": AT, "limit": 1800, "protocol": text}
    return StatusReport.model_validate(
        {
            "at": AT,
            "sessions": [{**session, "received": 1, "sent": 2}],
            "accounts": [{"hub": text, "user": text, "expires": AT}],
            "failures": [{"hub": text, "user": text, "source": text, "count": 3, "last": AT}],
            "barred": [{"source": text, "until": AT, "failures": 3}],
            "crashes": [{"at": AT, "sources": [text]}],
        }
    )


def printed(*things: object) -> str:
    console = Console(file=StringIO(), width=600, force_terminal=True, color_system=None)
    for thing in things:
        console.print(thing)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@names
def test_a_table_shows_the_text_and_nothing_acts(name: str) -> None:
    console = Console(file=StringIO(), width=600)
    table.show(report(name), console)
    assert isinstance(console.file, StringIO)
    printed_text = console.file.getvalue()
    assert STEERING.search(printed_text) is None
    kept = plain(name.encode("utf-8", "replace").decode())
    # user, source (three times), protocol, failure's and account's user and the crash's source.
    assert printed_text.count(kept) >= 8


@names
def test_the_doctors_sentences_show_the_text_and_nothing_acts(name: str) -> None:
    printed_text = printed(_marked("✗", "red", name, "bold"))
    assert plain(name) in printed_text
    assert STEERING.search(printed_text) is None


@names
def test_a_page_has_the_text_as_text(name: str) -> None:
    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags: list[str] = []
            self.text = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags = [*self.tags, tag]
            self.text += "".join(value or "" for _, value in attrs)

        def handle_data(self, data: str) -> None:
            self.text += data

    for templates in (environment(), probe_page.environment()):
        templates.loader = DictLoader({"page": '<p title="{{ name }}">{{ name }}</p>'})
        page = templates.get_template("page").render(name=name)
        reader = Reader()
        reader.feed(page)
        assert reader.tags == ["p"]
        assert reader.text == 2 * plain(name, keep="\n\t")
        assert STEERING.search(page) is None


@names
def test_metrics_have_the_text_in_one_label_of_one_series(name: str) -> None:
    text = metrics.text(report(name))
    families = {family.name: family.samples for family in text_string_to_metric_families(text)}
    (sample,) = families["labvpn_failed_logins"]
    assert sample.labels == {"source": plain(name.encode("utf-8", "replace").decode())}
    assert [sample.value for sample in families["labvpn_sessions"]] == [1]
    assert STEERING.search(text) is None


@names
def test_json_gives_a_program_the_very_text_and_a_terminal_nothing_to_obey(name: str) -> None:
    text = json_text({"name": name, "日本": "語"})
    assert json.loads(text) == {"name": name, "日本": "語"}
    assert STEERING.search(text) is None
    assert "語" in text
    assert STEERING.search(to_json(report(name))) is None


@names
def test_errors_messages_and_the_journal_stay_on_their_line(name: str) -> None:
    said = (str(HopError("The VPN host", f"refused: {name}", "x")), harmless(name), harmless(str(AgentError(name))))
    for sentence in (*said, for_engine(f"x {name}").replace("\n", "")):
        assert STEERING.search(sentence) is None
        assert "\n" not in sentence


def test_the_engine_takes_no_colours_from_strangers() -> None:
    assert "<{%" not in for_engine("<{%fg 1%}>root<{%reset%}>")


def test_names_of_people_stay_as_they_are() -> None:
    for name in ("淳一 髙橋", "Jürgen O’Neill", "Łukasz", "김철수", "أحمد", "名\u3000前", "葛\U000e0100"):
        assert plain(name) == name
        assert harmless(name) == name


def test_a_name_with_a_line_separator_makes_no_line_of_a_log() -> None:
    lines = read_log("one \u2028two\x85three\x0bfour\r\nfive\rsix\n")
    assert [line.number for line in lines if line.text] == [1, 2, 3]
