"""The answer in English."""

from labvpn.diagnose.event import Cause, DialStep, Stage
from labvpn.diagnose.words import Advice, Words
from labvpn.diagnose.words.details_en import DETAILS, FILES

STAGES = {
    Stage.NAME: "while resolving the server's name",
    Stage.TRANSPORT: "on the way to the server: there was no answer yet",
    Stage.TLS: "in the TLS handshake, before the password",
    Stage.PHASE_1: "in IPsec phase 1, before the password",
    Stage.PHASE_2: "in IPsec phase 2, after the pre-shared key was accepted",
    Stage.L2TP: "in L2TP, inside the finished IPsec tunnel",
    Stage.AUTHENTICATION: "at the login",
    Stage.ADDRESS: "after the login, when the device should have received its address",
    Stage.CONNECTED: "nowhere: the device connected",
    Stage.DISCONNECTED: "after the device had connected: the session ended later",
    Stage.UNKNOWN: "at an unknown stage",
}

STEPS = {
    DialStep.DIALLED: "the connection attempt began",
    DialStep.IPSEC_ASKED: "IPsec was requested",
    DialStep.IKE_SENT: "the first IPsec message was sent",
    DialStep.IKE_REPLIED: "the server sent its first answer",
    DialStep.IKE_ANSWERED: "the server answered the first IPsec message",
    DialStep.IKE_ON_4500: "IPsec switched to UDP 4500",
    DialStep.IKE_UP: "IPsec phase 1 was established",
    DialStep.IPSEC_SENT: "IPsec phase 2 was started",
    DialStep.IPSEC_UP: "the IPsec tunnel was established",
    DialStep.L2TP_SENT: "the first L2TP message was sent",
    DialStep.L2TP_ANSWERED: "the server answered L2TP",
    DialStep.CALL_ANSWERED: "the server answered the L2TP call",
    DialStep.L2TP_UP: "the L2TP tunnel was established",
    DialStep.TCP_SENT: "a TCP connection was attempted",
    DialStep.TLS_SENT: "the first message to the server was sent",
    DialStep.TCP_UP: "the TCP connection was established",
    DialStep.TLS_ANSWERED: "the server answered the TLS handshake",
    DialStep.TLS_UP: "TLS was established",
    DialStep.PUSH_ASKED: "the device requested its settings",
    DialStep.PUSHED: "the server sent the settings",
    DialStep.PPP_ANSWERED: "the server answered PPP",
    DialStep.AUTH_SENT: "the login was sent",
    DialStep.AUTH_OK: "the login was accepted",
    DialStep.SESSION: "the server created a session",
    DialStep.ADDRESS_ASKED: "an address was requested",
    DialStep.UP: "the device received its address",
}

REASONS = {
    "line": "{where} reads: {excerpt}",
    "windows": "{where} has the Windows error {excerpt}, which usually means this; a code alone is weak evidence",
    "softether": "{where} has SoftEther's error code {excerpt}",
    "unanswered": "the client gave up at {where}: {step}, and the log shows no answer",
    "server-saw": "the server's log shows that {step}, and nothing after it",
    "same": "{because} (this is also consistent with it; to confirm: {confirm})",
    "stopped": "the attempt ends at {where}; the last event was that {step}",
    "truncated": "the log ends without an answer; the last event was that {step}",
    "requests-unanswered": "requests were sent repeatedly through the tunnel, and none was answered",
    "unfinished": (
        "no failure in this text; it ends before the login or the address was given: the last event, at {where}, "
        "was that {step}"
    ),
    "loop": "OpenVPN connected and was lost again {number:.0f} times within minutes, until {where}",
    "slow": (
        "{where} refuses the login {number:.0f} seconds after the request; a wrong password is refused immediately"
    ),
    "span": "{where} ends the session after {number:.1f} minutes: {excerpt}",
    "cut": "{where} ends a session that had been working: {excerpt}",
    "server-silent": "the server's log of that time shows no trace of this attempt",
    "server-session": "{where} shows that the server accepted the login, but the device did not connect",
    "nothing": "no line of this text is a known line of a VPN client or a SoftEther server",
    "foreign": "the last attempt in this log is PPTP, PPPoE or a modem connection, which this VPN does not offer",
}

