"""Wordings that texts of other people's dials had and the tables did not: a case of each kind, in words of our own."""

from __future__ import annotations

import pytest

from labvpn.diagnose.diagnose import diagnose

NEWEST_FIRST = """10:00:05 E 192.0.2.7:1 MULTI: new incoming connections would exceed maximum number of clients (1)
10:00:05 Notice openvpn 192.0.2.7:1 Re-using SSL/TLS context
10:00:05 Notice openvpn MULTI: multi_create_instance called"""
ECHOED = """Mar  1 10:00:05 lab charon: 11[IKE] initiating Main Mode IKE_SA lab[1] to 192.0.2.1
Mar  1 10:00:05 lab charon: 11[ENC] generating ID_PROT request 0 [ SA V V ]
Mar  1 10:00:05 lab charon: 12[IKE] received NO_PROPOSAL_CHOSEN error notify
Mar  1 10:00:05 lab NetworkManager[9]: initiating Main Mode IKE_SA lab[1] to 192.0.2.1
Mar  1 10:00:05 lab NetworkManager[9]: generating ID_PROT request 0 [ SA V V ]"""
REFUSED = """07[IKE] 192.0.2.7 is initiating a Main Mode IKE_SA
09[CFG] looking for pre-shared key peer configs matching 192.0.2.1...192.0.2.7[192.0.2.7]
09[IKE] found 2 matching configs, but none allows pre-shared key authentication using Main Mode
09[ENC] generating INFORMATIONAL_V1 request 1 [ HASH N(AUTH_FAILED) ]"""
UNTRUSTED = """10[CFG] constraint check failed: certificate does not confirm identity '192.0.2.1' (ID_IPV4_ADDR)
10[CFG] selected peer config 'phones' unacceptable: constraint checking failed
10[CFG] no alternative config found"""
NO_PPP = """Couldn't open the /dev/ppp device: No such file or directory
pppd: The kernel does not support PPP"""
ADDRESS = """ppp0: 1a2b: connect: ppp0 <--> sstp(192.0.2.7:3485)
ppp0: 1a2b: someone: authentication succeeded
ppp0: 1a2b: ppp:ipcp: to avoid kernel soft lockup requested IP cannot be assigned (192.0.2.200)"""
TUNNEL = """Mar 1 10:00:05 lab pluto[9]: "phones"[5] 192.0.2.7 #11: responder established IKE SA; authenticated peer
Mar 1 10:00:06 lab pluto[9]: "phones"[5] 192.0.2.7 #12: responder established Child SA using #11; IPsec tunnel"""
EVENT = """User SYSTEM has a dial up connection, which has failed. The error code returned after failure is 13868.
User SYSTEM has a dial up connection called Lab, and terminated. The reason for returning after termination is 631."""


