"""The answer in English."""

from labvpn.diagnose.event import Cause, DialStep, Stage
from labvpn.diagnose.words import Advice, Words

STAGES = {
    Stage.NAME: "while looking up the server's name",
    Stage.TRANSPORT: "on the way to the server: nothing was answered yet",
    Stage.TLS: "in the TLS handshake, before the password",
    Stage.PHASE_1: "in IPsec phase 1, before the password",
    Stage.PHASE_2: "in IPsec phase 2, after the pre-shared key was accepted",
    Stage.L2TP: "in L2TP, inside the finished IPsec tunnel",
    Stage.AUTHENTICATION: "at the login",
    Stage.ADDRESS: "after the login, when the device was to get its address",
    Stage.CONNECTED: "nowhere: it connected",
    Stage.DISCONNECTED: "after it had connected: the session ended later",
    Stage.UNKNOWN: "at a place that cannot be told",
}

STEPS = {
    DialStep.DIALLED: "the dial began",
    DialStep.IPSEC_ASKED: "IPsec was asked to begin",
    DialStep.IKE_SENT: "the first IPsec message was sent",
    DialStep.IKE_ANSWERED: "the server answered the first IPsec message",
    DialStep.IKE_ON_4500: "IPsec moved on to UDP 4500",
    DialStep.IKE_UP: "IPsec phase 1 was established",
    DialStep.IPSEC_SENT: "IPsec phase 2 was started",
    DialStep.IPSEC_UP: "the IPsec tunnel was established",
    DialStep.L2TP_SENT: "the first L2TP message was sent",
    DialStep.L2TP_ANSWERED: "the server answered L2TP",
    DialStep.CALL_ANSWERED: "the server answered the L2TP call",
    DialStep.L2TP_UP: "the L2TP tunnel was established",
    DialStep.TCP_SENT: "a TCP connection was tried",
    DialStep.TLS_SENT: "the first message to the server was sent",
    DialStep.TCP_UP: "the TCP connection was established",
    DialStep.TLS_ANSWERED: "the server answered the TLS handshake",
    DialStep.TLS_UP: "TLS was established",
    DialStep.PUSH_ASKED: "the device asked for its settings",
    DialStep.PUSHED: "the server sent the settings",
    DialStep.PPP_ANSWERED: "the server answered PPP",
    DialStep.AUTH_SENT: "the login was sent",
    DialStep.AUTH_OK: "the login was accepted",
    DialStep.SESSION: "the server made a session",
    DialStep.ADDRESS_ASKED: "an address was asked for",
    DialStep.UP: "the device got its address",
}

REASONS = {
    "line": "{where} says: {words}",
    "windows": "{where} carries the Windows error {words}, which usually means this; a code alone is weak evidence",
    "softether": "{where} carries SoftEther's error code {words}",
    "unanswered": "{where} gives up: {step}, and the log shows no answer",
    "server-saw": "the server's log shows that {step}, and nothing after it",
    "same": "{because} (this fits as well; what would prove it: {tell})",
    "stopped": "{where} ends the dial; the last thing seen was that {step}",
    "truncated": "the log ends after {step}, and nothing answers that",
    "unheard": "PPP requests were sent again and again into the tunnel, and none was answered",
    "going-well": (
        "every question in the log was answered, up to the point that {step}; nothing failed before the log ends"
    ),
    "slow": (
        "{where} refuses the login only {number:.0f} seconds after it was asked for; "
        "a wrong password is refused at once"
    ),
    "span": "{where} ends the session after {number:.1f} minutes: {words}",
    "cut": "{where} ends a session that had worked: {words}",
    "server-silent": "the server's log of that moment shows nothing of this dial",
    "server-session": "{where} shows that the server accepted the login, and the device still got no connection",
    "nothing": "no line of this text is one that a VPN client or SoftEther server is known to write",
    "foreign": "the last dial in this log is PPTP, PPPoE or a modem, which this VPN does not offer",
}

