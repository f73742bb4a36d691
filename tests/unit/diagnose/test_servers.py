"""What servers' own logs say: libreswan, strongSwan, xl2tpd, OpenVPN and SoftEther."""

import pytest

from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.render import as_text

PEER = 'Apr  6 10:00:{second:02} gate pluto[77]: "l2tp-psk"[3] 198.51.100.7 #{number}: '


def pluto(*messages: str) -> str:
    return "\n".join(PEER.format(second=second, number=5) + message for second, message in enumerate(messages))


LOGS = {
    "libreswan-r1-repeated": (
        "ipsec-ports-blocked",
        pluto(
            "responding to Main Mode from unknown peer 198.51.100.7:500",
            "sent Main Mode R1",
            "retransmitting in response to duplicate packet; already STATE_MAIN_R1",
            "deleting incomplete state after 60 seconds",
        ),
    ),
    "libreswan-r1-each-time-anew": (
        "ipsec-ports-blocked",
        pluto("responding to Main Mode from unknown peer 198.51.100.7", "STATE_MAIN_R1: sent MR1, expecting MI2") * 3,
    ),
    "libreswan-r2-waits": (
        "esp-or-4500-blocked",
        pluto(
            "responding to Main Mode from unknown peer 198.51.100.7:500",
            "STATE_MAIN_R1: sent MR1, expecting MI2",
            "STATE_MAIN_R2: sent MR2, expecting MI3",
            "STATE_MAIN_R2: retransmission; will wait 4 seconds for response",
        ),
    ),
    "libreswan-r3-repeated": (
        "esp-or-4500-blocked",
        pluto("IKE SA established {auth=PRESHARED_KEY}", "discarding duplicate packet; already STATE_MAIN_R3"),
    ),
    "libreswan-no-transform": (
        "proposal-mismatch",
        pluto(
            "responding to Main Mode from unknown peer 198.51.100.7:500",
            "Oakley Transform [3DES_CBC (192), HMAC_MD5, MODP1024] refused",
            "no acceptable Oakley Transform",
            "sending notification NO_PROPOSAL_CHOSEN to 198.51.100.7:500",
        ),
    ),
    "libreswan-one-refused-then-on": (
        "ipsec-ports-blocked",
        pluto(
            "responding to Main Mode from unknown peer 198.51.100.7:500",
            "Oakley Transform [AES_CBC (256), HMAC_SHA1, DH20] refused",
            "sent Main Mode R1",
        ),
    ),
    "libreswan-wrong-key": (
        "wrong-psk",
        pluto(
            "sent Main Mode R2",
            "probable authentication failure (mismatch of preshared secrets?): malformed payload in packet",
        ),
    ),
    "libreswan-certificate-name": (
        "certificate",
        pluto("certificate verified OK: CN=phone", "Peer CERT payload SubjectAltName does not match peer ID"),
    ),
    "libreswan-no-connection": (
        "proposal-mismatch",
        "pluto[7]: packet from 198.51.100.7:500: initial Main Mode message received on 192.0.2.1:500 "
        "but no connection has been authorized with policy PSK",
    ),
    "strongswan-no-config": (
        "proposal-mismatch",
        "charon: 05[IKE] no IKE config found for 192.0.2.1...198.51.100.7, sending NO_PROPOSAL_CHOSEN",
    ),
    "strongswan-answers-lost": (
        "esp-or-4500-blocked",
        "charon: 05[IKE] 198.51.100.7 is initiating a Main Mode IKE_SA\n"
        "charon: 05[ENC] generating ID_PROT response 0 [ SA V V ]\n"
        "charon: 06[ENC] generating ID_PROT response 0 [ KE No NAT-D NAT-D ]\n"
        "charon: 07[IKE] received retransmit of request with ID 0, retransmitting response",
    ),
    "strongswan-signature": (
        "certificate",
        "charon: 05[IKE] authentication of 'vpn.lab.example' (myself) with RSA signature failed",
    ),
    "xl2tpd-twice": (
        "l2tp-no-reply",
        "xl2tpd[9]: control_finish: sending SCCRP\nxl2tpd[9]: control_finish: Peer requested tunnel 7 twice, ignoring",
    ),
    "xl2tpd-timeout": (
        "l2tp-no-reply",
        "xl2tpd[9]: Maximum retries exceeded for tunnel 12.  Closing.\n"
        "xl2tpd[9]: Connection 4 closed to 198.51.100.7, port 1701 (Timeout)",
    ),
    "xl2tpd-stranger": ("device-not-allowed", "xl2tpd[9]: Denied connection to unauthorized peer 198.51.100.7"),
    "openvpn-full": (
        "server-full",
        "ovpn-server[5]: 198.51.100.7:4711 MULTI: new incoming connection would exceed maximum number of clients (8)",
    ),
    "openvpn-second": (
        "second-login",
        "ovpn-server[5]: MULTI: new connection by client 'taro' will cause previous active sessions by this client "
        "to be dropped.  Remember to use the --duplicate-cn option",
    ),
    "openvpn-key": ("wrong-psk", "ovpn-server[5]: tls-crypt unwrap error: packet authentication failed"),
    "openvpn-server-started": (
        "unknown",
        "ovpn-server[5]: MULTI: multi_init called\nInitialization Sequence Completed",
    ),
    "openvpn-login": ("wrong-credentials", "198.51.100.7:4711 SENT CONTROL [taro]: 'AUTH_FAILED' (status=1)"),
}


