"""The lab's accounts: a CSV file named by the configuration, one user a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from labvpn.model.base import Value
from labvpn.model.certificates import Certificate
from labvpn.model.hub import GroupName, HubName, Text, UserName
from labvpn.model.moments import Moment
from labvpn.model.policies import Policies
from labvpn.model.problems import Problem, problems_of
from labvpn.model.spreadsheet import Row, Table, plain, read_table

RESERVED = re.compile(r"administrator|securenat|cascade|link|l3sw_.*", re.IGNORECASE)
"""Names of SoftEther's own, which it refuses as a user's (error 38, measured)."""


def _free(name: str) -> str:
    if RESERVED.fullmatch(name):
        raise ValueError(f"'{name}' is a name of SoftEther's own, which it refuses; choose another")
    return name


EVERYBODY = "*"
"""SoftEther's name for everybody whom the hub's RADIUS server knows and who has no line of his own."""

Name = Annotated[UserName, AfterValidator(_free)]

NEW = re.compile(r"[A-Za-z0-9._@-]{1,64}|\*")
"""What a name has to be where the stack makes the user: it then works in every client, path and access rule."""


class Auth(StrEnum):
    """How a user proves who he is."""

    PASSWORD = "password"  # noqa: S105 -- the name of the way
    CERTIFICATE = "certificate"
    SIGNED = "signed"
    RADIUS = "radius"
    KEPT = "kept"
    """The password that the server has of the user from before this stack: nobody here knows it."""


class Client(StrEnum):
    """With what a user connects."""

    SOFTETHER = "softether"
    OPENVPN = "openvpn"
    L2TP = "l2tp"
    OLD_ANDROID = "old-android"
    SSTP = "sstp"


def _words(given: object) -> object:
    return tuple(given.replace(",", " ").split()) if isinstance(given, str) else given


def _hardware(given: str) -> str:
    digits = re.sub(r"[:.-]", "", given)
    if not re.fullmatch(r"[0-9A-Fa-f]{12}", digits):
        raise ValueError(f"'{given}' is no MAC address; write it as 00-AC-11-22-33-44")
    if int(digits[:2], 16) & 1:
        raise ValueError(f"'{given}' is a group address, which no network card has; read the card's own anew")
    return "-".join(digits[at : at + 2] for at in range(0, 12, 2)).upper()


def _serial(given: str) -> str:
    digits = given.replace(":", "").lower()
    if not re.fullmatch(r"([0-9a-f]{2})+", digits):
        raise ValueError(f"'{given}' is no serial number; write it in pairs of hexadecimal digits, as openssl shows it")
    return digits


Mac = Annotated[str, AfterValidator(_hardware)]
LIMIT = 10_000
"""Users of one hub: the server's own limit (MAX_USERS in its source)."""


