"""A dial in Japanese."""

from labvpn.diagnose.event import Cause
from labvpn.diagnose.words import Advice
from labvpn.dial.outcome import AnyCause, DialCause
from labvpn.dial.words import DialWords

FINDINGS = {
    "no-name": "ここからは {host} の IPv4 アドレスが引けません",
    "no-network": "この端末から相手への経路がありません（{reason}）",
    "no-first": "UDP {port} への最初のメッセージを {tries} 回送りましたが、応答がありません",
    "no-third": "UDP {port} は最初のメッセージに応答しましたが、3 番目を {tries} 回送っても応答がありません",
    "no-4500": "UDP {port} は応答しましたが、UDP {nat} への {tries} 回のメッセージには応答がありません",
    "odd-4500": "UDP {nat} は通っています。応答はありましたが、先へ進めず、内容を理解できません",
    "refused": "サーバーの回答：{answer}",
    "unoffered": "サーバーが、こちらの提案にないものを選びました",
    "bad-key-exchange": "サーバーの鍵交換の値が、そのグループのものではありません",
    "keys-differ": "UDP 4500 は通っていますが、サーバーが認証メッセージを復号できません。事前共有鍵が一致していません",
    "phase-2-silent": "フェーズ 2 の要求に応答がありません",
    "l2tp-silent": "IPsec の中の L2TP に応答がありません",
    "tcp-silent": "TCP {port} に応答がありません",
    "tcp-rejected": "TCP {port} が拒否されました（{reason}）",
    "no-tls": "TCP {port} は開いていますが、TLS を確立できません（{reason}）",
    "untrusted": (
        "サーバーの証明書を検証できません（{reason}）。クライアントも接続を拒否します。スタックの認証局を導入するか、"
        "証明書に記載された名前で接続してください"
    ),
    "sstp-silent": "TLS は確立しましたが、SSTP の要求に応答がありません（SoftEther 5.01.9674 は応答しません）",
    "sstp-refused": "SSTP の要求に対するサーバーの回答：{answer}",
    "sstp-refused-call": "サーバーが SSTP の呼び出しを拒否しました",
    "sstp-no-binding": "サーバーが求めるハッシュはどれも使えません",
    "tcp-closed": "サーバーが接続を閉じました",
    "tunnel-ended": "サーバーが L2TP トンネルを終了しました",
    "call-ended": "サーバーが L2TP の呼び出しを終了しました",
    "tunnel-ended-for": "サーバーが L2TP トンネルを終了しました。結果コード {result}（RFC 2661、4.4.2）",
    "call-ended-for": "サーバーが L2TP の呼び出しを終了しました。結果コード {result}（RFC 2661、4.4.2）",
    "link-ended": "サーバーが PPP リンクを終了しました",
    "ipsec-deleted": "サーバーが IPsec トンネルを削除しました",
    "ppp-silent": "サーバーが時間内に PPP に応答しませんでした",
    "no-login-method": (
        "サーバーは {asked} による認証しか受け付けず、このシステムが使えるのは {offered} です。"
        "共通の認証方式がありません"
    ),
    "no-login": "サーバーの PPP が認証を求めずに先へ進みました。SoftEther なら必ず認証を求めます",
    "login-silent": (
        "認証を始めましたが、時間内に許可も拒否もありません。"
        "サーバーが問い合わせる RADIUS が応答していない可能性があります"
    ),
    "login-hours": "この時間帯のログインをサーバーが拒否しました（MS-CHAPv2 の E=646）",
    "account-disabled": "サーバーによると、アカウントが無効です（MS-CHAPv2 の E=647）",
    "password-expired": "サーバーによると、パスワードの期限が切れています（MS-CHAPv2 の E=648）",
    "no-dial-in": "サーバーによると、このアカウントには接続の許可がありません（MS-CHAPv2 の E=649）",
    "address-silent": "ログインは通りましたが、時間内にアドレスが割り当てられませんでした",
    "no-ipv4": "サーバー側で IPv4 が使えません",
    "no-address": (
        "ログインは通りましたが、割り当てるアドレスがありません。SecureNAT またはその DHCP サーバーが無効か、"
        "アドレスプールが空です"
    ),
    "login-refused": "サーバーがユーザー名またはパスワードを拒否しました",
    "server-unproven": "サーバーが、パスワードを知る証明なしにログインを受け入れました。別のサーバーかもしれません",
    "no-hub": "サーバーに仮想 HUB {hub} がありません（SoftEther のコード {code}）",
    "account-ended": "ユーザー名とパスワードは正しいですが、アカウントの期限切れです（SoftEther のコード {code}）",
    "locked-out": (
        "ユーザー名とパスワードは正しく、期限内ですが、サーバーが受け入れません（SoftEther のコード {code}）。"
        "制限時間でセッションが終了した直後のため、一時的に接続できません。1 分ほど待ってください"
    ),
    "denied": (
        "ユーザー名とパスワードは正しいですが、サーバーが受け入れません（SoftEther のコード {code}）。"
        "アカウントの期限切れか、セッション終了直後の一時的な制限です"
    ),
    "hub-offline": "仮想 HUB {hub} がオフラインか、停止処理中です（SoftEther のコード {code}）",
    "too-many": "許可された数のセッションがすでにあります（SoftEther のコード {code}）",
    "other-code": "サーバーが SoftEther のコード {code} でログインを拒否しました",
    "accepted-elsewhere": (
        "SoftEther 独自のプロトコルでは認証が通りますが、PPP の認証は拒否されます。"
        "サーバーはこのユーザーの MS-CHAPv2 を検証できません（パスワードが外部にある場合など）"
    ),
    "name-the-hub": "拒否の理由を調べるには、--hub で仮想 HUB を指定してください",
    "no-code": "サーバーのどの TCP ポートも SoftEther 独自のプロトコルに応答せず、理由が分かりません",
    "banned": (
        "サーバー自身のファイアウォールが、この送信元を TCP も含む VPN の全ポートで拒否しています。"
        "ログインの失敗が続いた場合などの遮断です"
    ),
    "rejected": "途中の機器が UDP {port} を拒否しています",
    "rejected-on-the-way": "途中の {by} が UDP {port} を拒否しています（ICMP 3/{code}）",
    "rejected-by-firewall": "サーバー自身のファイアウォールが UDP {port} を拒否しています（ICMP 3/{code}）",
    "nothing-listens": "サーバーの UDP {port} で待ち受けがないか、規則が拒否しています（ICMP 3/{code}）",
    "server-gone": "セッションは確立していましたが、サーバーが応答しなくなりました",
    "cut-and-locked-out": (
        "サーバーがセッションを終了し、一時的に再接続を拒否しています（SoftEther のコード 12）。制限時間に達しました"
    ),
    "fails-there": (
        "サーバーは {suite} を選びましたが、{system} はこれを提案しながら使えません。実機ではフェーズ 1 で失敗します"
    ),
    "openvpn-said": "OpenVPN の出力：{line}",
    "untried": "{way} は試していません（{reason}）",
    "no-report": "結果が得られません（{reason}）",
    "translated": (
        "サーバーがアドレス変換の内側にあるため、{system} ではレジストリ値 "
        "AssumeUDPEncapsulationContextOnSendRule=2 が必要です。キットのスクリプトが設定します"
    ),
    "no-resolver": "サーバーはリゾルバーを指定していません。名前解決は接続前のリゾルバーのままです",
    "resolver-silent": "リゾルバーが応答しないため、名前解決ができません",
    "no-page": "接続元アドレスを尋ねたページから、アドレスが得られませんでした",
    "service-closed": "この HUB で公開されている {name}（{target}）が接続を拒否します。サービスは動いていますか",
    "service-silent": (
        "この HUB で公開されている {name}（{target}）が応答しません。アクセスリスト、手前のファイアウォール、"
        "またはその機器を確認してください"
    ),
    "unlisted-reached": "{target} はこの HUB で公開されていないのに届きます。アクセスリストを確認してください",
    "small-mtu": "経路がそのまま通すパケットは約 {way} バイトまでで、それより大きいものは分割されます",
    "fragments-lost": (
        "分割されたパケットが途中で失われ、{up} バイトを超えるものは届きません。接続はできても、"
        "ページの表示やダウンロードが止まります。FortiGate と途中のネットワークでフラグメントを許可するか、"
        "TCP 443 の OpenVPN を使ってください"
    ),
    "large-lost": (
        "上り {up} バイト、下り {down} バイトを超えるパケットが失われます。接続はできても、"
        "ページの表示やダウンロードが止まります。途中でフラグメントと ICMP 3/4 を許可してください"
    ),
    "fragments-lost-unneeded": (
        "分割されたパケットは途中で失われますが、{whole} バイトまではそのまま通るので支障はありません"
    ),
}

