"""The answer in Japanese."""

from labvpn.diagnose.event import Cause, DialStep, Stage
from labvpn.diagnose.words import Advice, Words
from labvpn.diagnose.words.details_ja import DETAILS, FILES

STAGES = {
    Stage.NAME: "サーバーの名前解決",
    Stage.TRANSPORT: "サーバーに届くまでの経路（まだ応答がありません）",
    Stage.TLS: "TLS ハンドシェイク（パスワードの確認より前）",
    Stage.PHASE_1: "IPsec のフェーズ 1（パスワードの確認より前）",
    Stage.PHASE_2: "IPsec のフェーズ 2（事前共有鍵の確認より後）",
    Stage.L2TP: "IPsec 確立後の L2TP",
    Stage.AUTHENTICATION: "ユーザー名とパスワードの確認",
    Stage.ADDRESS: "ログインが通った後、IP アドレスを受け取るところ",
    Stage.CONNECTED: "どこでも止まらず、接続できています",
    Stage.DISCONNECTED: "いったん接続できた後の切断",
    Stage.UNKNOWN: "不明な段階",
}

STEPS = {
    DialStep.DIALLED: "接続の開始",
    DialStep.IPSEC_ASKED: "IPsec の開始要求",
    DialStep.IKE_SENT: "IPsec の最初のメッセージの送信",
    DialStep.IKE_REPLIED: "サーバーからの最初の応答の送信",
    DialStep.IKE_ANSWERED: "IPsec の最初のメッセージへのサーバーの応答",
    DialStep.IKE_ON_4500: "UDP 4500 への切り替え",
    DialStep.IKE_UP: "IPsec フェーズ 1 の確立",
    DialStep.IPSEC_SENT: "IPsec フェーズ 2 の開始",
    DialStep.IPSEC_UP: "IPsec の確立",
    DialStep.L2TP_SENT: "L2TP の最初のメッセージの送信",
    DialStep.L2TP_ANSWERED: "L2TP へのサーバーの応答",
    DialStep.CALL_ANSWERED: "L2TP の呼び出しへのサーバーの応答",
    DialStep.L2TP_UP: "L2TP の確立",
    DialStep.TCP_SENT: "TCP 接続の試行",
    DialStep.TLS_SENT: "サーバーへの最初のメッセージの送信",
    DialStep.TCP_UP: "TCP 接続の確立",
    DialStep.TLS_ANSWERED: "TLS へのサーバーの応答",
    DialStep.TLS_UP: "TLS の確立",
    DialStep.PUSH_ASKED: "設定の要求",
    DialStep.PUSHED: "サーバーからの設定の受信",
    DialStep.PPP_ANSWERED: "PPP へのサーバーの応答",
    DialStep.AUTH_SENT: "ログイン情報の送信",
    DialStep.AUTH_OK: "ログインの成功",
    DialStep.SESSION: "サーバー側でのセッションの作成",
    DialStep.ADDRESS_ASKED: "IP アドレスの要求",
    DialStep.UP: "IP アドレスの取得",
}

REASONS = {
    "line": "{where}に次の記録があります：{excerpt}",
    "windows": "{where}に Windows のエラー {excerpt} があり、多くはこの原因です（番号だけでは決め手になりません）",
    "softether": "{where}に SoftEther のエラーコード {excerpt} があります",
    "unanswered": "{where}で打ち切られるまで、「{step}」への応答がありません",
    "server-saw": "サーバーのログの記録は「{step}」までで、その先がありません",
    "same": "{because}（この原因でも同じ記録になります。確認方法：{confirm}）",
    "stopped": "{where}で接続が打ち切られています。最後に確認できたのは「{step}」です",
    "truncated": "ログは「{step}」で終わり、それに対する応答がありません",
    "requests-unanswered": "トンネル内へ要求を繰り返し送っていますが、応答がありません",
    "unfinished": (
        "この内容に失敗の記録はなく、ログインか IP アドレスの取得より前で終わっています。"
        "最後に確認できたのは{where}の「{step}」です"
    ),
    "loop": "OpenVPN が数分のうちに接続と切断を {number:.0f} 回繰り返しています（{where}まで）",
    "slow": "{where}の拒否は、要求から {number:.0f} 秒たってからです。パスワードの間違いならすぐに拒否されます",
    "span": "{where}で、接続から {number:.1f} 分後にセッションが終わっています：{excerpt}",
    "cut": "{where}で、つながっていたセッションが終わっています：{excerpt}",
    "server-silent": "同じ時刻のサーバーのログに、この接続の記録がまったくありません",
    "server-session": "{where}ではサーバーがログインを受け付けていますが、端末側は接続できていません",
    "nothing": "VPN のクライアントや SoftEther のサーバーが残す記録が見当たりません",
    "foreign": "このログの最後の接続は PPTP、PPPoE またはモデムで、この VPN のものではありません",
}

