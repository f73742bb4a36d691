"""What macOS and iOS display, in English, Japanese and Chinese: each has many causes and weighs little."""

from labvpn.diagnose.event import STRONG, WEAK, Kind, Row, Stage, Table, message

_CANNOT = r"(?:できません|できず|失敗)"


def _weak(stage: Stage, causes: str, *patterns: str) -> tuple[Row, ...]:
    return tuple(message(stage, causes, *patterns, weight=WEAK))


OTHERS: Table = (
    Row(r"\b(?:git|fatal|smtp|imap|mail|outlook|ldap|mysql|docker|sshd?)\b.*authentication failed", Kind.NOISE),
    Row(
        r"\b(?:printer|print(?:ing)?|airprint|scanner|toner|wi-?fi|wlan|website|browser|mail|imap|smtp)\b(?!.*\bvpn)",
        Kind.NOISE,
    ),
)
"""Other services whose logins fail with the same words."""

ENGLISH: Table = (
    *message(Stage.AUTHENTICATION, "server-full", r"No more connections? can be made to this remote computer"),
    *_weak(
        Stage.PHASE_1,
        "ipsec-ports-blocked esp-or-4500-blocked wrong-psk client-firewall",
        r"\bL2TP-?\s?VPN server did not respond",
        r"\bVPN server did not respond",
        r"The server did not respond\b",
    ),
    *_weak(
        Stage.TRANSPORT,
        "ipsec-ports-blocked name-not-found client-firewall",
        r"\bL2TP-?\s?VPN server was unreachable",
        r"attempt to connect to the L2TP-VPN server failed",
        r"^\W*The server is unreachable",
    ),
    *_weak(
        Stage.ADDRESS,
        "no-address proposal-mismatch wrong-credentials",
        r"connection could not be established to the PPP server",
        r"could not negotiate a connection with the (?:remote )?PPP server",
    ),
    *_weak(
        Stage.AUTHENTICATION,
        "wrong-credentials second-login account-expired",
        r"^\W*(?:VPN Connection\W+)?(?:User )?Authentication failed\W*$",
        r"[\"'“]\W{0,4}(?:User )?Authentication failed",
        r"\b(?:says|said|shows?|tells?|message|error|get|an?)\b\W{0,6}(?:User )?Authentication failed"
        r"(?:[.!]|\s*$| occurs| error)",
        r"^\W*The user is not authorized to access",
        r"^\W*(?:Your|The) (?:user ?name|password).{0,30}(?:incorrect|wrong|not valid)",
    ),
    *_weak(
        Stage.DISCONNECTED,
        "session-time-over connected",
        r"disconnected because there was no network activity",
        r"disconnected because you reached the time limit",
    ),
    *_weak(
        Stage.DISCONNECTED,
        "session-time-over no-address esp-or-4500-blocked",
        r"disconnected by the PPP server",
        r"connection was terminated by the VPN server",
        r"disconnected because the PPP server is not responding",
        r"terminated because the VPN server is not responding",
    ),
    *message(
        Stage.PHASE_1,
        "wrong-psk",
        r"IPSec Shared Secret is missing|No VPN shared secret was provided|VPN Shared Secret is incorrect",
        weight=STRONG,
    ),
    *message(
        Stage.NAME, "name-not-found", r"VPN server could not be found", r"Invalid server address\.", weight=STRONG
    ),
    *_weak(
        Stage.PHASE_1,
        "proposal-mismatch wrong-psk ipsec-ports-blocked",
        r"negotiation with the VPN server (?:has )?failed",
    ),
    *message(
        Stage.TLS,
        "certificate",
        r"(?:IPSec|VPN) Certificate (?:is missing|was provided)",
        r"(?:Could not|Unable to) (?:validate|verify) the server certificate",
        r"^\W*Certificate authentication failed",
        r"(?:server )?certificate (?:is premature|has expired\.|’s identity is incorrect|'s identity is incorrect)",
        weight=STRONG,
    ),
    *_weak(Stage.TRANSPORT, "client-firewall", r"No network connection available"),
)

