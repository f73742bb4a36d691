"""`labvpn reset-code`: a user whose phone is lost gets another secret for their codes, and a kit with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labvpn.connect import stack_outputs
from labvpn.kit.cli import FolderOption, KitMaker, PinOption, UsersOption, YesOption, reported, trust
from labvpn.kit.invite import apply, replace_users, require_consent, users_file
from labvpn.kit.storage import KitStorage
from labvpn.model.outputs import OutputsError
from labvpn.model.spreadsheet import plain, read_table
from labvpn.model.table_edit import with_cell
from labvpn.model.users_file import columns

COLUMN = "resetCode"


def reset_code(
    name: Annotated[str, typer.Argument(help="Whose codes are renewed.")],
    users: UsersOption = None,
    yes: YesOption = False,
    folder: FolderOption = Path("kits"),
    pin_current: PinOption = False,
) -> None:
    """Raise resetCode in the users' file, run `pulumi up`, and make the user's encrypted kit with the new QR code.

    The codes of the old secret are refused from then on. Run again, it renews them once more.
    Exit status: 0 if the user has a new kit, 1 if something was refused; then the sentences say what to do.
    """
    with reported():
        users = users or users_file(Path.cwd())
        try:
            data = users.read_bytes()
        except OSError as error:
            raise OutputsError(f"{users} cannot be read: {error.strerror}; name the file by --users") from None
        changed, name, number = raised(data, users.name, name)
        require_code(name)
        require_consent(yes)
        replace_users(users, changed)
        typer.echo(f"{users}: {COLUMN} of {name} is {number} now")
        apply(yes, f"labvpn reset-code {name}")
        stack = stack_outputs.outputs(None)
        made = KitMaker(stack, KitStorage(folder), trust(stack, pin_current), secrets=True).some([name])
    raise typer.Exit(0 if made else 1)


def require_code(name: str) -> None:
    """OutputsError for a user of the stack who logs in without a code, so that nothing is changed in vain."""
    account = stack_outputs.outputs(None).users.get(name)
    if account is None or not account.second_factor:
        raise OutputsError(
            f"{name} logs in without a code; name the user or a group of theirs in the hub's secondFactor, "
            "and run `pulumi up`"
        )


def raised(data: bytes, place: str, name: str) -> tuple[bytes, str, int]:
    """The users' file with the user's number raised by one, the name as it is there, and the number.

    Raises ValueError with a sentence.
    """
    table = read_table(data, place, columns())
    row = next((row for row in table.rows if plain(row.cells.get("name", "")).upper() == name.upper()), None)
    if row is None:
        raise ValueError(f"{place} has no user {name}; write the name as it is there")
    before = plain(row.cells.get(COLUMN, "")) or "0"
    if not before.isdecimal():
        raise ValueError(f"{place}:{row.line}: {COLUMN} is '{before[:20]}', not a number; correct it there")
    number = int(before) + 1
    return with_cell(table, row, COLUMN, str(number)), plain(row.cells["name"]), number
