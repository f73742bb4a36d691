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
