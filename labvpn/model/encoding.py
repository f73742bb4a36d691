"""Text files as other programs write them: whatever their encoding, and what a file is that is not text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from labvpn.model.code_pages import is_known, is_western_alone, may_be_of_another_script

BOMS = {
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe\x00\x00": "utf-32-le",
    b"\x00\x00\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}
"""The marks by which a file begins that names its encoding; the longer of two that begin alike comes first."""

SAVE_AS_CSV = "save it as text: in Excel as `CSV UTF-8 (Comma delimited)`, in LibreOffice or Numbers as CSV in UTF-8"

SIGNATURES = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls) or an Office file with a password"),
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "rich text (.rtf)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BEGIN:VCARD", "an address book (vCard)"),
    (b"\x7fELF", "a program"),
)
"""How files begin that somebody may hand over in the place of a text (file(1) has the same)."""

WITHIN_ZIP = (
    ("xl/", "an Excel workbook (.xlsx)"),
    ("word/", "a Word document (.docx)"),
    ("ppt/", "a PowerPoint presentation (.pptx)"),
    ("Index/", "an Apple Numbers or Pages document"),
    ("Index.zip", "an Apple Numbers or Pages document"),
)

JAPANESE = re.compile(
    "[\u2010-\u2015\u2018-\u201d\u2026\u2160-\u217f\u2190-\u25ff\u3000-\u30ff\u3220-\u33ff\u4e00-\u9fff\uf900-\ufaff\uff01-\uffe5]+"
)
KANA = re.compile("[\u3041-\u30ff]")
HALF_WIDTH = re.compile("[\uff61-\uff9f]")
WESTERN = re.compile("[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e]+")
WESTERN_SIGNS = re.compile("[\u00a0\u00a7\u00aa\u00ab\u00b0\u00b4\u00ba\u00bb\u2013\u2014\u2018-\u201d\u2026\u20ac]")
ASTRAY = re.compile("(?<![\uff61-\uff9f])[\uff61-\uff9f](?=[A-Za-z])|(?<=[A-Za-z])[\uff61-\uff9f](?![\uff61-\uff9f])")
"""One half-width kana beside a Latin letter, which is a letter of another encoding."""

LONE = re.compile(rb"[A-Za-z][\xc0-\xff](?![\x80-\xff])")
"""One byte beyond ASCII inside a word of Latin letters: in Shift-JIS it would be a rare kanji inside that word."""

RARE_BEHIND = re.compile(rb"[A-Za-z][\xe0-\xfc][\x80-\xfc]")
"""Two bytes behind a Latin letter that are a rare kanji in Shift-JIS, and usual letters in other encodings."""

BESIDE_LATIN = re.compile("[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")
SIGN_INSIDE = re.compile(rb"[A-Za-z](?:[\x80-\x89\x8b\x91\x93-\x95\x98\x99\x9b][A-Za-z]|[\x82\x84\x91\x93])")
"""What is a sign inside a word in CP1252, and a letter in Mac Roman or CP850 (MS-DOS)."""

LETTER_INSIDE = re.compile(
    rb"[A-Za-z](?:[\x8a\x8c\x8e\x9a\x9c\x9e\x9f]|[\x96\x97][A-Za-z])|[a-z]\x92(?!(?:[stdm]|ll|re|ve)\b)[a-z]"
)
"""What is a rare letter or a mark inside a word in CP1252, and a usual letter in the others."""

SMALL_LETTER = re.compile("[\u00df-\u00f6\u00f8-\u00ff]")
CAPITAL_INSIDE = re.compile("[a-z\u00df-\u00f6\u00f8-\u00ff][\u00c0-\u00d6\u00d8-\u00de\u0152\u0160\u0178\u017d]")


@dataclass(frozen=True)
class Text:
    """A text file: its bytes, and what they say in which encoding, without the mark of the encoding."""

    data: bytes
    body: str
    codec: str = "utf-8"
    mark: bytes = b""

    @property
    def line_end(self) -> str:
        """How its first line ends."""
        found = re.search(r"\r\n|\r|\n", self.body)
        return found[0] if found else "\n"

    def spliced(self, at: int, inserted: str, appended: str) -> bytes:
        """The file with something at a place and something at its end; every other byte stays.

        Raises ValueError where the file's encoding lacks a character.
        """
        try:
            middle, end = inserted.encode(self.codec), appended.encode(self.codec)
        except UnicodeEncodeError as error:
            raise ValueError(f"cannot encode '{error.object[error.start]}' in its encoding; {SAVE_AS_CSV}") from None
        place = len(self.mark) + len(self.body[:at].encode(self.codec))
        return self.data[:place] + middle + self.data[place:] + end


def decoded(data: bytes | str) -> Text:
    """The text of a file: UTF-8, UTF-16, UTF-32, Shift-JIS (CP932), JIS, EUC-JP or Western (CP1252).

    Raises ValueError with a message for what is not text, and for what may be read in more than one way.
    """
    if isinstance(data, str):
        body = data.removeprefix("\ufeff")
        return Text(body.encode("utf-8", "surrogatepass"), body)
    mark = next((mark for mark in BOMS if data.startswith(mark)), b"")
    if mark:
        return _strict(data, BOMS[mark], mark)
    if b"\0" in data:
        return _strict(data, _wide(data))
    if b"\x1b$" in data or b"\x1b(" in data:
        return _strict(data, "iso2022_jp")
    try:
        return Text(data, data.decode("utf-8").removesuffix("\x1a"))
    except UnicodeDecodeError as error:
        tail = data[error.start :]
        if error.reason == "unexpected end of data" and (len(tail) > 1 or not data[: error.start].isascii()):
            raise ValueError(f"is cut off (UTF-8 that ends inside a character); {SAVE_AS_CSV}") from None
        return _of_old(data, error.start)


def refuse_others(data: bytes) -> None:
    """Raise ValueError with its name for a file that is not a table as text, whatever its name ends in."""
    if kind := _kind(data):
        raise ValueError(f"is {kind} and not a table as text; {SAVE_AS_CSV}")


def _strict(data: bytes, codec: str, mark: bytes = b"") -> Text:
    try:
        body = data[len(mark) :].decode(codec)
    except UnicodeDecodeError as error:
        whole = "is cut off" if error.end >= len(data) - len(mark) else "is damaged"
        raise ValueError(f"{whole} ({codec.upper()} that cannot be read); {SAVE_AS_CSV}") from None
    if "\0" in body:
        raise ValueError(f"has zero bytes, so it is not text or is damaged; {SAVE_AS_CSV}")
    return Text(data, body, codec, mark)


def _kind(data: bytes) -> str:
    """What a file is that is not text, by how it begins; empty where it may be text."""
    if data.startswith(b"PK"):
        return _zipped(data)
    mark = next((mark for mark in BOMS if data.startswith(mark)), b"")
    start = data[len(mark) : 512].replace(b"\0", b"").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta")):
        return "a web page (HTML, which some programs call .xls)"
    if start.startswith(b"<?xml"):
        return "XML (such as Excel's `XML Spreadsheet 2003`)"
    if start.startswith((b"{", b"[")):
        return "JSON" if not start.startswith(b"{\\rtf") else "rich text (.rtf)"
    return next((kind for begin, kind in SIGNATURES if data.startswith(begin)), "")


def _zipped(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "mimetype" in names and b"opendocument" in archive.open("mimetype").read(100):
                return "an OpenDocument file such as LibreOffice's spreadsheets (.ods)"
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
        return "" if data[2:4] not in (b"\3\4", b"\5\6") else "a damaged workbook or ZIP archive"
    return next((kind for part, kind in WITHIN_ZIP if any(name.startswith(part) for name in names)), "a ZIP archive")


def _wide(data: bytes) -> str:
    """UTF-16 without its mark: of every ASCII character one byte is zero, the second or the first of the two."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    if max(even, odd) * 4 < len(data) / 2 or min(even, odd) * 8 > max(even, odd):
        raise ValueError(f"has zero bytes, so it is not text; {SAVE_AS_CSV}")
    return "utf-16-le" if odd > even else "utf-16-be"