ADVICE = {
    Cause.IPSEC_PORTS: Advice(
        "UDP 500 がサーバーまで届いていません（firewalld、FortiGate、または現在の回線）",
        "この回線だけでつながらないなら回線側、どこからもつながらないならサーバー側です",
        "スマートフォンのテザリングや自宅など、別の回線で試してください。"
        "この回線だけつながらない場合は、TCP 443 の OpenVPN か SSTP を使ってください。",
        "firewalld と FortiGate のポリシーで UDP 500 と 4500 を許可してください。"
        "`labvpn probe HOST` で、どのホップで遮断されているか分かります。",
    ),
    Cause.ESP_OR_4500: Advice(
        "UDP 500 は通りますが、UDP 4500（または ESP）が止められています",
        "サーバーのログに 4500 番の記録がなく、同じ設定でも別の回線からはつながります",
        "別の回線で試してください。ルーターの内側の Windows では、NAT 越え用のレジストリの設定が必要な場合があります。",
        "UDP 500 を許可している箇所すべてで UDP 4500 も許可してください。"
        "サーバーが NAT の内側なら、Windows 側に AssumeUDPEncapsulationContextOnSendRule=2 が必要です。",
    ),
    Cause.PSK: Advice(
        "事前共有鍵（共有シークレット）が違うか、入力されていません",
        "サーバーのログに 4500 番の通信があるのに、IKE SA が確立していません",
        "事前共有鍵を入力し直してください。前後の空白に注意してください。ログインのパスワードとは別のものです。",
        "配布した鍵とサーバーの設定を比較してください。変更したときは、新しい鍵を全員に配布する必要があります。",
    ),
    Cause.CREDENTIALS: Advice(
        "ユーザー名かパスワードが違います",
        "サーバーのセキュリティログに「ユーザー認証に失敗しました」と記録されます",
        "ユーザー名とパスワードを、大文字と小文字に気をつけて入力し直してください。"
        "仮想 HUB が複数あるときは「ユーザー名@HUB名」です。",
        "仮想 HUB にそのユーザーがあるか確認し、不明なときはパスワードを再設定してください。",
    ),
    Cause.NO_ADDRESS: Advice(
        "ログインは通りましたが、IP アドレスが割り当てられていません（SecureNAT または DHCP）",
        "サーバーのログで、セッションが作られて数秒後に終わっています",
        "パスワードは合っています。試した時刻を管理者に伝えてください。",
        "仮想 HUB の SecureNAT（仮想 DHCP サーバー）を有効にするか、DHCP サーバーが割り当てない原因を調べてください。",
    ),
    Cause.L2TP_SILENT: Advice(
        "IPsec は確立しましたが、その中の L2TP にサーバーが応答しません",
        "UDP 1701 を外部に開ける必要はありませんが、サーバーは IPsec の内側で待ち受けている必要があります",
        "1 分ほど待ってもう一度試してください。同じルーターの内側に別の接続があると、つながらないことがあります。",
        "サーバーで L2TP over IPsec が有効か、ほかのプログラムが UDP 1701 を使っていないか確認してください。",
    ),
    Cause.PROPOSAL: Advice(
        "暗号方式またはプロトコルの条件が、端末とサーバーで一致していません",
        "サーバーのログに、受け入れ可能なトランスフォームがないと記録されます",
        "配布された設定をそのまま使ってください。接続の種類は「L2TP over IPsec」（または配布の .ovpn）です。",
        "暗号、ハッシュ、DH グループを比較してください。"
        "OpenVPN 2.6 には AES-256-GCM の設定を渡してください。古いクライアントは更新が必要な場合があります。",
    ),
    Cause.CERTIFICATE: Advice(
        "証明書がない、期限切れ、信頼されていない、または名前が違います",
        "ログに証明書についての記録があります。端末の時刻がずれていても起こります",
        "端末の日付と時刻を確認し、最新の設定ファイルを入れ直し、設定にあるとおりのサーバー名で接続してください。"
        "L2TP で証明書を求められるときは、設定で事前共有鍵を選んでください。",
        "サーバー証明書の名前、有効期限、発行元を確認し、変わっていれば設定ファイルを再配布してください。",
    ),
    Cause.TCP_443: Advice(
        "サーバーのポート（TCP 443、または設定にある UDP のポート）に届いていません",
        "同じ回線のブラウザーで https://サーバー名/ が開くかどうかで分かります",
        "別の回線か、TCP 443 用の設定で試してください。",
        "リスナー、firewalld、FortiGate のポリシーを確認してください。"
        "`labvpn probe HOST` で、どのホップで遮断されているか分かります。",
    ),
    Cause.SECOND_LOGIN: Advice(
        "同じユーザーがすでに接続中で、同時接続が許されていません",
        "サーバーのログに、多重ログイン数の上限とあります",
        "ほかの端末の VPN を切り、1 分ほど待ってから接続し直してください。",
        "`labvpn status` でそのユーザーのセッションを確認し、残っているものを切るか、上限を上げてください。",
    ),
    Cause.EXPIRED: Advice(
        "アカウントの有効期限が切れているか、利用が止められています",
        "サーバーのログに、有効期限が切れているとあります",
        "管理者に期限の延長を頼んでください。",
        "ユーザーの有効期限を延長し、`pulumi up` を実行してください。",
    ),
    Cause.DEVICE: Advice(
        "この端末、またはその接続元アドレスが許可されていません",
        "サーバーのログに MAC アドレスや接続元 IP の制限とあり、登録済みの端末ならつながります",
        "登録した端末を使うか、この端末の登録を頼んでください。",
        "ユーザーの MAC アドレスと接続元の規則を端末と比較してください。OpenVPN では MAC の規則は一致しません。",
    ),
    Cause.NAME: Advice(
        "サーバーの名前を解決できません（DNS）",
        "`nslookup サーバー名` がこの回線では失敗し、別の回線では成功します",
        "サーバー名のつづりを確認し、別の回線でも試してください。",
        "ゾーンのネームサーバーにレコードがあるか、委任が正しいかを確認してください。",
    ),
    Cause.FULL: Advice(
        "サーバーまたは仮想 HUB が、これ以上の接続を受け付けていません",
        "サーバーのログに、最大セッション数に達したとあります",
        "しばらく待ってから接続してください。",
        "`labvpn status` で接続中のユーザーを確認し、上限を上げるか、仮想 HUB とライセンスの状態を確認してください。",
    ),
    Cause.CLIENT: Advice(
        "端末側（ファイアウォール、セキュリティソフト、ネットワークアダプター）に問題があります",
        "同じ回線でも、別の端末ならつながります",
        "端末を再起動し、そもそもネットワークにつながっているかを確認し、セキュリティソフトを一度だけ止めて試してください。",
        "Windows では IKEEXT と PolicyAgent が動いているかを確認し、"
        "WAN ミニポートや TAP アダプターを入れ直してください。",
    ),
    Cause.TIME_OVER: Advice(
        "決められた時間が過ぎて、自動的に切断されました",
        "毎回、ちょうど同じ時間（分単位）で切れます",
        "接続し直してください。設定どおりの動作です。",
        "上限はユーザーの autoDisconnect です。足りなければ延長してください。",
    ),
    Cause.CONNECTED: Advice(
        "接続は成功しています",
        "端末が VPN 内の IP アドレスを受け取っています",
        "問題はありません。開けないページがあれば、管理者に知らせてください。",
        "それでも通信できないときは、経路、SecureNAT、仮想 HUB のアクセスリストを確認してください。",
    ),
    Cause.UNKNOWN: Advice(
        "この内容からは診断できません",
        "",
        "接続したときのログそのもの（Mac は詳細ログを有効にした /var/log/ppp.log、"
        "Windows はエラー番号、OpenVPN は先頭からのログ）を送ってください。",
        "同じ時刻のサーバーのセキュリティログを --server で渡すと、分かることがあります。",
    ),
}

LAYOUT = {
    "stage": "停止した段階：{stage}",
    "connected": "接続は成功しています。",
    "disconnected": "いったん接続できましたが、その後に切れています。",
    "unknown": "不明：この内容からは、どの段階で止まったか分かりません。",
    "unfinished": "不明：失敗の記録がないまま、接続の結果が出る前で終わっています。",
    "attempt": "{attempts} 回の接続のうち、結果の分かる最後のもの（{attempt} 回目）を診断しています。",
    "causes": "考えられる原因（可能性の高い順）：",
    "because": "根拠：",
    "confirm": "確認方法：",
    "user": "利用者にできること：",
    "admin": "管理者にできること：",
    "where": "{line} 行目",
    "where-server": "サーバーのログの {line} 行目",
    "item": "{number}. {title}（{id}）",
}

WORDS = Words(STAGES, STEPS, REASONS, ADVICE, LAYOUT, DETAILS, FILES)
