"""One cell of a table is changed; every other byte of the file stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from labvpn.model.spreadsheet import LINE, Row, Table


def with_cell(table: Table, row: Row, column: str, value: str) -> bytes:
    """The file with another value in a row's cell; a column that is missing is added to the header.

    `value` needs no quotation marks. Raises ValueError where the file's encoding lacks a character of it.
    """
    text, separator = table.text, table.separator
    begins = next(islice(LINE.finditer(text.body), row.line - 1, None)).start()
    cells = list(_cells(text.body, begins, separator))
    at = table.header.index(column) if column in table.header else len(table.header)
    begin, end = cells[at] if at < len(cells) else (cells[-1][1], cells[-1][1])
    gap = separator * max(0, at - len(cells) + 1)
    body = text.body[:begin] + gap + value + text.body[end:]
    if column not in table.header:
        body = body[: table.header_end] + separator + column + body[table.header_end :]
    rest = text.data[len(text.mark) + len(text.body.encode(text.codec)) :]
    return text.mark + body.encode(text.codec) + rest


def _cells(body: str, start: int, separator: str) -> Iterator[tuple[int, int]]:
    """Where the cells of the record that begins here begin and end, with their quotation marks."""
    begin, is_quoted = start, False
    for place in range(start, len(body)):
        letter = body[place]
        if letter == '"' and (is_quoted or place == begin or body[begin] == '"'):
            is_quoted = not is_quoted
        elif not is_quoted and letter in "\r\n":
            yield begin, place
            return
        elif not is_quoted and letter == separator:
            yield begin, place
            begin = place + 1
    yield begin, len(body)