ADVICE = {
    Cause.IPSEC_PORTS: Advice(
        "UDP 500 does not reach the server (firewalld, the FortiGate, or the user's network blocks it)",
        "if it fails from this network only, that network blocks it; if from everywhere, the server's side does",
        "Try another network, such as a phone's hotspot or your home network. "
        "If only this network fails, use OpenVPN or SSTP over TCP 443.",
        "Open UDP 500 and 4500 in firewalld and in the FortiGate's policy; `labvpn probe HOST` names the blocking hop.",
    ),
    Cause.ESP_OR_4500: Advice(
        "UDP 4500 (or ESP) is blocked, while UDP 500 passes",
        "the server's log shows no packet on 4500; another network works with the same settings",
        "Try another network. On Windows behind a router, ask for the registry value for NAT traversal.",
        "Open UDP 4500 wherever 500 is open; if the server is behind NAT, Windows needs "
        "AssumeUDPEncapsulationContextOnSendRule=2.",
    ),
    Cause.PSK: Advice(
        "the pre-shared key is wrong or missing",
        "the server's log shows packets on 4500, but no established IKE SA",
        "Type the pre-shared key (shared secret) again, without blanks before or after it; it is not your password.",
        "Compare the key in the kit with the server's; after a change every user needs the new one.",
    ),
    Cause.CREDENTIALS: Advice(
        "the user name or the password is wrong",
        "the server's security log contains: User authentication failed",
        "Type the name and password again (mind upper and lower case). With several hubs the name is user@HUB.",
        "Check that the user exists in the hub; set a new password if in doubt. The security log names each refusal.",
    ),
    Cause.NO_ADDRESS: Advice(
        "the login was accepted, but no address was assigned (SecureNAT or its DHCP)",
        "the server's log shows a new session, a few seconds of silence, and its end",
        "Your password is correct. Send the administrator the time of your attempt.",
        "Enable SecureNAT with its virtual DHCP server in the hub, or find out why the DHCP server gives no lease.",
    ),
    Cause.L2TP_SILENT: Advice(
        "IPsec is established, but the L2TP server does not answer inside it",
        "UDP 1701 should not be open to the outside, but the server must listen on it inside IPsec",
        "Try again after a minute; a second device behind the same router may interfere.",
        "Check that L2TP over IPsec is enabled and that no other program on the server uses UDP 1701.",
    ),
    Cause.PROPOSAL: Advice(
        "the two sides have no encryption or protocol in common",
        "the server's log contains: no acceptable transform proposals",
        "Use the profile of the kit unchanged: the connection type must be L2TP over IPsec (or the given .ovpn).",
        "Compare ciphers, hashes and groups; "
        "for OpenVPN 2.6 add AES-256-GCM to the profile; old clients may need an update.",
    ),
    Cause.CERTIFICATE: Advice(
        "a certificate is missing, expired, not trusted, or issued for another name",
        "the line names the certificate; a wrong clock on the device has the same effect",
        "Check the device's date and time; install the latest profile; connect to exactly the name in the profile. "
        "If L2TP asks for a certificate, select the pre-shared key in its settings.",
        "Check the server's certificate (name, dates, chain), and distribute new profiles if it changed.",
    ),
    Cause.TCP_443: Advice(
        "the server's port cannot be reached (TCP 443, or the UDP port of the profile)",
        "a browser on the same network cannot reach https://SERVER/ either",
        "Try another network; try the profile for TCP 443.",
        "Check the listener, firewalld and the FortiGate's policy; `labvpn probe HOST` names the blocking hop.",
    ),
    Cause.SECOND_LOGIN: Advice(
        "the same user is logged in already, and only one session is allowed",
        "the server's log mentions the maximum number of multiple logins",
        "Disconnect your other devices, wait a minute, and connect again.",
        "Check the user's sessions (`labvpn status`); end the stale one, or raise multiLogins.",
    ),
    Cause.EXPIRED: Advice(
        "the account has expired or is disabled",
        "the server's log contains: expiration date has been expired",
        "Ask the administrator to extend your account.",
        "Set a new expiry for the user and run `pulumi up`.",
    ),
    Cause.DEVICE: Advice(
        "this device or its address is not allowed",
        "the server's log names the address or MAC limit; another device of the same user can connect",
        "Use the registered device, or ask the administrator to register this one.",
        "Compare the user's MAC and source-address rules with the device; a MAC rule never matches over OpenVPN.",
    ),
    Cause.NAME: Advice(
        "the server's name cannot be resolved",
        "`nslookup NAME` fails on this network and works on another",
        "Check the spelling of the server's name; try another network.",
        "Query the zone's name servers for the record, and check the delegation.",
    ),
    Cause.FULL: Advice(
        "the server or hub accepts no more sessions",
        "the server's log mentions the maximum number of sessions",
        "Try again later.",
        "Check who is connected (`labvpn status`); raise the hub's limit, or check the hub and the licence.",
    ),
    Cause.CLIENT: Advice(
        "the device itself blocks it: its firewall, security software, or network adapter",
        "another device on the same network can connect",
        "Restart the device; disable its security software for one attempt; check that it has a network connection.",
        "On Windows check that IKEEXT and PolicyAgent are running, and reinstall the WAN miniports or the TAP adapter.",
    ),
    Cause.TIME_OVER: Advice(
        "the session was ended after its allowed time",
        "each session lasts the same round number of minutes",
        "Connect again; this is intended.",
        "The limit is the user's autoDisconnect; raise it if the user needs more time.",
    ),
    Cause.CONNECTED: Advice(
        "the connection worked",
        "the device received an address in the VPN",
        "Nothing needs to be fixed. If pages do not open, report which ones.",
        "If traffic still fails, check routes, SecureNAT and the hub's access list.",
    ),
    Cause.UNKNOWN: Advice(
        "this text cannot be diagnosed",
        "",
        "Send the log of the attempt itself: /var/log/ppp.log of a Mac (with detailed logging), "
        "the error number of Windows, "
        "or the OpenVPN log from its first line.",
        "The server's security log of that minute may contain more: add it with --server.",
    ),
}

LAYOUT = {
    "stage": "The connection attempt stopped {stage}.",
    "connected": "The connection worked.",
    "disconnected": "The connection worked; the session ended later.",
    "unknown": "Unknown: this text does not show where a connection attempt stopped.",
    "unfinished": "Unknown: no failure in this text; it ends before the connection worked or failed.",
    "attempt": "Diagnosing attempt {attempt} of {attempts} in this text, the last one with an outcome.",
    "causes": "Likely causes, most likely first:",
    "because": "evidence: ",
    "confirm": "to confirm: ",
    "user": "What the user can do:",
    "admin": "What the administrator can do:",
    "where": "line {line}",
    "where-server": "line {line} of the server's log",
    "item": "{number}. {title} ({id})",
}

WORDS = Words(STAGES, STEPS, REASONS, ADVICE, LAYOUT, DETAILS, FILES)
