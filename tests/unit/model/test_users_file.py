"""A users' list from any spreadsheet is understood, or one sentence says what to do with it."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

import pytest

from labvpn.model.spreadsheet import read_table
from labvpn.model.users import User
from labvpn.model.users_file import columns, read_users

LIST = "name,realName,expires\nguest1,山田　太郎,2027/3/31\nguest2,鈴木 花子,\n"
END = datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC)


def users(data: bytes | str) -> list[User]:
    found, problems = read_users(data, "users.csv")
    assert problems == []
    return list(found)


def said(data: bytes | str) -> list[str]:
    return [str(problem) for problem in read_users(data, "users.csv")[1]]


def one(data: bytes | str) -> str:
    (sentence,) = said(data)
    return sentence


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "codec", ["cp932", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso2022_jp"]
)
def test_a_list_is_read_whatever_program_wrote_it(codec: str, line_end: str, separator: str) -> None:
    first, second = users(LIST.replace("\n", line_end).replace(",", separator).encode(codec))
    assert (first.name, first.real_name, first.expires) == ("guest1", "山田　太郎", END)
    assert (second.name, second.real_name, second.expires) == ("guest2", "鈴木 花子", None)


@pytest.mark.parametrize(
    ("name", "codec"), [("やまだ 太郎", "euc_jp"), ("ﾔﾏﾀﾞ ﾀﾛｳ", "cp932"), ("髙橋①", "cp932"), ("Jörg Müller", "cp1252")]
)
def test_older_encodings_are_told_apart(name: str, codec: str) -> None:
    assert users(f"name,realName\na,{name}\n".encode(codec))[0].real_name == name


@pytest.mark.parametrize("codec", ["gbk", "euc_kr", "big5", "cp1250"])
def test_an_encoding_that_cannot_be_told_is_not_guessed(codec: str) -> None:
    name = {"gbk": "张伟", "euc_kr": "김철수", "big5": "陳大文", "cp1250": "Łukasz"}[codec]
    sentence = one(f"name,realName\na,{name}\n".encode(codec))
    assert "(line 2)" in sentence
    assert "save it as text: in Excel as `CSV UTF-8" in sentence


def test_a_broken_character_in_utf8_is_named_with_its_line() -> None:
    assert "is UTF-8, but line 3 has something else" in one(LIST.encode()[:-4] + b"\x8d\n")


def test_what_is_cut_off_is_said_to_be_so() -> None:
    assert "is cut off" in one(LIST.encode("utf-16")[:-1])


def zipped(*names: str, **contents: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, contents.get(name, ""))
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook (.xlsx)"),
        (zipped("mimetype", mimetype="application/vnd.oasis.opendocument.spreadsheet"), "LibreOffice"),
        (zipped("Index/Document.iwa"), "Apple Numbers"),
        (zipped("word/document.xml"), "a Word document"),
        (zipped("users.csv"), "a ZIP archive"),
        (zipped("xl/workbook.xml")[:30], "a damaged workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)"),
        (b"%PDF-1.7", "a PDF"),
        (b"<html><table>", "a web page"),
        (b'<?xml version="1.0"?>', "XML"),
        (b'[{"name": "a"}]', "JSON"),
        (b"\x7fELF\x02\x01", "a program"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_list_is_named_as_what_it_is(data: bytes, kind: str) -> None:
    sentence = one(data)
    assert kind in sentence
    assert "save it as text" in sentence


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\xef\xbb\xbf", " 　\n".encode(), b",,,\n,,,\n", b"sep=;\n"])
def test_an_empty_file_is_told_what_it_lacks(data: bytes) -> None:
    assert "is empty; give it a first line that names the columns" in one(data)


@pytest.mark.parametrize("data", ["guest1,山田\nguest2,鈴木\n", "2027-03-31,guest\n", "guest1\n"])
def test_a_missing_header_is_named_as_one(data: str) -> None:
    assert "has no header: its first line, line 1, begins with" in one(data)


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("Name", "name"),
        ("ユーザー名", "name"),
        ("名前", "name"),
        ("有効期限", "expires"),
        ("Full Name", "realName"),
        ("AUTODISCONNECT", "AutoDisconnect"),
        ("multi_logins", "MultiLogins"),
        ("expire", "expires"),
        ("備考", "note"),
    ],
)
def test_a_column_of_another_name_is_named_with_the_right_one(column: str, meant: str) -> None:
    first = f"users.csv:1: {column}: there is no such column; did you mean '{meant}'?"
    assert first in said(f"{column},group\nx,y\n")


def test_a_list_without_the_column_of_names_is_one_mistake() -> None:
    assert one("realName,note\na,b\nc,d\n") == (
        "users.csv: has no column `name`, by which users log in; add it to the header"
    )


def test_a_column_that_stands_twice_is_named() -> None:
    assert (
        one("name,note,note\na,b,c\n") == "users.csv:1: note: appears twice in the header; keep one column of that name"
    )


def test_empty_columns_and_lines_at_the_end_are_nothing() -> None:
    assert [user.name for user in users("name,note,,\nanna,x,,\n,,,\nben,,,,,,\n   ,　,\n\n")] == ["anna", "ben"]


def test_something_in_a_column_without_a_name_is_no_silent_loss() -> None:
    assert one("name,,note\nanna,2027-03-31,x\n") == (
        "users.csv:2: has '2027-03-31' in a column without a name; name it"
    )
    assert "users.csv:2: has more columns than the header" in one("name,note\nanna,talk, Monday\n")


def test_the_line_that_names_the_separator_is_no_header() -> None:
    assert [user.note for user in users('sep=;\r\nname;note\r\nanna;"a, b; c"\r\n')] == ["a, b; c"]
    assert said("sep=;\r\nname;note;devices\r\nanna;;no-mac\r\n")[0].startswith("users.csv:3.devices")


def test_a_row_with_a_line_end_in_it_is_named_by_its_first_line() -> None:
    sentences = said('name,note,MultiLogins\nanna,"one\ntwo",many\nbad name,,\n')
    assert [sentence.split(":")[1][:1] for sentence in sentences] == ["2", "4"]


def test_quotation_marks_that_do_not_close_are_named() -> None:
    assert "has quotation marks on line 2 that do not belong together" in one('name,note\nanna,"open\nben,\n')
    assert "write one inside a cell twice" in one('name,note\nanna,"a"b\n')


def test_full_width_and_invisible_characters_are_read_as_they_are_meant() -> None:
    (user,) = users("ｎａｍｅ,\ufeffexpires , MultiLogins\nｇｕｅｓｔ１\u3000,２０２７年３月３１日,\u00a0３\u200b\n")
    assert (user.name, user.expires, user.multi_logins) == ("guest1", END, 3)


def test_text_for_people_stays_as_it_stands() -> None:
    (user,) = users("name,realName,note\na,山田　太郎 ,ＡＢＣ\n")
    assert (user.real_name, user.note) == ("山田　太郎 ", "ＡＢＣ")


def test_what_was_on_the_server_before_is_read_as_it_was_found_there() -> None:
    (user,) = users('name,auth,realName,note\nguest,kept," =A1 ",#REF!\n')
    assert (user.real_name, user.note) == (" =A1 ", "#REF!")


@pytest.mark.parametrize(
    "written",
    [
        "2027/3/31",
        "2027-3-31",
        "2027.03.31",
        "2027年3月31日",
        "２０２７／０３／３１",
        "20270331",
        " 2027-03-31 ",
        '"=""2027/3/31"""',
    ],
)
def test_a_day_with_its_year_first_is_understood(written: str) -> None:
    assert users(f"name,expires\na,{written}\n")[0].expires == END


