"""`labvpn status`: one reading of the server over SSH."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from labvpn.kit.source import outputs as told
from labvpn.model.outputs import OutputsError
from labvpn.model.server import Server, Ssh
from labvpn.remote.errors import HopError
from labvpn.remote.ssh import run
from labvpn.status import report as reports

AGENT = "/usr/local/lib/labvpn/agent status"
SECONDS = 60


def _option(words: str, *names: str) -> Any:
    return typer.Option(*names, help=words, show_default=False)


def status(
    outputs: Annotated[Path | None, _option("The stack's outputs, as pulumi stack output --json prints them.")] = None,
    host: Annotated[str | None, _option("Another name or address for SSH than the stack's.")] = None,
    user: Annotated[str | None, _option("Another user for SSH: root, or one with passwordless sudo.")] = None,
    key: Annotated[Path | None, _option("The SSH key; your agent's and your usual keys are tried without.")] = None,
    json: Annotated[bool, _option("Print one JSON object.", "--json")] = False,
    prometheus: Annotated[bool, _option("Print metrics for a node exporter.", "--prometheus")] = False,
) -> None:
    """Show who is connected, which sessions end soon, failed logins by source, and what expires; nothing is changed.

    Exit status: 0 if the server was read, 1 if it was not.
    """
    try:
        stack = told(outputs)
        login = stack.ssh
        ssh = Ssh(user=user or login.user, port=login.port, host=host or login.host)
        report = reports.read(_answer(Server(address=stack.address, ssh=ssh), login.host_key, key))
    except (OutputsError, HopError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
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
    try:
        text = key.expanduser().read_text() if key else None
    except OSError as error:
        raise HopError(f"The key {key}", f"cannot be read: {error.strerror}", "give the file of an SSH key") from None
    return asyncio.run(run(server, text, host_key, AGENT, "", SECONDS))
