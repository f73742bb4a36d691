"""Lines to events: the tables and the codes, tried in order; the first that recognises a line wins. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from labvpn.diagnose import authors, codes, faults, literals, programs, sentences
from labvpn.diagnose.event import NAMED, WEAK, Event, Family, Kind, Row, Table
from labvpn.diagnose.lines import Line
from labvpn.diagnose.tables import (
    apple,
    cloud,
    foreign,
    korean,
    libraries,
    linux,
    messages,
    openvpn,
    ppp,
    responder,
    routeros,
    server,
    softether,
    sstp,
    windows,
)

TABLES: tuple[tuple[Family, Table], ...] = (
    (Family.SERVER, server.TABLE),
    (Family.SOFTETHER, softether.TABLE),
    (Family.LINUX, routeros.TABLE),
    (Family.FOREIGN, foreign.TABLE),
    (Family.SERVER, responder.TABLE),
    (Family.OPENVPN, cloud.TABLE),
    (Family.APPLE, apple.TABLE),
    (Family.LINUX, linux.TABLE),
    (Family.OPENVPN, openvpn.TABLE),
    (Family.ANDROID, sstp.TABLE),
    (Family.LINUX, ppp.TABLE),
    (Family.WINDOWS, windows.TABLE),
    (Family.APPLE, messages.TABLE),
    (Family.APPLE, korean.TABLE),
)
"""In the order in which they are tried."""

LONGEST_MESSAGE = 60
"""A text of more lines is a log; a sentence for users in it belongs to another program."""

SHORT = 12
"""A text of so few lines is a message, not a log: a bare number in it may be a code."""

_SOFTETHER_CODE = re.compile(
    r"[(（](?:code|コード|代码|代碼|код)\s*[:：]?\s*(\d{1,3})[)）]|"
    r"(?:^|[(（])\s*(?:Error ?Code|エラー ?コード|错误代码|錯誤代碼|오류 ?코드)\s*[:：]?\s*(\d{1,3})(?!\d)",
    re.IGNORECASE,
)
_SOFTETHER_IN_WORDS = re.compile(
    r"(?:error|err|エラー|错误|錯誤|오류)\s?(?:code|コード|代码|代碼|코드|番号|no\.?)?\W{0,4}"
    r"(?:is |was |は ?)?(\d{1,3})(?![\d.:])",
    re.IGNORECASE,
)
"""SoftEther's code within a sentence; it means one only in a text that is about SoftEther or some VPN."""
_ABOUT_SOFTETHER = re.compile(
    r"softether|vpn ?gate|vpncmd|virtual hub|仮想 ?HUB|VPN Client Manager|\bvpn\b", re.IGNORECASE
)
_NUMBER = r"(-\d{9,10}|0x[0-9a-f]{8}|21\d{8}|\d{3,5})(?!\d|[.:]\d)"
_WINDOWS_CODES = (
    re.compile(
        rf"(?:code returned|reason for returning) (?:on|after) (?:failure|termination) is\W{{0,3}}{_NUMBER}",
        re.IGNORECASE,
    ),
    re.compile(rf"(?:エラー|理由|失敗|終了).{{0,24}}コードは?\W{{0,4}}{_NUMBER}", re.IGNORECASE),
    re.compile(rf"(?:错误代码|错误码|錯誤碼|錯誤代碼).{{0,6}}?{_NUMBER}", re.IGNORECASE),
    re.compile(
        r"(?:error|errors|エラー|错误|錯誤|오류|에러|fehler|erreur|ошибка|erro)\s*"
        r"(?:code|コード|番号|코드|번호|no\.?|number)?(?:는|은|가|이)?\W{0,4}"
        rf"(?:is\s+|was\s+|は\s*|が\s*)?{_NUMBER}",
        re.IGNORECASE,
    ),
    re.compile(rf"<Data[^>]*>{_NUMBER}</Data>", re.IGNORECASE),
    re.compile(r"\b(0x800[0-9a-f]{5}|0x80420400)\b", re.IGNORECASE),
    re.compile(r"(?<!\d)(-214[67]\d{6}|-2138\d{6})(?!\d)"),
    re.compile(r"(?<![\d.])(\d{3,5})\s*(?:番?(?:の|という)?エラー|번?\s?(?:오류|에러)|error\b)", re.IGNORECASE),
)
_NO_SOFTETHER = re.compile(r"exception|\bexit|\bsignal\b|\berrno\b|\bhttp\b|\bscript\b", re.IGNORECASE)
"""Words beside which "(code N)" belongs to another program."""
_SERVER_LINE = re.compile(r"\"CID-\d")
_BARE = re.compile(
    r"^\W*(?:(?:windows|vpn|l2tp|sstp|error|code|no|エラー|コード|番号|番|오류|코드|에러)\W*){0,4}(\d{3}|138\d{2})"
    r"\W*(?:error|番|の?エラー|です|でした|が出ます|と出ます|\W)*$",
    re.IGNORECASE,
)
"""A line that is a number and little else."""
_ABOUT_VPN = re.compile(
    r"vpn|l2tp|sstp|ikev2|ipsec|rasclient|rasdial|remote access|dial|"
    r"ダイヤル|リモート|接続|つなが|繋が|연결|접속|连接|連線|CoId=",
    re.IGNORECASE,
)


_Compiled = tuple[Family, Row, tuple[str, ...], re.Pattern[str]]


