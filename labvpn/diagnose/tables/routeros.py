"""MikroTik's RouterOS, as a client and as a server of L2TP, SSTP and OpenVPN: its topics say which, PPPoE's is not one.

Sources: MikroTik's manual of PPP, L2TP and logging; logs that administrators published.
"""

from labvpn.diagnose.event import WEAK, DialStep, Kind, Row, Stage, Table, ended, failed, message, reached, starts

_TOPIC = r"\b(?:l2tp|sstp|ovpn),(?:ppp,)?(?:info|error|debug|warning)\S*\s.*"
_ENDS = _TOPIC + r"(?:terminating|disconnected)\W+"

TABLE: Table = (
    *starts(_TOPIC + r": initializing\.\.\."),
    *message(
        Stage.AUTHENTICATION,
        "wrong-credentials account-expired second-login",
        _TOPIC + r"(?:authentication failed|failed to authenticate ourselves|invalid user ?name or password)",
        _TOPIC + r"user \S+ is already active",
    ),
    *message(Stage.NAME, "name-not-found", _TOPIC + r"could not resolve"),
    *message(
        Stage.ADDRESS,
        "no-address server-full",
        _TOPIC + r"(?:could not (?:determine|acquire) (?:local|remote) address|no (?:free|more) addresses)",
    ),
    *message(Stage.TLS, "certificate", _ENDS + r"handshake failed: .*certificate"),
    *message(Stage.TLS, "proposal-mismatch certificate", _ENDS + r"handshake failed", weight=WEAK),
    Row(r"\bl2tp\S*\s.*\bMessage-Type=StopCCN", Kind.FAILED, DialStep.L2TP_ANSWERED),
    *reached(DialStep.L2TP_ANSWERED, r"\bl2tp\S*\s.*\bMessage-Type=SCCRP"),
    *reached(DialStep.L2TP_SENT, r"\bl2tp\S*\s.*(?:\bMessage-Type=SCCRQ|: dialing\.\.\.)"),
    *reached(DialStep.L2TP_SENT, r"\bl2tp\S*\s.*first L2TP UDP packet received from"),
    *reached(DialStep.AUTH_OK, _TOPIC + r": authenticated"),
    *reached(DialStep.UP, _TOPIC + r": connected", _TOPIC + r"\S+ logged in, \d"),
    *ended(Kind.CLOSED, _ENDS + r"administrator request", _TOPIC + r"\S+ logged out,"),
    *ended(Kind.LOST, _ENDS + r"(?:peer is not responding|hungup)"),
    *failed(_TOPIC + r"(?:terminating\.\.\.|: disconnected)"),
)
