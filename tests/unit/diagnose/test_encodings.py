"""East Asian systems write their logs in encodings of their own, and some programs UTF-16 without a mark."""

import pytest

from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.encodings import decoded
from labvpn.diagnose.literals import needed
from labvpn.diagnose.recognise import _compiled, _may_match
from tests.unit.diagnose.cases import ALL

SENTENCES = {
    "ja": (
        "エラー 789",
        "VPN サーバーが応答しません。設定を確認してください。",
        "認証に失敗",
        "2026/04/06 10:00:00 リモート コンピューターへの接続を確立できませんでした。\r\n",
    ),
    "zh": (
        "错误 809",
        "无法建立计算机与 VPN 服务器之间的网络连接，因为远程服务器未响应。\n",
        "用户名或密码错误",
    ),
    "tw": ("錯誤 691", "L2TP-VPN 伺服器沒有回應。請嘗試重新連線。\n", "使用者名稱或密碼不正確"),
    "ko": ("오류 789", "L2TP-VPN 서버가 응답하지 않습니다. 다시 연결하십시오.\n", "사용자 인증에 실패했습니다."),
}
ENCODINGS = {
    "ja": ("utf-8", "utf-8-sig", "cp932", "euc_jp", "utf-16", "utf-16-le", "utf-16-be"),
    "zh": ("utf-8", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"),
    "tw": ("utf-8", "big5", "utf-16", "utf-16-le", "utf-16-be"),
    "ko": ("utf-8", "euc_kr", "cp949", "utf-16", "utf-16-le", "utf-16-be"),
}
PAIRS = [
    (text, encoding) for language, texts in SENTENCES.items() for text in texts for encoding in ENCODINGS[language]
]


@pytest.mark.parametrize(("text", "encoding"), PAIRS)
def test_a_text_is_read_in_the_encodings_of_its_language(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["euc_jp", "cp932", "utf-16-le"])
def test_the_meaning_survives_the_encoding(encoding: str) -> None:
    text = "CoId={1}: ユーザーがダイヤルした接続に失敗しました。失敗時に返されたエラー コードは 809 です。\r\n"
    assert str(diagnose([decoded(text.encode(encoding))]).causes[0]) == "ipsec-ports-blocked"


def test_a_few_wrong_bytes_do_not_turn_utf_8_into_something_else() -> None:
    text = "接続に失敗しました。エラー 691\n" * 5
    assert "エラー 691" in decoded(text.encode() + b"\xff\xfe\x80")


def test_western_bytes_are_read() -> None:
    assert decoded("Der Zugriff für Müller: Fehler 691".encode("latin-1")).endswith("Fehler 691")


@pytest.mark.parametrize(
    ("pattern", "pieces"),
    [
        (r"IPSec connection failed", ("IPSec connection failed",)),
        (r"L2TP: Host '.*' not found", ("L2TP: Host '",)),
        (r"one\.two|three(?: four)?", ("one.two", "three")),
        (r"colou?r set", ("r set",)),
        (r"ab|\d+", ()),
        (r"(?:left|right) side", (" side",)),
        (r"x{3,5}yz end", ("yz end",)),
    ],
)
def test_the_plain_text_that_a_pattern_needs_is_found(pattern: str, pieces: tuple[str, ...]) -> None:
    assert needed(pattern) == pieces


def test_no_pattern_is_skipped_on_a_line_that_it_matches() -> None:
    for line in {line for case in ALL for line in case.text.lower().splitlines()}:
        skipped = [
            row for _, row, pieces, pattern in _compiled() if not _may_match(pieces, line) and pattern.search(line)
        ]
        assert skipped == []
