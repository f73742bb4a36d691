"""The owner's view: what the agent's answer means, as table, JSON and metrics."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from labvpn.status import metrics, table
from labvpn.status.report import StatusReport, read, to_json
from tests.unit.kit.orders import identity

AT = datetime(2027, 1, 31, 12, tzinfo=UTC)


def session(user: str, age: float, limit: int = 1800, **changes: Any) -> dict[str, Any]:
    since = (AT - timedelta(seconds=age)).timestamp()
    fixed = {"hub": "LAB", "source": "198.51.100.20", "protocol": "OPENVPN_L3", "received": 1_500_000, "sent": 999}
    return {**fixed, "name": f"SID-{user}", "user": user, "since": since, "limit": limit, **changes}


def report(**changes: Any) -> StatusReport:
    answer: dict[str, Any] = {
        "at": AT.timestamp(),
        "sessions": [session("fresh", 60), session("ending", 1600), session("owner", 90_000, limit=0)],
        "accounts": [
            {"hub": "LAB", "user": "guest1", "expires": (AT + timedelta(days=9)).timestamp()},
            {"hub": "LAB", "user": "guest2", "expires": (AT + timedelta(days=90)).timestamp()},
        ],
        "failures": [{"hub": "LAB", "user": "root", "source": "192.0.2.7", "count": 3, "last": AT.timestamp()}],
        "barred": [{"source": "192.0.2.7", "until": (AT + timedelta(minutes=9)).timestamp(), "failures": 10}],
        "certificate": identity().certificate,
    }
    return read(json.dumps({**answer, **changes}))


def printed(given: StatusReport) -> str:
    screen = io.StringIO()
    table.show(given, Console(file=screen, width=140))
    return screen.getvalue()


def test_a_session_is_ending_when_its_limit_is_near_and_never_without_one() -> None:
    given = report()
    assert {each.user: given.is_ending(each) for each in given.sessions} == {
        "fresh": False,
        "ending": True,
        "owner": False,
    }
    assert [given.left(each) for each in given.sessions] == [timedelta(seconds=1740), timedelta(seconds=200), None]


def test_the_table_tells_who_since_when_from_where_how_much_and_how_long_still() -> None:
    text = printed(report())
    assert "3 connected at 2027-01-31 12:00:00 UTC" in text
    assert all(
        word in text for word in ("fresh", "11:59:00", "198.51.100.20", "OPENVPN_L3", "1.5 MB", "999 B", "29:00")
    )
    assert all(word in text for word in ("3:20", "no limit", "2027-01-30 11:00:00"))
    assert all(word in text for word in ("192.0.2.7", "root", "guest1", "9 days", "certificate"))


def test_a_session_that_is_overdue_has_no_time_left_rather_than_less_than_none() -> None:
    assert "0:00" in printed(report(sessions=[session("late", 2000)]))


def test_a_server_that_shows_no_certificate_is_said_to() -> None:
    assert "the server shows none" in printed(report(certificate=""))
    assert json.loads(to_json(report(certificate="")))["certificate"] == {"expires": None}


@pytest.mark.parametrize("name", ["\x1b[2Jroot", "[red]root[/red]"])
def test_a_name_that_somebody_tried_cannot_steer_the_terminal(name: str) -> None:
    failures = [{"hub": "LAB", "user": name, "source": "192.0.2.7", "count": 1, "last": AT.timestamp()}]
    text = printed(report(failures=failures))
    assert "\x1b" not in text
    assert name.replace("\x1b", "?") in text


def test_json_gives_every_session_with_the_seconds_left() -> None:
    data = json.loads(to_json(report()))
    assert {each["user"]: (each["seconds_left"], each["ending"]) for each in data["sessions"]} == {
        "fresh": (1740, False),
        "ending": (200, True),
        "owner": (None, False),
    }
    assert data["failures"][0]["count"] == 3
    assert data["certificate"]["expires"]


def test_metrics_hold_sessions_failures_and_what_ends() -> None:
    text = metrics.text(report())
    assert "labvpn_sessions 3.0" in text
    assert "labvpn_sessions_ending 1.0" in text
    assert 'labvpn_failed_logins{source="192.0.2.7"} 3.0' in text
    assert 'labvpn_account_expiry_timestamp_seconds{hub="LAB",user="guest1"} 1.8021' in text
    assert "labvpn_certificate_expiry_timestamp_seconds" in text
    assert text.count("labvpn_session_seconds_left{") == 2


def test_failures_of_many_names_are_one_series_of_their_source() -> None:
    tried = [
        {"hub": "LAB", "user": f"name{n}", "source": "192.0.2.7", "count": 2, "last": AT.timestamp()} for n in range(50)
    ]
    text = metrics.text(report(failures=tried))
    assert text.count("labvpn_failed_logins{") == 1
    assert 'labvpn_failed_logins{source="192.0.2.7"} 100.0' in text


def test_an_answer_that_is_none_is_told_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="run `pulumi up` to renew it"):
        read("usage: agent observe")


def test_who_is_barred_is_shown_with_the_end_of_it() -> None:
    assert "192.0.2.7 │ 10            │ 2027-01-31 12:09:00" in printed(report())
    assert "Barred" not in printed(report(barred=[]))
    assert json.loads(to_json(report()))["barred"][0]["failures"] == 10
    assert "labvpn_barred_sources 1.0" in metrics.text(report())


def test_whom_radius_let_in_without_a_line_is_told_apart() -> None:
    given = report(sessions=[session("jdoe", 60, everybody=True), session("guest1", 60)])
    text = printed(given)
    assert "jdoe (by *)" in text
    assert "guest1 (by *)" not in text
    assert [one["everybody"] for one in json.loads(to_json(given))["sessions"]] == [True, False]


@pytest.mark.parametrize(("guard", "metric"), [("", "labvpn_guard_works 1.0"), ("no log", "labvpn_guard_works 0.0")])
def test_a_guard_that_cannot_bar_is_shown_and_measured(guard: str, metric: str) -> None:
    given = report(guard=guard)
    assert metric in metrics.text(given)
    assert ("cannot ban every source: no log" in printed(given)) is bool(guard)


def test_where_there_is_no_guard_nothing_is_measured_of_it() -> None:
    assert "guard" not in metrics.text(report()) + printed(report())


def renewal(trouble: str = "") -> dict[str, Any]:
    times = {"renewed": AT.timestamp(), "next": (AT + timedelta(days=60)).timestamp(), "tried": AT.timestamp()}
    return {**times, "since": 0, "authority": "https://ca.example/dir", "by": "life", "trouble": trouble}


def test_the_certificates_renewal_is_in_the_table_json_and_metrics() -> None:
    given = report(renewal=renewal())
    assert "comes from https://ca.example/dir: renewed 2027-01-31, next about 2027-04-01" in printed(given)
    assert json.loads(to_json(given))["renewal"]["authority"] == "https://ca.example/dir"
    assert "labvpn_certificate_renewal_works 1.0" in metrics.text(given)
    assert "labvpn_certificate_renewal_timestamp_seconds" in metrics.text(given)


def test_a_renewal_that_fails_is_red_in_words_and_zero_in_metrics() -> None:
    given = report(renewal=renewal("the certificate has not been renewed since 2027-01-30: \x1b[2Jrate limited"))
    assert "The certificate is not being renewed: the certificate has not been renewed since" in printed(given)
    assert "\x1b[2J" not in printed(given)
    assert "labvpn_certificate_renewal_works 0.0" in metrics.text(given)


def test_a_host_that_renews_nothing_says_nothing_of_it() -> None:
    given = report()
    assert "comes from" not in printed(given)
    assert "renewal" not in json.loads(to_json(given))
    assert "renewal" not in metrics.text(given)