def test_a_time_with_its_zone_is_understood_as_spreadsheets_write_it() -> None:
    assert users("name,expires\na,2027/3/31 9:00+09:00\n")[0].expires == datetime(2027, 3, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("31.03.2027", "write the year first, as in 2027-03-31"),
        ("3/31/2027", "write the year first, as in 2027-03-31"),
        ("31/3/27", "write the year first, as in 2027-03-31"),
        ("31-Mar-27", "write 2027-03-31, or"),
        ("46477", "as a spreadsheet's number of a day it would be 2027-03-31; write that if it is meant"),
        ("46477.75", "it would be 2027-03-31"),
        ("令和9年3月31日", "write 2027-03-31, by the common era"),
        ("R9.3.31", "write 2027-03-31, by the common era"),
        ("2027/2/30", "the calendar has no such day"),
        ("2027/3/31 0:00", "names no time zone"),
        ("never", "leave it empty for an account without an end"),
        ("なし", "leave it empty"),
        ("#####", "is a spreadsheet's error; correct the cell there"),
        ("#REF!", "is a spreadsheet's error"),
        ("=TODAY()+30", "is a formula; save the file with values in its place"),
        ("=B2", "is a formula"),
    ],
)
def test_any_other_end_is_explained_and_not_guessed(written: str, remedy: str) -> None:
    sentence = one(f"name,expires\na,{written}\n")
    assert sentence.startswith("users.csv:2.expires: ")
    assert remedy in sentence


def test_a_list_that_grows_keeps_every_byte_of_what_stood_there() -> None:
    old = "sep=;\r\nname;realName;\r\nowner;髙橋;\r\n".encode("cp932")
    new = read_table(old, "users.csv", columns()).extended([{"name": "anna", "expires": "2027-03-31"}])
    assert new == "sep=;\r\nname;realName;;expires\r\nowner;髙橋;\r\nanna;;;2027-03-31\r\n".encode("cp932")
    assert [user.name for user in users(new)] == ["owner", "anna"]


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig", "utf-16-be"])
def test_a_list_that_grows_keeps_its_encoding(codec: str) -> None:
    table = read_table("name\nowner".encode(codec), "users.csv", columns())
    assert [user.name for user in users(table.extended([{"name": "anna"}]))] == ["owner", "anna"]


def test_a_name_that_the_files_encoding_lacks_is_named() -> None:
    table = read_table("name,realName\nowner,髙橋\n".encode("cp932"), "users.csv", columns())
    with pytest.raises(ValueError, match="cannot encode 'é' in its encoding; save it as text"):
        table.extended([{"name": "anna", "realName": "André"}])
