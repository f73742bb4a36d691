"""A text in an encoding that cannot be determined for certain is refused, and never read as another text."""

from __future__ import annotations

import pytest

from labvpn.model.users_file import read_users

EXCEL = "save it as text: in Excel as `CSV UTF-8"
EUROPEAN = (
    *("Jürgen Müller", "José García", "María Martínez", "François", "Hélène", "Zoë", "Ångström", "Åsa", "Émile"),
    *("Élodie Öz", "Peña", "Sørensen", "Weiß, Jörg", "Ménage à trois", "Köln – Büro", "Garçon", "Rodríguez", "Bjørn"),
)


def real_name(data: bytes) -> str | None:
    """The name that is read, or nothing where the file is refused with what to do."""
    users, problems = read_users(data, "users.csv")
    if not problems:
        return users[0].real_name
    (problem,) = problems
    assert EXCEL in problem.message
    return None


@pytest.mark.parametrize("codec", ["mac_roman", "cp850", "cp437", "cp1252", "iso8859_15"])
@pytest.mark.parametrize("name", EUROPEAN)
def test_a_european_name_is_read_as_it_was_written_or_not_at_all(name: str, codec: str) -> None:
    try:
        data = f'name;realName\na;"{name}"\n'.encode(codec)
    except UnicodeEncodeError:
        pytest.skip("the encoding lacks a character of the name")
    assert real_name(data) in ((name, None) if codec != "cp1252" else (name,))


@pytest.mark.parametrize("name", ["O’Neill", "d’Été", "sœur Hélène", "Sam’s guest", "“Jörg” …", "Köln–Bonn"])
def test_what_word_processors_put_into_western_text_is_read(name: str) -> None:
    assert real_name(f"name;realName\na;{name}\n".encode("cp1252")) == name


@pytest.mark.parametrize(
    "name", ["山田", "Team山田（東京）", "Aさん", "C言語の会", "NTTドコモ", "Jun・Sato", "ｶﾞｲﾄﾞ A", "営業A課", "Xデー"]
)
def test_latin_letters_among_japanese_ones_leave_no_doubt(name: str) -> None:
    assert real_name(f"name,realName\na,{name}\n".encode("cp932")) == name


@pytest.mark.parametrize("name", ["ｶﾞｲﾄﾞ", "IT部", "山田", "営業A課", "Aさん"])
def test_japanese_of_euc_is_read_as_it_was_written_or_not_at_all(name: str) -> None:
    assert real_name(f"name,realName\na,{name}\n".encode("euc_jp")) in (name, None)


@pytest.mark.parametrize(("name", "cut"), [("山", 1), ("山田", 1), ("山田", 2), ("山田太郎", 2), ("é山", 2)])
def test_utf8_that_ends_inside_a_character_is_cut_off(name: str, cut: int) -> None:
    (problem,) = read_users(f"name,realName\na,{name}".encode()[:-cut], "users.csv")[1]
    assert "is cut off" in problem.message


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-8"])
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<!DOCTYPE html><table><tr><td>name", "a web page"),
        ("<html><body>", "a web page"),
        ("<?xml version='1.0'?><Workbook/>", "XML"),
        ('[{"name": "a"}]', "JSON"),
        ("| name | realName |\n|---|:---:|\n| a | Jun |\n", "a Markdown table"),
        ("name | note\n--- | ---\na | x\n", "a Markdown table"),
    ],
)
def test_what_is_no_list_is_named_whatever_mark_it_begins_with(text: str, kind: str, mark: str) -> None:
    (problem,) = read_users(text.encode(mark), "users.csv")[1]
    assert problem.message.startswith(f"is {kind}")
    assert EXCEL in problem.message


def test_a_cell_of_any_length_is_read_and_told_by_its_column() -> None:
    (problem,) = read_users(f'name,note\na,"{"x" * 200_000}"\nb,\n', "users.csv")[1]
    assert str(problem) == "users.csv:2.note: has 200000 characters and 511 fit; shorten it"


@pytest.mark.parametrize("column", ["name", "expires", "group", "clients", "auth", "devices", "MaxUpload", "serial"])
def test_no_sentence_repeats_a_cell_of_any_length(column: str) -> None:
    header = column if column == "name" else f"name,{column}"
    problems = read_users(f"{header}\n{'' if column == 'name' else 'a,'}{'9' * 5_000}x\n", "users.csv")[1]
    assert problems
    assert max(len(problem.message) for problem in problems) < 400


