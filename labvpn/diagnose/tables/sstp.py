"""SSTP clients of Linux and Android (sstpc, Open SSTP Client and its derivatives), and Android's SoftEther client."""

from labvpn.diagnose.event import STRONG, DialStep, Kind, Row, Stage, Table, failed, message, reached, starts

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
        r"(?:CERT\w*|SSL): ?ERR_VERIFICATION_FAILED",
        r"Trust anchor for certification path not found",
    ),
    *message(
        Stage.AUTHENTICATION,
        "wrong-credentials second-login account-expired",
        r"ERR_AUTHENTICATION_FAILED",
        r"SOFTETHER_AUTHENTICATION_FAILED",
    ),
    *message(
        Stage.ADDRESS,
        "no-address",
        r"DHCP_NEGOTIATION_(?:TIMEOUT|FAILED)",
        r"IPCP\w*: ERR_",
        r"ERR_(?:INVALID_ADDRESS|ADDRESS_REJECTED)",
    ),
    *message(
        Stage.TLS,
        "certificate",
        r"SSLHandshakeException.{0,120}(?:[Tt]rust|[Cc]ertificat|CertPath)",
        r"CertPathValidatorException|SSLPeerUnverifiedException|CertificateException",
        r"ERR_VERIFICATION_FAILED",
        r"[Ss]erver certificate\w* failed verification|The certificate did not match the host",
        r"Verification of server certificate failed",
    ),
    *message(Stage.NAME, "name-not-found", r"UnknownHostException", r"Unable to resolve host \""),
    *message(
        Stage.TRANSPORT,
        "tcp-443-blocked client-firewall",
        r"SocketTimeoutException",
        r"java\.net\.ConnectException",
        r"failed to connect to /?\S+ \(port \d+\)",
        r"SSL: ERR_TIMEOUT|SSTP_REQUEST: ERR_COUNT_EXHAUSTED",
        r"Could not connect to the server, Connection (?:refused|timed out)",
        weight=STRONG,
    ),
    *message(
        Stage.TLS,
        "certificate proposal-mismatch tcp-443-blocked",
        r"\bSSL: ERR_",
        r"SSLException|SSLProtocolException",
        weight=STRONG,
    ),
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