@cache
def _compiled() -> tuple[_Compiled, ...]:
    rows = ((family, row) for family, table in TABLES for row in table)
    return tuple((family, row, _pieces(row.pattern), _lowered(row.pattern)) for family, row in rows)


def _pieces(pattern: str) -> tuple[str, ...]:
    return tuple(piece.lower() for piece in literals.needed(pattern))


def _may_match(pieces: tuple[str, ...], text: str) -> bool:
    return not pieces or any(piece in text for piece in pieces)


_GENERIC = frozenset((*libraries.TABLE, *responder.KERNEL, *messages.NO_ADDRESS, *messages.OTHER_SENTENCES))
"""Rows that libraries write under any program, any kernel, and anyone with a network.

They count only beside the lines or the name of a VPN.
"""


@cache
def _sentences() -> tuple[tuple[Family, int, tuple[str, ...], re.Pattern[str]], ...]:
    known = ((Family.SOFTETHER, sentences.SOFTETHER), (Family.WINDOWS, sentences.WINDOWS))
    rows = ((family, code, pattern) for family, table in known for code, pattern in table)
    return tuple((family, code, _pieces(pattern), _lowered(pattern)) for family, code, pattern in rows)


def _lowered(pattern: str) -> re.Pattern[str]:
    """Compile a pattern for lower-case text: nine times as fast as ignoring case, since it can search for literals."""
    return re.compile(re.sub(r"\\.|[A-Z]", lambda part: part[0] if part[0][0] == "\\" else part[0].lower(), pattern))


def events(lines: Sequence[Line]) -> tuple[Event, ...]:
    """Recognise the lines that have a meaning."""
    ours = [line for line in lines if line.text and not programs.foreign(line.text)]
    filled = sum(1 for line in lines if line.text)
    about = filled <= SHORT or any(_ABOUT_VPN.search(line.text) for line in ours)
    softether = filled <= SHORT and any(_ABOUT_SOFTETHER.search(line.text) for line in ours)
    rows = [row for row in _compiled() if filled <= LONGEST_MESSAGE or row[1] not in messages.TABLE + korean.TABLE]
    found = [_event(line, rows, about, filled <= SHORT, softether) for line in ours]
    kept = [event for event in found if event is not None and event.kind is not Kind.NOISE]
    if all(event.generic or event.kind is Kind.COMPLAINT for event in kept) and not authors.of_a_vpn(ours):
        return ()
    return authors.whose(kept, ours)


def _event(line: Line, rows: Sequence[_Compiled], about_vpn: bool, short: bool, softether: bool) -> Event | None:
    if event := _by_row(line, rows):
        return event
    if not about_vpn:
        return authors.complaint(line)
    return (
        _by_softether_code(line)
        or _by_sentence(line)
        or _by_windows_code(line, short)
        or (_by_softether_number(line) if softether else None)
        or authors.complaint(line)
    )


def _by_row(line: Line, rows: Sequence[_Compiled]) -> Event | None:
    text = line.text.lower()
    for family, row, pieces, pattern in rows:
        if _may_match(pieces, text) and (match := pattern.search(text)):
            excerpt = authors.redacted(line.text[match.start() : match.end()])
            fault = faults.of_line(line.text, row.causes)
            event = Event(family, row.kind, line.number, excerpt, line.at, row.step, row.stage, row.causes, row.weight)
            return replace(event, fault=fault, generic=row in _GENERIC)
    return None


def _by_softether_code(line: Line) -> Event | None:
    match = None if _NO_SOFTETHER.search(line.text) else _SOFTETHER_CODE.search(line.text)
    number = int(next(group for group in match.groups() if group)) if match else -1
    if number not in codes.SOFTETHER:
        return None
    event = _code_event(line, Family.SOFTETHER, number)
    return replace(event, family=Family.SERVER) if _SERVER_LINE.search(line.text) else event


def _by_softether_number(line: Line) -> Event | None:
    match = None if _NO_SOFTETHER.search(line.text) else _SOFTETHER_IN_WORDS.search(line.text)
    number = int(match[1]) if match else -1
    return _code_event(line, Family.SOFTETHER, number) if number in codes.SOFTETHER else None


def _by_sentence(line: Line) -> Event | None:
    """The meaning of a sentence is that of its code, but the line is quoted: it does not have the number."""
    text = line.text.lower()
    for family, code, pieces, pattern in _sentences():
        if _may_match(pieces, text) and (match := pattern.search(text)):
            found = _code_event(line, family, code)
            said = authors.redacted(line.text[match.start() : match.end()])
            return found if found.code in line.text else replace(found, code="", excerpt=said)
    return None


def _by_windows_code(line: Line, short: bool) -> Event | None:
    patterns = (*_WINDOWS_CODES, _BARE) if short else _WINDOWS_CODES
    for number in _numbers(patterns, line.text):
        if number in codes.WINDOWS:
            return _code_event(line, Family.WINDOWS, number)
    return None


def _numbers(patterns: Sequence[re.Pattern[str]], text: str) -> Iterator[int]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            yield int(match[1], 16 if "x" in match[1].lower() else 10) & 0xFFFFFFFF


def _code_event(line: Line, family: Family, code: int) -> Event:
    ours = family is Family.SOFTETHER
    stage, causes = (codes.SOFTETHER if ours else codes.WINDOWS)[code]
    name = f"0x{code:08X}" if code > 0xFFFF else str(code)
    weight, fault = NAMED if ours else WEAK, faults.of_code(code, ours)
    return Event(family, Kind.MESSAGE, line.number, name, line.at, None, stage, causes, weight, name, fault)
