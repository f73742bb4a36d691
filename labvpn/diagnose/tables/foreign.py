"""Lines of connections that are not this VPN's: PPTP, PPPoE and modems share pppd, and so its log, with L2TP."""

from labvpn.diagnose.event import Kind, Row, Table, failed

TABLE: Table = (
    *(
        Row(pattern, Kind.START)
        for pattern in (
            r"\bPPTP connecting to server",
            r"\bPPPoE connecting to service",
            r"VpnStrategy\s*=\s*PPTP",
            r"VpnStrategy\s*=\s*.*PPPoE",
            r"\bStarting PPP\w* .*\bpptp\b",
            r"nm-pptp-service",
            r"\bATDT?\d",
            r"\bWvDial\b",
        )
    ),
    *failed(
        r"\bPPTP\b",
        r"\bPPPoE\b",
        r"\bpptp(?:d|\[|\.so|-)",
        r"\bPAD[IORST]\b",
        r"\bchat\[\d+\]",
        r"/dev/tty(?:USB|ACM|S)\d",
        r"\bNO CARRIER\b",
        r"\bGRE\b",
    ),
)
