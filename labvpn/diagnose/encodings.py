"""Bytes to text in whichever encoding a user's system wrote them. Pure.

Only UTF-8 and a byte order mark can be proven. Where both are absent, each encoding is tried, and the one in which the
text is made of the characters that its language uses most is taken.
"""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_KANA = (0x3041, 0x30FF)
_HANGUL = (0xAC00, 0xD7A3)
_JAPANESE = "接続失敗認証証明書設定番号確認応答時間切断暗号鍵名前年月日午前後秒分行開始終了利用者端末"
_SIMPLIFIED = (
    "的一是不了在人有我这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意"
    "连接错误失败服务器网络无法远程计算机密码户名证书安全层协商初始化建立响应拒绝端口代码隧道尝试拨号登录身份验或者确由"
)
_TRADITIONAL = (
    "的一是不了在人有我這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡"
    "用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意"
    "連線接錯誤失敗伺服器網路無法遠端電腦密碼使用者名稱憑證安全層協商初始化建立回應拒絕連接埠代碼通道嘗試撥號登入驗或者確由"
)
_CANDIDATES = {
    "utf-16-le": _JAPANESE + _SIMPLIFIED + _TRADITIONAL,
    "utf-16-be": _JAPANESE + _SIMPLIFIED + _TRADITIONAL,
    "cp932": _JAPANESE,
    "euc_jp": _JAPANESE,
    "gb18030": _SIMPLIFIED,
    "cp950": _TRADITIONAL,
    "cp949": "",
}
"""The encodings and the characters that are frequent in each; of equally likely ones the first."""

SAMPLE = 65_536
"""Bytes from which the encoding is guessed."""

LEAST = 0.2
"""The least share of usual characters that makes an encoding likely."""

MOST = 0.9
"""The share from which even a text without a blank or a line end is taken for UTF-16."""


def decoded(data: bytes) -> str:
    """Decode a file: by its mark, as UTF-8, as UTF-16 without a mark, or in the likeliest East Asian encoding."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    if encoding := _utf16(data[:SAMPLE]):
        return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    best = max(_CANDIDATES, key=lambda name: _likelihood(data[:SAMPLE], name))
    return data.decode(best, errors="replace") if _likelihood(data[:SAMPLE], best) > LEAST else _fallback(data)


def _fallback(data: bytes) -> str:
    """UTF-8 with its few wrong bytes replaced, where most of it is UTF-8; else Shift_JIS, else Latin-1."""
    text = data.decode("utf-8", errors="replace")
    wrong, right = text.count("\ufffd"), sum(1 for char in text[:SAMPLE] if char > "\x7f" and char != "\ufffd")
    if right > 4 * wrong:
        return text
    try:
        return data.decode("cp932")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _utf16(data: bytes) -> str:
    """UTF-16 without a mark: every character of ASCII has a zero byte, always on the same side of it."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    if len(data) < 4 or max(even, odd) * 8 < len(data) or min(even, odd) * 8 > max(even, odd):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _likelihood(data: bytes, encoding: str) -> float:
    """The share of a language's usual characters among all that are not ASCII; wrong bytes count three times."""
    wide = [char for char in data.decode(encoding, errors="replace") if char > "\x7f"]
    common = frozenset(_CANDIDATES[encoding])
    usual = sum(1 for char in wide if char in common or _in_script(char, encoding))
    share = (usual - 3 * wide.count("\ufffd")) / len(wide) if wide else 0.0
    hangul = any(_HANGUL[0] <= ord(char) <= _HANGUL[1] for char in wide)
    if encoding.startswith("utf-16") and 0 not in data and (share < MOST or hangul):
        return 0.0  # neither a blank nor a line end: hardly UTF-16
    return share if not encoding.startswith("utf-16") or len(data) % 2 == 0 else 0.0


def _in_script(char: str, encoding: str) -> bool:
    """Whether it is a kana or a Hangul syllable that this encoding was made for; a rare syllable is a misreading."""
    if _KANA[0] <= ord(char) <= _KANA[1]:
        return encoding in ("cp932", "euc_jp", "utf-16-le", "utf-16-be")
    hangul = _HANGUL[0] <= ord(char) <= _HANGUL[1] and encoding in ("cp949", "utf-16-le", "utf-16-be")
    return hangul and bool(char.encode("euc_kr", errors="ignore"))
