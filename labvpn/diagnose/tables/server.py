"""SoftEther server's logs (server_log with or without [HUB "X"], security_log), English and Japanese."""

from labvpn.diagnose.event import WEAK, DialStep, Kind, Row, Stage, Table, ended, message, reached, starts

NOISE: Table = tuple(
    Row(pattern, Kind.NOISE)
    for pattern in (
        r"HTTPS API (?:client|クライアント)",
        r"administration mode|管理モード",
        r"Cascade Connection|カスケード接続",
        r"Failed to start SSL communication.*\(code (?!15[0-2])",
        r"SSL 通信を開始できませんでした.*\(コード (?!15[0-2])",
        r"VPN Azure",
    )
)

REFUSALS: Table = (
    *message(
        Stage.TLS,
        "proposal-mismatch certificate",
        r"Failed to start SSL communication.*\(code 15[0-2]\)",
        r"SSL 通信を開始できませんでした.*\(コード 15[0-2]\)",
        weight=WEAK,
    ),
    *message(
        Stage.AUTHENTICATION,
        "wrong-credentials",
        r"User authentication failed\. The user name",
        r"ユーザー認証に失敗しました。提示されたユーザー名",
        r"(?:\"(?:MS-CHAP v2|PAP)\"|authentication protocol\)) .{0,80}user authentication failed",
        r"authentication protocol\) user authentication failed",
        r"\"(?:MS-CHAP v2|PAP)\" .*ユーザー認証に失敗",
        r"no RADIUS authentication settings|RADIUS サーバーの設定が行われていない",
        r"Virtual Hub .* that the client is trying to connect to does not exist",
        r"クライアントが接続しようとした仮想 HUB .* は?サーバー上に存在しません",
    ),
    *message(
        Stage.AUTHENTICATION,
        "proposal-mismatch wrong-credentials",
        r"denied to accept .*(?:PAP|MS-CHAP)",
        r"クライアントは認証プロトコルとして .*拒否しました",
    ),
    *message(
        Stage.AUTHENTICATION,
        "account-expired",
        r"expiration date has been expired",
        r"有効期限が切れており、アクセスが拒否",
    ),
    *message(
        Stage.AUTHENTICATION,
        "second-login",
        r"maximum number of multiple logins",
        r"multiple concurrent VPN sessions",
        r"多重ログイン数の上限",
        r"同時にログインできる VPN セッション数",
    ),
    *message(
        Stage.AUTHENTICATION,
        "server-full",
        r"The maximum number of (?:client |bridge )?sessions \(",
        r"最大(?:クライアント|ブリッジ)?セッション数 \d+ に達しています",
        r"registered (?:Client|Bridge) Connection Licenses",
        r"接続ライセンス数を上回る",
        r"License error occurred|license-related error|ライセンス上のエラー",
        r"temporary suspending to accept",
    ),
    *message(
        Stage.AUTHENTICATION,
        "device-not-allowed",
        r"refused based on the Source IP Address Limit List",
        r"接続元 IP 制限リストによって拒否",
        r"security policy denies .*(?:Monitoring Mode|bridge connections)",
        r"\[モニタリングモード\] が許可されていない|\[ブリッジを禁止する\]",
        r"Only the build \d+ or latest|最低でもビルド \d+",
        r"RequiredClientId",
    ),
    *message(
        Stage.ADDRESS,
        "device-not-allowed no-address",
        r"MAC addresses\. The packet has been discarded",
        r"個の MAC アドレスを持つことが許可",
        r"not a DHCP server allocated IP address",
        r"DHCP サーバーが割り当てていない IP アドレス",
    ),
    *message(
        Stage.AUTHENTICATION,
        "account-expired device-not-allowed",
        r"Access has been refused to user .* based on the security policy",
        r"セキュリティポリシーによってアクセスが拒否",
    ),
    *message(
        Stage.ADDRESS,
        "no-address",
        r"from the DHCP server failed",
        r"DHCP サーバーからの IP (?:アドレス|ネットワーク情報)の取得に失敗",
        r"IP address of the VPN Client hasn't been determined",
        r"IP アドレスがまだ決定されていない",
    ),
    *message(
        Stage.PHASE_1,
        "proposal-mismatch",
        r"no acceptable transform proposals",
        r"トランスフォーム候補に受諾することができるものが",
        r"not compatible with IPsec NAT Traversal",
        r"IPsec NAT Traversal .*に対応していない",
    ),
    *message(
        Stage.AUTHENTICATION,
        "certificate",
        r"certificates revocation list",
        r"無効な証明書一覧",
    ),
    *message(
        Stage.DISCONNECTED,
        "session-time-over",
        r"VPN Session has been disconnected by the administrator",
        r"has disconnected this the VPN Session",
        r"VPN セッションが(?:システム管理者によって)?切断されたため",
    ),
)

COURSE: Table = (
    *starts(
        r"A new IPsec client is created",
        r"新しい IPsec クライアントを作成",
        step=DialStep.IKE_SENT,
    ),
    *starts(
        r"A new PPP session \(Upper protocol",
        r"新しい PPP セッション \(上位プロトコル",
        step=DialStep.L2TP_UP,
    ),
    *starts(
        r"is attempting to connect to the Virtual Hub",
        r"仮想 HUB への接続を試行",
        r"OpenVPN (?:Session|セッション) \d+ .*(?:A new session is created|新しいセッション)",
        r"OpenVPN (?:Session|セッション) \d+ .*(?:A new channel is created|新しいチャネルを作成)",
        step=DialStep.TLS_UP,
    ),
    *reached(
        DialStep.UP,
        r"An IP address is assigned\. IP Address of Client",
        r"DHCP サーバーから IP アドレスを取得しました",
        r"on this session allocated, for host",
        r"に対して新しい IP アドレス .* を割り当てました",
        r"DHCP (?:entry|エントリ) \d+",
        r"network information parameters are set successfully",
        r"IP ネットワーク情報の設定が完了",
    ),
    *reached(DialStep.ADDRESS_ASKED, r"Trying to request an IP address", r"IP アドレスを取得しようと試行"),
    *reached(DialStep.SESSION, r"The new session \".*\" has been created", r"新しいセッション \".*\" が作成されました"),
    *reached(DialStep.AUTH_OK, r"Successfully authenticated as user", r"として正しく認証されました"),
    *reached(DialStep.IPSEC_UP, r"This IPsec SA is established", r"この IPsec SA が確立"),
    *reached(DialStep.IPSEC_SENT, r"initiates a QuickMode negotiation", r"QuickMode の折衝が開始"),
    *reached(DialStep.IKE_UP, r"This IKE SA is established", r"この IKE SA が確立"),
    *reached(DialStep.IKE_ON_4500, r"IPsec (?:Client|IKE|クライアント|IKE セッション).*:4500\)"),
    *reached(DialStep.IKE_ANSWERED, r"A new IKE SA \(", r"新しい IKE SA \("),
    *ended(
        Kind.CLOSED,
        r"The session has been terminated\.",
        r"セッションが終了しました。統計情報",
        r"terminated by the cause \".*\" \(code (?:[1-6]|1[13])\)",
        r"\(コード (?:[1-6]|1[13])\) で終了",
        r"The PPP session is disconnected|PPP セッションは切断",
        r"A PPP protocol error occurred|PPP プロトコルエラーが発生",
        r"This IPsec Client is deleted|この IPsec クライアントは?削除",
    ),
)

TABLE: Table = NOISE + REFUSALS + COURSE
