"""What is no VPN's is unknown: other programs fail with the same words, and nothing is guessed from one of them."""

import pytest

from labvpn.diagnose.diagnose import diagnose

STAMP = "Apr  6 15:10:02 note "
FOREIGN = {
    "wpa_supplicant-psk": "wpa_supplicant[612]: wlan0: WPA: 4-Way Handshake failed - pre-shared key may be incorrect",
    "wpa_supplicant-eap": "wpa_supplicant[612]: wlan0: CTRL-EVENT-EAP-FAILURE EAP authentication failed",
    "wpa_supplicant-cert": "wpa_supplicant[612]: TLS: Certificate verification failed (certificate has expired)",
    "wpa_supplicant-timeout": "wpa_supplicant[612]: wlan0: Authentication with 0a:0b:0c:0d:0e:0f timed out.",
    "hostapd": "hostapd: wlan0: STA 0a:0b:0c:0d:0e:0f IEEE 802.1X: authentication failed - EAP type: 25 (PEAP)",
    "nginx-ssl": "nginx[77]: SSL_do_handshake() failed (SSL: error:0A000418:SSL routines::tlsv1 alert unknown ca)",
    "nginx-upstream": "nginx[77]: upstream timed out (110: Connection timed out) while connecting to upstream",
    "nginx-host": "nginx[77]: no resolver defined to resolve vpn.lab.example, client: 192.0.2.7",
    "apache": "httpd[88]: AH02039: Certificate Verification: Error (20): unable to get local issuer certificate",
    "haproxy": "haproxy[90]: fe_main/1: SSL handshake failure (error:0A000102:SSL routines::unsupported protocol)",
    "curl-cert": "curl: (60) SSL certificate problem: self-signed certificate in certificate chain",
    "curl-resolve": "curl: (6) Could not resolve host: vpn.lab.example",
    "curl-refused": "curl: (7) Failed to connect to 203.0.113.20 port 443: Connection refused",
    "curl-tagged": "backup.sh curl[99]: (35) OpenSSL SSL_connect: wrong version number",
    "wget": "wget: unable to resolve host address 'files.lab.example'",
    "cups": "cupsd[45]: [Job 12] The printer is not responding; Connection timed out",
    "cups-cert": "cupsd[45]: [Client 7] Unable to encrypt connection: certificate has expired",
    "printer": "The printer could not be reached: the server did not respond.",
    "printer-auth": 'The printer says "Authentication failed". Enter the user name and password of the print server.',
    "postfix": "postfix/smtp[51]: warning: SASL authentication failed; mail.lab.example said: 535 5.7.8 Error 535",
    "dovecot": "dovecot: imap-login: Disconnected: Inactivity (auth failed, 3 attempts in 12 secs): user=<taro>",
    "sshd": "sshd[31]: error: PAM: Authentication failure for illegal user admin from 192.0.2.9",
    "ssh": "ssh: connect to host 192.0.2.4 port 22: Connection timed out",
    "smbd": "smbd[71]: NT_STATUS_LOGON_FAILURE: Authentication failed for user LAB\\taro",
    "mysqld": "mysqld[33]: Access denied for user 'root'@'localhost' (using password: YES), error 1045",
    "docker": "dockerd[3]: Handler for POST /images returned error: x509: certificate signed by unknown authority",
    "git": "fatal: unable to access 'https://git.lab.example/x.git/': server certificate verification failed",
    "java": "java[9]: javax.net.ssl.SSLHandshakeException: PKIX path building failed: CertPathValidatorException",
    "java-plain": "Caused by: java.net.SocketTimeoutException: connect timed out",
    "java-host": "java.net.UnknownHostException: db.lab.example: Name or service not known",
    "android-app": "E/Volley: java.net.ConnectException: failed to connect to /192.0.2.50 (port 8080) after 2500ms",
    "radius": "freeradius[12]: (0) mschap: ERROR: MS-CHAP2-Response is incorrect; (0) eap: EAP authentication failed",
    "dhclient": "dhclient[7]: DHCPDISCOVER on eth0 to 255.255.255.255 port 67; DHCP request timed out",
    "networkd": "systemd-networkd[4]: eth0: DHCP lease lost",
    "ntp": "chronyd[5]: Could not resolve host name ntp.lab.example",
    "named": "named[6]: error (network unreachable) resolving 'x.example/A/IN': 192.0.2.53#53",
    "kernel": "kernel: usb 1-1: device descriptor read/64, error -110",
    "cron": "CRON[8]: pam_unix(cron:session): session opened for user root",
    "postgres": 'postgres[9]: FATAL: password authentication failed for user "lab"',
    "ldap": "slapd[10]: conn=1 fd=12 closed (TLS negotiation failure): no shared cipher",
    "openssl": "error:0A000086:SSL routines::certificate verify failed",
    "browser": "NET::ERR_CERT_AUTHORITY_INVALID: the website's certificate is self-signed certificate",
    "mail": "Mail: Authentication failed for imap.lab.example",
    "anyconnect": "acvpnui[2]: Function: CTransport::SendRequest File: CTransport.cpp Error: certificate has expired",
    "tailscale": "tailscaled[3]: control: fetch control key: x509: certificate has expired or is not yet valid",
    "wireguard": "wireguard: wg0: Handshake for peer 1 did not complete after 5 seconds, retrying (try 2)",
    "make": "make: *** [all] Error 1",
    "exit": "systemd[1]: backup.service: Main process exited, code=exited, status=1/FAILURE",
    "http-500": "GET /l2tp HTTP/1.1 500 error 809 bytes",
    "game": "Connection failed: error code 10 (timeout). Please try again later.",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_another_programs_failure_is_unknown(name: str) -> None:
    line = FOREIGN[name]
    for text in (line, STAMP + line, "\n".join([STAMP + line] * 40)):
        assert [str(cause) for cause in diagnose([text]).causes] == ["unknown"], text[:80]


def test_the_failures_of_all_of_them_together_are_unknown() -> None:
    assert str(diagnose(["\n".join(STAMP + line for line in FOREIGN.values())]).causes[0]) == "unknown"


def test_beside_a_vpns_own_lines_theirs_mean_nothing() -> None:
    dial = (
        "Wed Jan  6 01:22:50 2027 : L2TP connecting to server 'vpn.lab.example' (203.0.113.20)...",
        "Wed Jan  6 01:22:50 2027 : IPSec phase 1 client started",
        "Wed Jan  6 01:23:00 2027 : IPSec connection failed",
    )
    tagged = [STAMP + line for name, line in FOREIGN.items() if "[" in line.split(":")[0]]
    assert str(diagnose(["\n".join([*tagged, *dial, *tagged])]).causes[0]) == "ipsec-ports-blocked"
