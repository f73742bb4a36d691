"""What macOS and iOS display in Korean; as in the other languages each sentence has many causes and weighs little."""

from labvpn.diagnose.event import STRONG, WEAK, Stage, Table, message

TABLE: Table = (
    *message(
        Stage.PHASE_1,
        "ipsec-ports-blocked esp-or-4500-blocked wrong-psk client-firewall",
        r"L2TP-?\s?VPN\s*서버(?:가|에서|로부터)\s*(?:응답하지|응답이)",
        r"VPN\s*서버(?:가|에서|로부터)\s*(?:응답하지|응답이)",
        weight=WEAK,
    ),
    *message(
        Stage.TRANSPORT,
        "ipsec-ports-blocked name-not-found client-firewall",
        r"VPN\s*서버에?\s*(?:연결할|접속할|도달할) 수 없",
        weight=WEAK,
    ),
    *message(
        Stage.ADDRESS,
        "no-address proposal-mismatch wrong-credentials",
        r"PPP\s*서버.{0,10}(?:연결|협상).{0,12}(?:수 없|실패|못)",
        weight=WEAK,
    ),
    *message(
        Stage.AUTHENTICATION,
        "wrong-credentials second-login account-expired",
        r"(?:^\W*|[「'\"“]|VPN 연결\W{0,3})(?:사용자 )?인증(?:에|이|을)? ?(?:실패|할 수 없)",
        r"(?:사용자 이름|계정|암호|비밀번호)(?:이|가)? ?(?:올바르지|잘못|틀렸|틀립)",
        weight=WEAK,
    ),
    *message(
        Stage.PHASE_1,
        "proposal-mismatch wrong-psk ipsec-ports-blocked",
        r"VPN\s*서버와의?\s*(?:협상|네고).{0,10}(?:실패|못|수 없)",
        weight=WEAK,
    ),
    *message(
        Stage.PHASE_1,
        "wrong-psk",
        r"(?:공유 ?(?:보안|비밀|암호)|공유 ?시크릿|사전 ?공유 ?키)(?:가|이|를|을)? ?"
        r".{0,12}(?:없|누락|올바르지|잘못|틀|일치하지)",
        weight=STRONG,
    ),
    *message(Stage.NAME, "name-not-found", r"VPN\s*서버를?\s*찾을 수 없", weight=STRONG),
    *message(
        Stage.TLS,
        "certificate",
        r"서버 ?인증서.{0,16}(?:확인|신뢰|만료|유효하지|올바르지)",
        r"^\W*인증서.{0,8}(?:확인|검증).{0,6}실패",
        weight=STRONG,
    ),
    *message(
        Stage.DISCONNECTED,
        "session-time-over no-address esp-or-4500-blocked",
        r"(?:PPP|VPN)\s*서버에 의해.{0,10}(?:끊|해제|종료)",
        weight=WEAK,
    ),
)
