"""The command `labvpn fortigate-provider`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labvpn.fortigate_provider.engine import MoveError, Stack
from labvpn.fortigate_provider.move import copy_of, kept, move, steps
from labvpn.model.fortios_provider import Provider
from labvpn.model.untrusted import plain, plain_lines


def command(
    provider: Annotated[Provider, typer.Argument(help="upstream: Fortinet's own; pulumiverse: the older package.")],
    yes: Annotated[bool, typer.Option("--yes", help="Move without asking.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Only say what would be done.")] = False,
    config_file: Annotated[
        Path | None, typer.Option("--config-file", help="The stack's configuration, if it is in another file.")
    ] = None,
) -> None:
    """Move the FortiGate's objects in the state to the other package of its provider, and back.

    No policy is away, moved or renumbered at any moment. Safe to run again after being cut off; undone if it fails.
    Exit status: 0 if the stack uses that provider, 1 if it was undone or refused; then the sentence says why.
    """
    stack = Stack(Path.cwd(), config_file)
    try:
        todo = steps(stack, provider)
        for step in todo:
            typer.echo(plain(f"- {step}"))
        if show:
            return
        if todo and not yes:
            typer.confirm("Move them over?", abort=True)
        move(stack, provider, lambda words: typer.echo(plain(f"fortigate-provider: {words}"), err=True))
        copy = kept(copy_of(stack), provider)
    except MoveError as error:
        typer.echo(plain_lines(error), err=True)
        raise typer.Exit(1) from None
    if not todo:
        typer.echo(f"The stack has no FortiGate objects by the other provider; it uses {provider}")
        return
    typer.echo(f"Moved: the stack uses {provider}; {copy.name} is the state before, remove it once all is well")
