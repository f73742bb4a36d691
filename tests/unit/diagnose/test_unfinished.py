"""A dial that ends before its address, or with a question, is never called a success."""

import pytest

from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.render import as_json, as_text
from tests.unit.diagnose.cases import ALL, Case

GOOD = """Mon Apr  6 07:00:00 2026 : L2TP connecting to server 'vpn.lab.example' (203.0.113.20)...
Mon Apr  6 07:00:00 2026 : IPSec phase 1 client started
Mon Apr  6 07:00:00 2026 : IPSec phase 1 server replied
Mon Apr  6 07:00:01 2026 : IPSec connection established
Mon Apr  6 07:00:01 2026 : L2TP connection established.
Mon Apr  6 07:00:01 2026 : Using interface ppp0
Mon Apr  6 07:00:02 2026 : sent [IPCP ConfReq id=0x2 <addr 192.168.30.11>]
Mon Apr  6 07:00:02 2026 : rcvd [IPCP ConfAck id=0x2 <addr 192.168.30.11>]
Mon Apr  6 07:00:02 2026 : local  IP address 192.168.30.11
"""
WORKED = [case for case in ALL if case.cause == "connected" and case.stage == "connected" and not case.server]


def first(*lines: str) -> str:
    return str(diagnose(["\n".join(lines)]).causes[0])


def test_the_whole_log_is_a_success() -> None:
    assert first(GOOD) == "connected"


@pytest.mark.parametrize("case", WORKED, ids=[case.name for case in WORKED])
def test_a_log_that_worked_is_no_success_before_the_line_that_says_so(case: Case) -> None:
    lines = case.text.splitlines()
    said = [first(*lines[:end]) == "connected" for end in range(1, len(lines) + 1)]
    begun = said.index(True)
    marks = (
        "address",
        "complete",
        "connect",
        "activated",
        "ip4config",
        "started",
        "virtual",
        "接続",
        "アドレス",
        "割り当",
    )
    assert any(mark in lines[begun].lower() for mark in marks), lines[begun]


@pytest.mark.parametrize("end", range(1, len(GOOD.splitlines())))
def test_a_mac_that_has_no_address_yet_has_not_connected(end: int) -> None:
    verdict = diagnose(["\n".join(GOOD.splitlines()[:end])])
    assert str(verdict.stage) != "connected"


def test_an_unfinished_log_asks_for_the_rest() -> None:
    verdict = diagnose(["\n".join(GOOD.splitlines()[:6])])
    assert "no failure in this text" in as_text(verdict)
    assert "Send the rest" in as_text(verdict)
    assert "失敗の記録がないまま" in as_text(verdict, "ja")
    assert "続きを送ってください" in as_text(verdict, "ja")
    assert "no failure in this text" in as_json(verdict)


def test_an_interface_alone_is_nothing() -> None:
    assert first("pppd[7]: Using interface ppp0") == "unknown"


def test_ten_requests_for_an_address_without_an_answer_are_no_address() -> None:
    asked = [f"sent [IPCP ConfReq id=0x1 <addr 0.0.0.0>] #{number}" for number in range(10)]
    assert first(*GOOD.splitlines()[:6], "CHAP authentication succeeded", *asked) == "no-address"


def test_a_failing_dial_without_its_first_line_after_a_good_one_is_diagnosed() -> None:
    rest = ("IPSec phase 1 client started", "IPSec connection failed", "L2TP disconnecting...")
    assert first(GOOD, *rest) == "ipsec-ports-blocked"
    assert first(GOOD, *rest[1:]) != "connected"


def test_after_an_orderly_end_the_next_steps_are_another_dial() -> None:
    assert (
        first(GOOD, "L2TP disconnecting...", "L2TP sent SCCRQ", "L2TP cannot connect to the server") == "l2tp-no-reply"
    )


def test_an_unfinished_dial_after_a_good_one_hides_it() -> None:
    assert first(GOOD, *GOOD.splitlines()[:3]) != "connected"


def test_what_fails_after_the_address_is_told() -> None:
    verdict = diagnose([GOOD + "Serial link appears to be disconnected.\n"])
    assert str(verdict.stage) == "disconnected"


def test_an_unanswered_restart_leaves_the_verdict_to_the_failure_before_it() -> None:
    assert (
        first(
            "[Jan 3, 2026, 12:09:42] Transport Error: socket_protect error (UDP)",
            "[Jan 3, 2026, 12:09:44] EVENT: RECONNECTING",
            "[Jan 3, 2026, 12:09:44] EVENT: WAIT",
        )
        == "client-firewall"
    )