ADVICE: dict[AnyCause, Advice] = {
    Cause.UNKNOWN: Advice(
        "観測された内容だけでは、原因を特定できません",
        "その時刻のサーバーのログに、詳しい記録が残っている可能性があります",
        "もう一度試し、再び失敗する場合は、この結果の全文と時刻を管理者に送ってください。",
        "その時刻のサーバーのログと照合してください。RADIUS や、サーバーの同じポートを使う別のプログラムが"
        "関係している可能性があります。",
    ),
    DialCause.HUB_OFFLINE: Advice(
        "仮想 HUB がオフラインのため、誰も接続できません",
        "`labvpn check` でホストとの差分を確認できます",
        "端末やパスワードに問題はありません。管理者に知らせてください。",
        "仮想 HUB をオンラインにしてください。`pulumi preview` で確認し、`pulumi up` で反映します。"
        "手動なら SoftEther の Online コマンドです。",
    ),
    DialCause.BANNED: Advice(
        "ログインの失敗が続いたなどの理由で、サーバーがこの送信元を遮断しています",
        "`labvpn status` に遮断とその終了時刻が表示され、別のネットワークからは接続できます",
        "遮断が終わるまで待ち、正しいユーザー名とパスワードで接続し直してください。"
        "すべての端末に保存されたパスワードも確認してください。",
        "`labvpn status` で遮断と終了時刻を確認してください。繰り返すなら、信頼できるネットワークを設定で除外します。",
    ),
    DialCause.SSTP_SILENT: Advice(
        "ポートは開いていますが、サーバーが SSTP に応答しません",
        "`labvpn probe` でそのポートが何に応答するか確認できます",
        "L2TP/IPsec または OpenVPN を使い、管理者に知らせてください。",
        "SSTP を有効にしてください（vpn.protocols.sstp）。Debian 12 の SoftEther 5.01.9674 は応答しないため、"
        "新しい版を導入するか、無効のままにします。",
    ),
    DialCause.ENDED: Advice(
        "セッションがサーバーによって終了されたか、サーバーまでの経路が失われました",
        "サーバーのログに、セッションを終了したものが記録されています",
        "もう一度接続してください。同じ時間で再び切れる場合は、その時刻を知らせてください。",
        "サーバーの再起動や手動の切断がなかったか、その時刻のサーバーのログを確認してください。",
    ),
}

