"""What a file is that cannot be read as a log: people send archives, pictures and event logs. Pure."""

import re
from enum import StrEnum


class FileKind(StrEnum):
    """Kinds of files that are no text; each has its sentence in `words`, as `file-KIND`."""

    EMPTY = "empty"
    ARCHIVE = "archive"
    COMPRESSED = "compressed"
    PICTURE = "picture"
    PDF = "pdf"
    EVENT_LOG = "event-log"
    OFFICE = "office"
    CAPTURE = "capture"
    PROGRAM = "program"
    WEB_PAGE = "web-page"


_STARTS: tuple[tuple[bytes, FileKind], ...] = (
    (b"ElfFile\x00", FileKind.EVENT_LOG),
    (b"\x1f\x8b", FileKind.COMPRESSED),
    (b"BZh", FileKind.COMPRESSED),
    (b"\xfd7zXZ\x00", FileKind.COMPRESSED),
    (b"\x28\xb5\x2f\xfd", FileKind.COMPRESSED),
    (b"PK\x03\x04", FileKind.ARCHIVE),
    (b"PK\x05\x06", FileKind.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", FileKind.ARCHIVE),
    (b"Rar!\x1a\x07", FileKind.ARCHIVE),
    (b"\x89PNG\r\n\x1a\n", FileKind.PICTURE),
    (b"\xff\xd8\xff", FileKind.PICTURE),
    (b"GIF87a", FileKind.PICTURE),
    (b"GIF89a", FileKind.PICTURE),
    (b"II*\x00", FileKind.PICTURE),
    (b"MM\x00*", FileKind.PICTURE),
    (b"%PDF-", FileKind.PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind.OFFICE),
    (b"{\\rtf", FileKind.OFFICE),
    (b"\xd4\xc3\xb2\xa1", FileKind.CAPTURE),
    (b"\xa1\xb2\xc3\xd4", FileKind.CAPTURE),
    (b"\x0a\x0d\x0d\x0a", FileKind.CAPTURE),
    (b"\x7fELF", FileKind.PROGRAM),
    (b"MZ\x90\x00", FileKind.PROGRAM),
)
"""The first bytes that the formats prescribe (file(1)'s magic, the formats' own specifications)."""

_OFFICE = (b"word/", b"xl/", b"ppt/", b"[Content_Types].xml")
_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<\?xml[^>]*>\s*<!doctype html)", re.IGNORECASE)


def kind(data: bytes) -> FileKind | None:
    """What a file is by its content; None if it may be a text."""
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        return FileKind.EMPTY
    if data[4:8] == b"ftyp" or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return FileKind.PICTURE
    if data[:2] == b"BM" and data[6:10] == b"\x00\x00\x00\x00":
        return FileKind.PICTURE
    if data[257:262] == b"ustar":
        return FileKind.ARCHIVE
    found = next((one for start, one in _STARTS if data.startswith(start)), None)
    if found is FileKind.ARCHIVE and any(name in data[:4096] for name in _OFFICE):
        return FileKind.OFFICE
    return FileKind.WEB_PAGE if found is None and _PAGE.match(data[:400]) else found
