"""The users' file: a table with one user a line, whatever program wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pydantic import Field, ValidationError

from labvpn.model.base import Value
from labvpn.model.problems import Problem, problems_of
from labvpn.model.spreadsheet import Row, Table, plain, read_table
from labvpn.model.users import LIMIT, Auth, User


class UsersFile(Value):
    """Where the accounts are."""

    file: str = Field(default="users.csv", description="path, from the project's folder")
    may_remove: bool = Field(
        default=False,
        description="true: the list may leave out the owner, or more than half of the users that the server has",
    )


FREE = frozenset({"realName", "note", "commonName", "radiusName", "certificate"})
"""Columns whose text is taken unchanged; in all others, full-width characters and surrounding blanks are accidents."""

FORMULA = re.compile(r"[=+]\s*(\$?[A-Z]{1,3}\$?\d+\b|[A-Z][A-Z0-9.]*\()", re.IGNORECASE)
AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)
"""How a value is kept from being taken for a number in Excel."""

GUARDED = re.compile(r"'*[=+@\t\r-]")
"""How a text begins that spreadsheets compute, behind any number of our apostrophes."""

BROKEN = re.compile(r"#(N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|#+)")
"""What a spreadsheet shows instead of a value."""


def guarded(text: str) -> str:
    """A text of somebody else's as a cell: an apostrophe keeps a spreadsheet from computing it."""
    return f"'{text}" if GUARDED.match(text) else text


def unguarded(cell: str) -> str:
    """The text that such a cell stands for."""
    return cell[1:] if cell.startswith("'") and GUARDED.match(cell) else cell


def columns() -> list[str]:
    """The columns that the users' file may have."""
    return [info.alias or name for name, info in User.model_fields.items()]


def read_users(
    data: bytes | str, place: str, files: Callable[[str], str] | None = None
) -> tuple[tuple[User, ...], list[Problem]]:
    """The users of a CSV file with a header line, and every problem with its line (`users.csv:4.name`).

    `files` gives the text of a file that a user's line names.
    """
    try:
        table = read_table(data, place, columns())
    except ValueError as error:
        return (), [Problem(place, str(error))]
    if "name" not in table.header:
        missing = Problem(place, "has no column `name`, by which users log in; add it to the header")
        return (), [*table.problems, missing]
    users, problems = _of_rows(table, place, files)
    if len(users) > LIMIT:
        remedy = "split the lab, or let * be the line for those whom RADIUS knows"
        problems.append(Problem(place, f"has {len(users)} users and SoftEther's limit is {LIMIT}; {remedy}"))
    return users, problems


def _of_rows(table: Table, place: str, files: Callable[[str], str] | None) -> tuple[tuple[User, ...], list[Problem]]:
    users: list[User] = []
    problems = list(table.problems)
    lines: dict[str, int] = {}
    for line, cells in table.rows:
        where = f"{place}:{line}"
        values, mistakes = _values(cells, where)
        problems += mistakes
        try:
            user = User.model_validate(values, context={"files": files})
        except ValidationError as error:
            said = {problem.place for problem in mistakes}
            problems += [problem for problem in problems_of(error, where, User) if problem.place not in said]
            continue
        # SoftEther folds case: "Guest" and "guest" would be one account. Each hub may have a wildcard line.
        first = lines.setdefault(f"*@{user.hub}" if user.is_wildcard else user.name.upper(), line)
        if first != line:
            problems.append(Problem(f"{where}.name", f'"{user.name}" is in line {first} already; keep one'))
        users.append(user)
    return tuple(users), sorted(problems, key=lambda problem: _line_of(problem, place))


def _line_of(problem: Problem, place: str) -> int:
    return int(problem.place.removeprefix(f"{place}:").partition(".")[0])


def values_of(row: Row) -> dict[str, str]:
    """The cells of a row as they are meant."""
    return _values(row.cells, "")[0]


def _values(cells: Mapping[str, str], where: str) -> tuple[dict[str, str], list[Problem]]:
    """The cells that have a column of users, as they are meant, and those that a spreadsheet left broken."""
    # An account that was there before the stack has the name and the texts that it has.
    found = plain(cells.get("auth", "")) not in ("", Auth.PASSWORD)
    unchanged = FREE | {"name"} if found else FREE
    values: dict[str, str] = {}
    problems: list[Problem] = []
    known = set(columns())
    for name in filter(known.__contains__, cells):
        if not plain(cells[name]) and name not in unchanged:
            continue
        cell = unguarded(cells[name])
        kept = AS_TEXT.fullmatch(cell.strip()) if cell == cells[name] else None
        value = kept[1] if kept else cell
        if sentence := "" if cell != cells[name] or (found and name in FREE) else _broken(value.strip()):
            problems.append(Problem(f"{where}.{name}", sentence))
        else:
            values[name] = cell if found and name in FREE else value if name in unchanged else plain(value)
    return values, problems


def _broken(value: str) -> str:
    """What is wrong with a cell in which a spreadsheet left no value."""
    if BROKEN.fullmatch(value):
        return f"'{value}' is a spreadsheet's error; correct the cell there"
    return "is a formula; save the file with values in its place" if FORMULA.match(value) else ""