class User(Policies):
    """One account; security policies stand by SoftEther's own names."""

    auth: Auth = Auth.PASSWORD
    name: Name
    real_name: Text = ""
    note: Text = ""
    hub: HubName | None = Field(default=None, description="left out: the stack's own hub, `vpn.hub`")
    group: GroupName | None = Field(default=None, description="one of the hub's groups")
    policies: Literal["own", "inherited"] = Field(
        default="own",
        description="own: what is said here, then the group's, then the lab's; inherited: none of his own, so that "
        "SoftEther takes the group's alone",
    )
    reach: Literal["services", "free"] = Field(
        default="services", description="services: what the hub lists and nothing else; free: everything"
    )
    certificate: Certificate | None = Field(default=None, description="the PEM file of `auth: certificate`")
    common_name: Text = Field(default="", description="of `auth: signed`; left out: any that a trusted CA signed")
    serial: Annotated[str, AfterValidator(_serial)] | None = Field(default=None, description="of `auth: signed`")
    radius_name: Text = Field(default="", description="the name at the RADIUS server; left out: the user's own")
    devices: Annotated[tuple[Mac, ...], BeforeValidator(_words)] = Field(
        default=(), description="MAC addresses of the only devices allowed; for SoftEther's own client"
    )
    clients: Annotated[tuple[Client, ...], BeforeValidator(_words)] = Field(
        default=(), description="with what the user connects; left out: with anything"
    )
    expires: Moment | None = Field(
        default=None, description="the account's end: a day, to its end in UTC, or a time with its zone; empty: never"
    )
    rotation: int = Field(default=0, ge=0, description="raise it to give the user a new derived password")

    @field_validator("name")
    @classmethod
    def _new_names_are_plain(cls, name: str, info: ValidationInfo) -> str:
        if info.data.get("auth", Auth.PASSWORD) is Auth.PASSWORD and not NEW.fullmatch(name):
            raise ValueError(f"'{name}' is no name for a new user; take up to 64 letters, digits and . _ @ - of ASCII")
        return name

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if (self.auth is Auth.CERTIFICATE) != (self.certificate is not None):
            raise ValueError("auth certificate and a certificate belong together; give both or neither")
        if self.auth is not Auth.SIGNED and (self.common_name or self.serial):
            raise ValueError("commonName and serial belong to auth signed; say so or leave them out")
        if self.auth is not Auth.RADIUS and self.radius_name:
            raise ValueError("radiusName belongs to auth radius; say so or leave it out")
        return self

    @model_validator(mode="after")
    def _inherits_whole(self) -> Self:
        if self.policies == "inherited" and (own := self.stated()):
            raise ValueError(f"policies is inherited, but {', '.join(own)} is given; leave one of them out")
        return self

    @model_validator(mode="after")
    def _everybody_is_known_to_radius(self) -> Self:
        wrong = {
            f"auth must be radius, not {self.auth}": self.auth is not Auth.RADIUS,
            "leave radiusName out, since each is asked for by the name that he dials with": self.radius_name,
            "leave rotation out, since the passwords are kept at RADIUS": self.rotation,
            "leave reach out, since a rule knows one name alone; list in the hub's services what they reach": (
                self.reach == "free"
            ),
            "leave devices out, since a rule knows one name alone": self.devices,
        }
        found = [sentence for sentence, is_so in wrong.items() if is_so]
        if self.is_everybody and found:
            raise ValueError(f"* is everybody whom the hub's RADIUS server knows: {'; '.join(found)}")
        return self

    @property
    def is_everybody(self) -> bool:
        """Whether this is no account but the line for all whom RADIUS knows."""
        return self.name == EVERYBODY


class UsersFile(Value):
    """Where the accounts stand."""

    file: str = Field(default="users.csv", description="path, from the project's folder")
    may_remove: bool = Field(
        default=False,
        description="true: the list may leave out the owner, or more than half of the users that the server has",
    )


FREE = frozenset({"realName", "note", "commonName", "radiusName", "certificate"})
"""Columns whose text is taken as it stands; in all others full-width characters and blanks around are an accident."""

FORMULA = re.compile(r"[=+]\s*(\$?[A-Z]{1,3}\$?\d+\b|[A-Z][A-Z0-9.]*\()", re.IGNORECASE)
AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)
"""How a value is kept from being taken for a number in Excel."""

BROKEN = re.compile(r"#(N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|#+)")
"""What a spreadsheet shows in the place of a value."""


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
        remedy = "split the lab, or let * stand for those whom RADIUS knows"
        problems.append(Problem(place, f"holds {len(users)} users and SoftEther's limit is {LIMIT}; {remedy}"))
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
        # SoftEther folds case: "Guest" and "guest" would be one account. Each hub may have a line for everybody.
        first = lines.setdefault(f"*@{user.hub}" if user.is_everybody else user.name.upper(), line)
        if first != line:
            problems.append(Problem(f"{where}.name", f'"{user.name}" stands in line {first} already; keep one'))
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
    as_it_stands = FREE | {"name"} if found else FREE
    values: dict[str, str] = {}
    problems: list[Problem] = []
    known = set(columns())
    for name in filter(known.__contains__, cells):
        kept = AS_TEXT.fullmatch(cells[name].strip())
        value = kept[1] if kept else cells[name]
        if sentence := "" if found and name in FREE else _broken(value.strip()):
            problems.append(Problem(f"{where}.{name}", sentence))
        else:
            values[name] = cells[name] if found and name in FREE else value if name in as_it_stands else plain(value)
    return values, problems


def _broken(value: str) -> str:
    """What is wrong with a cell in which a spreadsheet left no value."""
    if BROKEN.fullmatch(value):
        return f"'{value}' is a spreadsheet's error; mend the cell there"
    return "is a formula; save the file with values in its place" if FORMULA.match(value) else ""
