"""Timestamps, encodings and other forms of text."""

import pytest

from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.lines import decoded, is_text, read

STAMPED = (
    "Wed Jan  6 01:22:58 2021 : IPSec connection failed",
    " Wed Jan 6 01:22:58 2021 : IPSec connection failed",
    "Wed Jan  6 01:22:58 2021 us=123456 IPSec connection failed",
    "2021-01-06 01:22:58 IPSec connection failed",
    "2021-01-06 01:22:58,123 IPSec connection failed",
    "2021-01-06T01:22:58.123456Z IPSec connection failed",
    "[2021-01-06 01:22:58.123] IPSec connection failed",
    "[Jan 6, 2021, 01:22:58] IPSec connection failed",
    "01:22:58.563 -- IPSec connection failed",
    "3/2/17 1:22:58.494 AM IPSec connection failed",
    "23/11/14 01:22:58,851 IPSec connection failed",
    "> Wed Jan 06 01:22:58 2021 IPSec connection failed",
    "vpn-client_1  | Wed Jan 06 01:22:58 2021 IPSec connection failed",
)


@pytest.mark.parametrize("line", STAMPED)
def test_every_form_of_timestamp_is_read_and_removed(line: str) -> None:
    (found,) = read(line)
    assert found.text == "IPSec connection failed"
    assert found.at is not None
    assert int(found.at) == 3600 + 22 * 60 + 58


def test_a_word_after_the_timestamp_is_not_a_time_zone() -> None:
    assert read("2026-04-06 10:10:01 SENT CONTROL")[0].text == "SENT CONTROL"


def test_afternoon_is_twelve_hours_later() -> None:
    assert read("9/14/25 7:02:11 PM pppd[1]: x")[0].at == 19 * 3600 + 2 * 60 + 11


def test_what_a_forum_escaped_is_unescaped() -> None:
    assert read("IPSec connection failed &lt;IKE Error 14&gt;")[0].text == "IPSec connection failed <IKE Error 14>"


def test_full_width_digits_are_digits() -> None:
    assert read("エラー８０９")[0].text == "エラー809"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp932"])
def test_a_file_of_any_usual_encoding_is_read(encoding: str) -> None:
    text = "CoId={1}: エラー コードは 809 です"
    assert decoded(text.encode(encoding)) == text


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, b"\x7fELF" + b"\x00" * 300])
def test_binary_is_not_text(data: bytes) -> None:
    assert not is_text(decoded(data))


def test_a_web_page_is_not_a_log() -> None:
    assert not is_text("<!DOCTYPE html>\n<p>Error 809</p>")


EVENTS = (
    "2026-04-0{day} 0{hour}:00:03 RasClient CoId={{1}}: The user dialed a connection which has failed. "
    "The error code returned on failure is {code}.\n"
    "2026-04-0{day} 0{hour}:00:01 RasClient CoId={{1}}: The user has started dialing a VPN connection.\n"
)


@pytest.mark.parametrize("days", [("7", "6", "5"), ("7", "7", "6"), ("7",)])
def test_a_list_with_its_newest_event_first_is_turned_also_across_days(days: tuple[str, ...]) -> None:
    codes = ("691", "809", "868")
    hours = ("1", "9", "2") if len(set(days)) == 3 else ("9", "1", "8")
    text = "".join(EVENTS.format(day=day, hour=hours[n], code=codes[n]) for n, day in enumerate(days))
    verdict = diagnose([text])
    assert (str(verdict.causes[0]), verdict.attempt) == ("wrong-credentials", len(days))


@pytest.mark.parametrize(
    "days",
    [
        ("4/7/2026 1:00:00 PM", "4/6/2026 2:00:00 PM", "4/6/2026 1:00:00 PM", "4/5/2026 5:00:00 PM"),
        ("2026年4月7日 13:00:00", "2026年4月6日 14:00:00", "2026年4月6日 13:00:00", "2026年4月5日 17:00:00"),
        ("Apr  7 13:00:00", "Apr  6 14:00:00", "Apr  6 13:00:00", "Apr  5 17:00:00"),
        ("07.04.2026 13:00:00", "06.04.2026 14:00:00", "06.04.2026 13:00:00", "05.04.2026 17:00:00"),
    ],
)
def test_days_of_any_form_have_an_order(days: tuple[str, ...]) -> None:
    assert [line.text for line in read("\n".join(f"{day} x{n}" for n, day in enumerate(days)))] == [
        "x3",
        "x2",
        "x1",
        "x0",
    ]
    assert read("\n".join(f"{day} x{n}" for n, day in enumerate(days[::-1])))[0].text == "x0"


def test_midnight_is_not_a_step_back() -> None:
    stamps = ("23:59:58", "23:59:59", "00:00:01", "00:00:02")
    assert [line.number for line in read("\n".join(f"{stamp} CoId=1" for stamp in stamps))] == [1, 2, 3, 4]