ABROAD = {
    "cp1250": (
        *("Jan Dvořák", "Jiří Novák", "Lenka Černá", "Szőke Gergő", "Marko Marić", "Josip Đurić", "Andreea Văcărescu"),
        *(
            "Wręczycka",
            "Tomáš",
            "Ondřej",
            "Kateřina Růžičková",
            "Zbyněk",
            "Křtiny",
            "Ľubomír Šťastný",
            "Ștefan Ionescu",
        ),
        *("Łukasz", "Gábor Őze", "Müllerčíková", "Stanisław Pańczyk", "Wałęsa", "Ćirić", "Žofie", "Ivan Kĺč", "Gheţu"),
    ),
    "cp1254": ("Ayşe Yılmaz", "Doğan", "İpek", "Şahin", "Çağlar Öz", "Işıl", "Gülşen Güneş", "Tuğba"),
    "cp1257": ("Jānis Bērziņš", "Kęstutis", "Rūta Žemaitė", "Dainis Īvāns", "Šarūnas", "Ķegums", "Jonaitį", "Živilė"),
    "koi8_r": ("Иван Иванов", "ИВАН", "Пётр", "Ольга"),
    "cp1251": ("Иван Иванов", "Ivan И.", "ИВАН", "Олена Ющенко", "Їжак"),
    "cp866": ("Иван Иванов", "Ольга"),
    "iso8859_5": ("Иван Иванов", "Ольга"),
    "mac_cyrillic": ("Иван Иванов", "Ольга"),
    "cp1253": ("Γιώργος", "ΓΙΩΡΓΟΣ", "Ελένη Παπαδοπούλου"),
    "cp1255": ("דוד כהן", "שרה"),
    "cp1256": ("محمد علي", "فاطمة"),
    "cp874": ("สมชาย ใจดี", "กมล"),
}


@pytest.mark.parametrize(("codec", "name"), [(codec, name) for codec, names in ABROAD.items() for name in names])
def test_what_excel_writes_in_other_countries_is_read_as_it_was_written_or_not_at_all(codec: str, name: str) -> None:
    for header, others in (("name,realName", ""), ("name,realName,note", ",list of 2027")):
        try:
            data = f"{header}\r\nu,{name}{others}\r\n".encode(codec)
        except UnicodeEncodeError:
            pytest.skip("the encoding lacks a character of the name")
        assert real_name(data) in (name, None)


@pytest.mark.parametrize(
    "name",
    [
        *("Jürgen Müller", "Weiß", "José Núñez", "María Peña", "Muñoz", "Íñigo", "Begoña", "Rodrigo Ibáñez", "Ærø"),
        *("Søren Ærø", "Bjørn", "Jørgen Møller", "Kjær", "Håkan Åberg", "Åsa Ångström", "Þór", "Guðrún Sigurðardóttir"),
        *("Davíð", "João Magalhães", "Conceição", "Hélène", "Geneviève Lefèvre", "Zoë", "Loïc", "Niccolò", "Garçon"),
        *("François Müller", "Tomáš Škoda", "Mäkinen", "Grün & Weiß"),
    ],
)  # fmt: skip
def test_a_western_name_whose_letters_prove_it_is_read(name: str) -> None:
    assert real_name(f"name,realName\r\nu,{name}\r\n".encode("cp1252")) == name


def test_one_name_that_is_western_for_certain_proves_the_whole_list() -> None:
    alone = "name,realName\r\nu,Bøje\r\n".encode("cp1252")
    assert real_name(alone) is None
    assert real_name(alone + "v,Jørgen\r\n".encode("cp1252")) == "Bøje"


def test_a_list_of_several_code_pages_is_not_taken_for_one() -> None:
    assert real_name("name,realName\r\nu,Jiří Dvořák\r\n".encode("cp1250") + "v,Jørgen\r\n".encode("cp1252")) is None


@pytest.mark.parametrize("name", ["ﾔﾏﾀﾞ ﾀﾛｳ", "ｻﾄｳ ﾀﾛｳ", "ﾅﾘﾀ ｼﾞｭﾝ", "営業ｸﾞﾙｰﾌﾟ", "田中ｻﾝ"])
def test_half_width_kana_of_names_are_read(name: str) -> None:
    assert real_name(f"name,realName\r\nu,{name}\r\n".encode("cp932")) == name
