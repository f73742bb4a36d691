"""Which evidence outweighs which."""

from labvpn.diagnose.diagnose import diagnose


def first(*lines: str) -> str:
    return str(diagnose(["\n".join(lines)]).causes[0])


def test_a_name_that_resolved_later_is_not_the_cause() -> None:
    assert (
        first(
            "RESOLVE: Cannot resolve host address: vpn.lab.example:1194 (Temporary failure in name resolution)",
            "[vpn] Peer Connection Initiated with [AF_INET]203.0.113.20:1194",
            "AUTH: Received control message: AUTH_FAILED",
        )
        == "wrong-credentials"
    )


def test_a_certificate_error_that_was_ignored_is_not_the_cause() -> None:
    assert (
        first(
            "sstpc[9]: SSL certificate verification failed: self signed certificate (18)",
            "sstpc[9]: Sending Connect-Request Message",
            "pppd[10]: CHAP authentication failed",
        )
        == "wrong-credentials"
    )


def test_an_accepted_second_login_try_outweighs_the_refused_first() -> None:
    assert (
        first("CHAP authentication failed", "CHAP authentication succeeded", "Connection terminated.") == "no-address"
    )


def test_two_start_lines_of_one_attempt_are_one_attempt() -> None:
    verdict = diagnose(
        [
            "nesessionmanager[1]: NESMLegacySession[Lab:1]: Received a start command from x\n"
            "pppd[2]: publish_entry SCDSet() failed: Success!\n"
            "pppd[2]: L2TP connecting to server 'vpn.lab.example' (203.0.113.20)...\n"
            "pppd[2]: IPSec phase 1 client started\npppd[2]: IPSec connection failed\n"
        ]
    )
    assert (verdict.attempts, str(verdict.causes[0])) == (1, "ipsec-ports-blocked")


def test_a_restart_without_an_outcome_leaves_the_verdict_to_the_attempt_before() -> None:
    assert (
        first(
            "VERIFY ERROR: depth=0, error=certificate has expired: CN=vpn",
            "TLS Error: TLS handshake failed",
            "Restart pause, 5 second(s)",
        )
        == "certificate"
    )


def test_the_place_where_a_log_stops_outweighs_a_message_for_the_user() -> None:
    assert (
        first(
            "The L2TP-VPN server did not respond.",
            "IPSec phase 1 client started",
            "IPSec phase 1 server replied",
            "IPSec connection failed",
        )
        == "wrong-psk"
    )