REFUSED_PORT = """OpenVPN core 3.1.2 ios arm64 64-bit
2026-03-01 10:00:05 EVENT: WAIT
2026-03-01 10:00:05 Transport Error: TCP connect error on 'vpn.lab.example:443' (192.0.2.1:443/TCP): Connection refused
2026-03-01 10:00:05 Client terminated, restarting in 2000 ms...
2026-03-01 10:00:08 EVENT: RECONNECTING
2026-03-01 10:00:08 EVENT: WAIT"""
REPEATED = """10:00:05 VERIFY OK: depth=0, CN=vpn.lab.example
10:00:05 tls-crypt unwrap error: bad packet ID (may be a replay): [ #2 / time = (1772359205) ] -- see the man page
10:00:05 tls-crypt unwrap error: packet replay
10:00:05 TLS Error: tls-crypt unwrapping failed from [AF_INET]192.0.2.1:1194"""
NO_KEY = """10:00:05: "lab" #1: STATE_MAIN_I2: sent MI2, expecting MR2
10:00:05: "lab" #1: unable to locate my private key for RSA Signature
10:00:05: "lab" #1: sending notification AUTHENTICATION_FAILED to 192.0.2.1:500"""
XAUTH = """pluto[9]: "phones"[1] 192.0.2.7 #1: STATE_MAIN_R3: sent MR3, ISAKMP SA established
pluto[9]: "phones"[1] 192.0.2.7 #1: XAUTH: User someone: Authentication Failed: Incorrect Username or Password
pluto[9]: "phones"[1] 192.0.2.7 #1: Expected MODE_CFG_REPLY is missing username and password attribute"""
DISCOVERS = """ipsec: 09[CFG] sending DHCP DISCOVER for 7a:a7:00:00:00:01 to 192.0.2.255
ipsec: 09[CFG] sending DHCP DISCOVER for 7a:a7:00:00:00:01 to 192.0.2.255
ipsec: 09[CFG] sending DHCP DISCOVER for 7a:a7:00:00:00:01 to 192.0.2.255"""
XAUTH_UP = """charon: 10[IKE] IKE_SA phones[3] established between 192.0.2.1[192.0.2.1]...192.0.2.7[10.0.0.7]
charon: 16[IKE] CHILD_SA phones{3} established with SPIs c2a8fda3_i 0fb66f3e_o and TS 0.0.0.0/0 === 10.31.2.1/32"""
NO_PSK = """003 "lab" #1: Can't authenticate: no preshared key found for `10.0.0.7' and `192.0.2.1'.
003 "lab" #1: no acceptable Oakley Transform
214 "lab" #1: STATE_MAIN_I1: NO_PROPOSAL_CHOSEN"""
REFUSED_FIRST = """10:00:05: "lab" #2: STATE_PARENT_I1: sent v2I1, expected v2R1
10:00:05: "lab" #2: STATE_PARENT_I1: received unauthenticated v2N_NO_PROPOSAL_CHOSEN - ignored
10:00:06: "lab" #2: STATE_PARENT_I1: retransmission; will wait 0.5 seconds for response"""
ONE_LINE = (
    'Mar 1 10:00:05 lab pluto[9]: message repeated 6 times: [ "x"[1] 192.0.2.7 #1: discarding initial packet] '
    'Mar 1 10:00:06 lab pluto[9]: "x"[1] 192.0.2.7 #2: responding to Main Mode from unknown peer 192.0.2.7:808 '
    'Mar 1 10:00:06 lab pluto[9]: "x"[1] 192.0.2.7 #2: Oakley Transform [AES_CBC (256), MODP1024] refused'
)
REPEATING = """lab pluto[9]: "cp"[2] 192.0.2.7 #3: IKE_AUTH request has duplicate Message ID 1; retransmitting response
lab pluto[9]: packet from 192.0.2.99:17702: initial Main Mode message received but no connection has been authorized"""
NO_LOGIN = """TLS Error: Auth Username/Password was not provided by peer
TLS Error: TLS handshake failed"""
LOST_ON_4500 = """pluto[9]: "cp"[1] 192.0.2.7 #1: STATE_V2_ESTABLISHED_IKE_SA: retransmission; will wait 0.5 seconds
pluto[9]: "cp"[1] 192.0.2.7 #3: sent IKE_SA_INIT reply {cipher=AES_GCM_16_256}"""
SSTP_LOGIN = """INFO: SSTP control packet (CALL_CONNECT_REQUEST) received.
INFO: pppd stopped."""
SILENT = """181 "lab" #5: initiating IKEv2 IKE SA
181 "lab" #5: STATE_PARENT_I1: sent v2I1, expected v2R1
010 "lab" #5: STATE_PARENT_I1: retransmission; will wait 8 seconds for response"""


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (NEWEST_FIRST, "server-full"),
        (ECHOED, "proposal-mismatch"),
        (REFUSED, "proposal-mismatch"),
        (UNTRUSTED, "certificate"),
        (NO_PPP, "client-firewall"),
        (ADDRESS, "no-address"),
        (TUNNEL, "connected"),
        (EVENT, "proposal-mismatch"),
        ("Mar 1 10:00:05 charon: 04[NET] no socket implementation registered, sending failed", "client-firewall"),
        ("Mar 1 10:00:05 sstpc[9]: Connect timed out", "tcp-443-blocked"),
        ("error 10:00:05 NEIKEv2Provider empty ike proposals array", "proposal-mismatch"),
        ("ERROR_VPN_BAD_PSK 811", "wrong-psk"),
        (REFUSED_PORT, "tcp-443-blocked"),
        (SILENT, "ipsec-ports-blocked"),
        (
            "NetworkManager[9]: VPN connection: failed to connect: 'Could not find the xl2tpd binary.'",
            "client-firewall",
        ),
        ("vpn: P:RESOLVE: Canot resolve host address: vpn.lab.example: [TRY_AGAIN]", "name-not-found"),
        (
            "VPN: no answer\nkernel: [UFW BLOCK] IN=eth0 SRC=192.0.2.7 LEN=732 PROTO=UDP SPT=9 DPT=500 LEN=712",
            "ipsec-ports-blocked",
        ),
        (
            "VPN: no answer\nkernel: DROP IN=eth0 SRC=192.0.2.7 LEN=732 PROTO=UDP SPT=9 DPT=4500 LEN=712",
            "esp-or-4500-blocked",
        ),
        ("VPN Auth Failed: 'VPN client is not reporting a MAC/UUID address.'", "device-not-allowed"),
        ("192.0.2.7:1 TLS Error: Auth Username/Password was not provided by peer", "wrong-credentials"),
        ('msg="client session state invalid or expired. Denying client" OpenVPN', "session-time-over"),
        ("VPN error 827", "client-firewall"),
        (REPEATED, "certificate"),
        (NO_KEY, "certificate"),
        ('"phones"[1] 192.0.2.7 #3: Failed to find our RSA key', "certificate"),
        ("pluto[9]: left certificate with nickname 'vpn' was not found in NSS DB", "certificate"),
        ("charon: 11[LIB] found unsupported critical X.509 extension: X509v3 Name Constraints", "certificate"),
        ("charon: 11[CFG]   loading ca certificate from '/etc/ipsec.d/cacerts/lab.pem' failed", "certificate"),
        ("ipsec: certificate signature failure(7) at depth:0 cert:CN=lab", "certificate"),
        ("ipsec,error can't verify peer's certificate from store", "certificate"),
        (XAUTH, "wrong-credentials"),
        (DISCOVERS, "no-address"),
        ("charon: 09[IKE] no virtual IP found for %any requested by 'someone'", "no-address"),
        ("VPN: Could not determine remote IP address", "no-address"),
        (XAUTH_UP, "connected"),
        (SSTP_LOGIN, "wrong-credentials"),
        (LOST_ON_4500, "esp-or-4500-blocked"),
        ("All ovpn-dco adapters on this system are in use or disabled", "client-firewall"),
        ("All TAP interfaces are currently in-use", "client-firewall"),
        ("OpenVPN: DNS resolution failed: [dnsFailure]", "name-not-found"),
        ("The VPN does not work due to a missing Shared Secret", "wrong-psk"),
        ("The VPN does **not** get **any** IP address", "no-address"),
        ("With the same profile on two devices the VPN of the other one is cut", "second-login"),
        ("Once more than one device uses a certain profile, OpenVPN resets the first", "second-login"),
        ("No more connections can be made to this remote computer at this time", "server-full"),
        ("VPN: your subscription has expired", "account-expired"),
        (NO_PSK, "wrong-psk"),
        (REFUSED_FIRST, "proposal-mismatch"),
        ("CERT: ERR_PARSING_FAILED", "certificate"),
        ("TUN: creating tap-windows6 adapter using service failed: Incorrect function.", "client-firewall"),
        ("ISAKMP:(12): phase 2 SA policy not acceptable! (local 192.0.2.1 remote 192.0.2.7)", "proposal-mismatch"),
        ("openvpn: LDAP bind failed: Invalid credentials (data 52e)", "wrong-credentials"),
        ("VERIFY EKU OK\nTLS Error: TLS key negotiation failed to occur within 60 seconds", "certificate"),
        (ONE_LINE, "proposal-mismatch"),
        (REPEATING, "esp-or-4500-blocked"),
        (NO_LOGIN, "wrong-credentials"),
        ("pppd: but I couldn't find any suitable secret (password) for it to use to do so.", "wrong-credentials"),
        ("OpenVPN: Transport Error: missing password", "wrong-credentials"),
        ("VPN: Hostname resolution timed out.", "name-not-found"),
        ("已拒绝远程连接，因为未识别出你提供的用户名和密码组合", "wrong-credentials"),
        ("L2TP 連線嘗試失敗，因為安全性階層在和遠端電腦開始交涉時發生處理錯誤。", "wrong-psk"),
        ("未建立远程连接，因为无法解析远程访问服务器的名称。", "name-not-found"),
        ("在连接完成之前，连接被远程计算机终止。", "no-address"),
        ("L2TP 连接尝试失败，因为安全层无法与远程计算机协商兼容的参数。", "proposal-mismatch"),
        ("ERROR:  getaddrinfo: Name or service not known\nINFO:   Closed connection to gateway.", "name-not-found"),
        ("Could not resolve VPN gateway", "name-not-found"),
        (r"CreateFile failed on ovpn-dco device: \\?\ROOT#NET: Access is denied. (errno=5)", "client-firewall"),
        ("My VPN connects but does not get an IP address", "no-address"),
        ("connected to the VPN, but no ip received on the client", "no-address"),
        ("VPN に接続できるが IP アドレスが取得できない", "no-address"),
        ("VPN 连接成功，但是获取不到 IP 地址", "no-address"),
        ("VPN 연결은 되지만 IP를 할당받지 못합니다", "no-address"),
        ("IKE身份验证凭证不可接受", "certificate"),
        ("IKE 无法找到有效的计算机证书。", "certificate"),
        ("VPN: the connected party not properly respond after a period of time", "tcp-443-blocked"),
    ],
)
def test_it_is_read(text: str, cause: str) -> None:
    assert diagnose([text]).causes[0] == cause


@pytest.mark.parametrize(
    "text",
    [
        "The printer does not get an IP address",
        "curl: (6) Could not resolve host: www.lab.example",
        "getaddrinfo: Name or service not known",
        "Could not determine remote IP address: defaulting to 10.64.64.74",
        "MySQL: certificate signature failure",
        "Two computers share the same account at the shop",
        "Your subscription has expired",
    ],
)
def test_what_anyone_may_write_is_unknown_without_a_word_of_a_vpn(text: str) -> None:
    assert diagnose([text]).causes == ("unknown",)
