"""What a client wrote into a server's log does not decide a diagnosis."""

from __future__ import annotations

import time

import pytest

from labvpn.diagnose.client_words import without_client_words
from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.event import Cause
from tests.unit.agent.log_lines import accepted, begins, expired, fails, guess

NOW = time.mktime(time.strptime("2026-11-27 12:00:00", "%Y-%m-%d %H:%M:%S"))
SOURCE = "198.51.100.66"
LIES = [
    "expiration date has been expired",
    "limits the maximum number of multiple logins",
    "Successfully authenticated as user",
    'x\n2026-11-27 12:00:00.120 Connection "CID-1": Access has been refused to user "guest1" because of the expiration '
    "date has been expired.\ny",
    "x\r\nMAC addresses. The packet has been discarded\r\ny",
    "from the DHCP server failed",
    "x\u2028The maximum number of sessions (8) that can be set\u2028y",
    '"MS-CHAP v2" x user authentication failed',
]


@pytest.mark.parametrize("hub", ["", '[HUB "LAB"] '])
@pytest.mark.parametrize("lie", LIES)
def test_a_failed_login_is_wrong_credentials_whatever_its_user_name(lie: str, hub: str) -> None:
    log = guess("CID-1", SOURCE, lie, NOW).replace(".120 ", f".120 {hub}")
    verdict = diagnose([], log)
    honest = diagnose([], guess("CID-1", SOURCE, "guest1", NOW).replace(".120 ", f".120 {hub}"))
    assert verdict.causes == honest.causes
    assert (verdict.causes[0], verdict.stage) == (Cause.CREDENTIALS, honest.stage)


def test_what_the_server_wrote_itself_is_kept_with_its_line_numbers() -> None:
    log = begins("CID-1", SOURCE, "a\nb", NOW) + fails("CID-1", SOURCE, "a\nb", NOW) + expired("CID-2", "x", NOW)
    kept = without_client_words(log + accepted("CID-3", "y", NOW)).split("\n")
    assert kept[4].startswith('2026-11-27 12:00:00.120 Connection "CID-2": Access has been refused')
    assert kept[1] == kept[3] == ""


def test_another_programs_log_is_left_as_it_is() -> None:
    text = "2026-11-27 12:00:00 us=1 AUTH: Received control message: AUTH_FAILED\n\nx\n"
    assert without_client_words(text) == text
