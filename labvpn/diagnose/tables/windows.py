"""Windows: RasClient's events and rasdial's lines; its codes are in `codes`, its sentences in `sentences`."""

from labvpn.diagnose.event import DialStep, Kind, Row, Table, ended, reached, starts

TABLE: Table = (
    *starts(
        r"has started dialing a (?:VPN )?connection",
        r"^\s*Connecting to .{1,60}\.\.\.\s*$",
        r"(?:への|を使用して|の) ?(?:VPN )?接続のダイヤルを開始",
        r"に接続中\.\.\.",
    ),
    *reached(
        DialStep.UP,
        r"which has successfully connected",
        r"has successfully established a connection",
        r"^\s*Successfully connected to ",
        r"^\s*You are already connected to ",
        r"正常に接続(?:し|され)ました",
        r"接続に成功しました",
        r"に正常に接続",
    ),
    *reached(
        DialStep.L2TP_UP,
        r"The link to the Remote Access Server has been established",
        r"リモート アクセス サーバーへのリンクが確立",
    ),
    Row(r"successfully established a link to the Remote Access Server", Kind.STEP, DialStep.L2TP_UP),
    *ended(Kind.CLOSED, r"reason (?:code returned on|for returning after) termination is 631\b", r"理由コードは 631"),
)
