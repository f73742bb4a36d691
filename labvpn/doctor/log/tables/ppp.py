"""pppd's lines on Linux, macOS and Android: what comes after the tunnel, for L2TP and SSTP alike."""

from labvpn.doctor.log.event import STRONG, Kind, Stage, Step, Table, ended, failed, reached, says

TABLE: Table = (
    *says(
        Stage.AUTHENTICATION,
        "account-expired wrong-credentials",
        r"\bE=64[6-9]\b",
        r"\bPassword for .* has expired",
    ),
    *says(
        Stage.AUTHENTICATION,
        "wrong-credentials second-login account-expired",
        r"(?:CHAP|PAP|EAP) authentication failed",
        r"rcvd \[(?:CHAP Failure|PAP AuthNak|EAP Failure)",
        r"\bE=691\b",
        r"MS-CHAPv2 mutual authentication failed",
        r"LCP terminated by peer \(.*(?:\^BM-3|[Aa]uthentication [Ff]ail)",
        r"Failed to authenticate ourselves to peer",
        r"peer .{1,40} failed CHAP authentication",
    ),
    *says(
        Stage.AUTHENTICATION,
        "wrong-credentials",
        r"No (?:CHAP )?secret found for (?:PAP login|authenticating us)",
        r"[Nn]o auth(?:entication)? is possible",
        r"peer refused to authenticate",
    ),
    *says(
        Stage.AUTHENTICATION,
        "proposal-mismatch wrong-credentials",
        r"MPPE required",
        r"LCP terminated by peer \(.*(?:\^BM-f|MPPE)",
        r"Refusing MPPE",
    ),
    *says(
        Stage.ADDRESS,
        "no-address",
        r"Could not determine local IP address",
        r"IPCP: timeout sending Config-Requests",
        r"IPCP: Maximum Config-Requests exceeded",
        r"Peer is not authorized to use remote address",
        r"didn't receive an internal IP from pppd",
        r"LCP terminated by peer \(.*\^BM-P",
        r"Received bad configure-nak/rej",
    ),
    *says(
        Stage.L2TP,
        "l2tp-no-reply esp-or-4500-blocked no-address",
        r"LCP: timeout sending Config-Requests",
        r"LCP: Maximum Config-Requests exceeded",
        weight=STRONG,
    ),
    *reached(
        Step.UP,
        r"\blocal\s+IP address \d",
        r"\bremote\s+IP address \d",
        r"\bVPN connection: \(IP4? Config Get\) complete",
        r"VPN plugin: state changed: started",
        r"Committed PPP interface|ip-up: sending Ip4Config",
    ),
    *reached(
        Step.AUTH_OK, r"(?:CHAP|PAP|EAP) authentication succeeded", r"rcvd \[(?:CHAP Success|PAP AuthAck|EAP Success)"
    ),
    *reached(Step.ADDRESS_ASKED, r"sent \[IPCP Conf(?:Req|Ack)", r"rcvd \[IPCP"),
    *reached(Step.AUTH_SENT, r"sent \[(?:CHAP Response|PAP AuthReq|EAP Response)", r"rcvd \[CHAP Challenge"),
    *ended(Kind.CUT, r"rcvd \[LCP TermReq", r"LCP terminated by peer", r"Modem hangup"),
    *reached(Step.PPP_ANSWERED, r"rcvd \[LCP Conf"),
    *reached(Step.L2TP_UP, r"sent \[LCP ConfReq", r"Connect: ppp\d+ <-->"),
    *failed(r"Connect time expired"),
    *ended(Kind.LOST, r"Serial link appears to be disconnected", r"No response to \d+ echo-requests"),
    *ended(Kind.CLOSED, r"Connection terminated\.", r"Terminating on signal \d+", r"Hangup \(SIGHUP\)"),
    *says(
        Stage.DISCONNECTED,
        "session-time-over",
        r"Terminating connection due to lack of activity",
        r"Connect time expired",
    ),
)
