"""What is not a text is named as what it is, with what to do; line numbers are those of the file."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from labvpn.diagnose import words
from labvpn.diagnose.cli import command
from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.files import FileKind, kind
from labvpn.diagnose.lines import MOST_TEXT, read, tail

app = typer.Typer()
app.command()(command)
run = CliRunner()
LOG = b"CoId={1}: The error code returned on failure is 809.\n"


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, LOG)
    return buffer.getvalue()


FILES = {
    "gzip": (gzip.compress(LOG), FileKind.COMPRESSED, "zcat"),
    "zip": (zipped("ppp.log"), FileKind.ARCHIVE, "Extract"),
    "docx": (zipped("word/document.xml"), FileKind.OFFICE, "as text"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), FileKind.PICTURE, "Type the error number"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(range(256)), FileKind.PICTURE, "picture"),
    "heic": (b"\x00\x00\x00\x24ftypheic" + bytes(64), FileKind.PICTURE, "picture"),
    "pdf": (b"%PDF-1.7\n" + LOG, FileKind.PDF, "PDF"),
    "evtx": (b"ElfFile\x00" + bytes(4096), FileKind.EVENT_LOG, "wevtutil"),
    "pcap": (b"\xd4\xc3\xb2\xa1" + bytes(40), FileKind.CAPTURE, "packet capture"),
    "page": (b"<!DOCTYPE html><p>Error 809</p>", FileKind.WEB_PAGE, "web page"),
    "empty": (b"", FileKind.EMPTY, "empty"),
    "blank": (b"\xef\xbb\xbf \r\n\r\n", FileKind.EMPTY, "empty"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_a_log_is_named(name: str, tmp_path: Path) -> None:
    data, expected, sentence = FILES[name]
    assert kind(data) is expected
    (path := tmp_path / "sent").write_bytes(data)
    result = run.invoke(app, [str(path)])
    assert (result.exit_code, sentence in result.stdout) == (3, True)
    assert sentence in json.loads(run.invoke(app, [str(path), "--json"]).stdout)["causes"][0]["because"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_kind_of_file_has_a_sentence(language: str) -> None:
    assert set(words.of(language).files) == set(FileKind)


def test_a_log_beside_a_picture_is_diagnosed(tmp_path: Path) -> None:
    (tmp_path / "screen.png").write_bytes(FILES["png"][0])
    (tmp_path / "log").write_bytes(LOG)
    result = run.invoke(app, [str(tmp_path / "screen.png"), str(tmp_path / "log"), "--json"])
    assert json.loads(result.stdout)["causes"][0]["id"] == "ipsec-ports-blocked"


def test_an_empty_text_is_called_empty() -> None:
    assert diagnose([" \n"]).findings[0].reason.excerpt == FileKind.EMPTY


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n", "\r"])
def test_a_line_number_is_that_of_the_file(end: str) -> None:
    text = end.join(["noise"] * 41 + [LOG.decode().strip()])
    assert diagnose([text]).findings[0].reason.line == 42


def test_a_line_number_in_a_large_file_is_that_of_the_file() -> None:
    text = ("noise " * 4_000 + "\n") * 100 + LOG.decode()
    assert len(text) > 2 * MOST_TEXT
    assert diagnose([text]).findings[0].reason.line == 101


def test_no_more_than_the_end_of_a_large_file_is_read() -> None:
    assert sum(len(line.text) for line in read(tail("x" * 3 * MOST_TEXT)[1])) <= MOST_TEXT
    first, end = tail("ab\n" * MOST_TEXT)
    assert (len(end) <= MOST_TEXT, first) == (True, MOST_TEXT - end.count("\n") + 1)
