"""A table as a spreadsheet program saves it as text: whatever its encoding, separator and line ends."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from labvpn.model.base import duplicates
from labvpn.model.column_names import meant, unknown_column
from labvpn.model.encoding import SAVE_AS_CSV, Text, decoded, refuse_others
from labvpn.model.problems import Problem

SEPARATORS = ",;\t|"
"""The separators of two cells: a comma, or what Excel takes where the comma is the decimal point."""

HINT = re.compile(r'"?sep=(.)"?[,;\t|]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
"""A first line by which Excel is told the separator."""

RULE = re.compile(":?--+:?")
"""A cell of the line below a Markdown table's header."""

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""What has no width and is in text that was copied from a web page or a chat."""


class Row(NamedTuple):
    """A row: the line on which it begins, and its cells by column; a cell without anything to see is left out."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A table with a header, whose cells are in their order, those without a name as an empty text."""

    text: Text
    separator: str
    header: tuple[str, ...]
    header_end: int
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]

    def extended(self, rows: Sequence[Mapping[str, str]]) -> bytes:
        """The file with more rows at its end and their columns in its header; everything else stays as it is.

        Raises ValueError where the file's encoding lacks a character.
        """
        if not rows:
            return self.text.data
        more = list(dict.fromkeys(name for row in rows for name in row if name not in self.header))
        written, end = io.StringIO(), self.text.line_end
        writer = csv.writer(written, delimiter=self.separator, lineterminator=end)
        writer.writerows([row.get(name, "") for name in (*self.header, *more)] for row in rows)
        names = "".join(self.separator + name for name in more)
        gap = "" if self.text.body.endswith(("\n", "\r")) else end
        return self.text.spliced(self.header_end, names, gap + written.getvalue())


def read_table(data: bytes | str, place: str, known: Collection[str]) -> Table:
    """The table of a file, whose first line names columns; `known` are those that it may have.

    Rows that do not fit the header are problems with their line. Raises ValueError with a sentence where the whole of
    it cannot be read.
    """
    refuse_others(data if isinstance(data, bytes) else data.encode("utf-8", "replace"))
    text = decoded(data)
    hint = HINT.match(text.body)
    start, line = (hint.end(), 2) if hint else (0, 1)
    while start < len(text.body) and not _seen(first := _line(text.body, start), SEPARATORS):
        start, line = start + len(first), line + 1
    if start >= len(text.body):
        raise ValueError("is empty; give it a first line that names the columns, such as name,realName,expires")
    separator = hint[1] if hint else _separator(_line(text.body, start), known)
    records = list(_records(text.body[start:], separator, line))
    below = [cell.strip() for cell in records[1][1] if cell.strip()] if len(records) > 1 else []
    if below and all(map(RULE.fullmatch, below)):
        raise ValueError(f"is a Markdown table and not a table as text; {SAVE_AS_CSV}")
    header = tuple(plain(cell) for cell in records[0][1])
    _check_header(header, known, line)
    fit, problems = _fitted(records[1:], header, place)
    problems[:0] = _header_problems(header, known, f"{place}:{line}")
    end = start + len(_line(text.body, start).rstrip("\r\n"))
    return Table(text, separator, header, end, tuple(fit), tuple(problems))


def plain(cell: str) -> str:
    """A cell without blanks around it, with full-width letters, digits and signs as ASCII has them."""
    return " ".join(unicodedata.normalize("NFKC", INVISIBLE.sub("", cell)).split())


def _line(body: str, start: int) -> str:
    found = LINE.match(body, start)
    return found[0] if found else ""


def _seen(text: str, without: str = "") -> bool:
    """Whether there is anything to see but blanks."""
    return bool(INVISIBLE.sub("", text).strip().strip(without).strip())


def _separator(line: str, known: Collection[str]) -> str:
    """The separator by which the header has most of the known columns, else most columns; a comma if in doubt."""

    def worth(separator: str) -> tuple[int, int]:
        cells = [plain(cell).strip('"') for cell in line.split(separator)]
        return sum(cell in known for cell in cells), len(cells)

    return max(SEPARATORS, key=worth)


def _records(body: str, separator: str, line: int) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it begins. Raises ValueError for quotation marks that do not close."""
    # The reader's own limit for a cell would be told as such a mistake; the columns have limits of their own.
    csv.field_size_limit(max(csv.field_size_limit(), len(body)))
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True)
    while True:
        begins = line + reader.line_num
        try:
            yield begins, next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise ValueError(
                f"has quotation marks on line {begins} that do not belong together; write one inside a cell twice, "
                'as in "the ""old"" account"'
            ) from None


def _check_header(header: tuple[str, ...], known: Collection[str], line: int) -> None:
    """Raise ValueError where this is not a header of users at all."""
    if not any(cell and (cell in known or meant(cell, known)) for cell in header):
        raise ValueError(
            f"has no header: its first line, line {line}, begins with '{header[0][:40]}' and has no column that is "
            "known here; if it is a user, put a line above it that names the columns, such as name,realName,expires; "
            "if it names them, use such names"
        )


def _header_problems(header: tuple[str, ...], known: Collection[str], place: str) -> Iterator[Problem]:
    named = [cell for cell in header if cell]
    for cell in named:
        if cell not in known:
            yield Problem(place, f"{cell}: {unknown_column(cell, known)}")
    for twice in duplicates(named):
        yield Problem(place, f"{twice}: appears twice in the header; keep one column of that name")


def _fitted(
    records: list[tuple[int, list[str]]], header: tuple[str, ...], place: str
) -> tuple[list[Row], list[Problem]]:
    """The rows that have something in them, and those that have it where the header names no column."""
    rows: list[Row] = []
    problems: list[Problem] = []
    for line, cells in records:
        seen = [at for at, cell in enumerate(cells) if _seen(cell)]
        unnamed = [at for at in seen if at >= len(header) or not header[at]]
        if unnamed and unnamed[0] < len(header):
            problems.append(
                Problem(f"{place}:{line}", f"has '{cells[unnamed[0]][:40]}' in a column without a name; name it")
            )
        elif unnamed:
            problems.append(
                Problem(f"{place}:{line}", "has more columns than the header; quote values that hold a separator")
            )
        elif seen:
            rows.append(Row(line, {name: cell for name, cell in zip(header, cells, strict=False) if name and cell}))
    return rows, problems
