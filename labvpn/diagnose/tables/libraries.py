"""What libraries under many programs write; it means a VPN only beside what says so."""

from labvpn.diagnose.event import STRONG, Stage, Table, message

OPENSSL: Table = (
    *message(
        Stage.TLS,
        "certificate",
        r"certificate verify failed",
        r"Certificate verification failed",
        r"alert (?:unknown ca|bad certificate|unsupported certificate)",
        r"alert certificate (?:expired|revoked|required|unknown)",
        r"certificate (?:has expired|is not yet valid|revoked)",
        r"self[- ]signed certificate",
        r"unable to get (?:local )?(?:issuer certificate|certificate CRL)",
        r"certificate signature failure|(?:can't|cannot|unable to) verify (?:the )?(?:peer|server)(?:'s)? certificate",
        r"(?:peer|server)(?:'s)? certificate is not (?:trusted|verified|valid)",
        r"ca md too weak|ee key too small|CA_MD_TOO_WEAK|CA_KEY_TOO_SMALL|SIGALG_DISALLOWED",
        r"peer did not return a certificate",
    ),
    *message(
        Stage.TLS,
        "proposal-mismatch",
        r"no shared cipher|no ciphers available",
        r"unsupported protocol|wrong version number|alert protocol version|TLS_VERSION_MIN|ALERT_PROTOCOL_VERSION",
        r"handshake failure|ALERT_HANDSHAKE_FAILURE",
        r"dh key too small",
    ),
    *message(Stage.ADDRESS, "no-address", r"DHCP\w*.{0,40}(?:timed out|failed to)"),
    *message(Stage.DISCONNECTED, "session-time-over", r"token (?:has )?expired"),
    *message(Stage.AUTHENTICATION, "wrong-credentials", r"authentication failed for user(?:name)?\b"),
    *message(
        Stage.TRANSPORT,
        "tcp-443-blocked client-firewall",
        r"HTTP proxy(?: returned|:).{0,60}(?:40[37]|failed|denied|bad)",
        weight=STRONG,
    ),
)
"""In the words of OpenSSL."""

RESOLVER: Table = tuple(
    message(
        Stage.NAME,
        "name-not-found",
        r"(?:name or service|nodename nor servname.*|no such host|host) (?:is )?not known|name resolution",
        r"(?:host ?name|DNS) (?:resolution|lookup) (?:timed out|failed)|\bdnsFailure\b",
        r"(?:could not|cannot|can't|failed to|unable to) resolve (?:\w+ ){0,2}(?:host|name|gateway|server|address)",
    )
)
"""The C library, and the programs that ask it."""

JAVA: Table = (
    *message(
        Stage.TLS,
        "certificate",
        r"SSLHandshakeException.{0,120}(?:[Tt]rust|[Cc]ertificat|CertPath)",
        r"CertPathValidatorException|SSLPeerUnverifiedException|CertificateException",
        r"Verification of server certificate failed",
    ),
    *message(Stage.NAME, "name-not-found", r"UnknownHostException", r"Unable to resolve host \""),
    *message(
        Stage.TRANSPORT,
        "tcp-443-blocked client-firewall",
        r"SocketTimeoutException",
        r"java\.net\.ConnectException",
        r"failed to connect to /?\S+ \(port \d+\)",
        weight=STRONG,
    ),
    *message(
        Stage.TLS,
        "certificate proposal-mismatch tcp-443-blocked",
        r"SSLException|SSLProtocolException",
        weight=STRONG,
    ),
)
"""Any app of Android."""

TABLE: Table = OPENSSL + RESOLVER + JAVA
