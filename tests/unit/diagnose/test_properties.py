"""What does not matter in a log does not change the verdict, and no text makes the diagnosis fail."""

import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.lines import decoded
from labvpn.diagnose.render import as_json, as_text
from labvpn.diagnose.verdict import Verdict
from tests.unit.diagnose.cases import ALL, Case, diagnosed

NOISE = (
    "Apr  6 15:10:01 note CRON[1211]: (root) CMD (/usr/lib/backup)",
    "--- last message repeated 3 times ---",
    "Apr  6 15:10:02 note kernel: usb 1-1: new high-speed USB device number 4",
    "publish_entry SCDSet() failed: Success!",
    "L2TP port-mapping for en0 inconsistent. is Connected: 1, Previous interface: 5, Current interface 0",
    "Apr  6 15:10:03 note systemd[1]: Started Daily apt download activities.",
    "",
    "   ",
)
MAC_STAMP = re.compile(r"^ ?[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d+) (\d\d:\d\d:\d\d) (\d{4}) : ", re.MULTILINE)
MAC = [case for case in ALL if MAC_STAMP.match(case.text)]
STAMPS = (
    r"\1 \2 \3 note pppd[77]: ",
    r"\4-04-\2T\3.123456+09:00 note pppd[77]: ",
    r"\4-04-\2 \3.551203+0900 0x5a1c     Default     0x0    8120   0    pppd: ",
    r"4/\2/26 \3.494 pppd[42]: ",
    r"26/04/\2 \3,851 pppd[42]: ",
    r"[\4-04-\2 \3] ",
    r"水  4 \2 \3 \4 : ",
    r"vpn_1  | \3 ",
    r"> \1 \2 \3 \4 : ",
)
EARLIER = """Mon Apr  6 06:00:00 2026 : L2TP connecting to server 'vpn.lab.example' (203.0.113.20)...
Mon Apr  6 06:00:01 2026 : L2TP connection established.
Mon Apr  6 06:00:02 2026 : MS-CHAP authentication failed: E=691 Authentication failure
Mon Apr  6 06:00:02 2026 : L2TP disconnected
"""
cases = st.sampled_from(ALL)


def verdict(text: str, server: str | None = None) -> tuple[str, list[str]]:
    return summary(diagnose([text], server))


def summary(found: Verdict) -> tuple[str, list[str]]:
    return str(found.stage), [str(cause) for cause in found.causes]


TIME_OVER = next(case for case in ALL if case.name == "softether-code126")


@example(case=TIME_OVER, insertions=[(0.0, NOISE[0]), (0.0, NOISE[2]), (0.75, NOISE[0])])
@settings(max_examples=150, deadline=None)
@given(case=cases, insertions=st.lists(st.tuples(st.floats(0, 1), st.sampled_from(NOISE)), max_size=4))
def test_noise_between_the_lines_changes_nothing(case: Case, insertions: list[tuple[float, str]]) -> None:
    lines = case.text.splitlines()
    for place, noise in insertions:
        lines.insert(round(place * len(lines)), noise)
    assert verdict("\n".join(lines), case.server) == summary(diagnosed(case))


@pytest.mark.parametrize("stamp", STAMPS)
@pytest.mark.parametrize("case", MAC, ids=[case.name for case in MAC])
def test_the_shape_of_the_stamps_changes_nothing(case: Case, stamp: str) -> None:
    assert verdict(MAC_STAMP.sub(stamp, case.text), case.server) == summary(diagnosed(case))


@pytest.mark.parametrize("case", MAC, ids=[case.name for case in MAC])
def test_without_timestamps_the_first_cause_stays_unless_only_time_shows_it(case: Case) -> None:
    assert (
        verdict(MAC_STAMP.sub("", case.text), case.server)[1][0] == case.cause or case.name == "mac-echo-lost-after-30"
    )


@pytest.mark.parametrize("case", MAC, ids=[case.name for case in MAC])
def test_an_earlier_attempt_changes_nothing(case: Case) -> None:
    start = re.search(r"^.*(?:L2TP|PPTP|PPPoE) connecting to .*$", case.text, re.MULTILINE)
    unfinished = diagnose([case.text]).findings[0].reason.key == "unfinished"
    if start and not case.server and not unfinished:
        assert verdict(EARLIER + case.text) == verdict(case.text)


@settings(max_examples=150, deadline=None)
@given(case=cases, share=st.floats(0, 1), end=st.floats(0, 1))
def test_a_truncated_log_is_answered_and_never_crashes(case: Case, share: float, end: float) -> None:
    text = case.text[round(share * len(case.text)) :]
    found = diagnose([text[: round(end * len(text))]], case.server)
    assert found.findings
    assert as_text(found, "ja")


@settings(max_examples=100, deadline=None)
@given(
    words=st.lists(st.text(alphabet="qxzjkvwmhあかさ研究室0123456789:.-[]()/", max_size=12), min_size=4, max_size=60)
)
def test_random_words_are_unknown(words: list[str]) -> None:
    assert verdict(" ".join(words)) == ("unknown", ["unknown"])


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=600))
def test_random_bytes_are_answered(data: bytes) -> None:
    assert diagnose([decoded(data)]).findings


@settings(max_examples=60, deadline=None)
@given(case=cases, language=st.sampled_from(["en", "ja"]))
def test_the_json_has_exactly_the_two_keys(case: Case, language: str) -> None:
    answer = json.loads(as_json(diagnosed(case), language))
    assert set(answer) == {"stage", "causes"}
    assert all(set(cause) == {"id", "because"} and cause["because"] for cause in answer["causes"])


@settings(max_examples=60, deadline=None)
@given(case=cases)
def test_windows_line_ends_and_a_byte_order_mark_change_nothing(case: Case) -> None:
    assert verdict("\ufeff" + case.text.replace("\n", "\r\n"), case.server) == summary(diagnosed(case))


def test_a_log_with_its_newest_line_first_is_read_backwards() -> None:
    case = next(case for case in MAC if case.name == "mac-failed-then-connected")
    assert verdict("\n".join(reversed(case.text.splitlines()))) == verdict(case.text)