@pytest.mark.parametrize("name", LOGS)
def test_a_servers_own_log_is_diagnosed(name: str) -> None:
    cause, text = LOGS[name]
    assert str(diagnose([text]).causes[0]) == cause


def test_the_lines_around_libreswans_own_are_the_servers() -> None:
    lines = pluto("IPsec SA established transport mode") + "\npppd[8]: local  IP address 192.168.42.1"
    verdict = diagnose(["エラー 789"], lines)
    assert str(verdict.causes[0]) != "connected"


def test_a_client_deleted_after_its_port_changed_is_ranked() -> None:
    log = (
        "2026-04-06 18:01:45.648 IPsec Client 5 (192.0.2.7:500 -> 203.0.113.2:500): A new IPsec client is created.\n"
        "2026-04-06 18:01:45.759 IPsec Client 5 (192.0.2.7:4500 -> 203.0.113.2:4500): The port number information "
        "of this client is updated.\n"
        "2026-04-06 18:01:55.701 IPsec Client 5 (192.0.2.7:4500 -> 203.0.113.2:4500): This IPsec Client is deleted.\n"
    )
    assert [str(cause) for cause in diagnose([log]).causes[:2]] == ["wrong-psk", "proposal-mismatch"]


def test_a_hub_that_does_not_exist_is_named_as_such() -> None:
    log = (
        '2026-04-06 09:00:00.000 Connection "CID-7" was disconnected because the Virtual Hub "LABB" that the client is '
        "trying to connect to does not exist on the server.\n"
    )
    verdict = diagnose([log])
    assert str(verdict.causes[0]) == "wrong-credentials"
    assert "does not exist on the server" in as_text(verdict)
    assert "仮想 HUB がサーバーにありません" in as_text(verdict, "ja")


def test_a_loop_of_short_sessions_is_a_second_login_with_the_same_certificate() -> None:
    one = (
        "2026-04-06 10:{0}:00 [vpn] Peer Connection Initiated with [AF_INET]203.0.113.20:1194\n"
        "2026-04-06 10:{0}:02 Initialization Sequence Completed\n"
        "2026-04-06 10:{1}:04 [vpn] Inactivity timeout (--ping-restart), restarting\n"
        "2026-04-06 10:{1}:04 SIGUSR1[soft,ping-restart] received, process restarting\n"
        "2026-04-06 10:{1}:04 Restart pause, 1 second(s)\n"
    )
    text = "".join(one.format(f"{minute:02}", f"{minute + 2:02}") for minute in range(0, 12, 3))
    verdict = diagnose([text])
    assert (str(verdict.causes[0]), str(verdict.stage)) == ("second-login", "disconnected")
    assert str(diagnose([one.format("00", "02")]).causes[0]) == "connected"
