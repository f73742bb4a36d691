"""Clients whose words the tables know: each kind in a wording of our own."""

import pytest

from labvpn.diagnose.diagnose import diagnose

TEXTS = {
    "osc-chap": (
        "wrong-credentials",
        "[10:00:01] Establish VPN connection\n[10:00:02] CHAP: ERR_AUTHENTICATION_FAILED",
    ),
    "osc-old": ("wrong-credentials", "[10:00:01] Failed to be authenticated: receiveChapFailure"),
    "osc-ssl-timeout": ("tcp-443-blocked", "[10:00:01] Establish VPN connection\n[10:00:11] SSL: ERR_TIMEOUT"),
    "osc-verify": ("certificate", "[10:00:02] SSL: ERR_VERIFICATION_FAILED\n[10:00:02] Terminate VPN connection"),
    "osc-ipcp": ("no-address", "[10:00:09] IPCP: ERR_COUNT_EXHAUSTED\n[10:00:09] Terminate VPN connection"),
    "osc-lcp": ("proposal-mismatch", "[10:00:03] LCP: ERR_OPTION_REJECTED\n[10:00:03] Terminate VPN connection"),
    "connect-mbed": ("certificate", "OpenVPN error: mbed TLS: error parsing cert certificate : X509 - invalid format"),
    "connect-tap": ("client-firewall", "EVENT: TUN_IFACE_CREATE cannot acquire TAP handle [FATAL-ERR]"),
    "connect-protect": ("client-firewall", "Transport Error: socket_protect error (UDP)"),
    "connect-timeout": ("tcp-443-blocked", "EVENT: WAIT\nEVENT: CONNECTION_TIMEOUT\nEVENT: DISCONNECTED"),
    "connect-options": ("proposal-mismatch", "Options error: NCP cipher list contains unsupported ciphers"),
    "connect-external": ("certificate", "OpenVPN: missing external certificate for this profile"),
    "charon-identity": (
        "certificate",
        "constraint check failed: identity 'vpn.lab.example' required, not matched by 'CN=old.lab.example'",
    ),
    "charon-no-key": ("certificate", "no private key found for 'vpn.lab.example'"),
    "pluto-name": ("certificate", "pluto[4]: X509: connection failed due to unmatched IKE ID in certificate SAN"),
    "nm-port": ("client-firewall", "nm-l2tp-service[3]: Check port 1701\nnm-l2tp-service[3]: Can't bind to port 1701"),
    "windows-1460": ("ipsec-ports-blocked", "RasClient: the error code returned on failure is 1460."),
    "windows-1460-words": ("ipsec-ports-blocked", "This operation returned because the timeout period expired. (VPN)"),
    "azure-aad": (
        "wrong-credentials",
        "Failure in acquiring Microsoft Entra Token: AADSTS50105: not assigned to a role",
    ),
    "azure-silent": (
        "tcp-443-blocked",
        "Dialing VPN connection lab, Status = Server did not respond properly to VPN Control Packets.",
    ),
    "azure-no-certificate": (
        "certificate",
        "A certificate could not be found that can be used with this Extensible Authentication Protocol. (Error 798)",
    ),
    "aws-login": (
        "wrong-credentials",
        "AWS VPN Client: The credentials received were incorrect. Contact your administrator.",
    ),
    "aws-tls": ("tcp-443-blocked", "Your VPN connection failed. TLS handshake error. Contact your IT administrator."),
    "softether-1": ("tcp-443-blocked", "SoftEther VPN Client says error code 1 when I press connect"),
    "softether-9": ("wrong-credentials", "VPN Client Manager: Error Code: 9"),
    "softether-1-ja": ("tcp-443-blocked", "SoftEther で接続すると「エラーコード 1」と出ます"),
    "softether-20-ja": ("second-login", "vpncmd でエラーコード 20 になりました"),
    "korean-789": ("wrong-psk", "L2TP 연결을 시도하면 오류 789가 나옵니다"),
    "korean-809": ("ipsec-ports-blocked", "오류 코드: 809"),
    "korean-691": ("wrong-credentials", "사용자 이름 또는 암호를 인식할 수 없어 VPN 연결이 거부되었습니다"),
    "korean-mac": ("ipsec-ports-blocked", "L2TP-VPN 서버가 응답하지 않습니다. 다시 연결해 보십시오."),
    "korean-mac-login": ("wrong-credentials", "사용자 인증에 실패했습니다."),
    "korean-mac-key": ("wrong-psk", "IPSec 공유 암호가 없습니다. 설정을 확인하십시오."),
    "korean-ppp": ("no-address", "PPP 서버와 연결할 수 없습니다."),
    "sstpc-handshake": (
        "tcp-443-blocked",
        "sstpc[3]: Connected to vpn.lab.example\nsstpc[3]: Unrecoverable SSL error 0",
    ),
    "openvpn-cipher": ("proposal-mismatch", "AUTH_FAILED,Data channel cipher negotiation failed (no shared cipher)"),
    "openvpn-tun": ("client-firewall", "ERROR: Cannot ioctl TUNSETIFF tun: Operation not permitted (errno=1)"),
    "unknown-words": (
        "tcp-443-blocked",
        "sstpc[3]: Resolved vpn.lab.example to 203.0.113.20\nsstpc[3]: Connected to vpn.lab.example\n"
        "sstpc[3]: the flux capacitor could not be charged",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_clients_words_are_understood(name: str) -> None:
    cause, text = TEXTS[name]
    assert str(diagnose([text]).causes[0]) == cause


def test_a_complaint_before_the_first_step_says_nothing() -> None:
    text = "charon: 00[CFG] opening triplet file failed\ncharon: 01[IKE] initiating Main Mode IKE_SA lab[1] to vpn"
    assert diagnose([text]).findings[0].reason.key == "truncated"


@pytest.mark.parametrize("text", ["make: error code 1", "The game ended with error code 9."])
def test_a_small_number_without_a_vpn_is_no_code(text: str) -> None:
    assert str(diagnose([text]).causes[0]) == "unknown"
