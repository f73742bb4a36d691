"""The SoftEther client's own log (client_log), English and Japanese; its codes are in `codes`."""

from labvpn.diagnose.event import DialStep, Kind, Stage, Table, ended, message, reached, starts

TABLE: Table = (
    *starts(
        r"VPN Connection Setting \".*\": Connection operation starting",
        r"Connection processing for VPN Connection Setting",
        r"接続設定 \".*\": \d+ 回目の接続動作を開始",
        r"接続設定 \".*\" への接続処理を開始",
    ),
    *reached(
        DialStep.TLS_UP,
        r"VPN Connection Setting \".*\": SSL communication has been started",
        r"接続設定 \".*\": SSL 通信が開始",
    ),
    *reached(DialStep.UP, r"VPN Connection Setting \".*\": Now connected", r"接続設定 \".*\": 接続が完了しました"),
    *reached(DialStep.UP, r"Connection Completed \(Session Established\)"),
    *ended(Kind.CLOSED, r"Disconnecting the VPN Connection Setting", r"接続設定 \".*\" を切断します"),
    *message(
        Stage.TRANSPORT, "client-firewall", r"Cannot find the tun/tap driver", r"tun/tap ドライバが見つかりません"
    ),
)