JAPANESE: Table = (
    *_weak(
        Stage.PHASE_1,
        "ipsec-ports-blocked esp-or-4500-blocked wrong-psk client-firewall",
        r"(?:L2TP.{0,3})?VPN\s*サーバー?(?:が|から|は)(?:の)?応答(?:しません|がありません|していません)",
        r"L2TP.{0,16}応答(?:しません|がありません|していません)",
        r"(?:^\W*|「)サーバー?(?:が|から)(?:の)?応答(?:しません|がありません|していません)",
    ),
    *_weak(
        Stage.TRANSPORT,
        "ipsec-ports-blocked name-not-found client-firewall",
        r"サーバー?に(?:は)?到達(?:でき|する)",
        r"L2TP-?VPN\s*サーバー?(?:へ|に|への).{0,8}接続.{0,6}" + _CANNOT,
        r"(?:^\W*|「[^」]{0,16})到達(?:でき|することができ)ません",
    ),
    *_weak(
        Stage.ADDRESS,
        "no-address proposal-mismatch wrong-credentials",
        r"PPP\s*サーバー?(?:へ|と|に|への|との).{0,4}接続.{0,12}" + _CANNOT,
    ),
    *_weak(
        Stage.AUTHENTICATION,
        "wrong-credentials second-login account-expired",
        r"^\W*(?:VPN接続\W*)?(?:ユーザー?)?の?認証(?:に失敗|できません|が失敗|エラー)",
        r"^\W*(?:ユーザー?名|パスワード|アカウント名).{0,16}(?:正しくありません|間違って|違います)",
        r"「[^」]{0,12}認証(?:に失敗|できません|が失敗|エラー)",
        r"アクセス(?:権|する権限)がありません",
    ),
    *_weak(
        Stage.DISCONNECTED,
        "session-time-over connected",
        r"(?:ネットワーク|通信).{0,12}(?:アクティビティ|動作|活動|通信)が?な.{0,12}(?:接続(?:が|を)?解除|切断)",
        r"(?:制限時間|時間制限|接続時間の上限).{0,24}(?:接続(?:が|を)?解除|切断)",
    ),
    *_weak(
        Stage.DISCONNECTED,
        "session-time-over no-address esp-or-4500-blocked",
        r"(?:PPP|VPN)\s*サーバー?によって.{0,10}(?:切断|解除|終了)",
        r"(?:PPP|VPN)\s*サーバー?が応答していない(?:ため|ので).{0,10}(?:切断|解除|終了)",
    ),
    *message(
        Stage.PHASE_1,
        "wrong-psk",
        r"共有シークレットが?.{0,12}(?:ありません|見つかりません|正しくありません|違います|間違|指定されて|入力されて|設定されて)",
        r"事前共有(?:キー|鍵)が?.{0,12}(?:正しくありません|違います|一致しません|間違)",
        weight=STRONG,
    ),
    *message(
        Stage.NAME,
        "name-not-found",
        r"VPN\s*サーバー?(?:が|を)見つ(?:かりません|けられません|けることが)",
        weight=STRONG,
    ),
    *_weak(
        Stage.PHASE_1,
        "proposal-mismatch wrong-psk ipsec-ports-blocked",
        r"VPN\s*サーバー?との?.{0,4}(?:ネゴシエー(?:ト|ション)|交渉).{0,4}" + _CANNOT,
    ),
    *message(
        Stage.TLS,
        "certificate",
        r"サーバー?の?証明書.{0,16}(?:検証|確認|信頼|有効期限|期限切れ|無効|正しくありません)",
        r"(?:IPSec|VPN)\s*の?証明書.{0,12}(?:ありません|見つかりません|期限)",
        r"^\W*証明書の?(?:認証|検証)に失敗",
        weight=STRONG,
    ),
    *_weak(Stage.TRANSPORT, "client-firewall", r"ネットワーク接続(?:が|を)利用できません"),
)

