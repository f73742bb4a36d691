"""A column that another program calls otherwise is told with what it is here, or with what to do with it."""

from __future__ import annotations

import pytest

from labvpn.model.column_names import ADDRESSES, PARTS, PASSWORDS, SYNONYMS
from labvpn.model.users_file import columns
from tests.unit.model.test_users_file import said


@pytest.mark.parametrize(
    "column", ["password", "Password [Required]", "passwd", "Pasword", "Passwort", "パスワード", "密码"]
)
def test_a_column_of_passwords_is_told_to_go_and_none_is_repeated(column: str) -> None:
    lines = said(f"name,{column},realName\nada,hunter22,Ada\n")
    (line,) = lines
    assert line.startswith(f"users.csv:1: {column}: this file has no passwords")
    assert "--path passwords.NAME" in line
    assert "hunter22" not in line and "FixPassword" not in line


@pytest.mark.parametrize("column", ["email", "mail", "E-Mail", "Email Address [Required]", "メール"])
def test_a_column_of_mail_addresses_may_be_the_name_or_the_note(column: str) -> None:
    assert said(f"name,{column}\nada,a@b.example\n") == [
        f"users.csv:1: {column}: there is no such column; call it `name` if users log in by it, or else `note`"
    ]


@pytest.mark.parametrize("column", ["firstname", "Last Name [Required]", "nombre", "Prénom", "姓"])
def test_a_part_of_a_persons_name_goes_into_the_real_name(column: str) -> None:
    (line,) = said(f"name,{column}\nada,Ada\n")
    assert line.endswith("a name has one column here; write both parts into `realName`")


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("identifiant", "name"),
        ("userPrincipalName", "name"),
        ("Benutzername *", "name"),
        ("用户名", "name"),
        ("아이디", "name"),
        ("이름", "realName"),
        ("姓名", "realName"),
        ("Gültig bis", "expires"),
        ("到期", "expires"),
        ("备注", "note"),
        ("expirs", "expires"),
        ("auto-disconect", "AutoDisconnect"),
    ],
)
def test_a_column_in_another_language_is_told_with_ours(column: str, meant: str) -> None:
    assert f"users.csv:1: {column}: there is no such column; did you mean '{meant}'?" in said(f"{column}\nx\n")


@pytest.mark.parametrize("column", ["phone", "ouPath", "city", "clase", "manager", "Straße"])
def test_a_column_that_is_like_none_of_ours_is_not_called_one(column: str) -> None:
    (line,) = said(f"name,{column}\nada,x\n")
    assert f"{column}: there is no such column; remove it; known here: " in line


@pytest.mark.parametrize(
    "header",
    [
        "First Name [Required],Last Name [Required],Email Address [Required],Password [Required]",
        "用户名,姓名,备注,到期",
        "이름,아이디,만료",
        "nom;prenom",
        "メールアドレス,氏名",
    ],
)
def test_a_header_in_another_language_is_not_taken_for_a_user(header: str) -> None:
    lines = said(f"{header}\na,b,c,d\n")
    assert not any("has no header" in line for line in lines)
    assert "users.csv: has no column `name`, by which users log in; add it to the header" in lines


def test_a_first_line_that_is_not_understood_may_be_a_header_or_a_user() -> None:
    (line,) = said("jméno osoby,adresa\na,b\n")
    assert "if it is a user, put a line above it" in line
    assert "if it names them, use such names" in line


def test_no_name_of_a_column_means_two_things() -> None:
    words = " ".join([*SYNONYMS.values(), PASSWORDS, PARTS, ADDRESSES]).split()
    assert sorted({word for word in words if words.count(word) > 1}) == []
    assert {column.lower() for column in columns()} >= SYNONYMS.keys()
