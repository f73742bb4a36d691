"""`labvpn status`: one reading of the server over SSH."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from labvpn.connect import login_key, stack_outputs
from labvpn.connect.errors import HopError
from labvpn.connect.login_key import key_text
from labvpn.connect.ssh import ISOLATED, run
from labvpn.model.outputs import Outputs, OutputsError, ServerOutputs
from labvpn.model.server import Server, Ssh
from labvpn.model.untrusted import plain, plain_lines
from labvpn.status import report as reports

AGENT = f"{ISOLATED} /usr/local/lib/labvpn/agent status"
SECONDS = 60


def _option(words: str, *names: str) -> Any:
    return typer.Option(*names, help=words, show_default=False)


def status(
    outputs: Annotated[Path | None, _option("The stack's outputs, as pulumi stack output --json prints them.")] = None,
    host: Annotated[str | None, _option("A name or address for SSH other than the stack's.")] = None,
    user: Annotated[str | None, _option("A different user for SSH: root, or one with passwordless sudo.")] = None,
    server: Annotated[str | None, _option("One of several servers, by its name or address.")] = None,
    key: Annotated[
        Path | None, typer.Option(help=login_key.HELP, envvar=login_key.VARIABLE, show_default=False)
    ] = None,
    json: Annotated[bool, _option("Print a JSON object for each server.", "--json")] = False,
    prometheus: Annotated[bool, _option("Print metrics for a node exporter.", "--prometheus")] = False,
) -> None:
    """Show who is connected, which sessions end soon, failed logins by source, and what expires; nothing is changed.

    Exit status: 0 if the server was read, 1 if it was not.
    """
    failures = []
    try:
        found = selected_servers(stack_outputs.outputs(outputs), server)
        if prometheus and len(found) > 1:
            raise OutputsError("Metrics are of one server; give --server NAME")
    except OutputsError as error:
        typer.echo(plain_lines(error), err=True)
        raise typer.Exit(1) from None
    for each in found:
        login = {"user": user or each.ssh.user, "port": each.ssh.port, "host": host or each.ssh.host}
        ssh = Ssh().model_copy(update=login)  # a person's own login, of any name: it is not a stack's configuration
        try:
            report = reports.read(_answer(Server(address=each.address, ssh=ssh), each.ssh.host_key, key))
        except (HopError, ValueError) as error:
            failures.append(str(error))
            continue
        if len(found) > 1 and not json:
            typer.echo(plain(f"{each.dialled} ({each.address})"))
        _show(report, json, prometheus)
    for failure in failures:
        typer.echo(plain_lines(failure), err=True)
    raise typer.Exit(1 if failures else 0)


def selected_servers(stack: Outputs, server: str | None) -> tuple[ServerOutputs, ...]:
    """The servers to read: all, or the one that is named. Raises OutputsError for any other name."""
    found = tuple(each for each in stack.every if server in (None, each.name, str(each.address), each.dialled))
    if not found:
        known = ", ".join(each.name or str(each.address) for each in stack.every)
        raise OutputsError(f"'{server}' is not a server of the stack, which has {known}")
    return found


def _show(report: reports.StatusReport, json: bool, prometheus: bool) -> None:
    if json:
        typer.echo(reports.to_json(report))
    if prometheus:
        from labvpn.status import metrics

        typer.echo(metrics.text(report), nl=False)
    if not json and not prometheus:
        from rich.console import Console

        from labvpn.status import table

        table.show(report, Console())


def _answer(server: Server, host_key: str, key: Path | None) -> str:
    return asyncio.run(run(server, key_text(key), host_key, AGENT, "", SECONDS))
