"""The command `labvpn rehearsal`: the whole lab on this machine."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from rehearsal import network, places, work
from rehearsal.report import reported, say

app = typer.Typer(
    help="The whole lab on this machine: its network, its machines and their servers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

app.add_typer(work.app)

MACHINES = network.NAMES
NOT_RUNNING = 3


@app.command()
def start() -> None:
    """Start the machines that are not running; builds their images first if they are missing."""
    from rehearsal import life

    with reported():
        life.start(say)


@app.command()
def stop() -> None:
    """Stop the rehearsal and remove everything of it; images and engine builds stay in the cache."""
    from rehearsal import life

    with reported():
        life.stop(say)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Show whether the rehearsal is up; the exit status is 0 if it is and 3 if it is not."""
    from rehearsal import life

    with reported():
        state = places.state()
        up = life.is_up(state)
    facts = {"name": state.name, "up": up, "state": str(state), "machines": list(MACHINES) if up else []}
    words = f"the rehearsal '{state.name}' is {'up: ' + ', '.join(MACHINES) if up else 'not running'}"
    print(json.dumps(facts) if as_json else words)
    raise typer.Exit(0 if up else NOT_RUNNING)


@app.command(context_settings={"allow_interspersed_args": False})
def exec(
    host: Annotated[str, typer.Argument(metavar="HOST", help=f"One of {', '.join(MACHINES)}.")],
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The program and its arguments.")],
) -> None:
    """Run a command on a machine, in this folder, with your files; its output and exit status become this command's.

    The exit status is 125 if the rehearsal cannot run it, and 126 or 127 if the machine cannot.
    """
    from rehearsal import run

    if host not in MACHINES:
        say(f"unknown machine '{host}': choose one of {', '.join(MACHINES)}")
        raise typer.Exit(2)
    raise typer.Exit(run.run_reported(host, command[1:] if command[0] == "--" else command))


@app.command()
def reboot(
    host: Annotated[
        str,
        typer.Argument(
            metavar="server|server-2", help="A VPN host; server-2 is booted for the first time by this command."
        ),
    ],
) -> None:
    """Power-cycle a VPN host: cut its power and boot it again."""
    from rehearsal import life

    if host not in network.HOSTS:
        say(f"'{host}' cannot be rebooted: only {' and '.join(network.HOSTS)} can")
        raise typer.Exit(2)
    with reported():
        life.reboot(say, host)
