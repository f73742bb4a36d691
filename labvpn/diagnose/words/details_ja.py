"""The closer advice in Japanese: a certificate's faults, OpenVPN's keys and ports, and files that are not logs."""

from labvpn.diagnose.files import FileKind
from labvpn.diagnose.words import Advice

_NEW_PROFILE = "管理者から最新の設定ファイルを受け取り、入れ直してください。"

DETAILS = {
    "certificate:expired": Advice(
        "証明書の有効期限が切れています",
        "`openssl s_client -connect サーバー名:443` でサーバー証明書の期限が分かります。端末の時刻も確認してください",
        "端末の日付と時刻を確認し、正しければ、証明書の期限が切れていることを管理者に伝えてください。",
        "ログにある証明書（サーバーまたは利用者のもの）を更新し、設定ファイルを再配布してください。",
    ),
    "certificate:not-yet-valid": Advice(
        "証明書の有効期間がまだ始まっていません（端末の時計が遅れているか、発行直後です）",
        "端末の時刻と、証明書の開始日を比較してください",
        "端末の日付と時刻を自動設定にして、もう一度試してください。",
        "端末の時刻が正しければ、開始日まで待つか、証明書を発行し直してください。",
    ),
    "certificate:revoked": Advice(
        "証明書が失効しています",
        "失効リストにその証明書のシリアル番号があります",
        "新しい設定ファイルを管理者に頼んでください。",
        "証明書を新しく発行し、設定ファイルを再配布してください。",
    ),
    "certificate:revocation-unchecked": Advice(
        "証明書が失効していないかを確認できません（失効リストのサーバーに届きません）",
        "証明書にある失効リストのアドレスが、この回線では開きません",
        "別の回線で試してください。ログイン画面のある回線やプロキシが妨げている場合があります。",
        "失効リストを外部から読めるようにするか、失効リストのない証明書を使ってください。",
    ),
    "certificate:wrong-name": Advice(
        "サーバー証明書の名前が、接続先の名前と違います",
        "`openssl s_client -connect サーバー名:443` で証明書の名前が分かります",
        "IP アドレスではなく、設定ファイルにあるとおりのサーバー名で接続してください。",
        "利用者が接続する名前（subjectAltName）で証明書を発行するか、設定ファイルの名前を直してください。",
    ),
    "certificate:wrong-purpose": Advice(
        "証明書の用途が違います（サーバーにはサーバー用、利用者にはクライアント用が必要です）",
        "`openssl x509 -purpose` で証明書の用途が分かります",
        _NEW_PROFILE,
        "拡張キー使用法を serverAuth（サーバー）または clientAuth（利用者）にして、発行し直してください。",
    ),
    "certificate:too-weak": Advice(
        "証明書の鍵か署名が、この端末には弱すぎます（MD5、SHA-1、2,048 ビット未満の RSA）",
        "`openssl x509 -text` で鍵の長さと署名の方式が分かります",
        "新しい設定ファイルを管理者に頼んでください。",
        "SHA-256 と 2,048 ビット以上の RSA で、証明書を発行し直してください。",
    ),
    "certificate:missing": Advice(
        "証明書またはその秘密鍵がないか、読み込めません",
        "ログの行に、見つからないファイルや証明書ストアの名前があります",
        "設定ファイルを一式入れ直してください。L2TP で証明書を求められるときは、設定で事前共有鍵を選んでください。",
        "必要なものがそろった設定ファイルを配布してください。サーバーでは、鍵と証明書の対応を確認してください。",
    ),
    "certificate:untrusted": Advice(
        "証明書が信頼されていません（自己署名か、発行元を端末が知りません）",
        "サーバー証明書の発行元が、設定ファイルにも端末の証明書ストアにもありません",
        "発行元の証明書が入った最新の設定ファイルを入れてください。公衆回線では、先にログイン画面がないか確認してください。",
        "発行元の証明書を設定ファイルとともに配布し、サーバーが中間証明書も送るようにしてください。",
    ),
    "wrong-credentials:hub": Advice(
        "指定された仮想 HUB がサーバーにありません",
        "サーバーのログに、存在しない仮想 HUB の名前があります。ある仮想 HUB は `HubList` で分かります",
        "ユーザー名の @ の後ろ、または接続設定の仮想 HUB 名を確認してください。",
        "配布した仮想 HUB 名とサーバーのものを比較してください。@ がないときは、既定の仮想 HUB になります。",
    ),
    "wrong-psk:openvpn": Advice(
        "設定ファイルの tls-auth または tls-crypt の鍵が、サーバーのものと違います",
        "サーバーのログに tls-crypt unwrap error または cannot locate HMAC in incoming packet とあります",
        _NEW_PROFILE,
        "設定ファイルの tls-auth または tls-crypt の鍵と方向を、サーバーのものと比較してください。",
    ),
    "tcp-443-blocked:openvpn": Advice(
        "設定ファイルの remote にある OpenVPN のポートに届かないか、応答が戻ってきません",
        "同じ回線でも TCP 443 用の設定ならつながるか、別の回線ならつながります",
        "別の回線か、TCP 443 用の設定で試してください。",
        "OpenVPN が設定ファイルのポートとプロトコルで待ち受けているか、"
        "firewalld と FortiGate のポリシーが許可しているかを確認してください。"
        "`labvpn probe HOST` で、どのホップで遮断されているか分かります。",
    ),
    "client-firewall:openvpn": Advice(
        "端末側が OpenVPN を妨げています（ファイアウォール、セキュリティソフト、権限、TAP や tun のアダプター）",
        "同じ回線と設定ファイルでも、別の端末ならつながります",
        "端末を再起動し、OpenVPN を正しい方法で起動してください（Windows はサービス、スマートフォンは VPN の許可）。"
        "セキュリティソフトを一度だけ止めて試してください。",
        "OpenVPN をアダプターごと入れ直し、端末のファイアウォールで許可してください。",
    ),
    "proposal-mismatch:openvpn": Advice(
        "設定ファイルのオプション、暗号方式、プロトコルが、プログラムまたはサーバーに合いません",
        "ログの行に、そのオプションか、双方の暗号方式があります",
        "最新の設定ファイルをそのまま、最新の OpenVPN で使ってください。",
        "設定ファイルの data-ciphers に AES-256-GCM を加え、プログラムが知らないオプションを除き、"
        "proto をサーバーと比較してください。",
    ),
    "certificate:openvpn": Advice(
        "証明書がない、期限切れ、信頼されていない、または名前が違います",
        "VERIFY の行に証明書の名前があります。端末の時刻がずれていても起こります",
        "端末の日付と時刻を確認し、最新の設定ファイルを入れ直してください。",
        "設定ファイルの ca、cert、key と、サーバー証明書の名前、期限、用途を確認してください。",
    ),
    "second-login:openvpn": Advice(
        "同じユーザーまたは証明書で二台の端末が接続し、互いのセッションを切り合っています",
        "片方の端末を切ると、繰り返しが止まります",
        "ほかの端末の VPN を切り、2 分ほど待ってから、一台だけで接続してください。",
        "端末ごとにユーザーまたは証明書を分けてください。同時に二台使う場合だけ multiLogins を増やしてください。",
    ),
}

