"""`labvpn reach`: one packet explained hop by hop, or who reaches what as a table, a page, or for a program.

Heavy imports wait until the command runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labvpn.model.untrusted import plain_lines

if TYPE_CHECKING:
    from labvpn.reach.explain import Explanation
    from labvpn.reach.model import ReachModel
    from labvpn.reach.table import Change, Reached


def _option(words: str, *names: str) -> Any:
    return typer.Option(*names, help=words, show_default=False)


From = Annotated[
    str | None,
    typer.Argument(
        metavar="FROM",
        help="A user, group or hub, internet, campus, an interface, an address or network, a country.",
        show_default=False,
    ),
]
To = Annotated[
    str | None,
    typer.Argument(
        metavar="TO:PORT", help="A named host, an address, vpn-host, internet; :8000/tcp", show_default=False
    ),
]
Table = Annotated[bool, _option("Print who reaches what, and what differs from the last up.", "--table")]
Planned = Annotated[bool, _option("As it would be after up, not as it is now.", "--planned")]
Json = Annotated[bool, _option("Print it for a program.", "--json")]
Html = Annotated[Path | None, _option("Write the table as one page with a picture, readable offline.")]
Folder = Annotated[Path, _option("The project's folder, with its stack selected.", "--cwd")]


def reach(
    sender: From = None,
    target: To = None,
    table: Table = False,
    planned: Planned = False,
    json: Json = False,
    html: Html = None,
    cwd: Folder = Path(),
) -> None:
    """Explain hop by hop whether FROM reaches TO:PORT, with the rule that decides; or print the whole table.

    The hops are read, and nothing is changed or sent to the target.

    Exit status: 0 if it is reached (or the table is printed), 1 if not, 3 if that cannot be told, 2 for wrong usage or
    a hop that cannot be read.
    """
    if table == (sender is not None) or (sender is not None) != (target is not None):
        raise typer.BadParameter("give FROM and TO:PORT, or --table alone")
    model, before = _read(cwd, planned, table)
    if sender is not None and target is not None:
        _explain(model, sender, target, json)
    else:
        _table(model, before, json, html)


def _read(folder: Path, planned: bool, table: bool) -> tuple[ReachModel, list[Reached] | None]:
    from labvpn.connect.errors import HopErrors
    from labvpn.model.problems import ConfigurationError
    from labvpn.reach import live

    try:
        now, later = live.models(live.settings(folder))
        return later if planned else now, live.last(folder) if table else None
    except (live.SourceError, ConfigurationError, HopErrors) as error:
        typer.echo(plain_lines(error), err=True)
        raise typer.Exit(2) from None


def _explain(model: ReachModel, sender: str, target: str, json: bool) -> None:
    from labvpn.reach import explain

    try:
        found = explain.explanations(model, sender, target)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if json:
        _dump([explain.as_json(one) for one in found])
    else:
        from labvpn.model.untrusted import plain_lines

        typer.echo(plain_lines("\n\n".join(map(str, found))))
    raise typer.Exit(_status(found))


def _status(found: list[Explanation]) -> int:
    """What all of the ways say together."""
    said = {one.route.passes for one in found}
    return 0 if said == {True} else 1 if said == {False} else 3


def _table(model: ReachModel, before: list[Reached] | None, json: bool, html: Path | None) -> None:
    from labvpn.reach import table

    rows = table.rows(model)
    changes = table.changes(before, rows) if before is not None else None
    if html:
        _write_page(rows, changes, html)
    if json:
        differing = None if changes is None else [one._asdict() for one in changes]
        _dump({"reach": table.as_outputs(rows), "changes": differing})
    elif not html:
        _print(rows, changes)


def _print(rows: list[Reached], changes: list[Change] | None) -> None:
    from rich.console import Console

    from labvpn.reach import text

    console = Console()
    console.print(text.table(rows))
    for line in text.differences(changes):
        console.print(line, markup=False, highlight=False)


def _write_page(rows: list[Reached], changes: list[Change] | None, path: Path) -> None:
    from labvpn.reach import page

    try:
        path.write_text(page.page(rows, changes), "utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from None


def _dump(data: object) -> None:
    from labvpn.model.untrusted import json_text

    sys.stdout.write(json_text(data) + "\n")
