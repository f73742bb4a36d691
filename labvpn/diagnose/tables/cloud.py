"""The clients of cloud providers, which put their own words around OpenVPN's and Windows': Azure VPN, AWS Client VPN.

Sources: Microsoft's "Troubleshoot Azure VPN Client", AWS's "Troubleshooting AWS Client VPN".
"""

from labvpn.diagnose.event import STRONG, Stage, Table, message

TABLE: Table = (
    *message(
        Stage.AUTHENTICATION,
        "wrong-credentials account-expired device-not-allowed",
        r"\bAADSTS\d{5,7}\b",
        r"Failure in acquiring (?:Microsoft Entra|AAD|Azure AD) Token",
        r"The credentials received were incorrect",
        r"SAML (?:authentication|response) .{0,30}(?:failed|invalid|error)",
    ),
    *message(
        Stage.TRANSPORT,
        "tcp-443-blocked wrong-psk certificate",
        r"Server did not respond properly to VPN Control Packets",
        r"connection failed because of a TLS handshake error",
        r"\bTLS handshake error\. Contact your",
        weight=STRONG,
    ),
    *message(
        Stage.TLS,
        "certificate",
        r"(?:failed to|unable to|could not) validate (?:the )?server certificate",
        r"server certificate (?:validation|verification) failed",
        r"certificate could not be found that can be used with this Extensible",
        r"certificate chain .{0,40}(?:not trusted|terminated)",
    ),
    *message(
        Stage.TRANSPORT,
        "client-firewall",
        r"VPN Platform did not trigger connection",
        r"VPN process quit unexpectedly|The VPN process (?:died|exited) unexpectedly",
        r"no TAP-Windows adapters on this system",
        weight=STRONG,
    ),
    *message(
        Stage.NAME,
        "name-not-found",
        r"(?:cannot|could not|unable to) resolve (?:the )?(?:DNS )?host ?name",
        r"Failed to resolve (?:the )?(?:VPN )?(?:server|gateway)",
    ),
)