ADVICE = {
    Cause.IPSEC_PORTS: Advice(
        "UDP 500 does not get through to the server (firewalld, the FortiGate, or the network you are in)",
        "it fails from this network alone: that network; from everywhere: the server's side",
        "Try another network, such as a phone's tethering or home. "
        "If only this network fails, use OpenVPN or SSTP over TCP 443.",
        "Open UDP 500 and 4500 on firewalld and in the FortiGate's policy; `labvpn doctor probe HOST` names the hop.",
    ),
    Cause.ESP_OR_4500: Advice(
        "UDP 4500 (or ESP) is blocked, though UDP 500 gets through",
        "the server's log shows no packet on 4500; another network works with the same settings",
        "Try another network. On Windows behind a router, ask for the registry value for NAT traversal.",
        "Open UDP 4500 wherever 500 is open; where the server stands behind a translated address, Windows needs "
        "AssumeUDPEncapsulationContextOnSendRule=2.",
    ),
    Cause.PSK: Advice(
        "the pre-shared key is wrong or missing",
        "the server's log shows packets on 4500 but never an established IKE SA",
        "Type the pre-shared key (shared secret) again, with no blank at its ends; it is not your password.",
        "Compare the key of the kit with the server's; after a change, every user needs the new one.",
    ),
    Cause.CREDENTIALS: Advice(
        "the user name or the password is wrong",
        "the server's security log says: User authentication failed",
        "Type name and password again (mind capitals); if the lab has several hubs, the name is user@HUB.",
        "Look for the user in the hub; set a new password if in doubt. The security log names each refusal.",
    ),
    Cause.NO_ADDRESS: Advice(
        "the login was accepted, but no address was given out (SecureNAT or its DHCP)",
        "the server's log shows a new session, a few seconds of silence, and its end",
        "Nothing is wrong with your password. Tell the administrator the time of your attempt.",
        "Switch on SecureNAT with its virtual DHCP server in the hub, or see why the DHCP server gives no lease.",
    ),
    Cause.L2TP_SILENT: Advice(
        "IPsec is up, but the L2TP server does not answer inside it",
        "UDP 1701 must not be open to the outside, but the server must listen to it inside IPsec",
        "Try once more after a minute; a second device behind the same router may be in the way.",
        "See that L2TP over IPsec is enabled and that no other program on the server holds UDP 1701.",
    ),
    Cause.PROPOSAL: Advice(
        "the two sides have no encryption or protocol in common",
        "the server's log says that no transform proposal is acceptable",
        "Use the profile of the kit unchanged: the connection type must be L2TP over IPsec (or the given .ovpn).",
        "Compare ciphers, hashes and groups; "
        "for OpenVPN 2.6 give the profile AES-256-GCM; old clients may need updates.",
    ),
    Cause.CERTIFICATE: Advice(
        "a certificate is missing, expired, not trusted, or for another name",
        "the line names the certificate; the clock of the device may also be wrong",
        "Check date and time of the device; install the newest profile; dial the very name that the profile gives. "
        "If L2TP asks for a certificate, choose the pre-shared key in its settings.",
        "Check the server's certificate (name, dates, chain) and hand out profiles again if it changed.",
    ),
    Cause.TCP_443: Advice(
        "the server's port does not get through (TCP 443, or the UDP port of the profile)",
        "a browser reaches https://SERVER/ from the same network, or it does not",
        "Try another network; try the profile for TCP 443.",
        "Check the listener, firewalld and the FortiGate's policy; `labvpn doctor probe HOST` names the hop.",
    ),
    Cause.SECOND_LOGIN: Advice(
        "the same user is logged in already, and only one session is allowed",
        "the server's log speaks of the maximum number of multiple logins",
        "Disconnect your other devices, wait a minute, dial again.",
        "See the sessions of the user (`labvpn status`); end the dead one, or raise multiLogins.",
    ),
    Cause.EXPIRED: Advice(
        "the account has expired or is barred",
        "the server's log says that the expiration date has been expired",
        "Ask the administrator to prolong your account.",
        "Set a new expiry for the user and run `pulumi up`.",
    ),
    Cause.DEVICE: Advice(
        "this device or its address is not on the list of allowed ones",
        "the server's log names the address or MAC limit; another device of the user works",
        "Use the device that was registered, or have this one registered.",
        "Compare the user's MAC and source-address rules with the device; over OpenVPN a MAC rule can never match.",
    ),
    Cause.NAME: Advice(
        "the server's name cannot be resolved",
        "`nslookup NAME` fails on this network; it works over another",
        "Check the spelling of the server; try another network.",
        "Ask the zone's name servers for the record, and see that the delegation stands.",
    ),
    Cause.FULL: Advice(
        "the server or hub takes no more sessions",
        "the server's log says that the maximum number of sessions is reached",
        "Try again later.",
        "See who is connected (`labvpn status`); raise the hub's limit, or see that hub and licence are in order.",
    ),
    Cause.CLIENT: Advice(
        "something on the device itself: its firewall, security software, or network adapter",
        "another device on the same network connects",
        "Restart the device; pause its security software for one attempt; see that it has a network at all.",
        "On Windows see that IKEEXT and PolicyAgent run, and reinstall the WAN miniports or the TAP adapter.",
    ),
    Cause.TIME_OVER: Advice(
        "the session was ended after its allowed time",
        "the session lasted a round number of minutes each time",
        "Dial again; this is meant to be so.",
        "The limit is the user's autoDisconnect; raise it if the work needs longer.",
    ),
    Cause.CONNECTED: Advice(
        "the dial worked",
        "the device got an address in the VPN",
        "Nothing to repair. If pages do not open, say which.",
        "If traffic fails all the same, look at routes, SecureNAT and the hub's access list.",
    ),
    Cause.UNKNOWN: Advice(
        "this text cannot be diagnosed",
        "",
        "Send the log of the attempt itself: /var/log/ppp.log of a Mac (with detailed logging), "
        "the error number of Windows, "
        "or the OpenVPN log from its first line.",
        "The server's security log of that minute may say more: give it with --server.",
    ),
}

LAYOUT = {
    "stage": "The dial stopped {stage}.",
    "connected": "The dial worked.",
    "disconnected": "The dial worked; the session ended later.",
    "unknown": "Unknown: this text does not tell where a dial stopped.",
    "dial": "Judged is dial {dial} of {dials} in this text, the last with an outcome.",
    "causes": "Likely causes, most likely first:",
    "because": "speaks for it",
    "tell": "would prove it",
    "user": "What the user can do:",
    "admin": "What the administrator can do:",
    "where": "line {line}",
    "where-server": "line {line} of the server's log",
    "item": "{number}. {title} ({id})",
}

WORDS = Words(STAGES, STEPS, REASONS, ADVICE, LAYOUT)