def _of_old(data: bytes, first: int) -> Text:
    """Text that is not UTF-8, where exactly one other encoding makes sense of it."""
    line = data[:first].count(b"\n") + 1
    if _mostly_utf8(data):
        raise ValueError(f"is UTF-8, but line {line} has something else; write that line again and {SAVE_AS_CSV}")
    found = [
        codec for codec, fits in READINGS.items() if (body := _tried(data, codec)) is not None and fits(body, data)
    ]
    if len(found) != 1:
        way = f"may be {' or '.join(found)}" if found else "is in an encoding that cannot be told for certain"
        raise ValueError(f"{way} (line {line}); {SAVE_AS_CSV}")
    return Text(data, data.decode(found[0]).removesuffix("\x1a"), found[0])


def _mostly_utf8(data: bytes) -> bool:
    right = len(re.findall(rb"[\xc3-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}", data))
    return right > 2 * data.decode("utf-8", "replace").count("\ufffd")


def _tried(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _beyond(text: str, allowed: re.Pattern[str]) -> bool:
    """Whether everything beyond ASCII is of these characters."""
    return re.search(r"[^\x00-\x7f]", allowed.sub("", text)) is None


def _is_shift_jis(text: str, data: bytes) -> bool:
    euc = _tried(data, "euc_jp")
    # What is EUC-JP reads as a row of half-width katakana in Shift-JIS, or the other way round.
    halves = HALF_WIDTH.search(text) or (euc and HALF_WIDTH.search(euc))
    mistaken = euc is not None and halves and not KANA.search(text)
    doubtful = LONE.search(data) or RARE_BEHIND.search(data) or ASTRAY.search(text) or _swallows_letters(text)
    return _beyond(text, JAPANESE) and not mistaken and not doubtful and not may_be_of_another_script(data)


def _swallows_letters(text: str) -> bool:
    """Whether every full-width character would be a letter in Mac Roman or CP850 and the Latin one behind it."""
    wide = [code for sign in text if not sign.isascii() and sign != "・" and len(code := sign.encode("cp932")) > 1]
    return bool(wide) and all(code[1:].isalpha() for code in wide) and BESIDE_LATIN.search(text) is not None


def _is_euc(text: str, data: bytes) -> bool:
    other = _tried(data, "cp932")
    # Chinese and Korean encodings have the same shape, but no kana.
    return _beyond(text, JAPANESE) and KANA.search(text) is not None and not (other and KANA.search(other))


def _is_western(text: str, data: bytes) -> bool:
    other, euc = _tried(data, "cp932"), _tried(data, "euc_jp")
    words = [word for word in WESTERN.findall(WESTERN_SIGNS.sub("", text)) if not word.isascii()]
    known = any(map(is_known, words))
    japanese = (other and _is_shift_jis(other, data)) or (euc and _beyond(euc, JAPANESE) and not known)
    ours = _beyond(WESTERN_SIGNS.sub("", text), WESTERN) and not japanese
    rare = LETTER_INSIDE.search(data) and not SMALL_LETTER.search(text)
    doubtful = SIGN_INSIDE.search(data) or CAPITAL_INSIDE.search(text) or rare
    likely = all(len(word) == 1 or is_known(word) or 2 * sum(map(str.isascii, word)) >= len(word) for word in words)
    return ours and likely and not doubtful and is_western_alone(text, data) and not may_be_of_another_script(data)


READINGS: dict[str, Callable[[str, bytes], bool]] = {
    "cp932": _is_shift_jis,
    "euc_jp": _is_euc,
    "cp1252": _is_western,
}
"""Encodings from before UTF-8 that spreadsheets still write, each with what a text in it looks like."""
