"""The server's log decides, but only if its lines can belong to this attempt."""

from labvpn.diagnose.diagnose import diagnose
from tests.unit.diagnose.cases import ALL

TEXTS = {case.name: case for case in ALL}
OTHERS_LOGIN = (
    '2026-03-10 08:14:05.000 Connection "CID-1": User authentication failed. '
    'The user name that has been provided was "other", from 192.0.2.99.\n'
)


def first(text: str, server: str | None = None) -> str:
    return str(diagnose([text], server).causes[0])


def test_another_users_failed_login_does_not_explain_an_unanswered_phase_1() -> None:
    assert first(TEXTS["mac-phase1-silence"].text, OTHERS_LOGIN) == "ipsec-ports-blocked"


def test_a_log_of_success_stays_one_whatever_the_server_logged() -> None:
    assert first(TEXTS["mac-connected"].text, OTHERS_LOGIN) == "connected"


def test_a_silent_server_raises_the_blocked_port_above_the_wrong_key() -> None:
    assert first("エラー 789", "") == "ipsec-ports-blocked"


def test_the_servers_log_alone_is_diagnosed() -> None:
    assert first(TEXTS["server-expired-ja"].text) == "account-expired"


def test_only_the_servers_log_distinguishes_an_expired_account_from_a_wrong_password() -> None:
    case = TEXTS["cross-auth-failed-expired"]
    assert (first(case.text), first(case.text, case.server)) == ("wrong-credentials", "account-expired")


def test_of_several_servers_the_one_with_that_attempt_decides() -> None:
    case, other = TEXTS["cross-auth-failed-multilogin"], OTHERS_LOGIN.replace("08:14:05", "12:24:30")
    for logs in ((case.server, other), (other, case.server), (case.server, "")):
        assert str(diagnose([case.text], *logs).causes[0]) == "second-login"


def test_an_attempt_at_another_server_does_not_explain_this_one() -> None:
    case, nearer = TEXTS["cross-auth-failed-multilogin"], OTHERS_LOGIN.replace("08:14:05", "12:25:04")
    later = (case.server or "").replace("12:25:04", "12:26:30")
    assert str(diagnose([case.text], later, nearer).causes[0]) == "wrong-credentials"
    assert str(diagnose([case.text], nearer, later).causes[0]) == "wrong-credentials"


def test_servers_that_all_logged_nothing_of_the_attempt_were_not_reached() -> None:
    assert str(diagnose(["エラー 789"], "", "").causes[0]) == "ipsec-ports-blocked"


def test_a_server_in_another_time_zone_is_still_the_same_moment() -> None:
    log = (TEXTS["cross-691-multilogin"].server or "") + OTHERS_LOGIN.replace("08:14", "13:59")
    assert first("2026-04-06 20:41:02 Remote Access error 691", log) == "second-login"
    assert first("2026-04-06 22:59:02 Remote Access error 691", log) == "wrong-credentials"


def test_several_files_are_one_sequence_of_attempts() -> None:
    texts = [TEXTS["mac-phase1-silence"].text, TEXTS["mac-connected"].text]
    assert [str(diagnose(order).causes[0]) for order in (texts, texts[::-1])] == ["connected", "ipsec-ports-blocked"]