CHINESE: Table = (
    *_weak(
        Stage.PHASE_1,
        "ipsec-ports-blocked esp-or-4500-blocked wrong-psk client-firewall",
        r"L2TP-?VPN\s*(?:服务器|伺服器)(?:没有|沒有|未)(?:响应|回應)",
        r"VPN\s*(?:服务器|伺服器)(?:没有|沒有|未)(?:响应|回應)",
    ),
    *_weak(
        Stage.ADDRESS,
        "no-address proposal-mismatch wrong-credentials",
        r"(?:无法|無法)(?:与|建立与|與)?.{0,4}PPP\s*(?:服务器|伺服器)",
    ),
    *_weak(
        Stage.AUTHENTICATION,
        "wrong-credentials second-login account-expired",
        r"^\W*(?:用户|使用者)?(?:鉴定|認證|身份验证|认证)失败",
    ),
    *_weak(
        Stage.PHASE_1,
        "proposal-mismatch wrong-psk ipsec-ports-blocked",
        r"(?:与|與)\s*VPN\s*(?:服务器|伺服器)(?:协商|協商)失",
    ),
)

_GET = r"(?:get|gets|getting|got|receiv\w+|obtain\w*|acquir\w+|assigned|given)"
_ADDRESS = r"(?:ip|ipv4|dhcp lease|lease|address)\b"

NO_ADDRESS: Table = tuple(
    message(
        Stage.ADDRESS,
        "no-address",
        rf"(?:\bnot|n't|never|unable to|fail\w* to|cannot) (?:\w+ )?{_GET} (?:\w+ ){{0,3}}{_ADDRESS}",
        rf"\bno {_ADDRESS}(?: \w+){{0,2}} (?:is |was )?{_GET}\b|\b{_GET} (?:\w+ )?no {_ADDRESS}",
        rf"\bno (?:ip|ipv4) address\b|without (?:an? )?{_ADDRESS}",
        r"IP ?アドレスが?.{0,8}(?:取得|割り当て|割当|付与|もらえ|振られ|降って).{0,8}(?:ない|ません|ず|失敗)",
        r"(?:获取|獲取|分配|拿|取得)不到.{0,6}(?:IP|地址|位址)|(?:无法|無法|没有|沒有|未能?)(?:获取|獲取|取得|分配)到?.{0,6}(?:IP|地址|位址)",
        r"(?:IP|주소)(?: ?주소)?(?:를|을|가)? ?(?:할당|받지|받아오지|얻지).{0,8}(?:못|않|안)",
        weight=STRONG,
    )
)
"""What people say whose device connects and has no address; anybody's network may lack one."""

_SEVERAL = r"(?:two|2|both|several|multiple|more th[ae]n one) (?:devices?|clients?|computers?|machines?|phones?)"
_ONE = r"(?:same|one|single|certain) (?:\w+ )?(?:profile|config\w*|account|user\w*|certificate|key|login)\b"

OTHER_SENTENCES: Table = (
    *message(
        Stage.DISCONNECTED,
        "second-login session-time-over",
        rf"{_ONE}.{{0,60}}{_SEVERAL}|{_SEVERAL}.{{0,60}}{_ONE}",
        weight=STRONG,
    ),
    *message(
        Stage.AUTHENTICATION,
        "account-expired",
        r"no (?:more )?(?:\w+ )?time left on (?:this|your) account",
        r"(?:account|subscription|licen[cs]e) (?:has |is )?(?:expired|ended|run out)",
        weight=STRONG,
    ),
)
"""What else people say, or another service's window does."""

TABLE: Table = OTHERS + NO_ADDRESS + OTHER_SENTENCES + ENGLISH + JAPANESE + CHINESE
