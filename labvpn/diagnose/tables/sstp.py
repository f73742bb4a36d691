"""SSTP clients of Linux and Android (sstpc, Open SSTP Client and its derivatives), and Android's SoftEther client."""

from labvpn.diagnose.event import STRONG, DialStep, Kind, Row, Stage, Table, failed, message, reached, starts
from labvpn.diagnose.tables import libraries

OPEN_SSTP: Table = (
    *message(Stage.TLS, "certificate", r"(?:CERT\w*|SSL): ?ERR_VERIFICATION_FAILED", r"\bERR_VERIFICATION_FAILED"),
    *message(Stage.TLS, "certificate", r"\bCERT\w*: ?ERR_"),
    *message(
        Stage.AUTHENTICATION,
        "wrong-credentials second-login account-expired",
        r"ERR_AUTHENTICATION_FAILED",
        r"SOFTETHER_AUTHENTICATION_FAILED",
        r"Failed to be authenticated",
        r"receiveChapFailure|receivePap\w*Nak",
    ),
    *message(
        Stage.AUTHENTICATION,
        "proposal-mismatch wrong-credentials",
        r"\b(?:LCP|LCP_MRU|LCP_AUTH): ?ERR_(?:OPTION_REJECTED|COUNT_EXHAUSTED|\w+_REJECTED)",
        r"LCP auth negotiation failed",
        weight=STRONG,
    ),
    *message(
        Stage.ADDRESS,
        "no-address",
        r"DHCP_NEGOTIATION_(?:TIMEOUT|FAILED)",
        r"\bIPCP\w*: ?ERR_",
        r"ERR_(?:INVALID_ADDRESS|ADDRESS_REJECTED)",
    ),
    *message(
        Stage.TRANSPORT,
        "tcp-443-blocked client-firewall",
        r"\b(?:SSL|PROXY): ?ERR_TIMEOUT",
        r"\bPROXY: ?ERR_",
        r"SSTP_(?:REQUEST|CONTROL): ?ERR_(?:COUNT_EXHAUSTED|TIMEOUT)",
        weight=STRONG,
    ),
    *message(
        Stage.TLS,
        "certificate proposal-mismatch tcp-443-blocked",
        r"\bSSL: ?ERR_",
        r"\b(?:OSC|SSTP_HASH|SSTP_CONTROL): ?ERR_",
        r"^\W*ERR_UNEXPECTED\b",
        weight=STRONG,
    ),
    *message(
        Stage.AUTHENTICATION,
        "no-address wrong-credentials second-login",
        r"\b(?:LCP|IP|OUTGOING|INCOMING|SSTP_\w+): ?ERR_(?:TERMINATE|DISCONNECT|ABORT)_REQUESTED",
        weight=STRONG,
    ),
)
"""Open SSTP Client's results, each with the part that met it before the colon."""

TABLE: Table = (
    Row(r"certificated? failed verification, ignoring", Kind.NOISE),
    *starts(
        r"Connecting has been attempted",
        r"Establish VPN connection",
        r"sstpc.*Resolved \S+ to",
        r"reason=startLegacyVpn",
    ),
    *message(
        Stage.TLS,
        "certificate",
        r"sstpc.*verification failed",
        r"Trust anchor for certification path not found",
        r"[Ss]erver certificate\w* failed verification|The certificate did not match the host",
    ),
    *message(
        Stage.TRANSPORT,
        "tcp-443-blocked client-firewall",
        r"Could not connect to the server, Connection (?:refused|timed out)",
        r"sstpc.*Connect timed out",
        r"Could not complete connect to the client",
        weight=STRONG,
    ),
    *message(
        Stage.TLS,
        "tcp-443-blocked proposal-mismatch certificate",
        r"sstpc.*Unrecoverable (?:SSL|socket) error",
        r"HTTP handshake with server",
        weight=STRONG,
    ),
    *OPEN_SSTP,
    *libraries.JAVA,
    *reached(
        DialStep.UP,
        r"sstpc.*Connection Established",
        r"SSTP connection established",
        r"\bVPN connection has been established",
        r"setting state=CONNECTED",
    ),
    *reached(DialStep.TLS_UP, r"sstpc.*Sending Connect-Request", r"Started PPP Link Negotiation"),
    *reached(DialStep.TCP_UP, r"sstpc.*Connected to"),
    *failed(
        r"An exception/error has been occurred",
        r"Terminate VPN connection",
        r"sstpc.*Connection was aborted",
        r"setting state=(?:FAILED|TIMEOUT)",
        r"LegacyVpnRunner: Aborting",
    ),
)
