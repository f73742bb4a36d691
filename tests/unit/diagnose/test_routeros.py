"""What MikroTik's RouterOS writes, as a client and as a server, in lines of our own."""

from __future__ import annotations

import pytest

from labvpn.diagnose.diagnose import diagnose

DIAL = """mar/01 10:00:01 l2tp,ppp,info lab-vpn: initializing...
mar/01 10:00:01 l2tp,ppp,info lab-vpn: dialing..."""
REFUSED = """10:00:02 l2tp,debug,packet rcvd control message from 192.0.2.1:1701
10:00:02 l2tp,debug,packet     (M) Message-Type=StopCCN
10:00:02 l2tp,debug,packet     Error-Message="who are you\""""
SERVER = "10:00:01 l2tp,info first L2TP UDP packet received from 192.0.2.7"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (f"{DIAL}\n10:00:31 l2tp,ppp,info lab-vpn: terminating... - session closed", "l2tp-no-reply"),
        (f"{DIAL}\n{REFUSED}", "l2tp-no-reply"),
        (
            f"{DIAL}\n10:00:03 l2tp,ppp,info lab-vpn: terminating... - user anna authentication failed",
            "wrong-credentials",
        ),
        (
            f"{DIAL}\n10:00:03 l2tp,ppp,info lab-vpn: terminating... - failed to authenticate ourselves to peer",
            "wrong-credentials",
        ),
        (
            f"{DIAL}\n10:00:03 l2tp,ppp,info lab-vpn: authenticated\n10:00:04 l2tp,ppp,info lab-vpn: connected",
            "connected",
        ),
        (f"{SERVER}\n10:00:03 l2tp,ppp,info,account anna logged in, 10.0.0.10", "connected"),
        (
            "10:00:01 sstp,ppp,info lab: initializing...\n10:00:02 sstp,ppp,info lab: connecting...\n"
            "10:00:03 sstp,ppp,info lab: terminating... - handshake failed: unable to get certificate CRL (6)",
            "certificate",
        ),
    ],
)
def test_a_router_is_read_as_client_and_as_server(text: str, cause: str) -> None:
    assert str(diagnose([text]).causes[0]) == cause


def test_a_session_that_worked_and_was_ended_by_hand_is_no_failure() -> None:
    text = f"{DIAL}\n10:00:03 l2tp,ppp,info lab-vpn: connected\n10:09:00 l2tp,ppp,info lab-vpn: disconnected"
    assert str(diagnose([text]).causes[0]) in ("connected", "session-time-over")


def test_the_routers_own_dial_to_its_provider_is_no_dial_of_a_vpn() -> None:
    text = """10:00:01 pppoe,ppp,info pppoe-out1: initializing...
10:00:02 pppoe,ppp,info pppoe-out1: terminating... - authentication failed"""
    assert [str(cause) for cause in diagnose([text]).causes] == ["unknown"]