LAYOUT = {
    "title": "{title}、{host}：",
    "from": "{title}、{host}、{vantage} から：",
    "chosen": "IPsec：{suite}、ESP {protection}、認証 {method}",
    "address": "アドレス {address}、ルーター {router}、リゾルバー {resolver}",
    "routes": "配布された経路：すべての通信",
    "some-routes": "配布された経路：{routes}",
    "no-routes": "配布された経路：サーバーが問い合わせに応答しません",
    "resolver": "リゾルバーが応答しています{resolved}。",
    "sizes": "内側のパケット：上り {up} バイト、下り {down} バイトまで。経路がそのまま通すのは約 {way} バイトまで",
    "no-sizes": "内側のパケット：小さなエコーも返りません",
    "service": "{target}{name}：{state}",
    "unlisted": "{target}（公開対象外）：{state}",
    "open": "開いています",
    "closed": "閉じています（拒否）",
    "silent": "応答なし",
    "outside": "外部から見た接続元アドレス：{outside}",
    "no-stage": "接続がどこで止まったかは不明です。",
    "because": "観測：{sentence}。",
    "note": "注意：{sentence}。",
    "ways": "ここから使える接続方法：{ways}",
    "no-ways": "ここから使える接続方法はありません。",
    "openvpn": "OpenVPN {way}",
    "l2tp": "L2TP/IPsec",
    "sstp": "SSTP",
}

WORDS = DialWords(FINDINGS, ADVICE, LAYOUT)