_TEXT = "ログそのものをテキストで送ってください。"

FILES = {
    FileKind.EMPTY: "ファイルが空です。Mac では詳細ログを有効にしてから、記録のあるログを送ってください。",
    FileKind.COMPRESSED: "圧縮ファイル（gzip、bzip2、xz、zstd）です。先に `zcat ファイル` などで展開してください。",
    FileKind.ARCHIVE: "アーカイブ（zip、7z、rar、tar）です。展開して、中のログを渡してください。",
    FileKind.PICTURE: "画像です。表示されているエラー番号か文を文字で入力するか、ログをテキストで送ってください。",
    FileKind.PDF: f"PDF です。{_TEXT}",
    FileKind.EVENT_LOG: (
        "Windows のイベントログ（.evtx）です。イベント ビューアーでソース RasClient に絞ってテキストで保存するか、"
        "wevtutil qe Application /q:*[System[Provider[@Name='RasClient']]] /f:text を実行してください。"
    ),
    FileKind.OFFICE: f"ワープロまたはメールの文書です。{_TEXT}",
    FileKind.CAPTURE: "パケットの記録です。代わりに、クライアントかサーバーのログを送ってください。",
    FileKind.PROGRAM: f"プログラムです。{_TEXT}",
    FileKind.WEB_PAGE: f"ウェブページです。{_TEXT}",
}
