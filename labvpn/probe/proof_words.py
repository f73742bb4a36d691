"""What proofs of expectations say, in English and Japanese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Reason(NamedTuple):
    """Why something is not proven: the id of its sentence, and what the sentence names."""

    id: str
    values: tuple[tuple[str, str], ...] = ()


def reason(name: str, /, **values: str) -> Reason:
    """A reason with its values."""
    return Reason(name, tuple(values.items()))


ENGLISH = {
    "refused": "{packet}: refused, as both a machine without a listener and a firewall do",
    "unanswered": "{packet}: UDP that is not answered may have arrived",
    "no-way": "{packet}: there is no way to it",
    "own": "{packet}: by it this machine administers the lab, and is let in unlike others",
    "not-asked": "{packet}: it was not asked",
    "no-report": "{packet}: it did not report: {trouble}",
    "no-dial": "{packet}: {trouble}",
    "parts": "of its network not every part was tried",
    "ends": "of its range of ports only the ends were tried",
    "nobody-dialled": "nobody dialled as {users} (--dial {first})",
    "no-account": "it is about accounts that the stack does not have",
    "no-point": 'no vantage point is there (--vantage "{name}=ssh ... labvpn")',
    "packet": "{port} of {address} from {point}",
    "dial": "the dial of {user}",
    "answered": "{sentence}, but a packet to {port} of {address} was answered",
    "not-answered": "{sentence}, but a packet to {port} of {address} was not answered",
    "unproven": "{sentence}: not proven: {reasons}",
    "more": "and {count} more",
    "remedy": "`labvpn reach` names the rule that decides",
    "kept": "Every promise is kept.",
    "note": "note: {finding}",
}
JAPANESE = {
    "refused": "{packet}：拒否されました（待ち受けのない機器とファイアウォールは同じように拒否します）",
    "unanswered": "{packet}：UDP は応答がなくても届いている場合があります",
    "no-way": "{packet}：そこまでの経路がありません",
    "own": "{packet}：この端末の管理用の接続であり、他の端末とは違って許可されています",
    "not-asked": "{packet}：調べていません",
    "no-report": "{packet}：結果が得られません（{trouble}）",
    "no-dial": "{packet}：{trouble}",
    "parts": "ネットワークの一部のアドレスだけを調べました",
    "ends": "ポート範囲の両端だけを調べました",
    "nobody-dialled": "{users} として接続していません（--dial {first}）",
    "no-account": "スタックにないアカウントについての条件です",
    "no-point": '該当する場所に観測点がありません（--vantage "{name}=ssh ... labvpn"）',
    "packet": "{point}から {address} の {port}",
    "dial": "{user} のダイヤル接続",
    "answered": "{sentence}：{address} の {port} へのパケットに応答がありました",
    "not-answered": "{sentence}：{address} の {port} へのパケットに応答がありません",
    "unproven": "{sentence}：検証できていません。{reasons}",
    "more": "ほか {count} 件",
    "remedy": "`labvpn reach` で、どの規則によるものか確認できます",
    "kept": "すべての条件が守られています。",
    "note": "注意：{finding}",
}
BY_LANGUAGE = {"en": ENGLISH, "ja": JAPANESE}
BETWEEN = {"en": "; ", "ja": "。"}


def say(language: str, name: str, /, **values: str) -> str:
    """A sentence."""
    return BY_LANGUAGE[language][name].format(**values)


def said(one: Reason, language: str) -> str:
    """A reason as a sentence."""
    return say(language, one.id, **dict(one.values))


def joined(reasons: Iterable[str], language: str) -> str:
    """Several reasons as one."""
    return BETWEEN[language].join(reasons)
